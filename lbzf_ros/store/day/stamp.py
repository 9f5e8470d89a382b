"""Has anything changed of which the figures of days that are over are made? A short answer, to compare with another."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from lbzf_ros.store.hours import hour_text
from lbzf_ros.store.timestamps import to_text

# What people enter is audited in the same transaction. What is measured or comes from the plant file is not.
_STAMP = """
SELECT
  (SELECT max(id) FROM audit_log),
  (SELECT json_group_array(json_array(id, code, display_name, operation, sequence_pos, active, primary_camera_id))
   FROM workstations WHERE module_id = m.id),
  m.display_name, m.product_reference,
  (SELECT json_array(count(*), max(id), count(effective_to), max(effective_from), max(effective_to))
   FROM standard_times),
  (SELECT json_array(count(*), sum(h.cycles), sum(h.duration_ms), sum(h.cycles * unicode(h.quality)))
   FROM workstations w CROSS JOIN cycle_hours h ON h.workstation_id = w.id
   WHERE w.module_id = m.id AND h.hour_ts >= ?2 AND h.hour_ts < ?3),
  (SELECT json_array(count(*), max(v.id), max(v.end_ts))
   FROM cameras c CROSS JOIN video_segments v ON v.camera_id = c.id
   WHERE c.module_id = m.id AND v.start_ts >= ?4 AND v.start_ts < ?5)
FROM modules m WHERE m.code = ?1
"""


def stamp(connection: Connection, module: str, from_ns: int, to_ns: int) -> tuple[Any, ...] | None:
    """Of a module in a span of time; None: there is no such module.

    Two that are equal: cycles by the hour, people's entries, video, stations and standard times are the same.
    """
    values = (module, hour_text(from_ns), hour_text(to_ns), to_text(from_ns), to_text(to_ns))
    row = connection.exec_driver_sql(_STAMP, values).first()
    return None if row is None else tuple(row)
