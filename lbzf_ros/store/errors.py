"""What SQLite says, in words that help."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lbzf_ros.core.errors import StoreError

_ADVICE = {
    "locked": "another process holds it; wait for that process or stop it",
    "busy": "another process holds it; wait for that process or stop it",
    "full": "free some space on its disk",
    "disk I/O": "check its disk",
    "constraint failed": "such a row cannot be",
    "unable to open": "check that the folder exists and may be written, or bring the file back with `lbzf restore`",
    "readonly": "check that the file and its folder may be written",
    "no such table": "it has not been set up: start LBZF on this data folder once",
    "no such column": "it is older than this program: start LBZF on this data folder once",
    "malformed": "restore a backup",
    "not a database": "name another data folder",
}


def in_words(path: object, doing: str, error: BaseException) -> str:
    """One line about an error of SQLite."""
    found = str(error)
    advice = next((text for sign, text in _ADVICE.items() if sign in found), "see the log")
    return f"{path}: {doing}: {found}; {advice}"


def is_about_a_row(error: BaseException | None) -> bool:
    """Whether SQLite refused a row (a CHECK, a foreign key, a trigger), and would refuse it again."""
    return isinstance(error, (sqlite3.IntegrityError, sqlite3.DataError))


def may_work_later(error: StoreError) -> bool:
    """Whether the same work may succeed another time: a lock, a full disk, a file that is gone or broken.

    Not so what is wrong in itself: a row that SQLite refuses, or what was refused before SQLite was asked.
    """
    cause = getattr(error.__cause__, "orig", error.__cause__)  # SQLAlchemy wraps the error of SQLite
    if is_about_a_row(cause) or isinstance(cause, sqlite3.ProgrammingError):
        return False
    return isinstance(cause, (sqlite3.DatabaseError, OSError))


@contextmanager
def sqlite_errors(path: Path, doing: str) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into `StoreError`.

    Args:
        path: the database.
        doing: what is tried, in words, for the message.

    Raises:
        StoreError: it went wrong.
    """
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreError(in_words(path, doing, error)) from error
