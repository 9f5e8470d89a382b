"""What was planned: a module with its stations, standard times, shifts, targets."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from lbzf_ros.store.people.checks import nanoseconds
from lbzf_ros.store.timestamps import from_text

_MODULES = "SELECT id, code, display_name, product_reference FROM modules WHERE active ORDER BY id"
_MODULE = "SELECT id, code, display_name, product_reference FROM modules WHERE code = ?"
_STATIONS = """
SELECT w.id, w.code, w.display_name, w.operation, w.sequence_pos, w.active, c.id AS camera_id, c.label AS camera
FROM workstations w LEFT JOIN cameras c ON c.id = w.primary_camera_id
WHERE w.module_id = ? ORDER BY w.sequence_pos IS NULL, w.sequence_pos, w.id
"""
_SHIFTS = """
SELECT id, date, label, start_ts, end_ts FROM shifts
WHERE module_id = ? AND date BETWEEN ? AND ? ORDER BY date, start_ts
"""
_TARGETS = "SELECT date, hour_ts, units FROM targets WHERE module_id = ? AND date BETWEEN ? AND ?"
_STANDARD_TIMES = """
SELECT reference, operation, sam_minutes, effective_from, effective_to FROM standard_times
WHERE reference IN (SELECT value FROM json_each(?)) ORDER BY effective_from
"""


class ModuleFacts(NamedTuple):
    """A module. `reference`: product of the plant file; None: not said."""

    id: int
    code: str
    display_name: str
    reference: str | None


class StationFacts(NamedTuple):
    """A station of a module, also one that is no longer in the plant file (not active)."""

    id: int
    code: str
    display_name: str
    operation: str | None
    sequence_pos: int | None
    active: bool
    camera_id: int | None
    camera: str | None


class EnteredShift(NamedTuple):
    """A shift that somebody opened on a local day; `end_ns` None: not closed yet."""

    id: int
    date: str
    label: str
    start_ns: int
    end_ns: int | None


class EnteredTarget(NamedTuple):
    """A target. `hour_ns`: begin of the clock hour; None: of the day."""

    date: str
    hour_ns: int | None
    units: float


class SamVersion(NamedTuple):
    """A standard time and when it was in force; `to_ns` None: still."""

    sam_minutes: float
    from_ns: int
    to_ns: int | None


def active_modules(connection: Connection) -> list[ModuleFacts]:
    """Modules of the plant file, in its order."""
    return [ModuleFacts(*row) for row in connection.exec_driver_sql(_MODULES)]


def module_facts(connection: Connection, code: str) -> ModuleFacts | None:
    """A module by its code; None: there is none."""
    row = connection.exec_driver_sql(_MODULE, (code,)).first()
    return None if row is None else ModuleFacts(*row)


def station_facts(connection: Connection, module_id: int) -> list[StationFacts]:
    """Stations of a module in line order; those without a position last."""
    rows = connection.exec_driver_sql(_STATIONS, (module_id,)).mappings()
    return [StationFacts(**{**row, "active": bool(row["active"])}) for row in rows]


def entered_shifts(connection: Connection, module_id: int, first: str, last: str) -> list[EnteredShift]:
    """Shifts that began on the local days from first to last, by start."""
    rows = connection.exec_driver_sql(_SHIFTS, (module_id, first, last))
    return [
        EnteredShift(row.id, row.date, row.label, from_text(row.start_ts), nanoseconds(row.end_ts))
        for row in rows
    ]


def entered_targets(connection: Connection, module_id: int, first: str, last: str) -> list[EnteredTarget]:
    """Targets of the local days from first to last."""
    rows = connection.exec_driver_sql(_TARGETS, (module_id, first, last))
    return [EnteredTarget(row.date, nanoseconds(row.hour_ts), row.units) for row in rows]


def sam_versions(connection: Connection, references_json: str) -> dict[tuple[str, str], list[SamVersion]]:
    """Standard times by reference and operation, each with its versions in order.

    Args:
        connection: inside a transaction.
        references_json: names of products as a JSON list.
    """
    found: dict[tuple[str, str], list[SamVersion]] = {}
    for row in connection.exec_driver_sql(_STANDARD_TIMES, (references_json,)):
        version = SamVersion(row.sam_minutes, from_text(row.effective_from), nanoseconds(row.effective_to))
        found.setdefault((row.reference, row.operation), []).append(version)
    return found
