"""Standard times (SAM) by version: a changed one is a new row, the old one stays with the time until it was valid.

Where a figure comes from decides whether another may replace it (`standard_times.source`): an example gives way to the
plant file, and both give way to what a person has imported. So the start of the graph, which enters the plant file
again, never undoes an import.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, text

from lbzf_ros.config.schema import StandardTime

EXAMPLE = "ejemplo"
"""Source of figures that somebody made up, so that a new installation has some."""
PLANT_FILE = "plant file"
"""Source of figures from the plant file."""

_VERSIONS = """
SELECT id, version, sam_minutes, machine_code, source, effective_from, effective_to FROM standard_times
WHERE reference = :reference AND operation = :operation
"""

_IN_FORCE = """
SELECT reference, version, operation, sam_minutes, machine_code FROM standard_times
WHERE effective_to IS NULL ORDER BY id
"""

# A clock that was set back must not make a span that ends before it begins.
_CLOSE = """
UPDATE standard_times SET effective_to = max(:now, effective_from) WHERE id = :id RETURNING effective_to
"""

_INSERT = """
INSERT INTO standard_times (reference, version, operation, sam_minutes, machine_code, source, effective_from, notes)
VALUES (:reference, :version, :operation, :sam_minutes, :machine_code, :source, :now, :notes)
RETURNING *
"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InForce:
    """The version of a standard time that is in force."""

    id: int
    version: str
    sam_minutes: float
    machine_code: str | None
    source: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a listed standard time means for the database. `time` has the version that it gets."""

    time: StandardTime
    kind: Literal["new", "changed", "same"]
    before: InForce | None


def planned(connection: Connection, times: Iterable[StandardTime]) -> tuple[Change, ...]:
    """What putting these into force would change; of an operation listed several times the last counts.

    A version that the database has with other figures is not overwritten: the new figures become the next free
    version v2, v3, … A version that is only called otherwise is a new one.
    """
    last = {(time.reference, time.operation): time for time in times}
    return tuple(_planned(connection, time) for time in last.values())


def put_into_force(
    connection: Connection, change: Change, *, now: str, source: str, notes: str | None = None
) -> dict[str, Any] | None:
    """Close the version in force and add the new one; nothing when they are the same.

    Returns:
        The new row; None: there is none.
    """
    if change.kind == "same":
        return None
    if change.before is not None:
        now = connection.execute(text(_CLOSE), {"now": now, "id": change.before.id}).scalar_one()
    values = change.time.model_dump() | {"now": now, "source": source, "notes": notes}
    return dict(connection.execute(text(_INSERT), values).mappings().one())


def sync_standard_times(connection: Connection, times: Iterable[StandardTime], now: str) -> None:
    """Put into force what the plant file lists, except where a person has imported a figure.

    Operations that are not listed stay as they are.
    """
    for change in planned(connection, times):
        before = change.before
        if before is None or before.source in (PLANT_FILE, EXAMPLE):
            put_into_force(connection, change, now=now, source=PLANT_FILE)
        elif change.kind == "changed" and change.time.sam_minutes != before.sam_minutes:
            _log.warning(
                "%s / %s: the SAM of the plant file, %g min, does not count: %g min (%s) was imported. To change it, "
                "import again.",
                change.time.reference,
                change.time.operation,
                change.time.sam_minutes,
                before.sam_minutes,
                before.version,
            )


def in_force(connection: Connection) -> list[StandardTime]:
    """Every standard time in force."""
    rows = connection.execute(text(_IN_FORCE)).mappings()
    return [StandardTime.model_construct(**row) for row in rows]


def _planned(connection: Connection, time: StandardTime) -> Change:
    key = {"reference": time.reference, "operation": time.operation}
    rows = connection.execute(text(_VERSIONS), key).all()
    row = next((row for row in rows if row.effective_to is None), None)
    taken = {row.version for row in rows}
    if row is None:
        return Change(_versioned(time, rows), "new", None)
    before = InForce(row.id, row.version, row.sam_minutes, row.machine_code, row.source)
    same = (before.sam_minutes, before.machine_code) == (time.sam_minutes, time.machine_code)
    if same and time.version in taken:
        return Change(time.model_copy(update={"version": before.version}), "same", before)
    return Change(_versioned(time, rows), "changed", before)


def _versioned(time: StandardTime, rows: Sequence[Row[Any]]) -> StandardTime:
    """The time under its own version, or under the next free one."""
    taken = {row.version for row in rows}
    if time.version not in taken:
        return time
    number = len(taken) + 1
    while f"v{number}" in taken:
        number += 1
    return time.model_copy(update={"version": f"v{number}"})
