"""What a database is like: its schema, its size, its rows, its settings."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from lbzf_ros.core.errors import StoreError
from lbzf_ros.store.engine import PRAGMAS, reading_engine, transaction
from lbzf_ros.store.errors import sqlite_errors
from lbzf_ros.store.migrate import connect, known_version, migrations_folder, schema_version

_SHOWN_PRAGMAS = (*PRAGMAS, "page_size", "freelist_count", "auto_vacuum", "encoding")


@dataclass(frozen=True, slots=True)
class MigrationState:
    """A migration of this program or of the database. `applied_at` None: pending; `known`: this program has it."""

    id: str
    applied_at: str | None
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseStatus:
    """A database as it is now."""

    path: Path
    version: int
    known_version: int
    migrations: tuple[MigrationState, ...]
    database_bytes: int
    wal_bytes: int
    free_bytes: int
    """On its disk."""
    rows: Mapping[str, int]
    """Number of rows by table."""
    pragmas: Mapping[str, str]
    """As a reader has them."""


def database_status(database: Path, *, folder: Path | None = None) -> DatabaseStatus:
    """Look at a database without changing it; also at one that is newer than this program.

    Raises:
        StoreError: there is none, it cannot be read, or it is none of LBZF.
    """
    folder = folder or migrations_folder()
    if not database.exists():
        raise StoreError(
            f"{database}: there is no database; `lbzf up` or `lbzf db migrate` makes one. Is --data the right folder?"
        )
    with sqlite_errors(database, "read its status"):
        version = schema_version(database)
        with closing(connect(database)) as connection:
            migrations, rows = _migrations(connection, folder), _rows(connection)
        wal = database.with_name(f"{database.name}-wal")
        return DatabaseStatus(
            path=database,
            version=version,
            known_version=known_version(folder),
            migrations=migrations,
            database_bytes=database.stat().st_size,
            wal_bytes=wal.stat().st_size if wal.exists() else 0,
            free_bytes=shutil.disk_usage(database.parent).free,
            rows=rows,
            pragmas=_pragmas(database),
        )


def _migrations(connection: sqlite3.Connection, folder: Path) -> tuple[MigrationState, ...]:
    applied: dict[str, str] = {}
    if _tables(connection, "_yoyo_migration"):
        query = "SELECT migration_id, applied_at_utc FROM _yoyo_migration"
        applied = {name: f"{str(at)[:19]}Z".replace(" ", "T") for name, at in connection.execute(query)}
    known = {path.stem for path in folder.glob("*.sql") if ".rollback" not in path.name}
    return tuple(
        MigrationState(name, applied.get(name), name in known) for name in sorted(known | applied.keys())
    )


def _rows(connection: sqlite3.Connection) -> dict[str, int]:
    tables = [name for name in _tables(connection, "%") if "yoyo" not in name]
    return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}


def _tables(connection: sqlite3.Connection, like: str) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE ? AND name NOT LIKE 'sqlite%' ORDER BY 1"
    return [name for (name,) in connection.execute(query, (like,))]


def _pragmas(database: Path) -> dict[str, str]:
    engine = reading_engine(database)
    try:
        with transaction(engine, "read its PRAGMAs") as connection:
            return {
                name: str(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
                for name in _SHOWN_PRAGMAS
            }
    finally:
        engine.dispose()
