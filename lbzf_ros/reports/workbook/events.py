"""Eventos, Rechazados and Tiempo perdido: rows streamed from the database, in the order of their times."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence

from lbzf_ros.reports.workbook.fields import FIELDS
from lbzf_ros.reports.workbook.kinds import Kind, Value
from lbzf_ros.reports.workbook.local_clock import LocalClock
from lbzf_ros.reports.workbook.period import Period
from lbzf_ros.reports.workbook.table import Row, Table
from lbzf_ros.store.timestamps import to_text

_FETCH = 500
"""Rows taken from SQLite at once."""

_CYCLE = {
    "event": "e.event_uid",
    "module": "m.display_name",
    "workstation": "w.display_name",
    "workstation_code": "w.code",
    "operation": "w.operation",
    "camera": "c.label",
    "start": "e.start_ts",
    "end": "e.end_ts",
    "measured_s": "round(e.duration_seconds, 3)",
    "uncertainty_s": "round(e.duration_uncertainty_s, 3)",
    "confidence": "round(e.mean_conf, 4)",
    "dwell": "round(e.primary_track_dwell_ratio, 4)",
    "observed": "round(e.observed_share, 4)",
    "pictures": "e.detection_count",
    "reasons": "e.reasons_json",
    "notes": "e.notes",
    "rule": "e.rule",
    "zone_version": "e.roi_version_id",
    "detector": "k.name || ' ' || k.version",
    "parameters": "substr(e.parameter_hash, 1, 12)",
    "software": "e.software_version",
    "drift": "e.drift_state",
    "clock_kept": "e.clock_kept",
    "picture": "e.source_frame_path",
}
_EVENTS = _CYCLE | {
    "operator": "o.display_name",
    "order": "e.ref_op_order",
    "status": "e.status",
    "quality": "e.quality",
    "corrected_s": "round(e.gt_corrected_duration_s, 3)",
    "duration_s": "round(coalesce(e.gt_corrected_duration_s, e.duration_seconds), 3)",
    "verified_by": "e.gt_verified_by",
    "verified_at": "e.gt_verified_at",
}
_REJECTED = _CYCLE | {"reason": "e.reason"}
_LOST = {
    "module": "m.display_name",
    "workstation": "w.display_name",
    "shift": "s.label",
    "code": "e.code",
    "name": "k.display_name",
    "start": "e.start_ts",
    "end": "e.end_ts",
    "minutes": "round((julianday(min(coalesce(e.end_ts, :until), :to)) - julianday(max(e.start_ts, :from))) * 1440, 3)",
    "origin": "CASE e.detected_auto WHEN 1 THEN 'auto' ELSE 'person' END",
    "notes": "e.notes",
}
COLUMNS = {"events": _EVENTS, "rejected": _REJECTED, "lost_time": _LOST}
"""SQL of each field, by source."""

# CROSS JOIN: along the index of times, so that nothing has to be sorted, which takes memory.
_FROM_CYCLES = """
FROM {table} e
CROSS JOIN workstations w ON w.id = e.workstation_id
JOIN modules m ON m.id = w.module_id
JOIN cv_model_versions k ON k.id = e.cv_model_version_id
LEFT JOIN cameras c ON c.id = e.camera_id
{more}
WHERE e.start_ts >= :from AND e.start_ts < :to AND w.module_id IN (SELECT value FROM json_each(:modules))"""
_FROM = {
    "events": _FROM_CYCLES.format(table="cycle_events", more="LEFT JOIN operators o ON o.id = e.operator_id"),
    "rejected": _FROM_CYCLES.format(table="cycle_events_rejected", more=""),
    # What began before and lasts into it counts with the minutes that are inside.
    "lost_time": """
FROM lost_time_events e
LEFT JOIN workstations w ON w.id = e.workstation_id
JOIN modules m ON m.id = coalesce(e.module_id, w.module_id)
JOIN lost_time_codes k ON k.code = e.code
LEFT JOIN shifts s ON s.id = e.shift_id
WHERE e.start_ts < :to AND coalesce(e.end_ts, :until) > :from
  AND m.id IN (SELECT value FROM json_each(:modules))""",
}
_ORDER = {
    "events": "e.start_ts, e.event_uid",
    "rejected": "e.start_ts, e.event_uid",
    "lost_time": "e.start_ts, e.id",
}
_CODES = {"status", "quality", "drift", "reason", "origin"}
"""Fields that hold codes, which the mapping file puts into words."""


def streamed(
    connection: sqlite3.Connection, source: str, period: Period, words: Mapping[str, str], *, now_ns: int
) -> Table:
    """The rows of a source, read while they are written; the connection must keep one state of the database.

    Args:
        connection: in a transaction.
        source: one of `COLUMNS`.
        period: which.
        words: what codes are called.
        now_ns: until then lost time without an end has lasted; a day that is over does not look at it.
    """
    spans = list(_spans(period, now_ns))
    count = sum(
        connection.execute(f"SELECT count(*) {_FROM[source]}", values).fetchone()[0] for values in spans
    )
    local = LocalClock(period.time_zone)

    def rows(fields: Sequence[str]) -> Iterator[Row]:
        chosen = ", ".join(COLUMNS[source][name] for name in fields)
        query = f"SELECT {chosen} {_FROM[source]} ORDER BY {_ORDER[source]}"
        converters = _converters(source, fields, words, local)
        for values in spans:
            yield from _converted(connection.execute(query, values), converters)

    return Table(count, rows)


def _spans(period: Period, now_ns: int) -> Iterator[dict[str, str]]:
    """One question for all modules that have the same time."""
    by_span: dict[tuple[int, int], list[int]] = {}
    for module in period.modules:
        by_span.setdefault((module.from_ns, module.to_ns), []).append(module.id)
    for (from_ns, to_ns), modules in sorted(by_span.items()):
        yield {
            "from": to_text(from_ns),
            "to": to_text(to_ns),
            "until": to_text(max(from_ns, min(now_ns, to_ns))),
            "modules": json.dumps(modules),
        }


def _converters(
    source: str, fields: Sequence[str], words: Mapping[str, str], local: LocalClock
) -> list[tuple[int, Callable[[str], Value]]]:
    found: list[tuple[int, Callable[[str], Value]]] = []
    for number, name in enumerate(fields):
        if FIELDS[source][name].kind is Kind.TIME:
            found.append((number, local.ms))
        elif name in _CODES:
            found.append((number, lambda code: words.get(code, code)))
        elif name == "reasons":
            found.append((number, lambda text: _reasons(text, words)))
    return found


def _converted(cursor: sqlite3.Cursor, converters: list[tuple[int, Callable[[str], Value]]]) -> Iterator[Row]:
    while batch := cursor.fetchmany(_FETCH):
        for row in batch:
            values = list(row)
            for number, convert in converters:
                if values[number] is not None:
                    values[number] = convert(values[number])
            yield values


def _reasons(text: str, words: Mapping[str, str]) -> str:
    return "; ".join(f"{words.get(code, code)}: {why}" for code, why in json.loads(text).items())
