"""A data folder with measured cycles, as the tests of reports need it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lbzf_ros.core.model import NS_PER_S, EventKind, Quality, event_uid
from lbzf_ros.store.engine import DATABASE_NAME, writing_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, cycle, plant_data, plant_of

ENGINEER, SECOND = Actor("ana", "engineer"), Actor("luis", "engineer")
FIRST_STATION, SECOND_STATION = ("ANGELA", "PUESTO_01"), ("ANGELA", "PUESTO_02")

Seconds = tuple[float, float]


def at(seconds: float) -> int:
    """A time so many seconds into the morning."""
    return MORNING_NS + round(seconds * NS_PER_S)


def uid(start_s: float, station: str = "PUESTO_01") -> str:
    """The event_uid of a cycle of the example plant."""
    camera, rule = ("cam1", "presence") if station == "PUESTO_01" else ("cam2", "pick_drop")
    return event_uid(module="ANGELA", camera=camera, workstation=station, rule=rule, start_ns=at(start_s))


def make_data(
    data: Path,
    cycles: Sequence[Seconds] = (),
    *,
    others: Sequence[Seconds] = (),
    rejected: Sequence[Seconds] = (),
    running: Sequence[float] = (),
    qualities: Sequence[Quality] = (),
) -> Path:
    """A data folder with cycles, starts and ends in seconds of the morning.

    Args:
        data: the folder.
        cycles: of PUESTO_01.
        others: of PUESTO_02.
        rejected: cycles of PUESTO_01 that do not count.
        running: starts of cycles of PUESTO_01 without an end.
        qualities: of `cycles`; green where there are no more.
    """
    migrate(data / DATABASE_NAME, now_ns=MORNING_NS)
    engine = writing_engine(data / DATABASE_NAME)
    roi_sets = sync_plant(engine, plant_of(plant_data()), now_ns=MORNING_NS, software_version="0.1.0")
    elsewhere: dict[str, Any] = {
        "workstation": "PUESTO_02",
        "camera": "cam2",
        "rule": "pick_drop",
        "roi_version_id": roi_sets["cam2"].workstations[0].zones[0].roi_version_id,
    }
    bands = [*qualities, *[Quality.GREEN] * len(cycles)]
    events = [
        *(
            cycle(roi_sets, start_ns=at(start), end_ns=at(end), quality=band)
            for (start, end), band in zip(cycles, bands, strict=False)
        ),
        *(cycle(roi_sets, start_ns=at(start), end_ns=at(end), **elsewhere) for start, end in others),
        *(cycle(roi_sets, EventKind.REJECT, start_ns=at(start), end_ns=at(end)) for start, end in rejected),
        *(cycle(roi_sets, EventKind.START, start_ns=at(start)) for start in running),
    ]
    assert not EventWriter(engine).write(events)
    engine.dispose()
    return data
