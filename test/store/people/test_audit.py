from __future__ import annotations

import logging
import math
from typing import Any

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.errors import InvalidValue, StoreError
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people.audit import Actor, AuditFilter, audit_rows, record
from test.store.examples import MORNING_NS
from test.store.people.entries import ENGINEER, MINUTE_NS, SECOND, at, count


def note(engine: Engine, number: int = 0, actor: Actor = ENGINEER, **changes: Any) -> None:
    values: dict[str, Any] = {
        "now_ns": at(number),
        "action": "thing.change",
        "subject": f"things/{number}",
        "before": None,
        "after": {"size": number},
    }
    with transaction(engine, "test") as connection:
        record(connection, actor, **values | changes)


def test_a_change_says_who_when_what_before_and_after(engine: Engine) -> None:
    note(engine, 3, before={"size": 1, "name": "Peña"}, after=None)
    (row,) = audit_rows(engine).items
    assert (row.actor, row.role, row.request_id) == ("engineer@plant.example", "engineer", "request-1")
    assert (row.at_ns, row.action, row.subject) == (at(3), "thing.change", "things/3")
    assert (row.before, row.after) == ({"size": 1, "name": "Peña"}, None)


def test_the_journal_has_the_same_line(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "lbzf.audit"):
        note(engine, 3)
    assert [entry.getMessage() for entry in caplog.records if entry.name == "lbzf.audit"] == [
        "actor=engineer@plant.example (engineer) action=thing.change subject=things/3 request_id=request-1"
    ]


def test_what_is_rolled_back_is_in_neither(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    def change_and_fail() -> None:
        with transaction(engine, "test") as connection:
            record(
                connection, ENGINEER, now_ns=MORNING_NS, action="a", subject="b/1", before=None, after=None
            )
            raise StoreError("something else went wrong")

    with caplog.at_level(logging.INFO, "lbzf.audit"):
        with pytest.raises(StoreError, match="something else"):
            change_and_fail()
        note(engine, 1)
    assert count(engine, "audit_log") == 1
    assert len([entry for entry in caplog.records if entry.name == "lbzf.audit"]) == 1


def test_every_actor_has_a_request_of_its_own() -> None:
    assert Actor("admin").request_id != Actor("admin").request_id


@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_pages_together_are_the_whole_list_last_first(engine: Engine, limit: int) -> None:
    for number in range(5):
        note(engine, number)
    subjects, key = [], None
    while True:
        page = audit_rows(engine, limit=limit, after=key)
        subjects += [row.subject for row in page.items]
        key = page.next_key
        if key is None:
            break
    assert subjects == [f"things/{number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (AuditFilter(from_ns=at(1), to_ns=at(3)), ["things/2", "things/1"]),
        (AuditFilter(actor=SECOND.name), ["others/9"]),
        (AuditFilter(subject="things/2"), ["things/2"]),
        (AuditFilter(subject="things/"), ["things/3", "things/2", "things/1", "things/0"]),
        (AuditFilter(subject="things"), []),
        (AuditFilter(actor="nobody"), []),
    ],
)
def test_filters(engine: Engine, which: AuditFilter, expected: list[str]) -> None:
    for number in range(4):
        note(engine, number)
    note(engine, 9, SECOND, subject="others/9")
    assert [row.subject for row in audit_rows(engine, which).items] == expected


@pytest.mark.parametrize("key", ["x", "-1", "1~2", "9" * 30, ""])
def test_a_page_key_that_no_list_gave_is_refused(engine: Engine, key: str) -> None:
    with pytest.raises(InvalidValue, match="page key"):
        audit_rows(engine, after=key)


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_the_list_is_capped(engine: Engine, limit: int) -> None:
    with pytest.raises(InvalidValue, match="1 to 500"):
        audit_rows(engine, limit=limit)


@pytest.mark.parametrize("name", ["", "  ", "a\nactor=admin", "a\0", "a\ud800", "a\u2028b", "x" * 201])
def test_an_actor_cannot_forge_lines_of_the_journal(name: str) -> None:
    with pytest.raises(InvalidValue, match="actor"):
        Actor(name)


@pytest.mark.parametrize(
    "changes",
    [
        {"after": {"share": math.nan}},
        {"after": {"name": "half \ud800 a pair"}},
        {"after": {"bytes": b"x"}},
        {"subject": ""},
        {"subject": "things/\n1"},
        {"now_ns": 0},
        {"now_ns": at(0) + 100 * 366 * 24 * 60 * MINUTE_NS},
    ],
)
def test_what_cannot_be_stored_is_refused(engine: Engine, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        note(engine, **changes)
    assert count(engine, "audit_log") == 0
