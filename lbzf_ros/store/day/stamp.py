"""Has anything changed of which the figures of days are made? A short answer, to compare with another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from lbzf_ros.store.hours import HOUR_NS, hour_text
from lbzf_ros.store.timestamps import to_text

_SEGMENTS_BEFORE_NS = 2 * HOUR_NS
"""A piece of video that began before a span may reach into it; it is an hour long at most."""

# What people enter is audited in the same transaction. What is measured or comes from the plant file is not.
_ENTERED = """
  (SELECT max(id) FROM audit_log),
  (SELECT json_group_array(
     json_array(w.id, w.code, w.display_name, w.operation, w.sequence_pos, w.active, c.id, c.label))
   FROM workstations w LEFT JOIN cameras c ON c.id = w.primary_camera_id WHERE w.module_id = m.id),
  m.id, m.display_name, m.product_reference,
  (SELECT json_array(count(*), max(id), count(effective_to), max(effective_from), max(effective_to))
   FROM standard_times)
"""
_STAMP_OF_ENTRIES = f"SELECT {_ENTERED} FROM modules m WHERE m.code = ?1"
# One sum for both figures of an hour: each further one takes half as long again, and weeks are ten thousand hours.
_STAMPS = """
SELECT
  (SELECT json_group_array(json_array(
     (SELECT sum(h.duration_ms * (h.cycles + 1))
      FROM workstations w CROSS JOIN cycle_hours h ON h.workstation_id = w.id
      WHERE w.module_id = m.id AND h.hour_ts >= x.value ->> 0 AND h.hour_ts < x.value ->> 1),
     (SELECT json_array(count(*), sum(v.id)) FROM cameras c CROSS JOIN video_segments v ON v.camera_id = c.id
      WHERE c.module_id = m.id AND v.start_ts >= x.value ->> 2 AND v.start_ts < x.value ->> 3)))
   FROM json_each(?2) x)
FROM modules m WHERE m.code = ?1
"""


def stamp_of_entries(connection: Connection, module: str) -> tuple[Any, ...] | None:
    """Of what people and the plant file say; None: there is no such module.

    Two that are equal: it is the same file, and people's entries, stations and standard times are the same.
    """
    row = connection.exec_driver_sql(_STAMP_OF_ENTRIES, (module,)).first()
    return None if row is None else (_file_of(connection), *row)


def stamps(connection: Connection, module: str, spans: Sequence[tuple[int, int]]) -> list[tuple[str, ...]]:
    """Of what a module made in spans of time, one for each; none when there is no such module.

    Two that are equal: cycles by the hour and video are the same, if it is the same file.
    """
    asked = [(hour_text(start), hour_text(end), to_text(start), to_text(end)) for start, end in spans]
    row = connection.exec_driver_sql(_STAMPS, (module, json.dumps(asked))).first()
    return [] if row is None else [tuple(map(str, each)) for each in json.loads(row[0])]


# Hours one by one, not their sums: of a day that is a few hundred rows. Rejected cycles come and go whole.
_STAMP_OF_DAY = f"""
SELECT {_ENTERED},
  (SELECT group_concat(h.workstation_id || h.hour_ts || h.quality || h.cycles || ',' || h.duration_ms)
   FROM workstations w CROSS JOIN cycle_hours h ON h.workstation_id = w.id
   WHERE w.module_id = m.id AND h.hour_ts >= ?2 AND h.hour_ts <= ?3),
  (SELECT json_array(count(*), max(r.id), sum(r.id))
   FROM workstations w CROSS JOIN cycle_events_rejected r ON r.workstation_id = w.id
   WHERE w.module_id = m.id AND r.start_ts >= ?4 AND r.start_ts < ?5),
  (SELECT json_array(count(*), sum(v.id))
   FROM cameras c CROSS JOIN video_segments v ON v.camera_id = c.id
   WHERE c.module_id = m.id AND v.start_ts >= ?6 AND v.start_ts < ?5),
  (SELECT json_group_array(json_array(g.id, g.start_ts, g.end_ts, g.cause))
   FROM cameras c CROSS JOIN video_gaps g ON g.camera_id = c.id
   WHERE c.module_id = m.id AND g.start_ts < ?5 AND g.end_ts > ?4
     AND g.start_ts >= coalesce(
       (SELECT max(b.start_ts) FROM video_gaps b WHERE b.camera_id = c.id AND b.start_ts <= ?4), ''))
FROM modules m WHERE m.code = ?1
"""


def stamp_of_day(connection: Connection, module: str, from_ns: int, to_ns: int) -> tuple[Any, ...] | None:
    """As `stamps`, of a day or two: also each hour of each station, rejected cycles, what is missing of the video.

    Two that are equal: it is the same file, and everything that figures of this span are made of is the same.
    """
    first, last = to_text(from_ns), to_text(to_ns)
    values = (
        module,
        hour_text(from_ns),
        hour_text(to_ns),
        first,
        last,
        to_text(from_ns - _SEGMENTS_BEFORE_NS),
    )
    row = connection.exec_driver_sql(_STAMP_OF_DAY, values).first()
    return None if row is None else (_file_of(connection), *row)


def _file_of(connection: Connection) -> object:
    """Which file it is: a database that is restored counts on from earlier numbers."""
    return connection.info.get("file")
