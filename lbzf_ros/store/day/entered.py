"""Who worked where, and what was lost: rows of people that touch a span of time."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from lbzf_ros.store.hours import MAX_SHIFT_NS
from lbzf_ros.store.people.checks import nanoseconds
from lbzf_ros.store.timestamps import from_text, sql_ns, to_text

# Assignments of a station do not overlap: what reaches into the span began in it, or is the last that began before.
_ASSIGNMENTS = """
SELECT a.workstation_id, a.operator_id, o.external_code, o.display_name, a.start_ts, a.end_ts
FROM workstations w CROSS JOIN operator_assignments a ON a.workstation_id = w.id
JOIN operators o ON o.id = a.operator_id
WHERE w.module_id = ?1 AND a.start_ts < ?3 AND coalesce(a.end_ts, '9999') > ?2
  AND a.start_ts >= coalesce(
    (SELECT max(b.start_ts) FROM operator_assignments b WHERE b.workstation_id = w.id AND b.start_ts <= ?2), '')
ORDER BY a.start_ts, a.id
"""
_LOST_TIME = """
SELECT l.id, l.workstation_id, l.code, c.display_name, l.start_ts, l.end_ts, l.notes
FROM lost_time_events l JOIN lost_time_codes c ON c.code = l.code
WHERE l.module_id = ?1 AND l.start_ts >= ?4 AND l.start_ts < ?3 AND coalesce(l.end_ts, '9999') > ?2
ORDER BY l.start_ts, l.id
"""
_ACTIVITY = f"""
SELECT {sql_ns("a.at_ts")} FROM audit_log a
WHERE a.at_ts >= ?1 AND a.at_ts < ?2 AND a.role IN (SELECT value FROM json_each(?3)) ORDER BY a.at_ts
"""


_time = functools.lru_cache(maxsize=4096)(from_text)
"""Everybody of a shift comes at the same time."""


class Assigned(NamedTuple):
    """Somebody at a station; `end_ns` None: still there."""

    workstation_id: int
    operator_id: int
    external_code: str | None
    display_name: str | None
    start_ns: int
    end_ns: int | None


class Lost(NamedTuple):
    """Lost time; `workstation_id` None: of the whole module; `end_ns` None: it goes on."""

    id: int
    workstation_id: int | None
    code: str
    display_name: str
    start_ns: int
    end_ns: int | None
    notes: str | None


def assigned(connection: Connection, module_id: int, from_ns: int, to_ns: int) -> list[Assigned]:
    """Who worked at the stations of a module in a span, by start."""
    rows = connection.exec_driver_sql(_ASSIGNMENTS, (module_id, to_text(from_ns), to_text(to_ns)))
    return [
        Assigned(station, operator, code, name, _time(start), None if end is None else _time(end))
        for station, operator, code, name, start, end in rows.all()
    ]


def lost(connection: Connection, module_id: int, from_ns: int, to_ns: int) -> list[Lost]:
    """Lost time of a module and its stations that touches a span, by start.

    What began more than a day before the span is left out: somebody forgot to end it.
    """
    values = (module_id, to_text(from_ns), to_text(to_ns), to_text(from_ns - MAX_SHIFT_NS))
    rows = connection.exec_driver_sql(_LOST_TIME, values)
    return [
        Lost(row_id, station, code, name, from_text(start), nanoseconds(end), notes)
        for row_id, station, code, name, start, end, notes in rows.all()
    ]


def entries_of(connection: Connection, roles_json: str, from_ns: int, to_ns: int) -> Sequence[int]:
    """Times at which people with some roles (a JSON list) changed something, in order."""
    rows = connection.exec_driver_sql(_ACTIVITY, (to_text(from_ns), to_text(to_ns), roles_json))
    return list(rows.scalars())
