"""Answers to writes, kept for a while: a request that is sent twice is made once and answered twice the same.

Ask and remember in the transaction of the write itself; the writers of this package take its connection:

    with transaction(engine, "answer a request") as connection:
        earlier = answered(connection, asked)
        if earlier is None:
            ...write with `connection`...
            remember(connection, asked, status=201, response=body, now_ns=now_ns)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people.checks import short_text, time_text
from lbzf_ros.store.people.errors import Conflict

KEEP_NS = 48 * 3600 * 10**9
"""For so long an answer is kept."""
MAX_PRUNED = 1000
"""Most old answers that one call of `remember` takes away, so that no request waits for many."""

_FIND = (
    "SELECT route, request_hash, status, response FROM idempotency_keys WHERE actor = :actor AND key = :key"
)
_INSERT = """
INSERT INTO idempotency_keys (actor, key, route, request_hash, status, response, created_at)
VALUES (:actor, :key, :route, :hash, :status, :response, :now)
"""
_PRUNE = """
DELETE FROM idempotency_keys WHERE (actor, key) IN (
  SELECT actor, key FROM idempotency_keys WHERE created_at < :before ORDER BY created_at LIMIT :most)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A write as it was asked for.

    Attributes:
        actor: who asks.
        key: of the header Idempotency-Key; one line of 1 to 200 characters.
        route: method and path.
        body: as it came.
    """

    actor: str
    key: str
    route: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was given: HTTP status and body."""

    status: int
    response: str


def answered(connection: Connection, asked: Asked) -> Answer | None:
    """The answer that this request had; None: it is new.

    Raises:
        InvalidValue: the key cannot be.
        Conflict: the key was used for another request.
    """
    key = short_text(asked.key, "Idempotency-Key")
    row = connection.execute(text(_FIND), {"actor": asked.actor, "key": key}).first()
    if row is None:
        return None
    if (row.route, row.request_hash) != (asked.route, _hash(asked)):
        raise Conflict(f"Idempotency-Key {key!r} was used for another request; take a new one", "key_reused")
    return Answer(row.status, row.response)


def remember(connection: Connection, asked: Asked, *, status: int, response: str, now_ns: int) -> None:
    """Keep the answer to a request; some that are too old go.

    Raises:
        InvalidValue: the key or the time cannot be.
    """
    values = {
        "actor": asked.actor,
        "key": short_text(asked.key, "Idempotency-Key"),
        "route": asked.route,
        "hash": _hash(asked),
        "status": status,
        "response": response,
        "now": time_text(now_ns, "Idempotency-Key"),
    }
    connection.execute(text(_INSERT), values)
    _prune(connection, now_ns)


def prune(engine: Engine, *, now_ns: int) -> int:
    """Take away answers that are too old, `MAX_PRUNED` at most; gives how many.

    Raises:
        StoreError: the database refused.
    """
    with transaction(engine, "take away old answers") as connection:
        return _prune(connection, now_ns)


def _prune(connection: Connection, now_ns: int) -> int:
    before = time_text(max(now_ns - KEEP_NS, 0), "Idempotency-Key") if now_ns > KEEP_NS else ""
    return connection.execute(text(_PRUNE), {"before": before, "most": MAX_PRUNED}).rowcount


def _hash(asked: Asked) -> str:
    return hashlib.sha256(asked.body).hexdigest()
