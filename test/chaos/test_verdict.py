"""A drill that could not fail would show nothing: each fault that it looks for is made here, and found."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from sqlalchemy import Engine

from lbzf_ros.chaos.verdict import Verdict, judge
from lbzf_ros.chaos.witness import Decision
from lbzf_ros.core.model import CycleEvent, EventKind, RoiSet
from lbzf_ros.store.engine import DATABASE_NAME
from lbzf_ros.store.writer import EventWriter
from test.store.examples import cycle


def decided(*events: CycleEvent) -> dict[Decision, CycleEvent]:
    return {(event.event_uid, event.kind): event for event in events}


@pytest.fixture
def end(roi_sets: dict[str, RoiSet]) -> CycleEvent:
    """A cycle that was decided."""
    return cycle(roi_sets)


@pytest.fixture
def data(database: Path, engine: Engine, end: CycleEvent) -> Path:
    """A data folder in which everything is right: the cycle's row and its picture."""
    EventWriter(engine).write([end])
    picture = database.parent / end.frame_path
    picture.parent.mkdir(parents=True)
    picture.write_bytes(cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))[1].tobytes())
    return database.parent


def test_nothing_is_wrong_with_what_is_right(data: Path, end: CycleEvent) -> None:
    verdict = judge(data, decided(end), {(end.event_uid, end.kind)})
    assert verdict.problems == []
    assert verdict.figures["ended"] == verdict.figures["in_table"] == verdict.figures["complete"] == 1


def other(end: CycleEvent, roi_sets: dict[str, RoiSet]) -> CycleEvent:
    return cycle(roi_sets, start_ns=end.start_ns + 60_000_000_000)


def test_a_lost_cycle_is_found(data: Path, end: CycleEvent, roi_sets: dict[str, RoiSet]) -> None:
    lost = other(end, roi_sets)
    verdict = judge(data, decided(end, lost), {(lost.event_uid, lost.kind)})
    assert verdict.figures["lost"] == verdict.figures["acknowledged_but_gone"] == 1
    assert len(verdict.problems) == 2


def test_a_row_that_nobody_has_decided_is_found(data: Path) -> None:
    assert judge(data, {}, set()).figures["invented"] == 1


def test_a_row_that_says_something_else_is_found(
    data: Path, end: CycleEvent, roi_sets: dict[str, RoiSet]
) -> None:
    start = cycle(roi_sets, EventKind.START)
    assert judge(data, decided(start), set()).figures["other_than_decided"] == 1


def test_an_end_that_is_both_accepted_and_rejected_is_found(
    data: Path, end: CycleEvent, roi_sets: dict[str, RoiSet]
) -> None:
    rejected = cycle(roi_sets, EventKind.REJECT, reasons={"too_short": "1 s < 7.5 s"})
    assert judge(data, decided(end, rejected), set()).figures["contradictory"] == 1


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _name_otherwise(path: Path) -> None:
    path.rename(path.with_name("cam1_nobody.jpg"))


def _leave_a_part(path: Path) -> None:
    path.with_name("half.jpg.partial").touch()


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        pytest.param(_cut, "broken_pictures", id="half-a-picture"),
        pytest.param(_name_otherwise, "orphan_pictures", id="picture-of-no-row"),
        pytest.param(_leave_a_part, "parts", id="half-written-file"),
    ],
)
def test_damaged_files_are_found(
    data: Path, end: CycleEvent, damage: Callable[[Path], None], name: str
) -> None:
    damage(data / end.frame_path)
    verdict = judge(data, decided(end), set())
    assert verdict.figures[name] == 1
    assert len(verdict.problems) == 1


def test_an_orphan_row_is_found(data: Path, end: CycleEvent) -> None:
    with closing(sqlite3.connect(data / DATABASE_NAME)) as database:  # foreign keys are off by default
        database.execute("UPDATE cycle_events SET workstation_id = 999")
        database.commit()
    assert judge(data, decided(end), set()).figures["orphan_rows"] >= 1


def test_only_the_first_few_are_named() -> None:
    verdict = Verdict()
    verdict.must_be_none("lost", [f"uid-{number}" for number in range(9)], "lost")
    assert verdict.problems == ["lost: uid-0, uid-1, uid-2, uid-3, uid-4 and 4 more"]
