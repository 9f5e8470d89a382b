"""What the sender of cycle events keeps on disk until persistence has acknowledged it. Survives kill -9.

An event is safe when `put` returns. A START stays, also acknowledged, until the end of its cycle is acknowledged: so
after a crash `open_cycles` says which cycles were running. Acknowledged ends stay until `forget`: when the database
has to be restored from a backup, `deliver_to` sends them again, and what the backup lacks is not lost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType

from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import CycleEvent, EventKind
from lbzf_ros.store.errors import sqlite_errors
from lbzf_ros.store.event_json import event_from_json, event_to_json

MAX_PENDING = 1000
"""Most events that `pending` gives at once."""

_RESERVE_BYTES = 6_000_000
"""Free space inside the file and its log, so that events are kept while the disk is full: more than a thousand.
More than the log's usual size at which SQLite begins it anew (1000 pages of 4096 bytes)."""

_SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS outbox (
  sequence         INTEGER PRIMARY KEY,
  event_uid        TEXT NOT NULL,
  kind             TEXT NOT NULL,
  event_json       TEXT NOT NULL,
  acknowledged     INTEGER NOT NULL DEFAULT 0,
  acknowledged_ns  INTEGER,                 -- clock of the sender when it was
  unreadable       INTEGER NOT NULL DEFAULT 0,  -- 1: of another version of LBZF; kept, never sent
  UNIQUE (event_uid, kind)
)
""",
    "CREATE INDEX IF NOT EXISTS pending ON outbox(sequence) WHERE NOT acknowledged AND NOT unreadable",
    "CREATE INDEX IF NOT EXISTS begun ON outbox(event_uid) WHERE kind = 'START'",
    # Which database the acknowledgements are of.
    "CREATE TABLE IF NOT EXISTS destination (id INTEGER PRIMARY KEY CHECK (id = 1), generation INTEGER NOT NULL)",
)
# FULL: an event that was decided is on the disk even when the power fails next.
_SETUP = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA cache_size = -256",  # KiB; only the newest pages are worked on, however large the file has become
    *_SCHEMA,
)
_GROW = (
    "CREATE TABLE reserve (space BLOB)",
    "INSERT INTO reserve VALUES (zeroblob(?))",
    "DROP TABLE reserve",
)

_PUT = "INSERT INTO outbox (event_uid, kind, event_json) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_PENDING = """
SELECT sequence, event_json FROM outbox WHERE NOT acknowledged AND NOT unreadable ORDER BY sequence LIMIT ?
"""
_OPEN = """
SELECT sequence, event_json FROM outbox AS o
WHERE kind = 'START' AND NOT unreadable
  AND NOT EXISTS (SELECT 1 FROM outbox WHERE event_uid = o.event_uid AND kind <> 'START')
ORDER BY sequence
"""
_UNREADABLE = "UPDATE outbox SET unreadable = 1 WHERE sequence = ?"
_ENDED = "SELECT 1 FROM outbox WHERE event_uid = ? AND kind <> 'START'"
_ACKNOWLEDGE = "UPDATE outbox SET acknowledged = 1, acknowledged_ns = ? WHERE event_uid = ? AND kind = ?"
_DELETE_START = "DELETE FROM outbox WHERE event_uid = ? AND kind = 'START'"
_FORGET = """
DELETE FROM outbox WHERE acknowledged AND acknowledged_ns < ?
  AND (kind <> 'START' OR EXISTS (SELECT 1 FROM outbox AS o WHERE o.event_uid = outbox.event_uid AND o.kind <> 'START'))
"""
_SET_GENERATION = (
    "INSERT INTO destination VALUES (1, ?) ON CONFLICT DO UPDATE SET generation = excluded.generation"
)
_SEND_AGAIN = "UPDATE outbox SET acknowledged = 0, acknowledged_ns = NULL WHERE acknowledged"


class Outbox:
    """Cycle events on their way, in a small file of its own. One process at a time writes it."""

    def __init__(self, path: Path) -> None:
        """Open the file; it is made when absent.

        Raises:
            StoreError: it cannot be opened.
        """
        self._path = path
        with self._errors("open"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            for statement in _SETUP:
                self._connection.execute(statement)
        self._reserve()

    def put(self, events: Iterable[CycleEvent]) -> None:
        """Keep events, all or none; when this returns they are on the disk. The same event again changes nothing.

        Raises:
            StoreError: the disk is full or cannot be written; no event is kept.
        """
        rows = [(event.event_uid, event.kind.value, event_to_json(event)) for event in events]
        if rows:
            with self._transaction("keep cycle events"):
                self._connection.executemany(_PUT, rows)

    def pending(self, *, limit: int = MAX_PENDING) -> list[CycleEvent]:
        """Events that are not acknowledged yet, oldest first.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._errors("read pending events"):
            return self._events(_PENDING, (limit,))

    def acknowledge(self, acknowledged: Iterable[tuple[str, EventKind]], *, now_ns: int) -> None:
        """Send these no more (uid and kind): their rows are in the database. Unknown ones are passed over.

        Raises:
            StoreError: the file cannot be written.
        """
        with self._transaction("mark acknowledged events"):
            for event_uid, kind in acknowledged:
                self._connection.execute(_ACKNOWLEDGE, (now_ns, event_uid, kind.value))
                if kind is not EventKind.START:
                    self._connection.execute(_DELETE_START, (event_uid,))

    def open_cycles(self) -> list[CycleEvent]:
        """The STARTs of cycles that have no END, REJECT or ABORT yet, oldest first.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._errors("read open cycles"):
            return self._events(_OPEN, ())

    def has_ended(self, event_uid: str) -> bool:
        """Whether an END, REJECT or ABORT of a cycle is kept.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._errors("read a cycle's end"):
            return self._connection.execute(_ENDED, (event_uid,)).fetchone() is not None

    def deliver_to(self, generation: int) -> int:
        """Say which database acknowledges from now on. All that is kept becomes pending when it is another one.

        Args:
            generation: number of the database; a restored one has a new number.

        Returns:
            How many events are sent again.

        Raises:
            StoreError: the file cannot be written.
        """
        with self._transaction("change the destination"):
            known = self._connection.execute("SELECT generation FROM destination").fetchone()
            if known == (generation,):
                return 0
            self._connection.execute(_SET_GENERATION, (generation,))
            return 0 if known is None else self._connection.execute(_SEND_AGAIN).rowcount

    def forget(self, *, before_ns: int) -> None:
        """Drop what was acknowledged before a time.

        Raises:
            StoreError: the file cannot be written.
        """
        with self._transaction("forget old events"):
            self._connection.execute(_FORGET, (before_ns,))

    def _events(self, query: str, values: tuple[int, ...]) -> list[CycleEvent]:
        events: list[CycleEvent] = []
        for sequence, line in self._connection.execute(query, values).fetchall():
            try:
                events.append(event_from_json(line))
            except StoreError:
                self._connection.execute(_UNREADABLE, (sequence,))
        return events

    @property
    def unreadable(self) -> int:
        """Number of kept events that this version cannot read.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._errors("count unreadable events"):
            row = self._connection.execute("SELECT count(*) FROM outbox WHERE unreadable").fetchone()
            return int(row[0])

    def _reserve(self) -> None:
        """Let file and log grow to what they need on a full disk. Without the room for it, go on with less."""
        try:
            with self._transaction("reserve space"):
                for statement in _GROW:
                    self._connection.execute(statement, (_RESERVE_BYTES,) if "?" in statement else ())
            self._connection.execute("PRAGMA wal_checkpoint(RESTART)")
        except (StoreError, sqlite3.Error):
            return

    @contextmanager
    def _transaction(self, doing: str) -> Iterator[None]:
        with self._errors(doing):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Outbox:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def _errors(self, doing: str) -> AbstractContextManager[None]:
        return sqlite_errors(self._path, doing)
