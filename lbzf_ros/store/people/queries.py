"""The SQL of `reading`. A column has the name of its field there; times are still text."""

from __future__ import annotations

from lbzf_ros.store.people.shifts import SHIFT_AT

OPERATORS = """
SELECT id, external_code, display_name, active, notes, erased_at FROM operators
WHERE id > :after ORDER BY id LIMIT :limit
"""

OPERATOR_BY_CODE = """
SELECT id, external_code, display_name, active, notes, erased_at FROM operators WHERE external_code = :code
"""

_ASSIGNMENT = """
SELECT a.id, m.code AS module, w.code AS workstation, o.external_code, o.display_name AS operator_display_name,
       a.start_ts, a.end_ts
FROM operator_assignments a
JOIN workstations w ON w.id = a.workstation_id
JOIN modules m ON m.id = w.module_id
JOIN operators o ON o.id = a.operator_id
"""

ASSIGNMENTS = f"""{_ASSIGNMENT}
WHERE m.id = :module AND a.start_ts < :to AND coalesce(a.end_ts, '9999') > :from
  AND (a.start_ts, a.id) > (:key_start, :key_id)
ORDER BY a.start_ts, a.id LIMIT :limit
"""

# The newest that has begun is the only one that can go on: assignments of a station do not overlap.
AT_STATION = f"""{_ASSIGNMENT}
WHERE a.id = (
  SELECT CASE WHEN end_ts IS NULL OR end_ts > :time THEN id END FROM operator_assignments
  WHERE workstation_id = :station AND start_ts <= :time ORDER BY start_ts DESC LIMIT 1
)
"""

LAST_AT_STATIONS = f"""{_ASSIGNMENT}
WHERE coalesce(a.end_ts, '9999') > :from AND a.id IN (
  SELECT (SELECT id FROM operator_assignments WHERE workstation_id = w.id AND start_ts < :to
          ORDER BY start_ts DESC LIMIT 1)
  FROM workstations w WHERE w.module_id = :module
)
ORDER BY a.start_ts, a.id
"""

_SHIFT = """
SELECT s.id, m.code AS module, s.date, s.label, s.start_ts, s.end_ts, s.notes
FROM shifts s JOIN modules m ON m.id = s.module_id
"""

SHIFTS_OF_DAY = f"{_SHIFT} WHERE s.module_id = :module AND s.date = :date ORDER BY s.start_ts LIMIT :limit"

SHIFT_AT_TIME = f"{_SHIFT} WHERE s.id = {SHIFT_AT.format(module=':module', start=':time')}"

CODES = "SELECT code, display_name, active FROM lost_time_codes ORDER BY active DESC, code LIMIT :limit"

LOST_TIME = """
SELECT l.id, m.code AS module, w.code AS workstation, l.shift_id, l.code, c.display_name AS code_display_name,
       l.start_ts, l.end_ts, l.detected_auto, l.notes
FROM lost_time_events l
JOIN modules m ON m.id = l.module_id
JOIN lost_time_codes c ON c.code = l.code
LEFT JOIN workstations w ON w.id = l.workstation_id
WHERE l.module_id = :module AND l.start_ts >= :from AND l.start_ts < :to
  AND (l.start_ts, l.id) > (:key_start, :key_id)
ORDER BY l.start_ts, l.id LIMIT :limit
"""

_OBSERVATION = """
SELECT b.id, m.code AS module, w.code AS workstation, b.event_uid, b.observer, b.observed_ts, b.kind, b.payload_json
FROM manual_observations b
JOIN workstations w ON w.id = b.workstation_id
JOIN modules m ON m.id = w.module_id
"""

OBSERVATIONS = f"""{_OBSERVATION}
WHERE m.id = :module AND b.observed_ts >= :from AND b.observed_ts < :to
  AND (b.observed_ts, b.id) > (:key_start, :key_id)
ORDER BY b.observed_ts, b.id LIMIT :limit
"""

OBSERVATIONS_AT = f"""{_OBSERVATION}
WHERE b.workstation_id = :station AND b.observed_ts >= :from AND b.observed_ts < :to
ORDER BY b.observed_ts, b.id LIMIT :limit
"""

OBSERVATIONS_OF = f"{_OBSERVATION} WHERE b.event_uid = :uid AND b.id > :after ORDER BY b.id LIMIT :limit"

OPEN_HOLDS = """
SELECT h.id, c.label AS camera, h.start_ts, h.end_ts, h.kind, h.reason, h.held_by, h.released_at
FROM video_holds h JOIN cameras c ON c.id = h.camera_id
WHERE h.released_at IS NULL AND h.id > :after ORDER BY h.id LIMIT :limit
"""
