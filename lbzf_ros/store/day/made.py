"""What was made: units by the hour, durations, what does not count."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from lbzf_ros.store.hours import hour_text, hours_within
from lbzf_ros.store.timestamps import sql_ns, to_text

Span = tuple[int, int]
_MS_NS = 1_000_000
_COUNTS = "e.status IN ('complete', 'manual_override') AND e.end_ts IS NOT NULL"

# CROSS JOIN keeps the order: stations first, then one walk along the key of each.
# One row for each station, its hours as JSON: weeks of a module are ten thousand hours, and a row of Python costs more
# than the rest of the query.
_HOURS = """
SELECT station, json_group_array(json_array(hour_ts, units, work_ms)) FROM (
  SELECT s.value AS station, h.hour_ts, sum(h.cycles) AS units, sum(h.duration_ms) AS work_ms
  FROM json_each(?1) s CROSS JOIN cycle_hours h ON h.workstation_id = s.value
  WHERE h.hour_ts >= ?2 AND h.hour_ts < ?3
  GROUP BY s.value, h.hour_ts HAVING sum(h.cycles) > 0
) GROUP BY station
"""
_HOURS_WITH_CYCLES = """
SELECT DISTINCT h.hour_ts FROM json_each(?1) s CROSS JOIN cycle_hours h ON h.workstation_id = s.value
WHERE h.hour_ts >= ?2 AND h.hour_ts < ?3 AND h.cycles > 0 ORDER BY h.hour_ts
"""
# Spans are [first and last moment, whole hours of the rollup from, to]. What the hours do not hold is at both ends.
_WORKING = f"""
SELECT x.key, json_group_array(s.value) FROM json_each(?2) x CROSS JOIN json_each(?1) s
WHERE EXISTS (SELECT 1 FROM cycle_hours h WHERE h.workstation_id = s.value
              AND h.hour_ts >= x.value ->> 2 AND h.hour_ts < x.value ->> 3 AND h.cycles > 0)
   OR EXISTS (SELECT 1 FROM cycle_events e WHERE e.workstation_id = s.value
              AND e.start_ts >= x.value ->> 0 AND e.start_ts < x.value ->> 1 AND {_COUNTS})
GROUP BY x.key
"""
_SPANS = f"""
SELECT e.workstation_id, x.key AS place, count(*) AS units,
       sum(CAST(round(e.duration_seconds * 1000) AS INTEGER)) AS work_ms
FROM json_each(?1) s CROSS JOIN json_each(?2) x CROSS JOIN cycle_events e ON e.workstation_id = s.value
WHERE e.start_ts BETWEEN json_extract(x.value, '$[0]') AND json_extract(x.value, '$[1]') AND {_COUNTS}
GROUP BY e.workstation_id, x.key
"""
_BY_OPERATOR = f"""
SELECT e.workstation_id, x.key AS place, e.operator_id, count(*) AS units,
       sum(CAST(round(e.duration_seconds * 1000) AS INTEGER)) AS work_ms
FROM json_each(?1) s CROSS JOIN json_each(?2) x CROSS JOIN cycle_events e ON e.workstation_id = s.value
WHERE e.start_ts BETWEEN json_extract(x.value, '$[0]') AND json_extract(x.value, '$[1]') AND {_COUNTS}
GROUP BY e.workstation_id, x.key, e.operator_id
"""
# One row for each station, as above: a module makes thousands of cycles a day. What was measured comes as whole
# milliseconds, below 0 to tell it from what a person found: to round and to write a fraction takes SQLite longer.
_DURATIONS = f"""
SELECT e.workstation_id,
       json_group_array(coalesce(e.gt_corrected_duration_s, -CAST(e.duration_seconds * 1000 + 0.5 AS INTEGER)))
FROM json_each(?1) s CROSS JOIN json_each(?2) x CROSS JOIN cycle_events e ON e.workstation_id = s.value
WHERE e.start_ts BETWEEN json_extract(x.value, '$[0]') AND json_extract(x.value, '$[1]') AND {_COUNTS}
  AND e.quality IN (SELECT value FROM json_each(?3))
GROUP BY e.workstation_id
"""
_CYCLES = f"""
SELECT e.event_uid, {sql_ns("e.start_ts")} AS start_ns, {sql_ns("e.end_ts")} AS end_ns,
       round(e.duration_seconds, 3) AS duration_s, e.duration_uncertainty_s, e.quality, e.status, e.gt_verified_by,
       e.gt_corrected_duration_s, o.display_name AS operator
FROM json_each(?2) x CROSS JOIN cycle_events e LEFT JOIN operators o ON o.id = e.operator_id
WHERE e.workstation_id = ?1
  AND e.start_ts BETWEEN json_extract(x.value, '$[0]') AND json_extract(x.value, '$[1]') AND {_COUNTS}
ORDER BY e.start_ts, e.id LIMIT ?3
"""
_REJECTED = """
SELECT e.workstation_id, e.reason, count(*) AS cycles
FROM json_each(?1) s CROSS JOIN json_each(?2) x CROSS JOIN cycle_events_rejected e ON e.workstation_id = s.value
WHERE e.start_ts BETWEEN json_extract(x.value, '$[0]') AND json_extract(x.value, '$[1]')
GROUP BY e.workstation_id, e.reason
"""
# The index holds only these, hardly any in a plant whose clock is kept.
_CLOCK_NOT_KEPT = """
SELECT count(*) FROM cycle_events e INDEXED BY idx_events_clock
WHERE e.clock_kept = 0 AND e.start_ts >= ?2 AND e.start_ts < ?3
  AND e.workstation_id IN (SELECT value FROM json_each(?1))
"""


class Made(NamedTuple):
    """Finished cycles of a station in a span: how many, and the sum of their measured durations."""

    units: int
    work_ms: int


NOTHING = Made(0, 0)


class MadeByOperator(NamedTuple):
    """The same of one operator (row id; None: nobody is known) in the span with this place in the list."""

    workstation_id: int
    place: int
    operator_id: int | None
    units: int
    work_ms: int


class CycleFacts(NamedTuple):
    """A finished cycle of a station."""

    event_uid: str
    start_ns: int
    end_ns: int
    duration_s: float
    uncertainty_s: float | None
    quality: str
    status: str
    verified_by: str | None
    corrected_s: float | None
    operator: str | None


def whole_hours(
    connection: Connection, stations: Iterable[int], from_ns: int, to_ns: int
) -> dict[tuple[int, str], Made]:
    """Cycles by station and hour of the rollup (UTC, `hour_text`).

    Args:
        connection: inside a transaction.
        stations: row ids.
        from_ns: in the first hour.
        to_ns: begin of the hour that comes after the last one.
    """
    values = (json.dumps(list(stations)), hour_text(from_ns), hour_text(to_ns))
    rows = connection.exec_driver_sql(_HOURS, values).all()
    return {
        (station, hour): Made(units, work_ms)
        for station, hours in rows
        for hour, units, work_ms in json.loads(hours)
    }


def hours_with_cycles(connection: Connection, stations: Iterable[int], from_ns: int, to_ns: int) -> list[str]:
    """Hours of the rollup in which one of the stations finished something, in order; arguments as `whole_hours`."""
    values = (json.dumps(list(stations)), hour_text(from_ns), hour_text(to_ns))
    return list(connection.exec_driver_sql(_HOURS_WITH_CYCLES, values).scalars())


def working(connection: Connection, stations: Iterable[int], spans: Sequence[Span]) -> list[frozenset[int]]:
    """Which stations finished something in each span; a span that ends before it begins has none."""
    asked = []
    for start, end in spans:
        whole, _ = hours_within(start, max(start, end))
        asked.append((to_text(start), to_text(end), hour_text(whole[0]), hour_text(whole[1])))
    values = (json.dumps(list(stations)), json.dumps(asked))
    found = {int(row[0]): str(row[1]) for row in connection.exec_driver_sql(_WORKING, values)}
    return [frozenset(json.loads(found.get(place, "[]"))) for place in range(len(asked))]


def parts_of_hours(
    connection: Connection, stations: Iterable[int], spans: Sequence[Span]
) -> dict[tuple[int, Span], Made]:
    """Cycles by station and span, counted from the cycles themselves; spans of any form."""
    if not spans:
        return {}
    rows = connection.exec_driver_sql(_SPANS, (json.dumps(list(stations)), spans_json(spans)))
    return {(station, spans[place]): Made(units, work_ms) for station, place, units, work_ms in rows}


def by_operator(
    connection: Connection, stations: Iterable[int], spans: Sequence[Span]
) -> list[MadeByOperator]:
    """Cycles by station, span and operator."""
    rows = connection.exec_driver_sql(_BY_OPERATOR, (json.dumps(list(stations)), spans_json(spans)))
    return [MadeByOperator(*row) for row in rows]


def durations(
    connection: Connection, stations: Iterable[int], spans: Sequence[Span], qualities: Sequence[str]
) -> dict[int, list[float]]:
    """Seconds of all finished cycles of some quality bands in spans, by station: what a person found, else measured."""
    values = (json.dumps(list(stations)), spans_json(spans), json.dumps(list(qualities)))
    return {
        station: [found if found > 0 else -found / 1000 for found in json.loads(each)]
        for station, each in connection.exec_driver_sql(_DURATIONS, values)
    }


def cycles_of(connection: Connection, station: int, spans: Sequence[Span], most: int) -> list[CycleFacts]:
    """Finished cycles of a station in spans, by start; at most so many."""
    rows = connection.exec_driver_sql(_CYCLES, (station, spans_json(spans), most))
    return [CycleFacts(*row) for row in rows]


def rejections(
    connection: Connection, stations: Iterable[int], spans: Sequence[Span]
) -> dict[tuple[int, str], int]:
    """How many cycles do not count, by station and first reason."""
    rows = connection.exec_driver_sql(_REJECTED, (json.dumps(list(stations)), spans_json(spans)))
    return {(station, reason): cycles for station, reason, cycles in rows}


def clock_not_kept(connection: Connection, stations: Iterable[int], span: Span) -> int:
    """How many cycles that began in a span were dated by a clock that no time server kept."""
    values = json.dumps(list(stations)), to_text(span[0]), to_text(span[1])
    return int(connection.exec_driver_sql(_CLOCK_NOT_KEPT, values).scalar_one())


def spans_json(spans: Iterable[Span]) -> str:
    """Spans as SQL compares them: [[first, last], …], both included, to the millisecond."""
    return json.dumps([(to_text(start), to_text(end - _MS_NS)) for start, end in spans])
