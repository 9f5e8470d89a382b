"""Who changed what: a row of audit_log in the same transaction as the change, and a line to the journal.

The line is written when the transaction commits; what is rolled back leaves none.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people.checks import short_text, time_text
from lbzf_ros.store.people.paging import id_key, page_limit
from lbzf_ros.store.rows import Page
from lbzf_ros.store.timestamps import from_text, to_text

journal = logging.getLogger("lbzf.audit")

_INSERT = """
INSERT INTO audit_log (at_ts, actor, role, action, subject, before_json, after_json, request_id)
VALUES (:at, :actor, :role, :action, :subject, :before, :after, :request_id)
"""

_LIST = """
SELECT id, at_ts, actor, role, action, subject, before_json, after_json, request_id FROM audit_log
WHERE {where} ORDER BY id DESC LIMIT :limit
"""


def new_request_id() -> str:
    """A new id that ties together the rows, the journal lines and the answer of one request."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change.

    Attributes:
        name: e-mail, or the account at the command line.
        role: e.g. engineer, admin, cli.
        request_id: the same for everything that one request changes.
    """

    name: str
    role: str = ""
    request_id: str = field(default_factory=new_request_id)

    def __post_init__(self) -> None:
        """Refuse an actor whose line in the journal could be taken for another's."""
        short_text(self.name, "actor")
        if self.role:
            short_text(self.role, "role of the actor")
        short_text(self.request_id, "request id")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One change. `before` None: it was not there; `after` None: it is gone."""

    id: int
    at_ns: int
    actor: str
    role: str
    action: str
    subject: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which changes. None: any. A subject that ends in `/` stands for all rows of that table."""

    from_ns: int | None = None
    to_ns: int | None = None
    actor: str | None = None
    subject: str | None = None


def record(
    connection: Connection,
    actor: Actor,
    *,
    now_ns: int,
    action: str,
    subject: str,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
) -> None:
    """Note a change, in the transaction that makes it.

    Args:
        connection: inside the transaction.
        actor: who.
        now_ns: current time.
        action: e.g. operator.create.
        subject: table and row, e.g. operators/17.
        before: the row before, of what JSON can hold; None: it was not there.
        after: the row after; None: it is gone.

    Raises:
        InvalidValue: something in it cannot be stored.
    """
    values = {
        "at": time_text(now_ns, "audit"),
        "actor": actor.name,
        "role": actor.role,
        "action": short_text(action, "action"),
        "subject": short_text(subject, "subject"),
        "before": _json(before, subject),
        "after": _json(after, subject),
        "request_id": actor.request_id,
    }
    connection.execute(text(_INSERT), values)
    line = (
        f"actor={actor.name} ({actor.role}) action={action} subject={subject} request_id={actor.request_id}"
    )
    event.listen(connection, "commit", lambda _connection: journal.info(line))


def audit_rows(
    engine: Engine, which: AuditFilter | None = None, *, limit: int = 50, after: str | None = None
) -> Page[AuditRow]:
    """Changes, the last written first.

    Raises:
        InvalidValue: the limit, the page key or the filter cannot be.
    """
    which = which or AuditFilter()
    parts, values = ["TRUE"], dict[str, Any](limit=page_limit(limit) + 1)
    if which.from_ns is not None:
        parts.append("at_ts >= :from")
        values["from"] = to_text(which.from_ns)
    if which.to_ns is not None:
        parts.append("at_ts < :to")
        values["to"] = to_text(which.to_ns)
    if which.actor is not None:
        parts.append("actor = :actor")
        values["actor"] = short_text(which.actor, "actor")
    if which.subject is not None:
        values["subject"] = subject = short_text(which.subject, "subject")
        parts.append("subject = :subject")
        if subject.endswith("/"):
            parts[-1] = "subject >= :subject AND subject < :subject_end"
            values["subject_end"] = subject[:-1] + "0"  # the character after the slash
    if after is not None:
        parts.append("id < :after")
        values["after"] = id_key(after)
    with transaction(engine, "read the audit log") as connection:
        rows = connection.execute(text(_LIST.format(where=" AND ".join(parts))), values).mappings().all()
    items = tuple(_row(dict(row)) for row in rows[:limit])
    return Page(items, str(items[-1].id) if len(rows) > limit else None)


def _row(row: dict[str, Any]) -> AuditRow:
    before, after = row.pop("before_json"), row.pop("after_json")
    return AuditRow(
        at_ns=from_text(row.pop("at_ts")),
        before=None if before is None else json.loads(before),
        after=None if after is None else json.loads(after),
        **row,
    )


def _json(values: Mapping[str, object] | None, subject: str) -> str | None:
    if values is None:
        return None
    try:
        written = json.dumps(dict(values), ensure_ascii=False, allow_nan=False)
        written.encode()
    except (TypeError, ValueError) as error:
        raise InvalidValue(f"audit of {subject[:80]}: {error}; only what JSON can hold is stored") from error
    return written
