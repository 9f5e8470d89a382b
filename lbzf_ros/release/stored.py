"""The database while releases change: its schema, a copy, and the copy put back. LBZF is stopped meanwhile."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from lbzf_ros.disk import partial_of, sync
from lbzf_ros.release.errors import ReleaseError

DATABASE = "lbzf.db"
_LOGS = ("-wal", "-shm")


def schema_version(data: Path) -> int:
    """Schema of a data folder's database; 0: there is none, or it is empty.

    Raises:
        ReleaseError: it cannot be read.
    """
    database = data / DATABASE
    if not database.exists():
        return 0
    try:
        with closing(sqlite3.connect(database)) as connection:
            tables = connection.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'schema_version'"
            ).fetchone()
            row = connection.execute("SELECT version FROM schema_version").fetchone() if tables else (0,)
    except sqlite3.Error as error:
        raise ReleaseError(
            f"{database}: cannot be read ({error}); `lbzf restore --latest` brings the last good state back"
        ) from None
    return int(row[0])


def copy_database(data: Path, name: str) -> Path:
    """Copy the database, with what is in its log, to `backups/NAME.db`; the copy has its name when it is whole.

    Raises:
        ReleaseError: there is no room, or it cannot be read.
    """
    database, copy = data / DATABASE, data / "backups" / f"{name}.db"
    copy.parent.mkdir(exist_ok=True)
    needed = sum(file.stat().st_size for file in _files(database))
    free = shutil.disk_usage(copy.parent).free
    if free < needed:
        raise ReleaseError(
            f"{copy.parent}: {free / 1e6:.0f} MB are free, the copy of the database needs {needed / 1e6:.0f} MB; "
            "free some space (`lbzf maintenance --space`)"
        )
    try:
        with partial_of(copy) as partial:
            with closing(sqlite3.connect(database)) as old, closing(sqlite3.connect(partial)) as new:
                old.backup(new)
            _same_owner(partial, data)
    except sqlite3.Error as error:
        raise ReleaseError(f"{database}: cannot be copied: {error}") from None
    _owned(data)
    return copy


def put_back(data: Path, copy: Path, failed_name: str) -> Path:
    """Put a copy in the place of the database; what was there is kept as `backups/FAILED_NAME.db`.

    It gets a new number (`PRAGMA user_version`), by which the cycle tracker sees that it is another database, and
    sends again what it was told was written: nothing that was measured meanwhile is lost.

    Raises:
        ReleaseError: it cannot be done; the database is as it was.
    """
    database, kept = data / DATABASE, data / "backups" / f"{failed_name}.db"
    try:
        with partial_of(database) as partial:
            shutil.copyfile(copy, partial)
            with closing(sqlite3.connect(partial)) as connection:
                connection.execute("PRAGMA journal_mode = DELETE")
                connection.execute(f"PRAGMA user_version = {1 + secrets.randbelow(2**31 - 1)}")
                connection.commit()
            _same_owner(partial, data)
            _set_aside(database, kept)
    except (OSError, sqlite3.Error) as error:
        raise ReleaseError(
            f"{database}: the copy {copy} cannot be put back: {error}; put it there by hand"
        ) from None
    _owned(data)
    return kept


def _set_aside(database: Path, kept: Path) -> None:
    """Keep the present one under another name too; its log is emptied into it: it must not meet the copy."""
    if not database.exists():
        return
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    kept.unlink(missing_ok=True)
    try:
        os.link(database, kept)
    except OSError:  # another file system
        shutil.copy2(database, kept)
    sync(kept.parent)
    for ending in _LOGS:
        database.with_name(f"{database.name}{ending}").unlink(missing_ok=True)
    sync(database.parent)


def _files(database: Path) -> list[Path]:
    names = (database.name, *(f"{database.name}{ending}" for ending in _LOGS))
    return [path for name in names if (path := database.with_name(name)).exists()]


def _owned(data: Path) -> None:
    """Whoever installs is root: what SQLite leaves beside a database must belong to LBZF's user."""
    for file in _files(data / DATABASE):
        _same_owner(file, data)


def _same_owner(file: Path, model: Path) -> None:
    if os.geteuid() == 0:
        found = model.stat()
        os.chown(file, found.st_uid, found.st_gid)
