"""Undo the last migration: for going back to an older LBZF."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lbzf_ros.core.errors import StoreError
from lbzf_ros.store.errors import sqlite_errors
from lbzf_ros.store.migrate import (
    Tell,
    checked_version,
    connect,
    copy_before,
    copy_path,
    migrations_folder,
    schema_version,
    tell_nobody,
)

Columns = Mapping[str, frozenset[str]]
"""Names of columns by table."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Data that goes with a table, or with one column of a table that stays."""

    table: str
    column: str | None
    rows: int

    def __str__(self) -> str:
        place = self.table if self.column is None else f"{self.table}.{self.column}"
        return f"{place} ({self.rows} row{'' if self.rows == 1 else 's'})"


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What `rollback` did."""

    migration: str
    before: int
    after: int
    copy: Path
    lost: tuple[Loss, ...]


def rollback(
    database: Path,
    *,
    now_ns: int,
    drop_data: bool = False,
    folder: Path | None = None,
    tell: Tell = tell_nobody,
) -> RolledBack:
    """Undo the last migration in one transaction, after the database was copied to `backups/` beside it.

    Args:
        database: the file; nothing else may be writing to it.
        now_ns: current time, for the name of the copy.
        drop_data: also when tables or columns go that hold something.
        folder: migrations; by default those of this program.
        tell: gets a line for each step.

    Raises:
        StoreError: there is nothing to undo, the database is newer than this program, data would be lost, or it
            failed. Nothing has changed then.
    """
    folder = folder or migrations_folder()
    with sqlite_errors(database, "roll back"):
        before = checked_version(database, folder)
        if not before:
            raise StoreError(f"{database}: has no schema; there is nothing to roll back.")
        migration, going = _last_migration(folder, before)
        lost = _losses(database, going)
        if lost and not drop_data:
            raise StoreError(
                f"{database}: rolling back {migration.id} would delete {', '.join(map(str, lost))}. Nothing has "
                "changed. With --drop-data it is done all the same, after the whole database was copied to "
                f"{copy_path(database, before, now_ns)}."
            )
        copy = copy_before(database, before, now_ns, tell)
        tell(f"rolling back {migration.id}")
        _undo(database, migration, going, lost)
        return RolledBack(migration.id, before, schema_version(database), copy, lost)


def _undo(database: Path, migration: Any, going: Columns, lost: Sequence[Loss]) -> None:
    from lbzf_ros.store.yoyo_backend import AtomicBackend  # only whoever migrates pays for it

    def same_as_copied(connection: sqlite3.Connection) -> None:
        if tuple(lost) != _losses_in(connection, going):
            raise StoreError(
                f"{database}: was written to while it was copied. Nothing has changed; stop LBZF and try again."
            )

    with AtomicBackend.open(database) as backend:
        if not backend.is_applied(migration):
            raise StoreError(
                f"{database}: has no record of {migration.id}, though its schema is of that version; "
                "restore a backup."
            )
        backend.rollback_atomically(migration, same_as_copied)


def _last_migration(folder: Path, version: int) -> tuple[Any, Columns]:
    """The migration of a version, and the columns that go when it is undone: tried on an empty database."""
    from yoyo import read_migrations  # type: ignore[import-untyped]  # yoyo has no type information

    from lbzf_ros.store.yoyo_backend import AtomicBackend

    with tempfile.TemporaryDirectory() as scratch:
        database = Path(scratch, "empty.db")
        with AtomicBackend.open(database) as backend:
            for migration in backend.to_apply(read_migrations(str(folder))):
                backend.apply_atomically(migration)
                if int(migration.id.split("_")[0]) == version:
                    break
            if not Path(folder, f"{migration.id}.rollback.sql").exists():
                raise StoreError(f"{folder}: has no {migration.id}.rollback.sql; it cannot be undone.")
            before = _columns(backend.connection)
            backend.rollback_atomically(migration, lambda _: None)
            after = _columns(backend.connection)
    gone = {table: names - after.get(table, frozenset()) for table, names in before.items()}
    # A table that goes as a whole stands with no columns.
    return migration, {
        table: names if table in after else frozenset() for table, names in gone.items() if names
    }


def _columns(connection: sqlite3.Connection) -> dict[str, frozenset[str]]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%yoyo%'"
    tables = [name for (name,) in connection.execute(query)]
    return {
        table: frozenset(row[1] for row in connection.execute(f"PRAGMA table_xinfo({table})"))
        for table in tables
    }


def _losses(database: Path, going: Columns) -> tuple[Loss, ...]:
    with closing(connect(database)) as connection:
        return _losses_in(connection, going)


def _losses_in(connection: sqlite3.Connection, going: Columns) -> tuple[Loss, ...]:
    places = [
        (table, column)
        for table, columns in sorted(going.items())
        if table != "schema_version"  # says nothing that the copy's name does not
        for column in (*sorted(columns), *([] if columns else [None]))
    ]
    losses = [
        Loss(table, column, _count(connection, table, f"{column} IS NOT NULL" if column else "1"))
        for table, column in places
    ]
    return tuple(loss for loss in losses if loss.rows)


def _count(connection: sqlite3.Connection, table: str, condition: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchone()[0])
