from __future__ import annotations

import pytest
from sqlalchemy import Engine

from lbzf_ros.store.people import shifts
from lbzf_ros.store.people.checks import parse_time
from lbzf_ros.store.people.errors import Conflict
from lbzf_ros.store.people.reading import PeopleReader
from lbzf_ros.store.people.shifts import Shift
from test.store.people.entries import (
    ENGINEER,
    NOON_NS,
    ZONE,
    at,
    count,
    last_change,
    open_shift,
)


def test_a_shift_has_the_local_day_of_its_start(plant: Engine, people: PeopleReader) -> None:
    late_ns = parse_time("2026-07-15T23:30:00-05:00", "test")  # the next day already in UTC
    row_id = open_shift(plant, "jornada_2", late_ns)
    (row,) = people.shifts_of_day(module="ANGELA", date="2026-07-15")
    assert (row.id, row.label, row.end_ns) == (row_id, "jornada_2", None)
    assert people.shifts_of_day(module="ANGELA", date="2026-07-16") == ()


def test_a_shift_is_closed_and_corrected(plant: Engine, people: PeopleReader) -> None:
    row_id = open_shift(plant, "jornada_1", at(0))
    shifts.close_shift(plant, ENGINEER, now_ns=NOON_NS, shift_id=row_id, end_ns=at(480))
    assert last_change(plant)[0] == "shift.close"
    with pytest.raises(Conflict, match="already"):
        shifts.close_shift(plant, ENGINEER, now_ns=NOON_NS, shift_id=row_id, end_ns=at(500))
    shifts.correct_shift(
        plant,
        ENGINEER,
        now_ns=NOON_NS,
        time_zone=ZONE,
        shift_id=row_id,
        shift=Shift(label="extra", start_ns=at(5), end_ns=at(470), notes="corta"),
    )
    (row,) = people.shifts_of_day(module="ANGELA", date="2026-07-15")
    assert (row.label, row.start_ns, row.end_ns, row.notes) == ("extra", at(5), at(470), "corta")


@pytest.mark.parametrize(
    ("minute", "label"), [(-1, None), (0, "a"), (59, "a"), (60, "b"), (99, "b"), (100, None), (120, "c")]
)
def test_which_shift_a_time_is_in(
    plant: Engine, people: PeopleReader, minute: float, label: str | None
) -> None:
    open_shift(plant, "a", at(0), at(60))
    open_shift(plant, "b", at(60), at(100))
    open_shift(plant, "c", at(110))
    found = people.shift_at(module="ANGELA", time_ns=at(minute))
    assert (None if found is None else found.label) == label


@pytest.mark.parametrize(
    ("label", "start", "end", "message"),
    [
        ("jornada_1", 500, 600, "already"),
        ("other", 59, 90, "overlaps"),
        ("other", -30, None, "overlaps"),
        ("other", -30, 10, "overlaps"),
        ("other", 10, 20, "overlaps"),
    ],
)
def test_shifts_have_one_label_a_day_and_do_not_overlap(
    plant: Engine, label: str, start: int, end: int | None, message: str
) -> None:
    open_shift(plant, "jornada_1", at(0), at(60))
    with pytest.raises(Conflict, match=message):
        open_shift(plant, label, at(start), None if end is None else at(end))
    assert count(plant, "shifts") == 1


def test_a_shift_that_was_not_closed_is_named(plant: Engine) -> None:
    open_shift(plant, "jornada_1", at(0))
    with pytest.raises(Conflict, match=r"jornada_1 of 2026-07-15 .*still open.*close it first"):
        open_shift(plant, "jornada_2", at(600))
