"""Standard times (SAM) by version: a changed one is a new row, the old one stays with the time until it was valid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from lbzf_ros.config.schema import StandardTime

_VERSIONS = """
SELECT id, version, sam_minutes, machine_code, effective_to FROM standard_times
WHERE reference = :reference AND operation = :operation
"""

_INSERT = """
INSERT INTO standard_times (reference, version, operation, sam_minutes, machine_code, effective_from)
VALUES (:reference, :version, :operation, :sam_minutes, :machine_code, :now)
"""


def sync_standard_times(connection: Connection, times: Iterable[StandardTime], now: str) -> None:
    """Put into force the last listed standard time of each operation. Operations that are not listed stay as they are.

    A version that the database has with other figures is not overwritten: the new figures become the next free
    version v2, v3, …
    """
    for time in {(time.reference, time.operation): time for time in times}.values():
        _sync(connection, time, now)


def _sync(connection: Connection, time: StandardTime, now: str) -> None:
    key = {"reference": time.reference, "operation": time.operation}
    rows = connection.execute(text(_VERSIONS), key).all()
    in_force = next((row for row in rows if row.effective_to is None), None)
    taken = {row.version for row in rows}
    if in_force is not None:
        same = (in_force.sam_minutes, in_force.machine_code) == (time.sam_minutes, time.machine_code)
        if same and time.version in taken:
            return
        close = text("UPDATE standard_times SET effective_to = :now WHERE id = :id")
        connection.execute(close, {"now": now, "id": in_force.id})
    version = time.version if time.version not in taken else _next_version(rows)
    values = {
        "version": version,
        "sam_minutes": time.sam_minutes,
        "machine_code": time.machine_code,
        "now": now,
    }
    connection.execute(text(_INSERT), key | values)


def _next_version(rows: Sequence[Row[Any]]) -> str:
    taken = {row.version for row in rows}
    number = len(taken) + 1
    while f"v{number}" in taken:
        number += 1
    return f"v{number}"
