"""What the sender of cycle events keeps on disk until persistence has acknowledged it. Survives kill -9.

An event is safe when `put` returns. A START stays, also acknowledged, until the end of its cycle is acknowledged: so
after a crash `open_cycles` says which cycles were running.
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from lbzf_ros.core.model import CycleEvent, EventKind
from lbzf_ros.store.errors import sqlite_errors
from lbzf_ros.store.event_json import event_from_json, event_to_json

MAX_PENDING = 1000
"""Most events that `pending` gives at once."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
  sequence      INTEGER PRIMARY KEY,
  event_uid     TEXT NOT NULL,
  kind          TEXT NOT NULL,
  event_json    TEXT NOT NULL,
  acknowledged  INTEGER NOT NULL DEFAULT 0,
  UNIQUE (event_uid, kind)
)
"""
# FULL: an event that was decided is on the disk even when the power fails next.
_SETUP = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA busy_timeout = 5000", _SCHEMA)

_PUT = "INSERT INTO outbox (event_uid, kind, event_json) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_PENDING = "SELECT event_json FROM outbox WHERE NOT acknowledged ORDER BY sequence LIMIT ?"
_OPEN = """
SELECT event_json FROM outbox AS o
WHERE kind = 'START'
  AND NOT EXISTS (SELECT 1 FROM outbox WHERE event_uid = o.event_uid AND kind <> 'START')
ORDER BY sequence
"""
_ACKNOWLEDGE_START = "UPDATE outbox SET acknowledged = 1 WHERE event_uid = ? AND kind = 'START'"
_ACKNOWLEDGE_END = "DELETE FROM outbox WHERE event_uid = ? AND kind IN ('START', ?)"


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

    def put(self, event: CycleEvent) -> None:
        """Keep an event; when this returns it is on the disk. The same event again changes nothing.

        Raises:
            StoreError: the disk is full or cannot be written; the event is not kept.
        """
        with self._errors("keep a cycle event"):
            self._connection.execute(_PUT, (event.event_uid, event.kind.value, event_to_json(event)))

    def pending(self, *, limit: int = MAX_PENDING) -> list[CycleEvent]:
        """Events that are not acknowledged yet, oldest first.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._errors("read pending events"):
            return [event_from_json(line) for (line,) in self._connection.execute(_PENDING, (limit,))]

    def acknowledge(self, event_uid: str, kind: EventKind) -> None:
        """Forget an event: its row is in the database. Of an unknown event: nothing.

        Raises:
            StoreError: the file cannot be written.
        """
        with self._errors("forget an acknowledged event"):
            if kind is EventKind.START:
                self._connection.execute(_ACKNOWLEDGE_START, (event_uid,))
            else:
                self._connection.execute(_ACKNOWLEDGE_END, (event_uid, kind.value))

    def open_cycles(self) -> list[CycleEvent]:
        """The STARTs of cycles that have no END, REJECT or ABORT yet, oldest first.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._errors("read open cycles"):
            return [event_from_json(line) for (line,) in self._connection.execute(_OPEN)]

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
