"""A module of three stations on a working day, with cycles written by the real writer."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine

from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind, ModelInfo, Quality, RoiSet, event_uid
from lbzf_ros.reports.day.reader import DayReader
from lbzf_ros.reports.day.rules import rules_of
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.writer import EventWriter
from test.store.examples import SQUARE, plant_of

ENGINEER = Actor("engineer@plant.example", "engineer", "request-1")
ZONE = "America/Bogota"
DAY = "2026-07-15"  # a Wednesday
MODEL = ModelInfo(name="hog_background", version="1", framework="opencv")
CODES = ("PUESTO_01", "PUESTO_02", "PUESTO_03")
SAM_MINUTES = {"CORTAR": 0.5, "COSER": 1.0, "PLANCHAR": 0.75}


def clock(text: str, day: str = DAY, zone: str = ZONE) -> int:
    """A time of the plant's clock, HH:MM or HH:MM:SS, as ns."""
    moment = dt.datetime.fromisoformat(f"{day}T{text}").replace(tzinfo=zoneinfo.ZoneInfo(zone))
    return round(moment.timestamp()) * NS_PER_S


def plant_data(**module: Any) -> dict[str, Any]:
    """A plant file: shift from 6 to 14, 49 units an hour; fields of the module can be changed."""
    return {
        "time_zone": module.pop("time_zone", ZONE),
        "standard_times": [
            {"reference": "Ref22 Slim", "operation": name, "sam_minutes": sam}
            for name, sam in SAM_MINUTES.items()
        ],
        "modules": [
            {
                "code": "ANGELA",
                "product_reference": "Ref22 Slim",
                "target_units_per_hour": 49,
                "shift_hours": [{"label": "jornada_1", "start": "06:00", "end": "14:00"}],
                "cameras": [{"label": "cam1", "source": "simulator:seed=1"}],
                "workstations": [
                    {
                        "code": code,
                        "camera": "cam1",
                        "operation": operation,
                        "sequence_pos": place,
                        "zones": {"work": {"kind": "work", "polygon_px": SQUARE}},
                    }
                    for place, (code, operation) in enumerate(zip(CODES, SAM_MINUTES, strict=True), 1)
                ],
                **module,
            }
        ],
    }


def reader_of(engine: Engine, data: dict[str, Any]) -> DayReader:
    """A reader of figures with the rules of a plant file."""
    return DayReader(engine, rules_of(plant_of(data)))


def write(
    engine: Engine,
    rois: dict[str, RoiSet],
    cycles: Iterable[tuple[str, int, float]],
    kind: EventKind = EventKind.END,
    **changes: Any,
) -> None:
    """Write cycles given as station, start and seconds."""
    by_code = {station.code: station for station in rois["cam1"].workstations}
    events = []
    for code, start_ns, seconds in cycles:
        key = {"module": "ANGELA", "camera": "cam1", "workstation": code, "rule": "presence"}
        end_ns = start_ns + round(seconds * NS_PER_S)
        values: dict[str, Any] = {
            "event_uid": event_uid(**key, start_ns=start_ns),
            "kind": kind,
            **key,
            "start_ns": start_ns,
            "end_ns": end_ns,
            "decided_ns": end_ns,
            "roi_version_id": by_code[code].zones[0].roi_version_id,
            "parameter_hash": rois["cam1"].parameter_hash,
            "model": MODEL,
            "software_version": "0.1.0",
            "frame_path": "",
            "quality": Quality.GREEN,
            "duration_uncertainty_s": 0.4,
        }
        events.append(CycleEvent(**values | changes))
    refused = EventWriter(engine).write(events, now_ns=clock("23:00"))
    assert not refused


def every(
    code: str, start_ns: int, step_s: float, count: int, seconds: float
) -> list[tuple[str, int, float]]:
    """So many cycles of a station, one after the other."""
    return [(code, start_ns + round(n * step_s * NS_PER_S), seconds) for n in range(count)]
