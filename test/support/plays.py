"""Cycles of a small plant with their explanations, played picture by picture into a database."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lbzf_ros.core.cycle import CycleTracker
from lbzf_ros.core.model import (
    NS_PER_S,
    CycleEvent,
    Drift,
    Evidence,
    FrameOccupancy,
    RoiSet,
    StationOccupancy,
    ZoneOccupancy,
)
from lbzf_ros.store.engine import DATABASE_NAME, writing_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MODEL, SQUARE, plant_data, plant_of

BEGIN_NS = 1_784_127_600 * NS_PER_S  # 2026-07-15T10:00:00 in Bogota
PERIOD_S = 0.2
OPERATOR, VISITOR = 3, 8

Picture = dict[str, Any]


def plant() -> dict[str, Any]:
    """The plant of `test.store` with one station of hands beside a work zone."""
    data = plant_data()
    station = data["modules"][0]["workstations"][0]
    station["rule"] = "trigger"
    station["zones"] = {
        "work": {"kind": "work", "polygon_px": SQUARE},
        "bin": {"kind": "trigger", "polygon_px": SQUARE},
    }
    return {**data, "time_zone": "America/Bogota"}


def pictures(seconds: float, *, here: Iterable[int] = (OPERATOR,), **changes: Any) -> list[Picture]:
    """So many seconds of pictures that show the same.

    Args:
        seconds: how long.
        here: tracks in the work zone.
        changes: near and elsewhere (tracks beside it, and in the picture), hand (in the bin), clear, drift, missing
            (there are no pictures).
    """
    return [{"here": tuple(here), **changes} for _ in range(round(seconds / PERIOD_S))]


def reach(**changes: Any) -> list[Picture]:
    """A hand in the bin."""
    return pictures(0.6, hand=True, **changes)


def play(
    rois: RoiSet, script: Iterable[Picture], tracker: CycleTracker | None = None, *, begin: int = 0
) -> list[CycleEvent]:
    """What a tracker decides. `begin`: it has taken so many pictures before."""
    tracker = tracker or CycleTracker(rois)
    events: list[CycleEvent] = []
    for number, picture in enumerate(script):
        if number >= begin and not picture.get("missing"):
            events += tracker.update(_occupancy(rois, number, picture))[0]
    return events


def _occupancy(rois: RoiSet, number: int, picture: Mapping[str, Any]) -> FrameOccupancy:
    here, near = tuple(picture["here"]), tuple(picture.get("near", ()))
    work = Evidence.PRESENT if here else Evidence.NEAR if near else Evidence.ABSENT
    hand = Evidence.PRESENT if picture.get("hand") else Evidence.ABSENT
    if not picture.get("clear", True):
        work = hand = Evidence.UNKNOWN
        here = near = ()
    station = rois.workstations[0]
    zones = [ZoneOccupancy("work", work, math.nan, here, 0.8 if here else math.nan, near)]
    if len(station.zones) > 1:
        zones.append(ZoneOccupancy("bin", hand, 0.2 if hand is Evidence.PRESENT else 0.01))
    occupancy = StationOccupancy(
        station.module, station.code, picture.get("drift", Drift.OK), zones=tuple(zones), roi_version_id=1
    )
    stamp_ns = BEGIN_NS + round(number * PERIOD_S * NS_PER_S)
    visible = (*here, *near, *picture.get("elsewhere", ()))
    return FrameOccupancy("cam1", stamp_ns, "hash", MODEL, (occupancy,), visible)


def written(
    data: Path, script: Iterable[Picture], *, described: dict[str, Any] | None = None
) -> list[CycleEvent]:
    """Play a script at PUESTO_01 and write all its events into the database of a data folder."""
    migrate(data / DATABASE_NAME, now_ns=BEGIN_NS)
    engine = writing_engine(data / DATABASE_NAME)
    rois = sync_plant(engine, plant_of(described or plant()), now_ns=BEGIN_NS, software_version="0.1.0")[
        "cam1"
    ]
    events = play(rois, script)
    assert EventWriter(engine).write(events) == ()
    engine.dispose()
    return events


def eventful() -> list[Picture]:
    """A cycle with everything: leaning back, a visitor, a covered view, missing pictures, a camera that moves."""
    return [
        *pictures(3, here=()),
        *pictures(5),
        *reach(),
        *pictures(6),
        *pictures(4, here=(), near=(OPERATOR,)),
        *pictures(5),
        *pictures(6, here=(OPERATOR, VISITOR)),
        *pictures(1.4, clear=False),
        *pictures(3, drift=Drift.DRIFTED),
        *pictures(1.6, missing=True),
        *pictures(8, drift=Drift.DRIFTED),
        *reach(drift=Drift.DRIFTED),
        *pictures(10, drift=Drift.DRIFTED),
        *pictures(8, here=()),
        *pictures(0.6, here=(), hand=True),
        *pictures(6, here=()),
    ]


def short_visit() -> list[Picture]:
    """Somebody who comes and goes: a cycle of the rule `presence` that does not count."""
    return [*pictures(4, here=()), *pictures(1.6, here=(OPERATOR,)), *pictures(6, here=())]
