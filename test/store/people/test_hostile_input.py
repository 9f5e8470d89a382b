from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.errors import InvalidValue, LbzfError
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people import holds, lost_time, operators, shifts
from lbzf_ros.store.people.checks import parse_time
from lbzf_ros.store.people.lost_time import LostTime
from test.store.examples import MORNING_NS
from test.store.people.entries import (
    BROKEN_TEXTS,
    BROKEN_TIMES,
    ENGINEER,
    HOUR_NS,
    NOON_NS,
    at,
    count,
    hold,
    make_operator,
    mark,
    observe,
    open_shift,
    with_codes,
)

TEXT_FIELDS: list[tuple[Callable[..., int], str]] = [
    (make_operator, "external_code"),
    (make_operator, "display_name"),
    (make_operator, "notes"),
    (lambda engine, **changes: open_shift(engine, **{"label": "a", "start": at(0), **changes}), "label"),
    (lambda engine, **changes: open_shift(engine, "a", at(0), **changes), "notes"),
    (lambda engine, **changes: open_shift(engine, "a", at(0), **changes), "module"),
    (lambda engine, **changes: open_shift(engine, "a", at(0), **changes), "time_zone"),
    (mark, "code"),
    (mark, "notes"),
    (mark, "workstation"),
    (observe, "event_uid"),
    (observe, "workstation"),
    (hold, "camera"),
    (hold, "reason"),
]


@pytest.mark.parametrize(("enter", "name"), TEXT_FIELDS)
def test_a_broken_text_is_refused_and_nothing_written(
    plant: Engine, enter: Callable[..., int], name: str
) -> None:
    with_codes(plant, "C001")
    audited = count(plant, "audit_log")
    for value in BROKEN_TEXTS:
        with pytest.raises(InvalidValue) as error:
            enter(plant, **{name: value})
        assert len(str(error.value)) < 1000
    assert count(plant, "audit_log") == audited


TIME_FIELDS: list[Callable[[Engine, Any], int]] = [
    lambda engine, time: open_shift(engine, "a", time),
    lambda engine, time: mark(engine, start_ns=time),
    lambda engine, time: observe(engine, observed_ns=time),
    lambda engine, time: hold(engine, start_ns=time),
]


@pytest.mark.parametrize("enter", TIME_FIELDS)
def test_a_time_that_cannot_be_is_refused(plant: Engine, enter: Callable[[Engine, Any], int]) -> None:
    with_codes(plant, "C001")
    audited = count(plant, "audit_log")
    for time in BROKEN_TIMES:
        with pytest.raises(InvalidValue):
            enter(plant, time)
    assert count(plant, "audit_log") == audited


@pytest.mark.parametrize("row_id", [0, -1, 77, 2**64, "1", None])
def test_a_row_that_is_not_there(plant: Engine, row_id: Any) -> None:
    lost = LostTime(code="C001", start_ns=at(0))
    calls: list[Callable[[], None]] = [
        lambda: shifts.close_shift(plant, ENGINEER, now_ns=NOON_NS, shift_id=row_id, end_ns=at(1)),
        lambda: lost_time.end_lost_time(plant, ENGINEER, now_ns=NOON_NS, lost_time_id=row_id, end_ns=at(1)),
        lambda: lost_time.correct_lost_time(plant, ENGINEER, now_ns=NOON_NS, lost_time_id=row_id, lost=lost),
        lambda: holds.release_video(plant, ENGINEER, now_ns=NOON_NS, hold_id=row_id),
    ]
    for call in calls:
        with pytest.raises(InvalidValue):
            call()
    assert count(plant, "audit_log") == 0


@pytest.mark.parametrize(
    ("written", "expected_ns"),
    [
        ("2026-07-15T08:30:51-05:00", MORNING_NS),
        ("2026-07-15T13:30:51Z", MORNING_NS),
        ("2026-07-15T13:30:51.000Z", MORNING_NS),
        ("2026-07-15T14:30:51+00:00", MORNING_NS + HOUR_NS),
    ],
)
def test_times_with_a_zone_are_understood(written: str, expected_ns: int) -> None:
    assert parse_time(written, "test") == expected_ns


@pytest.mark.parametrize(
    "written",
    [
        "2026-07-15T08:30:51",
        "2026-07-15",
        "15/07/2026 08:30",
        "1970-01-01T00:00:00Z",
        "2100-01-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "",
        "\0",
        7,
    ],
)
def test_times_without_zone_or_in_another_form_are_refused(written: Any) -> None:
    with pytest.raises(InvalidValue, match="test: time"):
        parse_time(written, "test")


def test_a_database_that_is_full_or_locked_is_a_store_error(plant: Engine) -> None:
    with transaction(plant, "make it full") as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    with pytest.raises(LbzfError, match="full"):
        for number in range(200):
            make_operator(plant, external_code=f"OP-{number}", notes="x" * 9000)


def test_an_entry_joins_a_transaction_that_somebody_else_commits(plant: Engine) -> None:
    def enter_and_fail() -> None:
        with transaction(plant, "test") as connection:
            operators.create_operator(
                connection, ENGINEER, now_ns=NOON_NS, external_code="OP-1", display_name="A"
            )
            raise InvalidValue("the second half cannot be")

    with pytest.raises(InvalidValue):
        enter_and_fail()
    assert (count(plant, "operators"), count(plant, "audit_log")) == (0, 0)
