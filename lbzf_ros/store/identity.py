"""Which database it is: its generation, and whether a data folder ever had one."""

from __future__ import annotations

import secrets
from pathlib import Path

from sqlalchemy import Connection, Engine

from lbzf_ros.store.engine import transaction

_MARKER = "database"


def database_generation(engine: Engine) -> int:
    """The number of a database, 1 to 2^31-1 (`PRAGMA user_version`); a new one gets its number here.

    A restored database has a number of its own, so that whoever had its events acknowledged by the one before knows.

    Raises:
        StoreError: the database refused.
    """
    with transaction(engine, "read its generation") as connection:
        number = _generation(connection)
        if number == 0:
            connection.exec_driver_sql(f"PRAGMA user_version = {1 + secrets.randbelow(2**31 - 1)}")
            number = _generation(connection)
    return number


def had_database(data: Path) -> bool:
    """Whether a data folder has ever had a database (`remember_database`)."""
    return database_marker(data).exists()


def remember_database(data: Path) -> None:
    """Note that a data folder has a database: should it be gone one day, no empty one may silently take its place."""
    marker = database_marker(data)
    marker.parent.mkdir(parents=True, exist_ok=True)
    if not marker.exists():
        marker.touch()


def begun_ns(data: Path) -> int:
    """When a data folder got its database, wall clock; 0: it has none."""
    try:
        return database_marker(data).stat().st_mtime_ns
    except OSError:
        return 0


def database_marker(data: Path) -> Path:
    """The file that `remember_database` makes."""
    return data / "run" / _MARKER


def _generation(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
