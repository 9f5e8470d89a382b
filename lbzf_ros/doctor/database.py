"""The database: is it there, whole, and of this program?"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from lbzf_ros.core.errors import StoreError
from lbzf_ros.doctor.finding import Finding, fine, unknown, warning, wrong
from lbzf_ros.doctor.subject import Subject

_NAME = "database"
_WITHIN_S = 60.0
_STEPS = 100_000  # of SQLite's machine between two looks at the clock
_RESTORE = "`lbzf restore --latest` brings the last good state back (docs/backups.md)"


def check_database(subject: Subject) -> Iterator[Finding]:
    """Look at every page and every reference, for a minute at most; nothing is changed."""
    from lbzf_ros.store.engine import DATABASE_NAME
    from lbzf_ros.store.identity import had_database

    database = subject.data / DATABASE_NAME
    if not database.exists():
        if had_database(subject.data):
            yield wrong(_NAME, f"{database}: was there and is gone", _RESTORE)
        else:
            yield warning(_NAME, f"{database}: there is none yet", "start LBZF; is --data the right folder?")
        return
    yield from _schema(database)
    yield _whole(database)


def _schema(database: Path) -> Iterator[Finding]:
    from lbzf_ros.store.migrate import known_version, migrations_folder, schema_version

    try:
        version, known = schema_version(database), known_version(migrations_folder())
    except StoreError as error:
        yield wrong(_NAME, str(error), _RESTORE)
        return
    if version > known:
        advice = "start the newer LBZF (`lbzf release list`), or go back with `lbzf release rollback`"
        yield wrong(_NAME, f"has schema {version}, this LBZF knows {known}: it does not start", advice)
    elif version < known:
        yield warning(
            _NAME, f"has schema {version}, this LBZF {known}", "the next start brings it up to date"
        )


def _whole(database: Path) -> Finding:
    from lbzf_ros.store.keeping.integrity import Depth, problems_of
    from lbzf_ros.store.migrate import connect

    until_s = time.monotonic() + _WITHIN_S
    try:
        with closing(connect(database)) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.set_progress_handler(lambda: int(time.monotonic() > until_s), _STEPS)
            problems = problems_of(connection, Depth.QUICK)
    except (StoreError, sqlite3.DatabaseError) as error:
        if time.monotonic() > until_s:
            text = f"too large to be looked at within {_WITHIN_S:.0f} s"
            return unknown(_NAME, text, "`lbzf db check` looks at all of it; maintenance does so every night")
        return wrong(_NAME, f"cannot be read: {error}", _RESTORE)
    if problems:
        return wrong(_NAME, f"is damaged: {problems[0]}", _RESTORE)
    return fine(_NAME, f"{database}: {database.stat().st_size / 1e6:.1f} MB, whole")
