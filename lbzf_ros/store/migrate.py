"""Bring a database to the schema of this program: `db/migrations/*.sql` through yoyo.

`python -m lbzf_ros.store.migrate` writes `db/schema.sql` anew.
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from lbzf_ros.core.errors import StoreError
from lbzf_ros.resources import resource_path
from lbzf_ros.store.errors import sqlite_errors
from lbzf_ros.store.timestamps import to_text

_BUSY_TIMEOUT_S = 5.0
_SCHEMA_HEAD = "-- Generated from db/migrations by `python -m lbzf_ros.store.migrate`. Do not edit.\n"


@dataclass(frozen=True, slots=True)
class Migrated:
    """What `migrate` did: schema versions before (0: a new database) and after, the copy made before changing it."""

    before: int
    after: int
    copy: Path | None


def migrate(database: Path, *, now_ns: int, folder: Path | None = None) -> Migrated:
    """Apply the migrations that a database lacks, each in one transaction; a new database is made.

    An existing database that lacks some is first copied to `backups/` beside it.

    Args:
        database: the file.
        now_ns: current time, for the name of the copy.
        folder: migrations; by default those of this program.

    Raises:
        StoreError: it is newer than this program, is no database of LBZF, or a migration failed. A migration that
            failed has changed nothing.
    """
    folder = folder or resource_path("db", "migrations")
    known = _known_version(folder)
    with sqlite_errors(database, "migrate"):
        database.parent.mkdir(parents=True, exist_ok=True)
        before = schema_version(database)
        if before > known:
            raise StoreError(
                f"{database}: has schema {before}, this program knows schemas up to {known}. A newer LBZF made it: "
                "start that version, or name another data folder."
            )
        if before == known:
            return Migrated(before, before, None)
        copy = _copy(database, before, now_ns) if before else None
        _apply(database, folder)
        return Migrated(before, schema_version(database), copy)


def schema_version(database: Path) -> int:
    """Number of the last migration applied to a database; 0 when there is none, or it is empty.

    Raises:
        StoreError: the file is a database, but not of LBZF.
    """
    if not database.exists():
        return 0
    with sqlite_errors(database, "read its schema version"), closing(_connect(database)) as connection:
        tables = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        if "schema_version" in tables:
            return int(connection.execute("SELECT version FROM schema_version").fetchone()[0])
        if any(not name.startswith(("_yoyo", "yoyo_", "sqlite_")) for name in tables):
            raise StoreError(f"{database}: is a database, but not one of LBZF; name another data folder.")
        return 0


def schema_sql() -> str:
    """The whole schema as SQL text: what the migrations of this program make of an empty database."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder, "schema.db")
        migrate(database, now_ns=0)
        with closing(_connect(database)) as connection:
            rows = connection.execute(
                "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name NOT LIKE '%yoyo%' "
                "ORDER BY tbl_name, type = 'table' DESC, type, name"
            )
            return "\n".join([_SCHEMA_HEAD, *(f"{sql};\n" for (sql,) in rows)])


def _connect(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(database, timeout=_BUSY_TIMEOUT_S, isolation_level=None)


def _known_version(folder: Path) -> int:
    numbers = [int(path.name.split("_")[0]) for path in folder.glob("*.sql") if ".rollback" not in path.name]
    if not numbers:
        raise StoreError(
            f"{folder}: holds no migrations; the installation is incomplete, install LBZF again."
        )
    return max(numbers)


def _copy(database: Path, version: int, now_ns: int) -> Path:
    """Copy a database that may be in use; the copy has its name only when it is complete."""
    digits = "".join(sign for sign in to_text(now_ns)[:19] if sign.isdigit())
    copy = database.parent / "backups" / f"{database.stem}-{digits[:8]}-{digits[8:]}-schema{version}.db"
    copy.parent.mkdir(exist_ok=True)
    partial = copy.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with closing(_connect(database)) as source, closing(_connect(partial)) as target:
        source.backup(target)
    partial.replace(copy)
    return copy


def _apply(database: Path, folder: Path) -> None:
    # Imported here: only whoever migrates pays for it.
    from yoyo import read_migrations  # type: ignore[import-untyped]  # yoyo has no type information

    from lbzf_ros.store.yoyo_backend import AtomicBackend

    with AtomicBackend.open(database) as backend:
        for migration in backend.to_apply(read_migrations(str(folder))):
            backend.apply_atomically(migration)


def _main() -> None:
    resource_path("db", "schema.sql").write_text(schema_sql(), "utf-8")


if __name__ == "__main__":
    _main()
