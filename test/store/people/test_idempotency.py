from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people.errors import Conflict
from lbzf_ros.store.people.idempotency import KEEP_NS, Answer, Asked, answered, prune, remember
from lbzf_ros.store.people.targets import set_day_target
from test.store.people.entries import ENGINEER, NOON_NS, count

ASKED = Asked(actor=ENGINEER.name, key="k-1", route="PUT /api/v1/targets", body=b'{"units": 49}')


def ask(engine: Engine, asked: Asked, *, now_ns: int = NOON_NS, fails: bool = False) -> Answer:
    """What a route does: answer again, or write and remember, in one transaction."""
    with transaction(engine, "answer") as connection:
        earlier = answered(connection, asked)
        if earlier is not None:
            return earlier
        target = set_day_target(
            connection, ENGINEER, now_ns=now_ns, module="ANGELA", date="2026-07-15", units=49
        )
        remember(connection, asked, status=201, response=f'{{"id": {target}}}', now_ns=now_ns)
        if fails:
            raise InvalidValue("something later in the request")
        return Answer(201, f'{{"id": {target}}}')


def test_a_request_sent_twice_is_made_once_and_answered_twice(plant: Engine) -> None:
    first = ask(plant, ASKED)
    assert ask(plant, ASKED) == first
    assert count(plant, "audit_log") == 1
    with pytest.raises(Conflict, match="another request"):
        ask(plant, replace(ASKED, body=b"{}"))
    with pytest.raises(Conflict, match="another request"):
        ask(plant, replace(ASKED, route="PUT /api/v1/other"))
    with pytest.raises(InvalidValue, match="Idempotency-Key"):
        ask(plant, replace(ASKED, key="a\nb"))
    ask(plant, replace(ASKED, actor="second@plant.example"))
    assert count(plant, "idempotency_keys") == 2


def test_what_was_not_made_is_not_remembered(plant: Engine) -> None:
    with pytest.raises(InvalidValue, match="later"):
        ask(plant, ASKED, fails=True)
    assert count(plant, "idempotency_keys") == count(plant, "targets") == 0


def test_old_answers_go(plant: Engine) -> None:
    ask(plant, ASKED)
    assert prune(plant, now_ns=NOON_NS + KEEP_NS) == 0
    ask(plant, replace(ASKED, key="k-2"), now_ns=NOON_NS + KEEP_NS + 10**9)
    assert count(plant, "idempotency_keys") == 1
    assert prune(plant, now_ns=NOON_NS + 3 * KEEP_NS) == 1
