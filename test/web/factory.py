"""A module at work, as the tests of the page and the API need it: a real database and a live state."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sqlalchemy import Engine

from lbzf_ros.config.access import AccessSettings
from lbzf_ros.config.load import parse_plant
from lbzf_ros.config.running import GraphSettings, WebSettings
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.model import (
    NS_PER_S,
    Activity,
    CycleEvent,
    EventKind,
    ModelInfo,
    Quality,
    RoiSet,
    StationState,
    event_uid,
)
from lbzf_ros.reports.day.reader import DayReader
from lbzf_ros.reports.day.rules import rules_of
from lbzf_ros.store.engine import DATABASE_NAME, reading_engine, writing_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.reader import StoreReader
from lbzf_ros.store.writer import EventWriter
from web_bridge.access.access import Access
from web_bridge.context import Context
from web_bridge.live import CameraReport, CameraState, LiveState, PlantFacts, read_line

MORNING_NS = 1_784_116_800 * NS_PER_S  # 2026-07-15T12:00:00Z, seven o'clock in Bogota
NODES = ("camera_driver_cam1", "camera_driver_cam2", "detector", "persistence", "web_bridge")
OPERATIONS = (
    ("PLANCHAR DELANTERO", 0.30),
    ("PESPUNTAR CUELLO", 0.38),
    ("PEGAR BOLSILLO", 0.42),
    ("HACER OJAL", 0.45),
    ("PLANCHAR ESPALDA", 0.34),
    ("CERRAR COSTADOS", 0.61),
    ("DOBLADILLAR BASTA", 0.52),
    ("PEGAR BOTÓN", 0.28),
)
_SQUARE = [[10, 10], [200, 10], [200, 300], [10, 300]]


def plant_of(stations: int, **changes: Any) -> Plant:
    """Module ANGELA with so many stations before two cameras."""
    data: dict[str, Any] = {
        "standard_times": [
            {"reference": "Ref22 Slim", "operation": name, "sam_minutes": sam} for name, sam in OPERATIONS
        ],
        "modules": [
            {
                "code": "ANGELA",
                "display_name": "Angela",
                "product_reference": "Ref22 Slim",
                "cameras": [
                    {"label": "cam1", "source": "simulator:seed=1"},
                    {"label": "cam2", "source": "simulator:seed=2"},
                ],
                "workstations": [
                    {
                        "code": f"PUESTO_{number:02}",
                        "display_name": f"Puesto {number}",
                        "camera": "cam1" if number <= (stations + 1) // 2 else "cam2",
                        "operation": OPERATIONS[(number - 1) % len(OPERATIONS)][0],
                        "sequence_pos": number,
                        "zones": {"work": {"kind": "work", "polygon_px": _SQUARE}},
                    }
                    for number in range(1, stations + 1)
                ],
            }
        ],
    }
    return parse_plant(data | changes, where="plant.yaml", folder=Path("/"))


@dataclass(slots=True)
class Line:
    """A data folder with its database, and what the graph would report about it."""

    data: Path
    plant: Plant
    rois: dict[str, RoiSet]
    engine: Engine
    reader: StoreReader
    live: LiveState
    context: Context

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()
        self.reader._engine.dispose()

    def write(self, *events: CycleEvent) -> None:
        """Make rows, as persistence does."""
        refused = EventWriter(self.engine).write(events)
        assert not refused, refused

    def cycle(
        self,
        station: int,
        start_ns: int,
        duration_s: float,
        kind: EventKind = EventKind.END,
        **changes: Any,
    ) -> CycleEvent:
        """An event of a cycle at a station, counted from 1."""
        found = self.plant.modules[0].workstations[station - 1]
        zones = {(w.module, w.code): w.zones[0] for rois in self.rois.values() for w in rois.workstations}
        key = {
            "module": "ANGELA",
            "camera": found.camera,
            "workstation": found.code,
            "rule": "presence",
            "start_ns": start_ns,
        }
        uid = event_uid(**key)  # type: ignore[arg-type]
        ended = kind in (EventKind.END, EventKind.REJECT)
        values: dict[str, Any] = {
            **key,
            "event_uid": uid,
            "kind": kind,
            "end_ns": start_ns + round(duration_s * 1000) * 1_000_000 if ended else None,
            "decided_ns": start_ns + round(duration_s * NS_PER_S),
            "roi_version_id": zones["ANGELA", found.code].roi_version_id,
            "parameter_hash": "9f2c" * 16,
            "model": ModelInfo(name="hog_background", version="1", framework="opencv"),
            "software_version": "0.1.0",
            "frame_path": f"frames/2026/07/15/{found.camera}_{uid}.jpg",
            "duration_uncertainty_s": 0.2,
            "mean_confidence": 0.81,
            "primary_dwell_ratio": 0.97,
            "observed_share": 0.99,
            "detection_count": int(5 * duration_s),
            "reasons": {"too_short": "1.00 s < min_cycle_s 4.50 s"} if kind is EventKind.REJECT else {},
        }
        return CycleEvent(**values | changes)

    def refresh(self) -> None:
        """What the bridge does when persistence has committed something."""
        self.live.set_line(read_line(self.reader))
        self.live.set_cycles(self.reader.recent_cycles(self.context.recent_cycles))

    def report_nodes(self, *nodes: str) -> None:
        """Nodes (all by default) publish diagnostics."""
        for node in nodes or NODES:
            self.live.report_node(node, {}, now_s=self.context.now_s())

    def report_camera(
        self, label: str, state: CameraState = CameraState.ONLINE, frame_ns: int = MORNING_NS
    ) -> None:
        """A camera's driver speaks."""
        self.live.report_camera(CameraReport(label, state, frame_ns, 5.0, ""), now_s=self.context.now_s())

    def report_stations(self, stamp_ns: int, running_s: dict[int, float | None]) -> None:
        """Stations (counted from 1) run a cycle since so many seconds, or none."""
        for camera in ("cam1", "cam2"):
            states = [
                self._state(number, stamp_ns, since_s)
                for number, since_s in running_s.items()
                if self.plant.modules[0].workstations[number - 1].camera == camera
            ]
            if states:
                self.live.report_stations(camera, stamp_ns, states, now_s=self.context.now_s())

    def _state(self, number: int, stamp_ns: int, since_s: float | None) -> StationState:
        code = self.plant.modules[0].workstations[number - 1].code
        if since_s is None:
            return StationState("ANGELA", code, Activity.IDLE, occupied=False)
        start_ns = stamp_ns - round(since_s * NS_PER_S)
        return StationState("ANGELA", code, Activity.IN_CYCLE, True, f"running-{number}", start_ns)


def line_of(data: Path, stations: int, plant: Plant | None = None, **clocks: Any) -> Line:
    """A line without cycles, whose graph has described itself; of a plant of so many stations, or of one's own."""
    plant = plant or plant_of(stations)
    data.mkdir(parents=True, exist_ok=True)
    database = data / DATABASE_NAME
    migrate(database, now_ns=MORNING_NS)
    engine = writing_engine(database)
    rois = sync_plant(engine, plant, now_ns=MORNING_NS, software_version="0.1.0")
    live = LiveState(diagnostics_period_s=GraphSettings().diagnostics_period_s)
    reading = reading_engine(database)
    reader = StoreReader(reading)
    context = Context(
        reader=reader,
        live=live,
        data=data,
        access=access_of(data),
        plant=plant,
        days=DayReader(reading, rules_of(plant)),
        time_zone=plant.time_zone,
        recent_cycles=WebSettings().recent_cycles,
        **clocks,
    )
    line = Line(data, plant, rois, engine, reader, live, context)
    live.set_plant(PlantFacts("LBZF", "America/Bogota", NODES, "0.1.0"))
    line.refresh()
    return line


def access_of(data: Path, **settings: Any) -> Access:
    """Who may, by these settings of `web.access`; open mode without any. The tests' client counts as this machine."""
    web = WebSettings(access=AccessSettings(**settings))
    return Access(web, data, here=frozenset({"testclient", "testserver"}))


def fill(line: Line, *, seed: int = 7, until_ns: int | None = None) -> None:
    """A morning's work: every station has its own pace; some cycles are doubtful, some rejected, one has a picture."""
    luck = random.Random(seed)
    until_ns = until_ns if until_ns is not None else time.time_ns()
    paces = (0.94, 1.16, 0.99, 1.02, 0.90, 1.31, 0.97, 1.05)
    for number, station in enumerate(line.plant.modules[0].workstations, 1):
        sam_s = line.plant.sam_s(line.plant.modules[0], station) or 30.0
        at_ns = until_ns - 20 * 60 * NS_PER_S
        events = []
        while at_ns < until_ns - round(2 * sam_s * NS_PER_S):
            duration_s = sam_s * paces[(number - 1) % 8] * luck.lognormvariate(0, 0.12)
            quality = luck.choices((Quality.GREEN, Quality.YELLOW, Quality.RED), (90, 8, 2))[0]
            kind = luck.choices((EventKind.END, EventKind.REJECT), (93, 7))[0]
            events.append(line.cycle(number, at_ns, duration_s, kind, quality=quality))
            at_ns += round((duration_s + luck.uniform(0.5, 6)) * NS_PER_S)
        line.write(*events)
        write_picture(line.data / events[-1].frame_path, station.display_name)
    line.refresh()


def write_picture(path: Path, words: str) -> None:
    """A picture that can be told from an empty one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.full((480, 640, 3), (96, 84, 70), np.uint8)
    cv2.rectangle(picture, (250, 140), (390, 460), (190, 170, 150), -1)
    cv2.putText(picture, words, (24, 52), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (255, 255, 255), 2)
    cv2.imwrite(str(path), picture)
