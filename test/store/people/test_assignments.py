from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import RoiSet
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people.assignments import (
    OPERATOR_AT,
    assign,
    assign_stations,
    correct_assignment,
    remove_assignment,
)
from lbzf_ros.store.people.errors import Conflict, NotThere
from lbzf_ros.store.people.operators import activate_operator
from lbzf_ros.store.people.reading import PeopleReader
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.timestamps import to_text
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, cycle, plant_data, plant_of
from test.store.people.entries import ENGINEER, NOON_NS, at, count, rows, with_operators

STATION = {"module": "ANGELA", "workstation": "PUESTO_01"}
CYCLES_EVERY_MIN = 2
LAST_MIN = 60


@pytest.fixture
def worked(plant: Engine, roi_sets: dict[str, RoiSet]) -> Engine:
    """An hour of cycles at PUESTO_01, and three operators who have not been assigned."""
    with_operators(plant, "A", "B", "C")
    events = [cycle(roi_sets, start_ns=at(minute)) for minute in range(0, LAST_MIN, CYCLES_EVERY_MIN)]
    assert EventWriter(plant).write(events) == ()
    return plant


def put(engine: Engine, code: str | None, start: float, end: float | None = None) -> int:
    end_ns = None if end is None else at(end)
    return assign(
        engine, ENGINEER, now_ns=NOON_NS, **STATION, external_code=code, start_ns=at(start), end_ns=end_ns
    )


def plan(people: PeopleReader) -> list[tuple[str | None, float, float | None]]:
    """The assignments of PUESTO_01: who, from and until which minute."""

    def minute(time_ns: int) -> float:
        return (time_ns - MORNING_NS) / 60e9

    page = people.assignments(module="ANGELA", from_ns=at(-10_000), to_ns=at(10_000))
    return [
        (row.external_code, minute(row.start_ns), None if row.end_ns is None else minute(row.end_ns))
        for row in page.items
        if row.workstation == "PUESTO_01"
    ]


def operators(engine: Engine) -> list[str | None]:
    """The operator of each cycle, by start."""
    query = """SELECT o.external_code FROM cycle_events e LEFT JOIN operators o ON o.id = e.operator_id
               ORDER BY e.start_ts"""
    return [row["external_code"] for row in rows(engine, query)]


def by_the_rule(engine: Engine) -> list[str | None]:
    """The same in plain Python: newest assignment that began at or before the cycle and had not ended."""
    entered = rows(
        engine,
        "SELECT a.*, o.external_code FROM operator_assignments a JOIN operators o ON o.id = a.operator_id",
    )
    found: list[str | None] = []
    for event in rows(engine, "SELECT workstation_id, start_ts FROM cycle_events ORDER BY start_ts"):
        going = [
            row
            for row in entered
            if row["workstation_id"] == event["workstation_id"]
            and row["start_ts"] <= event["start_ts"]
            and (row["end_ts"] is None or row["end_ts"] > event["start_ts"])
        ]
        newest = max(going, key=lambda row: str(row["start_ts"]), default=None)
        found.append(None if newest is None else newest["external_code"])
    return found


def test_a_late_entry_gives_the_cycles_since_then_their_operator(
    worked: Engine, people: PeopleReader
) -> None:
    assert put(worked, "A", 30) == 15
    assert operators(worked) == [None] * 15 + ["A"] * 15
    assert plan(people) == [("A", 30, None)]


def test_who_comes_ends_who_was_there(worked: Engine, people: PeopleReader) -> None:
    put(worked, "A", 0)
    assert put(worked, "B", 40) == 10
    assert plan(people) == [("A", 0, 40), ("B", 40, None)]
    assert operators(worked) == ["A"] * 20 + ["B"] * 10


def test_an_earlier_entry_ends_where_the_next_begins(worked: Engine, people: PeopleReader) -> None:
    put(worked, "B", 40)
    put(worked, "A", 0)
    assert plan(people) == [("A", 0, 40), ("B", 40, None)]


def test_a_stand_in_leaves_and_the_first_goes_on(worked: Engine, people: PeopleReader) -> None:
    put(worked, "A", 0, 50)
    assert put(worked, "B", 20, 30) == 5
    assert plan(people) == [("A", 0, 20), ("B", 20, 30), ("A", 30, 50)]
    assert operators(worked) == ["A"] * 10 + ["B"] * 5 + ["A"] * 10 + [None] * 5


def test_who_takes_over_stays_as_long_as_the_first_would_have(worked: Engine, people: PeopleReader) -> None:
    put(worked, "A", 0, 50)
    put(worked, "B", 20)
    assert plan(people) == [("A", 0, 20), ("B", 20, 50)]


def test_a_second_entry_for_the_same_start_corrects_the_first(worked: Engine, people: PeopleReader) -> None:
    put(worked, "A", 0)
    put(worked, "B", 0)
    assert plan(people) == [("B", 0, None)]
    assert operators(worked) == ["B"] * 30


@pytest.mark.parametrize("start", [0, 20])
def test_the_same_person_again_changes_nothing(worked: Engine, people: PeopleReader, start: float) -> None:
    put(worked, "A", 0)
    before = count(worked, "audit_log")
    assert put(worked, "A", start) == 0
    assert plan(people) == [("A", 0, None)]
    assert count(worked, "audit_log") == before


def test_nobody_leaves_the_station_empty(worked: Engine, people: PeopleReader) -> None:
    put(worked, "A", 0)
    assert put(worked, None, 40) == 10
    assert plan(people) == [("A", 0, 40)]
    assert operators(worked) == ["A"] * 20 + [None] * 10


def test_a_span_over_somebody_who_comes_later_is_refused(worked: Engine, people: PeopleReader) -> None:
    put(worked, "B", 40)
    with pytest.raises(Conflict, match="begins at"):
        put(worked, "A", 0, 50)
    assert plan(people) == [("B", 40, None)]


def test_a_cycle_that_is_written_later_has_its_operator_at_once(
    worked: Engine, roi_sets: dict[str, RoiSet]
) -> None:
    put(worked, "A", 0, 70)
    put(worked, "B", 70)
    late = [cycle(roi_sets, start_ns=at(minute)) for minute in (69.9, 70, 500)]
    assert EventWriter(worked).write(late) == ()
    assert operators(worked)[-3:] == ["A", "B", "B"]


def test_a_shift_form_is_one_entry_for_all_stations(worked: Engine, people: PeopleReader) -> None:
    form = {"PUESTO_01": "A", "PUESTO_02": None}
    assert (
        assign_stations(worked, ENGINEER, now_ns=NOON_NS, module="ANGELA", start_ns=at(0), operators=form)
        == 30
    )
    assert plan(people) == [("A", 0, None)]


def test_a_shift_form_of_21_stations(database: Path, engine: Engine, people: PeopleReader) -> None:
    data = plant_data()
    first = data["modules"][0]["workstations"][0]
    data["modules"][0]["workstations"] = [
        {**first, "code": f"PUESTO_{number:02}", "sequence_pos": number} for number in range(1, 22)
    ]
    sync_plant(engine, plant_of(data), now_ns=MORNING_NS, software_version="0.1.0")
    codes = [f"OP-{number:02}" for number in range(1, 21)]
    with_operators(engine, *codes)
    form: dict[str, str | None] = {f"PUESTO_{number:02}": code for number, code in enumerate(codes, 1)}
    form["PUESTO_21"] = None
    assign_stations(engine, ENGINEER, now_ns=NOON_NS, module="ANGELA", start_ns=at(0), operators=form)
    page = people.assignments(module="ANGELA", from_ns=at(0), to_ns=at(1))
    assert {row.workstation: row.external_code for row in page.items} == {
        station: code for station, code in form.items() if code is not None
    }
    first_page = people.assignments(module="ANGELA", from_ns=at(0), to_ns=at(1), limit=13)
    second = people.assignments(
        module="ANGELA", from_ns=at(0), to_ns=at(1), limit=13, after=first_page.next_key
    )
    assert first_page.items + second.items == page.items
    assert second.next_key is None


def test_a_shift_form_with_mistakes_enters_nothing_and_names_all(
    worked: Engine, people: PeopleReader
) -> None:
    form = {"PUESTO_01": "A", "PUESTO_77": "B", "PUESTO_02": "NOBODY"}
    with pytest.raises(InvalidValue, match=r"PUESTO_77.*NOBODY"):
        assign_stations(worked, ENGINEER, now_ns=NOON_NS, module="ANGELA", start_ns=at(0), operators=form)
    assert plan(people) == []


def test_who_was_there_last(worked: Engine, people: PeopleReader) -> None:
    def last(from_min: float, to_min: float) -> list[str | None]:
        rows = people.last_at_stations(module="ANGELA", from_ns=at(from_min), to_ns=at(to_min))
        return [row.external_code for row in rows]

    put(worked, "A", 0, 10)
    put(worked, "B", 10, 20)
    put(worked, "C", 30)
    assert (last(-100, 0), last(-100, 5), last(-100, 25), last(-100, 100)) == ([], ["A"], ["B"], ["C"])
    assert (last(20, 25), last(15, 25)) == ([], ["B"])  # it had ended before


def test_a_correction_moves_the_cycles(worked: Engine, people: PeopleReader) -> None:
    put(worked, "A", 0)
    (row,) = people.assignments(module="ANGELA", from_ns=at(0), to_ns=at(1)).items
    corrected = correct_assignment(
        worked,
        ENGINEER,
        now_ns=NOON_NS,
        assignment_id=row.id,
        external_code="B",
        start_ns=at(20),
        end_ns=at(40),
    )
    assert corrected == 30
    assert operators(worked) == [None] * 10 + ["B"] * 10 + [None] * 10
    assert remove_assignment(worked, ENGINEER, now_ns=NOON_NS, assignment_id=row.id) == 10
    assert operators(worked) == [None] * 30


def test_who_is_deactivated_leaves_every_station(worked: Engine, people: PeopleReader) -> None:
    put(worked, "A", 0, 10)
    put(worked, "B", 10)
    activate_operator(worked, ENGINEER, now_ns=at(40), external_code="B", active=False)
    assert plan(people) == [("A", 0, 10), ("B", 10, 40)]
    assert operators(worked) == ["A"] * 5 + ["B"] * 15 + [None] * 10
    with pytest.raises(Conflict, match="no longer active"):
        put(worked, "B", 50)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"module": "NOWHERE"}, NotThere),
        ({"workstation": "PUESTO_77"}, NotThere),
        ({"workstation": "PUESTO_01\0"}, InvalidValue),
        ({"external_code": "NOBODY"}, NotThere),
        ({"external_code": "\ud800"}, InvalidValue),
        ({"external_code": "x" * 1_000_000}, InvalidValue),
        ({"external_code": 7}, InvalidValue),
        ({"start_ns": 0}, InvalidValue),
        ({"start_ns": 4_102_444_800_000_000_000}, InvalidValue),
        ({"start_ns": 10**5000}, InvalidValue),
        ({"start_ns": "2026-07-15T08:00:00"}, InvalidValue),
        ({"start_ns": 1.5}, InvalidValue),
        ({"end_ns": at(0)}, InvalidValue),
        ({"end_ns": at(-1)}, InvalidValue),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(
    worked: Engine, changes: dict[str, Any], error: type[Exception]
) -> None:
    before = count(worked, "audit_log")
    values: dict[str, Any] = {**STATION, "external_code": "A", "start_ns": at(0), **changes}
    with pytest.raises(error):
        assign(worked, ENGINEER, now_ns=NOON_NS, **values)
    assert count(worked, "operator_assignments") == 0
    assert count(worked, "audit_log") == before


@pytest.mark.parametrize(
    "row_id", [0, -1, 77, 2**63, pytest.param(10**5000, id="huge"), "1", None, True, 1.0]
)
def test_an_assignment_that_is_not_there(worked: Engine, row_id: Any) -> None:
    with pytest.raises(InvalidValue):
        remove_assignment(worked, ENGINEER, now_ns=NOON_NS, assignment_id=row_id)


minutes = st.integers(-4, LAST_MIN + 4)
codes = st.sampled_from(["A", "B", "C"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("assign"), st.none() | codes, minutes, st.none() | minutes),
        st.tuples(st.just("correct"), codes, minutes, st.none() | minutes),
        st.tuples(st.just("remove"), st.none(), minutes, st.none()),
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(steps=steps, seed=st.integers(0, 99))
def test_the_cycles_always_have_the_operators_that_the_rule_names(
    worked: Engine, steps: list[tuple[str, str | None, int, int | None]], seed: int
) -> None:
    """Also: assignments never overlap, and each row that changes is one row of the audit log."""
    chooser = random.Random(seed)
    with transaction(worked, "empty") as connection:
        connection.execute(text("DELETE FROM operator_assignments"))
        connection.execute(text("UPDATE cycle_events SET operator_id = NULL"))
    for what, code, start, end in steps:
        ids = [row["id"] for row in rows(worked, "SELECT id FROM operator_assignments ORDER BY id")]
        chosen = chooser.choice(ids) if ids else 1
        before = {row["id"]: row for row in rows(worked, "SELECT * FROM operator_assignments")}
        audited = count(worked, "audit_log")
        end_ns = None if end is None else at(end)
        try:
            if what == "assign":
                put(worked, code, start, end)
            elif what == "correct":
                correct_assignment(
                    worked,
                    ENGINEER,
                    now_ns=NOON_NS,
                    assignment_id=chosen,
                    external_code=str(code),
                    start_ns=at(start),
                    end_ns=end_ns,
                )
            else:
                remove_assignment(worked, ENGINEER, now_ns=NOON_NS, assignment_id=chosen)
        except InvalidValue:
            assert count(worked, "audit_log") == audited
        after = {row["id"]: row for row in rows(worked, "SELECT * FROM operator_assignments")}
        changed = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
        if what != "assign":  # a new row may have the id of the one that it replaces
            assert count(worked, "audit_log") - audited == len(changed)
        assert (count(worked, "audit_log") == audited) == (not changed)
        assert operators(worked) == by_the_rule(worked)
        spans = sorted((row["start_ts"], row["end_ts"] or "9999") for row in after.values())
        assert all(left[1] <= right[0] for left, right in itertools.pairwise(spans))


def test_the_rule_in_sql_reads_one_row_of_an_index(worked: Engine) -> None:
    query = "EXPLAIN QUERY PLAN SELECT " + OPERATOR_AT.format(workstation="1", start=f"'{to_text(at(0))}'")
    details = [row["detail"] for row in rows(worked, query)]
    assert any("USING INDEX" in detail and "start_ts<?" in detail for detail in details), details
    assert not any("TEMP B-TREE" in detail for detail in details)
