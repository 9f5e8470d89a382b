"""What has become of each cycle, station by station."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.model import NS_PER_S, EventKind, Quality, RoiSet
from lbzf_ros.remeasure.day import Day
from lbzf_ros.remeasure.difference import Change, StationDifference, compare
from lbzf_ros.store.engine import writing_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, cycle, plant_data, plant_of

DAY = Day("2026-07-15", MORNING_NS - 3600 * NS_PER_S, MORNING_NS + 3600 * NS_PER_S)
SEEN = {"cam1": [(MORNING_NS - 60 * NS_PER_S, MORNING_NS + 600 * NS_PER_S)]}


class Set:
    """A measurement set with cycles of PUESTO_01."""

    def __init__(self, folder: Path) -> None:
        migrate(folder / "lbzf.db", now_ns=MORNING_NS)
        self.engine: Engine = writing_engine(folder / "lbzf.db")
        self._rois: dict[str, RoiSet] = sync_plant(
            self.engine, plant_of(plant_data()), now_ns=MORNING_NS, software_version="test"
        )

    def add(self, begin_s: float, seconds: float, kind: EventKind = EventKind.END, **changes: Any) -> None:
        start_ns = MORNING_NS + round(begin_s * NS_PER_S)
        end_ns = start_ns + round(seconds * NS_PER_S) if seconds else None
        event = cycle(self._rois, kind, start_ns=start_ns, end_ns=end_ns, **changes)
        assert EventWriter(self.engine).write([event]) == ()


@pytest.fixture
def sets(tmp_path: Path) -> tuple[Set, Set]:
    return Set(tmp_path / "first"), Set(tmp_path / "second")


def compared(sets: tuple[Set, Set]) -> StationDifference:
    (station,) = compare(sets[0].engine, sets[1].engine, DAY, SEEN)
    return station


def test_every_change_is_named(sets: tuple[Set, Set]) -> None:
    first, second = sets
    for one in sets:
        one.add(0, 30)  # the same
    first.add(40, 30)  # ends later now
    second.add(40, 32.5)
    first.add(80, 30)  # lost: too short now
    second.add(80, 3, EventKind.REJECT, reasons={"too_short": "3.0 s < 7.5 s"})
    second.add(120, 30)  # gained
    first.add(160, 30, quality=Quality.GREEN)  # of another quality
    second.add(160, 30, quality=Quality.YELLOW)
    first.add(590, 30)  # the video ends in it
    first.add(1000, 30)  # there is no video
    station = compared(sets)
    assert (station.first, station.second, station.same) == (4, 4, 1)
    found = [(d.change, d.why, d.seconds and round(d.seconds, 3)) for d in station.differences]
    assert found == [
        (Change.CHANGED, "ends +2.500 s", 2.5),
        (Change.LOST, "rejected now: 3.0 s < 7.5 s", None),
        (Change.GAINED, "nothing before", None),
        (Change.CHANGED, "quality green → yellow", 0.0),
        (Change.UNSEEN, "its video is not there, or not all of it", None),
        (Change.UNSEEN, "its video is not there, or not all of it", None),
    ]


def test_two_cycles_that_become_one_are_one_lost_and_one_changed(sets: tuple[Set, Set]) -> None:
    first, second = sets
    first.add(0, 30)
    first.add(31, 20)
    second.add(0, 51)
    station = compared(sets)
    assert [d.change for d in station.differences] == [Change.CHANGED, Change.LOST]
    uid = station.differences[0].second
    assert uid is not None
    assert station.differences[1].why == f"now it is part of the cycle {uid.event_uid}"


def test_a_cycle_without_an_end_stands_for_one_cycle_and_not_for_all_after_it(sets: tuple[Set, Set]) -> None:
    first, second = sets
    first.add(0, 0, EventKind.ABORT, reasons={"stopped": "stopped"})
    second.add(2, 30)  # begins a little later now, and ends
    second.add(40, 30)
    first.add(80, 0, EventKind.ABORT, reasons={"restart": "restarted"})
    first.add(100, 3, EventKind.REJECT, reasons={"too_short": "too short"})
    second.add(100, 30)
    assert [difference.why for difference in compared(sets).differences] == [
        "aborted before: stopped",
        "nothing before",
        "rejected before: too short",
    ]


def test_what_was_not_measured_again_is_not_compared(sets: tuple[Set, Set]) -> None:
    sets[0].add(0, 30)
    assert compare(sets[0].engine, sets[1].engine, DAY, {"cam2": SEEN["cam1"]}) == []
    assert compare(sets[0].engine, sets[1].engine, Day("2026-07-16", DAY.to_ns, DAY.to_ns + 1), SEEN) == []
