"""Bring a database to the schema of this program: `db/migrations/*.sql` through yoyo.

`python -m lbzf_ros.store.migrate` writes `db/schema.sql` anew.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from lbzf_ros.core.errors import StoreError
from lbzf_ros.disk import partial_of
from lbzf_ros.resources import resource_path
from lbzf_ros.store.errors import sqlite_errors
from lbzf_ros.store.timestamps import to_text

_BUSY_TIMEOUT_S = 5.0
_COPY_STEP_PAGES = 25_600  # about 100 MB between two lines of progress
_SCHEMA_HEAD = "-- Generated from db/migrations by `python -m lbzf_ros.store.migrate`. Do not edit.\n"


Tell = Callable[[str], None]
"""Takes one line about what is being done."""


def tell_nobody(_line: str) -> None:
    """Drop a line of progress."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """What `migrate` did: schema versions before (0: a new database) and after, the copy made before changing it."""

    before: int
    after: int
    copy: Path | None


def migrate(database: Path, *, now_ns: int, folder: Path | None = None, tell: Tell = tell_nobody) -> Migrated:
    """Apply the migrations that a database lacks, each in one transaction; a new database is made.

    An existing database that lacks some is first copied to `backups/` beside it.

    Args:
        database: the file.
        now_ns: current time, for the name of the copy.
        folder: migrations; by default those of this program.
        tell: gets a line for each step.

    Raises:
        StoreError: it is newer than this program, is no database of LBZF, or a migration failed. A migration that
            failed has changed nothing.
    """
    folder = folder or migrations_folder()
    with sqlite_errors(database, "migrate"):
        database.parent.mkdir(parents=True, exist_ok=True)
        before = checked_version(database, folder)
        if before == known_version(folder):
            return Migrated(before, before, None)
        copy = copy_before(database, before, now_ns, tell) if before else None
        _apply(database, folder, tell)
        return Migrated(before, schema_version(database), copy)


def migrations_folder() -> Path:
    """The migrations of this program."""
    return resource_path("db", "migrations")


def known_version(folder: Path) -> int:
    """Number of the last migration in a folder.

    Raises:
        StoreError: there is none.
    """
    numbers = [int(path.name.split("_")[0]) for path in folder.glob("*.sql") if ".rollback" not in path.name]
    if not numbers:
        raise StoreError(
            f"{folder}: holds no migrations; the installation is incomplete, install LBZF again."
        )
    return max(numbers)


def checked_version(database: Path, folder: Path) -> int:
    """`schema_version`, refusing a database that is newer than the migrations in a folder.

    Raises:
        StoreError: it is newer, or no database of LBZF.
    """
    version, known = schema_version(database), known_version(folder)
    if version > known:
        raise StoreError(
            f"{database}: has schema {version}, this program knows schemas up to {known}. A newer LBZF made it: "
            "start that version, or name another data folder."
        )
    return version


def schema_version(database: Path) -> int:
    """Number of the last migration applied to a database; 0 when there is none, or it is empty.

    Raises:
        StoreError: the file is a database, but not of LBZF.
    """
    if not database.exists():
        return 0
    with sqlite_errors(database, "read its schema version"), closing(connect(database)) as connection:
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
        with closing(connect(database)) as connection:
            rows = connection.execute(
                "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name NOT LIKE '%yoyo%' "
                "ORDER BY tbl_name, type = 'table' DESC, type, name"
            )
            return "\n".join([_SCHEMA_HEAD, *(f"{sql};\n" for (sql,) in rows)])


def connect(database: Path) -> sqlite3.Connection:
    """A plain connection to a file: no PRAGMAs, no transactions of the driver's own."""
    return sqlite3.connect(database, timeout=_BUSY_TIMEOUT_S, isolation_level=None)


def copy_path(database: Path, version: int, now_ns: int) -> Path:
    """Where the copy goes that is made before the schema changes; never the name of a copy that is there already."""
    digits = "".join(sign for sign in to_text(now_ns)[:19] if sign.isdigit())
    name = f"{database.stem}-{digits[:8]}-{digits[8:]}-schema{version}"
    taken, number = database.parent / "backups" / f"{name}.db", 1
    while taken.exists():
        number += 1
        taken = taken.with_name(f"{name}-{number}.db")
    return taken


def copy_before(database: Path, version: int, now_ns: int, tell: Tell) -> Path:
    """Copy a database that may be in use, before its schema changes; the copy has its name only when it is complete.

    Raises:
        StoreError: there is no room for it.
    """
    copy = copy_path(database, version, now_ns)
    copy.parent.mkdir(exist_ok=True)
    needed = sum(path.stat().st_size for path in (database, _wal(database)) if path.exists())
    free = shutil.disk_usage(copy.parent).free
    if free < needed:
        raise StoreError(
            f"{copy.parent}: {free / 1e6:.0f} MB are free, the copy made before the schema changes needs "
            f"{needed / 1e6:.0f} MB; free some space."
        )
    tell(f"copying {database} ({needed / 1e6:.1f} MB) to {copy}")
    with (
        partial_of(copy) as partial,
        closing(connect(database)) as source,
        closing(connect(partial)) as target,
    ):
        source.backup(target, pages=_COPY_STEP_PAGES, progress=lambda *state: _tell_share(tell, *state))
    return copy


def _tell_share(tell: Tell, _status: int, remaining: int, total: int) -> None:
    if remaining:
        tell(f"copied {100 * (total - remaining) // total} %")


def _wal(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


def _apply(database: Path, folder: Path, tell: Tell) -> None:
    # Imported here: only whoever migrates pays for it.
    from yoyo import read_migrations  # type: ignore[import-untyped]  # yoyo has no type information

    from lbzf_ros.store.yoyo_backend import AtomicBackend

    with AtomicBackend.open(database) as backend:
        for migration in backend.to_apply(read_migrations(str(folder))):
            tell(f"applying {migration.id}")
            backend.apply_atomically(migration)


def _main() -> None:
    resource_path("db", "schema.sql").write_text(schema_sql(), "utf-8")


if __name__ == "__main__":
    _main()
