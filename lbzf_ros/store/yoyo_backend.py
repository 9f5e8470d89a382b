"""yoyo on SQLite, so that a migration and the record of it commit together or not at all.

As it comes, yoyo commits a migration first and marks it as applied afterwards (killed in between, it is applied
twice), leaves a lock row behind when killed, and asks the network for the name of the machine.
"""

from __future__ import annotations

import socket
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from yoyo import internalmigrations  # type: ignore[import-untyped]  # yoyo has no type information
from yoyo.backends.core.sqlite3 import SQLiteBackend  # type: ignore[import-untyped]
from yoyo.connections import DatabaseURI  # type: ignore[import-untyped]
from yoyo.migrations import default_migration_table  # type: ignore[import-untyped]

_BUSY_TIMEOUT_S = 5.0


class AtomicBackend(SQLiteBackend):
    """One `BEGIN IMMEDIATE … COMMIT` for each migration with its record. SQLite's write lock is the only lock."""

    @classmethod
    def open(cls, database: Path) -> AtomicBackend:
        """Open a database and bring yoyo's own tables up to date."""
        backend = cls(
            DatabaseURI("sqlite", None, None, None, None, str(database), {}), default_migration_table
        )
        with backend, backend.transaction():
            if internalmigrations.needs_upgrading(backend):
                internalmigrations.upgrade(backend)
        return cls(backend.uri, default_migration_table)

    def connect(self, dburi: Any) -> sqlite3.Connection:
        """Open the file as it is named: yoyo's address would break at a `?` or `%` in a path."""
        return sqlite3.connect(dburi.database, timeout=_BUSY_TIMEOUT_S, isolation_level=None)

    def begin(self) -> None:
        """Take the write lock at once."""
        self._in_transaction = True
        self.execute("BEGIN IMMEDIATE")

    @contextmanager
    def lock(self, timeout: float = 0) -> Iterator[None]:  # noqa: ARG002  # as yoyo calls it
        """Nothing: a transaction holds SQLite's own lock, which does not outlive its process."""
        yield

    def apply_atomically(self, migration: Any) -> None:
        """Apply one migration and record it, or neither; nothing if another process was faster."""
        with self.transaction():
            if self.is_applied(migration):
                return
            migration.process_steps(self, "apply")
            self._check_references(migration)
            self.log_migration(migration, "apply")
            self.mark_one(migration, log=False)

    def rollback_atomically(self, migration: Any, check: Callable[[sqlite3.Connection], None]) -> None:
        """Undo one migration and its record, or neither.

        Args:
            migration: the last one that was applied.
            check: called in the transaction before anything changes; what it raises ends the matter.
        """
        with self.transaction():
            check(self.connection)
            migration.process_steps(self, "rollback")
            self._check_references(migration)
            self.log_migration(migration, "rollback")
            self.unmark_one(migration, log=False)

    def _check_references(self, migration: Any) -> None:
        # Foreign keys are off meanwhile, so that a migration can rebuild a table; so they are checked at its end.
        if broken := self.execute("PRAGMA foreign_key_check").fetchone():
            raise sqlite3.IntegrityError(
                f"{migration.id} leaves a row of {broken[0]} without its {broken[2]}"
            )

    def get_log_data(self, migration: Any = None, operation: str = "apply") -> dict[str, Any]:
        """Values of a row of yoyo's log."""
        return {
            "id": str(uuid.uuid1()),
            "migration_id": migration.id if migration else None,
            "migration_hash": migration.hash if migration else None,
            "username": "lbzf",
            "hostname": socket.gethostname(),
            "created_at_utc": datetime.now(timezone.utc).replace(tzinfo=None),
            "operation": operation,
        }
