"""Make a person's rows anonymous, in one transaction. The cycles stay; nothing says any longer whose they were.

What is done is noted in a file beside the database, by row id and without personal data: whoever restores an older
backup, which still has the person, erases again from it (`reapply_erasures`).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from lbzf_ros.core.errors import StoreError
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.checks import time_text
from lbzf_ros.store.people.entry import Entry
from lbzf_ros.store.people.mentions import Mentions
from lbzf_ros.store.people.operators import operator_of

ERASURES_NAME = "erasures.jsonl"
"""The note in a data folder of who was erased."""
MAX_UNSURE = 200
"""Most places that are named for a person to look at; the others are counted."""

logger = logging.getLogger(__name__)

_OWN = ("external_code", "display_name", "notes")
_LOG_PATIENCE_MS = 200
_BLANKED = {
    "cycle_events": "notes",
    "cycle_events_rejected": "notes",
    "shifts": "notes",
    "lost_time_events": "notes",
    "operators": "notes",
    "video_holds": "reason",
    "manual_observations": "payload_json",
}
"""Free text of people, by table: sure names and codes in it are blanked."""
_FREE_TEXT = frozenset(_BLANKED.values())
_LOOKED_AT = ("cameras", "workstations", "standard_times", "cv_model_versions", "rois")
"""Tables whose notes come from files: blanking them here would not last, so they are only named."""


@dataclass(frozen=True, slots=True)
class Unsure:
    """A place that may name the person; somebody has to look at it. The text itself is not repeated here."""

    table: str
    row_id: int | str
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What an erasure changed, or would change.

    Attributes:
        operator_id: row that stays, without code, name and notes.
        rows: how many rows of each `table` or `table.column` changed.
        unsure: places for a person to look at, at most `MAX_UNSURE`.
        unsure_count: how many there are in all.
        dry_run: nothing was changed.
        leftovers_gone: the bytes have left the database's files too; False: somebody was reading meanwhile, and
            they go with the next checkpoint.
    """

    operator_id: int
    rows: Mapping[str, int]
    unsure: tuple[Unsure, ...]
    unsure_count: int
    dry_run: bool = False
    leftovers_gone: bool = False


class _NothingChanges(Exception):
    """Ends a dry run; is no error."""


def erase_operator(
    engine: Engine,
    external_code: str,
    actor: Actor,
    *,
    now_ns: int,
    erasures: Path,
    dry_run: bool,
) -> Erasure:
    """Make the rows of an operator anonymous, for good.

    The operator's row loses code, name and notes; cycles lose the operator; assignments go; the audit log and the free
    text of people lose the names and codes that can only mean this person. Texts that may mean somebody else are named.

    Args:
        engine: of `writing_engine`.
        external_code: whose rows.
        actor: who does it.
        now_ns: current time.
        erasures: the file in which it is noted, `ERASURES_NAME` in the data folder.
        dry_run: do it, count, and take it back; nothing has changed then.

    Raises:
        InvalidValue: the code cannot be one, or nobody has it (`NotThere`).
        StoreError: the database or the file refused; nothing has changed.
    """
    erased_at = time_text(now_ns, "erase an operator")
    with contextlib.suppress(_NothingChanges), contextlib.ExitStack() as noted:
        with transaction(engine, "erase an operator") as connection:
            operator_id = int(operator_of(connection, external_code).id)
            erasure = _erase(Entry(connection, actor, now_ns), operator_id, erased_at, dry_run=dry_run)
            if dry_run:
                raise _NothingChanges
            _note(erasures, operator_id, erased_at, noted)
        noted.pop_all()  # committed: the note stays
    return erasure if dry_run else _with_leftovers(erasure, engine)


def reapply_erasures(engine: Engine, erasures: Path, actor: Actor, *, now_ns: int) -> tuple[Erasure, ...]:
    """Erase again, in a database restored from an older backup, whoever was erased since.

    A row id that the backup does not have yet is taken by an empty row, so that nobody else gets it.

    Args:
        engine: of `writing_engine`, on the restored database.
        erasures: the file of the data folder; none there: nobody was erased.
        actor: who restores.
        now_ns: current time.

    Raises:
        StoreError: the database or the file refused; nothing has changed.
    """
    done: list[Erasure] = []
    with transaction(engine, "erase operators again") as connection:
        entry = Entry(connection, actor, now_ns)
        for operator_id, erased_at in _read_notes(erasures).items():
            state = _state(connection, operator_id, erased_at)
            if state == "erased":
                continue
            if state == "missing":
                values = {"id": operator_id, "active": 0, "erased_at": erased_at}
                entry.insert("operator.erase", "operators", values)
            elif state == "another":
                logger.warning(
                    "operators/%s was entered after the erasure of %s: left alone", operator_id, erased_at
                )
            else:
                done.append(_erase(entry, operator_id, erased_at))
    if not done:
        return ()
    return tuple(_with_leftovers(erasure, engine) for erasure in done)


@dataclass(slots=True)
class _Counts:
    rows: dict[str, int] = field(default_factory=dict)
    unsure: list[Unsure] = field(default_factory=list)
    unsure_count: int = 0

    def changed(self, what: str, rows: int = 1) -> None:
        if rows:
            self.rows[what] = self.rows.get(what, 0) + rows

    def look_at(self, table: str, row_id: int | str, column: str) -> None:
        self.unsure_count += 1
        if len(self.unsure) < MAX_UNSURE:
            self.unsure.append(Unsure(table, row_id, column))


def _erase(entry: Entry, operator_id: int, erased_at: str, *, dry_run: bool = False) -> Erasure:
    connection, counts = entry.connection, _Counts()
    connection.exec_driver_sql("PRAGMA secure_delete = ON")  # what goes is overwritten, not only unlinked
    mentions = _mentions(connection, operator_id)
    who = {"id": operator_id}
    for what, statement in (
        ("cycle_events.operator_id", "UPDATE cycle_events SET operator_id = NULL WHERE operator_id = :id"),
        ("operator_assignments", "DELETE FROM operator_assignments WHERE operator_id = :id"),
    ):
        counts.changed(what, connection.execute(text(statement), who).rowcount)
    # Answers to requests of the last two days may name anybody; who sends one again is answered anew.
    answers = connection.execute(text("DELETE FROM idempotency_keys")).rowcount
    counts.changed("idempotency_keys", answers)
    own = """UPDATE operators SET external_code = NULL, display_name = NULL, notes = NULL, active = 0, erased_at = :at
             WHERE id = :id"""
    counts.changed("operators", connection.execute(text(own), {**who, "at": erased_at}).rowcount)
    _blank_texts(connection, mentions, counts)
    _blank_audit(connection, mentions, operator_id, counts)
    for actor in connection.execute(text("SELECT DISTINCT actor FROM audit_log")).scalars():
        if mentions.perhaps(actor) or mentions.erased(actor) != actor:
            counts.look_at("audit_log", actor, "actor")
    after = {"erased_at": erased_at, "active": 0, "rows": counts.rows}
    entry.audit("operator.erase", f"operators/{operator_id}", None, after)
    connection.exec_driver_sql("PRAGMA secure_delete = OFF")
    return Erasure(
        operator_id=operator_id,
        rows=counts.rows,
        unsure=tuple(counts.unsure),
        unsure_count=counts.unsure_count,
        dry_run=dry_run,
    )


def _mentions(connection: Connection, operator_id: int) -> Mentions:
    """Names and codes of a person, former ones too, which are in the audit log."""
    known: set[str] = set()
    others: set[str] = set()
    for row in connection.execute(text("SELECT id, external_code, display_name FROM operators")):
        (known if row.id == operator_id else others).update(
            filter(None, (row.external_code, row.display_name))
        )
    history = text("SELECT before_json, after_json FROM audit_log WHERE subject = :subject")
    for row in connection.execute(history, {"subject": f"operators/{operator_id}"}):
        for written in filter(None, row):
            values = json.loads(written)
            known.update(value for name in _OWN[:2] if isinstance(value := values.get(name), str))
    return Mentions(tuple(sorted(known)), frozenset(others))


def _blank_texts(connection: Connection, mentions: Mentions, counts: _Counts) -> None:
    for table, column in _BLANKED.items():
        query = text(f"SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL")
        update = text(f"UPDATE {table} SET {column} = :value WHERE id = :id")
        for row_id, written in connection.execute(query).all():
            blanked = _blanked(column, written, mentions)
            if blanked != written:
                connection.execute(update, {"id": row_id, "value": blanked})
                counts.changed(f"{table}.{column}")
            if _perhaps(column, blanked, mentions):
                counts.look_at(table, row_id, column)
    for table in _LOOKED_AT:
        query = text(f"SELECT id, notes FROM {table} WHERE notes IS NOT NULL")
        for row_id, written in connection.execute(query):
            if mentions.perhaps(written) or mentions.erased(written) != written:
                counts.look_at(table, row_id, "notes")


def _blank_audit(connection: Connection, mentions: Mentions, operator_id: int, counts: _Counts) -> None:
    query = text("SELECT id, subject, before_json, after_json FROM audit_log ORDER BY id")
    update = text("UPDATE audit_log SET before_json = :before, after_json = :after WHERE id = :id")
    own = f"operators/{operator_id}"
    for row_id, subject, *sides in connection.execute(query).all():
        values = [None if side is None else json.loads(side) for side in sides]
        blanked = [_blanked_side(side, mentions, subject == own, operator_id) for side in values]
        if blanked != values:
            before, after = (
                None if side is None else json.dumps(side, ensure_ascii=False) for side in blanked
            )
            connection.execute(update, {"id": row_id, "before": before, "after": after})
            counts.changed("audit_log")
        for column, side in zip(("before_json", "after_json"), blanked, strict=True):
            free = {name: value for name, value in (side or {}).items() if name in _FREE_TEXT}
            if any(_perhaps(name, value, mentions) for name, value in free.items()):
                counts.look_at("audit_log", row_id, column)


def _blanked_side(
    values: Mapping[str, Any] | None, mentions: Mentions, is_own: bool, operator_id: int
) -> dict[str, Any] | None:
    """Before or after in the audit log without the person."""
    if values is None:
        return None
    return {
        name: None
        if (is_own and name in _OWN) or (name == "operator_id" and value == operator_id)
        else _blanked(name, value, mentions)
        for name, value in values.items()
    }


def _blanked(name: str, value: Any, mentions: Mentions) -> Any:
    """A value without the person; what is JSON in a text stays JSON."""
    inside = _inside(name, value)
    if inside is not None:
        blanked = _blanked("", inside, mentions)
        return value if blanked == inside else json.dumps(blanked, ensure_ascii=False)
    if isinstance(value, str):
        return mentions.erased(value)
    if isinstance(value, dict):
        return {key: _blanked(key, item, mentions) for key, item in value.items()}
    if isinstance(value, list):
        return [_blanked("", item, mentions) for item in value]
    return value


def _perhaps(name: str, value: Any, mentions: Mentions) -> bool:
    """Whether a text of people may still mean the person; figures never do."""
    inside = _inside(name, value)
    if inside is not None:
        return _perhaps("", inside, mentions)
    if isinstance(value, str):
        return mentions.perhaps(value)
    return isinstance(value, dict) and any(_perhaps(key, item, mentions) for key, item in value.items())


def _inside(name: str, value: Any) -> Any:
    """What the JSON in a text says; None: it is a text like any other."""
    if not (isinstance(value, str) and name.endswith("_json")):
        return None
    try:
        return json.loads(value)
    except ValueError:
        return None


def _state(connection: Connection, operator_id: int, erased_at: str) -> str:
    """What a restored database has under the row id of somebody who was erased."""
    row = connection.execute(
        text("SELECT erased_at FROM operators WHERE id = :id"), {"id": operator_id}
    ).first()
    if row is None:
        return "missing"
    if row.erased_at is not None:
        return "erased"
    created = text("""
        SELECT 1 FROM audit_log WHERE subject = :subject AND action = 'operator.create' AND at_ts > :at
    """)
    subject = f"operators/{operator_id}"
    later = connection.execute(created, {"subject": subject, "at": erased_at}).first()
    return "there" if later is None else "another"


def _note(path: Path, operator_id: int, erased_at: str, failed: contextlib.ExitStack) -> None:
    """Write a line to the file of erasures, on the disk before the database commits; `failed` takes it back.

    Raises:
        StoreError: the file refused.
    """
    line = json.dumps({"operator_id": operator_id, "erased_at": erased_at}).encode() + b"\n"
    try:
        with path.open("a+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            torn = size > 0 and file.read(1) != b"\n"
            file.write(b"\n" * torn + line)
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StoreError(f"{path}: note the erasure: {error}; nobody was erased") from error
    failed.callback(os.truncate, path, size)


def _read_notes(path: Path) -> dict[int, str]:
    """When each row id was erased, by the file of erasures; a line torn by a power cut was never committed."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StoreError(f"{path}: read who was erased: {error}") from error
    notes: dict[int, str] = {}
    for number, line in enumerate(lines, 1):
        try:
            note = json.loads(line)
            notes[int(note["operator_id"])] = str(note["erased_at"])
        except (ValueError, KeyError, TypeError):
            logger.warning("%s: line %s is torn and skipped", path, number)
    return notes


def _with_leftovers(erasure: Erasure, engine: Engine) -> Erasure:
    """Empty the write-ahead log, which still holds the old pages."""
    connection = engine.raw_connection()
    try:
        # Continuous copies hold the log on purpose: waiting for them would only keep the writer of cycles waiting.
        (patience_ms,) = connection.cursor().execute("PRAGMA busy_timeout").fetchone()
        connection.cursor().execute(f"PRAGMA busy_timeout = {_LOG_PATIENCE_MS}")
        busy = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        connection.cursor().execute(f"PRAGMA busy_timeout = {patience_ms}")
    finally:
        connection.close()
    return replace(erasure, leftovers_gone=not busy)
