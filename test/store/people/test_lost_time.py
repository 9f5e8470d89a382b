from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people import lost_time, shifts
from lbzf_ros.store.people.errors import Conflict, NotThere
from lbzf_ros.store.people.lost_time import LostTime, LostTimeCode
from lbzf_ros.store.people.reading import PeopleReader
from lbzf_ros.store.people.shifts import Shift
from test.store.people.entries import (
    ENGINEER,
    NOON_NS,
    ZONE,
    at,
    count,
    last_change,
    mark,
    open_shift,
    rows,
    with_codes,
)


def test_exactly_the_codes_of_the_file_are_in_use(plant: Engine, people: PeopleReader) -> None:
    with_codes(plant, "C001", "C002")
    mark(plant, "C002")
    listed = [LostTimeCode("C001", "Falta de energía"), LostTimeCode("C003", "Mantenimiento")]
    changes = lost_time.sync_lost_time_codes(plant, listed, ENGINEER, now_ns=NOON_NS)
    assert (changes.added, changes.changed, changes.retired) == (("C003",), ("C001",), ("C002",))
    assert [(row.code, row.display_name, row.active) for row in people.lost_time_codes()] == [
        ("C001", "Falta de energía", True),
        ("C003", "Mantenimiento", True),
        ("C002", "Motivo C002", False),
    ]
    audited = count(plant, "audit_log")
    again = lost_time.sync_lost_time_codes(plant, listed, ENGINEER, now_ns=NOON_NS)
    assert (again.added, again.changed, again.retired) == ((), (), ())
    assert count(plant, "audit_log") == audited
    (event,) = people.lost_time(module="ANGELA", from_ns=at(0), to_ns=at(1)).items
    assert (event.code, event.code_display_name) == ("C002", "Motivo C002")


@pytest.mark.parametrize("codes", [0, 23])
def test_22_codes_are_allowed(plant: Engine, codes: int) -> None:
    with_codes(plant, *(f"C{number:03}" for number in range(1, 23)))
    with pytest.raises(InvalidValue, match="1 to 22"):
        with_codes(plant, *(f"D{number:03}" for number in range(codes)))
    assert count(plant, "lost_time_codes") == 22


def test_a_code_that_is_listed_twice_is_refused(plant: Engine) -> None:
    with pytest.raises(InvalidValue, match="twice"):
        with_codes(plant, "C001", "C001 ")


def test_lost_time_is_marked_ended_corrected(plant: Engine, people: PeopleReader) -> None:
    with_codes(plant, "C001", "C002")
    row_id = mark(plant, end=None, workstation=None)
    lost_time.end_lost_time(plant, ENGINEER, now_ns=NOON_NS, lost_time_id=row_id, end_ns=at(7))
    with pytest.raises(Conflict, match="already"):
        lost_time.end_lost_time(plant, ENGINEER, now_ns=NOON_NS, lost_time_id=row_id, end_ns=at(8))
    lost_time.correct_lost_time(
        plant,
        ENGINEER,
        now_ns=NOON_NS,
        lost_time_id=row_id,
        lost=LostTime(code="C002", start_ns=at(1), end_ns=at(9), notes="fue el motor"),
    )
    (row,) = people.lost_time(module="ANGELA", from_ns=at(0), to_ns=at(2)).items
    assert (row.workstation, row.code, row.start_ns, row.end_ns) == (None, "C002", at(1), at(9))
    assert (row.detected_auto, row.notes, row.shift_id) == (False, "fue el motor", None)
    assert last_change(plant)[2:] == (
        {
            "code": "C001",
            "start_ts": "2026-07-15T13:30:51.000Z",
            "end_ts": "2026-07-15T13:37:51.000Z",
            "notes": None,
        },
        {
            "code": "C002",
            "start_ts": "2026-07-15T13:31:51.000Z",
            "end_ts": "2026-07-15T13:39:51.000Z",
            "notes": "fue el motor",
        },
    )


def test_a_code_that_is_not_in_use_is_refused_with_those_that_are(plant: Engine) -> None:
    with pytest.raises(NotThere, match="none yet: read in the plant's file"):
        mark(plant)
    with_codes(plant, "C001", "C002")
    row_id = mark(plant, "C001")
    with_codes(plant, "C002", "C003")
    for code in ("C001", "C999"):
        with pytest.raises(NotThere, match=f"'{code}' is not in use; allowed are C002, C003"):
            mark(plant, code)
    kept = LostTime(code="C001", start_ns=at(1))  # what it has already may stay
    lost_time.correct_lost_time(plant, ENGINEER, now_ns=NOON_NS, lost_time_id=row_id, lost=kept)
    assert count(plant, "lost_time_events") == 1


def test_lost_time_comes_in_pages_by_start(plant: Engine, people: PeopleReader) -> None:
    with_codes(plant, "C001")
    for minute in (4, 2, 2, 3, 1):
        mark(plant, start=minute, end=None)
    span: dict[str, Any] = {"module": "ANGELA", "from_ns": at(0), "to_ns": at(4)}
    first = people.lost_time(**span, limit=2)
    second = people.lost_time(**span, limit=2, after=first.next_key)
    assert [row.start_ns for row in first.items + second.items] == [at(1), at(2), at(2), at(3)]
    assert second.next_key is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    steps=st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.none() | st.integers(0, 9)), max_size=10)
)
def test_lost_time_is_in_the_shift_in_which_it_began_whichever_was_entered_first(
    plant: Engine, people: PeopleReader, steps: list[tuple[bool, int, int | None]]
) -> None:
    with_codes(plant, "C001")
    with transaction(plant, "empty") as connection:
        for table in ("lost_time_events", "shifts"):
            connection.execute(text(f"DELETE FROM {table}"))
    for number, (is_shift, start, end) in enumerate(steps):
        end_ns = None if end is None else at(end)
        there = rows(plant, "SELECT id FROM shifts ORDER BY id")
        try:
            if not is_shift:
                mark(plant, start=start, end=None)
            elif there and number % 2:
                shifts.correct_shift(
                    plant,
                    ENGINEER,
                    now_ns=NOON_NS,
                    time_zone=ZONE,
                    shift_id=there[number % len(there)]["id"],
                    shift=Shift(label=f"s{number}", start_ns=at(start), end_ns=end_ns),
                )
            else:
                open_shift(plant, f"s{number}", at(start), end_ns)
        except InvalidValue:
            pass
        for event in people.lost_time(module="ANGELA", from_ns=at(0), to_ns=at(60)).items:
            shift = people.shift_at(module="ANGELA", time_ns=event.start_ns)
            assert event.shift_id == (None if shift is None else shift.id)
