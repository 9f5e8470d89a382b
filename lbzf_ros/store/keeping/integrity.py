"""Is a database whole? What SQLite finds when it looks at every page, and at every reference."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from lbzf_ros.core.errors import StoreError
from lbzf_ros.store.engine import PRAGMAS
from lbzf_ros.store.errors import in_words, sqlite_errors
from lbzf_ros.store.keeping.status import BACKUPS, IntegrityStatus, update_status
from lbzf_ros.store.migrate import connect

_MOST_PROBLEMS = 20


class Depth(Enum):
    """How thoroughly to look. QUICK leaves out whether indexes and tables agree."""

    FULL = "integrity_check"
    QUICK = "quick_check"


@dataclass(frozen=True, slots=True)
class Integrity:
    """What was found; no problems: it is whole."""

    problems: tuple[str, ...]
    took_s: float


def check_database(data: Path, database: Path, *, now_ns: int, depth: Depth = Depth.FULL) -> Integrity:
    """Look at the database of a data folder, while everything runs, and put the result into the status.

    Raises:
        StoreError: there is none, it is locked, or the disk fails; the status says so too.
    """
    began_s = time.monotonic()
    try:
        if not database.exists():
            raise StoreError(f"{database}: is not there; bring a backup back with `lbzf restore --latest`.")
        with sqlite_errors(database, "check it"), closing(connect(database)) as connection:
            problems = problems_of(connection, depth)
    except StoreError as error:
        problems = (str(error),)
        raise
    finally:
        result = Integrity(problems, time.monotonic() - began_s)
        state = IntegrityStatus(at_ns=now_ns, problems=problems, took_s=result.took_s, depth=depth.value)
        update_status(data / BACKUPS, integrity=state)
    return result


def problems_of(connection: sqlite3.Connection, depth: Depth = Depth.FULL) -> tuple[str, ...]:
    """What is wrong with a database: damaged pages, indexes that disagree, references to nothing.

    Raises:
        StoreError: it cannot be looked at (locked, disk error); that says nothing about the database.
    """
    try:
        connection.execute(f"PRAGMA cache_size = {PRAGMAS['cache_size']}")
        found = [text for (text,) in connection.execute(f"PRAGMA {depth.value}({_MOST_PROBLEMS})")]
        if found != ["ok"]:
            return tuple(found)
        broken = connection.execute("PRAGMA foreign_key_check").fetchmany(_MOST_PROBLEMS)
        return tuple(
            f"{table} row {row}: refers to a row of {parent} that is not there"
            for table, row, parent, _ in broken
        )
    except sqlite3.OperationalError as error:
        raise StoreError(in_words("database", "check it", error)) from error
    except sqlite3.DatabaseError as error:
        return (str(error),)
