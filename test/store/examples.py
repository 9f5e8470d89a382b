"""A small plant and its cycles, as the tests of the store need them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from lbzf_ros.config.load import parse_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind, ModelInfo, Quality, RoiSet, event_uid

MORNING_NS = 1_784_122_251 * NS_PER_S  # 2026-07-15T13:30:51Z
MODEL = ModelInfo(name="hog_background", version="1", framework="opencv")

SQUARE = [[10, 10], [200, 10], [200, 300], [10, 300]]

PLANT: dict[str, Any] = {
    "standard_times": [
        {
            "reference": "Ref22 Slim",
            "operation": "PESPUNTAR CUELLO",
            "sam_minutes": 0.5,
            "machine_code": "MPP",
        }
    ],
    "modules": [
        {
            "code": "ANGELA",
            "display_name": "Angela",
            "product_reference": "Ref22 Slim",
            "cameras": [
                {"label": "cam1", "source": "simulator:seed=1"},
                {"label": "cam2", "source": "simulator:seed=2", "fps": 2.5},
            ],
            "workstations": [
                {
                    "code": "PUESTO_01",
                    "display_name": "Puesto 1",
                    "camera": "cam1",
                    "operation": "PESPUNTAR CUELLO",
                    "sequence_pos": 1,
                    "zones": {"work": {"kind": "work", "polygon_px": SQUARE}},
                },
                {
                    "code": "PUESTO_02",
                    "camera": "cam2",
                    "rule": "pick_drop",
                    "zones": {
                        "pick": {"kind": "pick", "polygon_px": SQUARE},
                        "drop": {"kind": "drop", "polygon_px": SQUARE},
                    },
                },
            ],
        }
    ],
}


def plant_data() -> dict[str, Any]:
    """The plant file as parsed YAML, to be changed."""
    return copy.deepcopy(PLANT)


def plant_of(data: dict[str, Any]) -> Plant:
    """The plant that such a file describes."""
    return parse_plant(data, where="plant.yaml", folder=Path("/"))


def cycle(roi_sets: dict[str, RoiSet], kind: EventKind = EventKind.END, **changes: Any) -> CycleEvent:
    """An event of a cycle of 30 s at PUESTO_01, with the given fields changed."""
    start_ns = changes.get("start_ns", MORNING_NS)
    key = {name: changes.get(name, value) for name, value in _STATION.items()}
    ends = kind in (EventKind.END, EventKind.REJECT)
    values: dict[str, Any] = {
        "event_uid": event_uid(**key, start_ns=start_ns),
        "kind": kind,
        **key,
        "start_ns": start_ns,
        "end_ns": start_ns + 30 * NS_PER_S if ends else None,
        "decided_ns": start_ns + 32 * NS_PER_S,
        "roi_version_id": roi_sets["cam1"].workstations[0].zones[0].roi_version_id,
        "parameter_hash": roi_sets["cam1"].parameter_hash,
        "model": MODEL,
        "software_version": "0.1.0",
        "frame_path": "frames/2026/07/15/cam1_x.jpg",
        "quality": Quality.YELLOW,
        "reasons": {
            EventKind.REJECT: {"too_short": "1.00 s < min_cycle_s 3.00 s", "low_dwell": "0.10 < 0.50"},
            EventKind.ABORT: {"camera_lost": "no picture for 21.0 s"},
        }.get(kind, {}),
    }
    return CycleEvent(**values | changes)


_STATION = {"module": "ANGELA", "camera": "cam1", "workstation": "PUESTO_01", "rule": "presence"}
