"""The SQL of `reader`. A column has the name of its field in `rows`; times are still text."""

from lbzf_ros.store.people.shifts import SHIFT_AT
from lbzf_ros.store.timestamps import sql_ns

MODULES = "SELECT id, code, display_name, product_reference, active FROM modules"

CAMERAS = """
SELECT c.id, m.code AS module, c.label, c.rtsp_url AS source, c.resolution, c.fps, c.status, c.notes
FROM cameras c JOIN modules m ON m.id = c.module_id
"""

WORKSTATIONS = """
SELECT w.id, m.code AS module, m.display_name AS module_display_name, w.code, w.display_name, w.operation,
       w.sequence_pos, c.label AS camera, s.sec_per_cycle AS sam_s, w.active
FROM workstations w
JOIN modules m ON m.id = w.module_id
LEFT JOIN cameras c ON c.id = w.primary_camera_id
LEFT JOIN standard_times s
  ON s.reference = m.product_reference AND s.operation = w.operation AND s.effective_to IS NULL
"""

STANDARD_TIMES = """
SELECT id, reference, version, operation, sam_minutes, sec_per_cycle, machine_code, effective_from, effective_to
FROM standard_times
"""

ZONES = """
SELECT r.id, m.code AS module, w.code AS workstation, c.label AS camera, r.name, r.kind, r.evidence, r.polygon_json
FROM rois r
JOIN workstations w ON w.id = r.workstation_id
JOIN modules m ON m.id = w.module_id
JOIN cameras c ON c.id = r.camera_id
WHERE r.superseded_by IS NULL
"""

_CYCLE = f"""
SELECT e.id, e.event_uid, m.code AS module, m.display_name AS module_display_name, w.code AS workstation,
       w.display_name AS workstation_display_name, c.label AS camera, {{operator}} AS operator_display_name, e.rule,
       {{status}} AS status, {{quality}} AS quality, {sql_ns("e.start_ts")} AS start_ns, {sql_ns("e.end_ts")} AS end_ns,
       round(e.duration_seconds, 3) AS duration_s, e.duration_uncertainty_s, e.observed_share,
       e.mean_conf AS mean_confidence, e.primary_track_dwell_ratio AS primary_dwell_ratio, e.detection_count,
       e.source_frame_path, e.frame_archived_at, e.source_video_path, {sql_ns("v.start_ts")} AS video_start_ns,
       k.name AS model_name, k.version AS model_version, k.framework AS model_framework,
       k.weights_hash AS model_weights_hash, e.roi_version_id, e.parameter_hash, e.software_version,
       {{order}} AS ref_op_order, {{verified_by}} AS gt_verified_by, {{verified_at}} AS gt_verified_at,
       {{corrected}} AS gt_corrected_duration_s, e.notes, e.created_at, e.drift_state,
       e.clock_kept, e.reasons_json AS reasons
FROM {{table}} e
JOIN workstations w ON w.id = e.workstation_id
JOIN modules m ON m.id = w.module_id
JOIN cv_model_versions k ON k.id = e.cv_model_version_id
LEFT JOIN cameras c ON c.id = e.camera_id
LEFT JOIN video_segments v ON v.path = e.source_video_path"""

CYCLES = (
    _CYCLE.format(
        table="cycle_events",
        operator="o.display_name",
        status="e.status",
        quality="e.quality",
        order="e.ref_op_order",
        verified_by="e.gt_verified_by",
        verified_at="e.gt_verified_at",
        corrected="e.gt_corrected_duration_s",
    )
    + "\nLEFT JOIN operators o ON o.id = e.operator_id"
)

REJECTED = _CYCLE.format(
    table="cycle_events_rejected",
    operator="NULL",
    status="'rejected'",
    quality="NULL",
    order="NULL",
    verified_by="NULL",
    verified_at="NULL",
    corrected="NULL",
)

STATION_IDS = """
SELECT w.id FROM workstations w JOIN modules m ON m.id = w.module_id
WHERE (:module IS NULL OR m.code = :module) AND (:workstation IS NULL OR w.code = :workstation)
"""

STATION_NAMES = "SELECT m.code, w.code FROM workstations w JOIN modules m ON m.id = w.module_id ORDER BY w.id"

# One short walk along idx_events_ws_start for each station.
RECENT = """
SELECT m.code, w.code, e.event_uid, e.start_ts, e.end_ts, e.duration_seconds, e.quality
FROM workstations w
JOIN modules m ON m.id = w.module_id
LEFT JOIN cycle_events e ON e.id IN (
  SELECT id FROM cycle_events
  WHERE workstation_id = w.id AND status IN ('complete', 'manual_override') AND end_ts IS NOT NULL
  ORDER BY start_ts DESC LIMIT :limit
)
WHERE w.active
ORDER BY w.id, e.start_ts DESC
"""

COUNTS = """
WITH found AS (
  SELECT workstation_id, status, count(*) AS cycles FROM cycle_events
  WHERE start_ts >= :from AND start_ts < :to GROUP BY workstation_id, status
  UNION ALL
  SELECT workstation_id, 'rejected', count(*) FROM cycle_events_rejected
  WHERE start_ts >= :from AND start_ts < :to GROUP BY workstation_id
)
SELECT m.code AS module, w.code AS workstation,
       coalesce(sum(cycles) FILTER (WHERE f.status = 'in_progress'), 0) AS in_progress,
       coalesce(sum(cycles) FILTER (WHERE f.status = 'complete'), 0) AS complete,
       coalesce(sum(cycles) FILTER (WHERE f.status = 'aborted'), 0) AS aborted,
       coalesce(sum(cycles) FILTER (WHERE f.status = 'manual_override'), 0) AS manual_override,
       coalesce(sum(cycles) FILTER (WHERE f.status = 'rejected'), 0) AS rejected
FROM workstations w
JOIN modules m ON m.id = w.module_id
LEFT JOIN found f ON f.workstation_id = w.id
GROUP BY w.id
ORDER BY w.id
"""

# A station and its module, in the order of the rows' ids; CROSS JOIN keeps what follows in this order, so that each
# station is one short walk along its key and groups need no sorting.
_STATIONS = """
FROM workstations w CROSS JOIN modules m ON m.id = w.module_id"""
_OF_STATION = "w.id, m.code AS module, w.code AS workstation, w.display_name AS workstation_display_name"

# The last standard time that was in force between two times of a row.
_SAM = """(
  SELECT s.sam_minutes FROM standard_times s
  WHERE s.reference = m.product_reference AND s.operation = w.operation AND s.effective_from <= {last}
    AND (s.effective_to IS NULL OR s.effective_to > {first})
  ORDER BY s.effective_from DESC LIMIT 1
)"""

# Whole hours, from the rollup.
MODULE_HOURS = f"""
SELECT {_OF_STATION}, h.hour_ts || ':00:00.000Z' AS from_ts, sum(h.cycles) AS units, sum(h.duration_ms) AS duration_ms,
       {_SAM.format(first="h.hour_ts || ':00:00.000Z'", last="h.hour_ts || ':59:59.999Z'")} AS sam_minutes
{_STATIONS} CROSS JOIN cycle_hours h ON h.workstation_id = w.id
WHERE m.code = :module AND h.hour_ts >= :from_hour AND h.hour_ts < :to_hour
  AND w.id >= :key_id AND (w.id > :key_id OR h.hour_ts || ':00:00.000Z' > :key_ts)
GROUP BY w.id, h.hour_ts HAVING sum(h.cycles) > 0
ORDER BY w.id, h.hour_ts LIMIT :limit
"""

# Spans of any other form, from the cycles themselves. :spans is JSON: [[first, last], …], both included.
MODULE_SPANS = f"""
SELECT {_OF_STATION}, json_extract(x.value, '$[0]') AS from_ts, count(*) AS units,
       sum(CAST(round(e.duration_seconds * 1000) AS INTEGER)) AS duration_ms,
       {_SAM.format(first="json_extract(x.value, '$[0]')", last="json_extract(x.value, '$[1]')")} AS sam_minutes
{_STATIONS} CROSS JOIN json_each(:spans) x CROSS JOIN cycle_events e ON e.workstation_id = w.id
WHERE m.code = :module AND e.start_ts BETWEEN json_extract(x.value, '$[0]') AND json_extract(x.value, '$[1]')
  AND e.status IN ('complete', 'manual_override') AND e.end_ts IS NOT NULL
  AND w.id >= :key_id AND (w.id > :key_id OR json_extract(x.value, '$[0]') > :key_ts)
GROUP BY w.id, from_ts
ORDER BY w.id, from_ts LIMIT :limit
"""

SHIFTS = """
SELECT s.start_ts, s.end_ts FROM shifts s JOIN modules m ON m.id = s.module_id
WHERE m.code = :module AND s.start_ts >= :earliest AND s.start_ts < :to ORDER BY s.start_ts
"""

_BANDS = f"""
SELECT {_OF_STATION},
       coalesce(sum({{number}}) FILTER (WHERE q.quality = 'green'), 0) AS green,
       coalesce(sum({{number}}) FILTER (WHERE q.quality = 'yellow'), 0) AS yellow,
       coalesce(sum({{number}}) FILTER (WHERE q.quality = 'red'), 0) AS red
{_STATIONS} LEFT JOIN {{source}}
WHERE w.id > :after AND (:module IS NULL OR m.code = :module) AND (:workstation IS NULL OR w.code = :workstation)
GROUP BY w.id ORDER BY w.id LIMIT :limit
"""

BANDS_OF_HOURS = _BANDS.format(
    number="q.cycles",
    source="cycle_hours q ON q.workstation_id = w.id AND q.hour_ts >= :from_hour AND q.hour_ts < :to_hour",
)

BANDS_OF_CYCLES = _BANDS.format(
    number="1",
    source="""cycle_events q ON q.workstation_id = w.id AND q.start_ts >= :from AND q.start_ts < :to
  AND q.status IN ('complete', 'manual_override') AND q.end_ts IS NOT NULL""",
)

REJECTIONS = f"""
SELECT {_OF_STATION}, e.reason, count(*) AS cycles
{_STATIONS} CROSS JOIN cycle_events_rejected e ON e.workstation_id = w.id
WHERE (:module IS NULL OR m.code = :module) AND e.start_ts >= :from AND e.start_ts < :to
  AND w.id >= :key_id AND (w.id > :key_id OR e.reason > :key_reason)
GROUP BY w.id, e.reason ORDER BY w.id, e.reason LIMIT :limit
"""

# Each reason of a cycle counts in its own row. What does not list its reasons properly counts by the first.
REJECTIONS_OF_SHIFTS = f"""
WITH found AS (
  SELECT {_OF_STATION}, r.key AS reason, {SHIFT_AT.format(module="m.id", start="e.start_ts")} AS shift_id
  {_STATIONS} CROSS JOIN cycle_events_rejected e ON e.workstation_id = w.id
  CROSS JOIN json_each(iif(json_valid(e.reasons_json), e.reasons_json, json_object(e.reason, ''))) r
  WHERE (:module IS NULL OR m.code = :module) AND e.start_ts >= :from AND e.start_ts < :to AND w.id >= :key_id
)
SELECT f.id, f.module, f.workstation, f.workstation_display_name, f.shift_id, s.date AS shift_date,
       s.label AS shift_label, f.reason, count(*) AS cycles
FROM found f LEFT JOIN shifts s ON s.id = f.shift_id
WHERE f.id > :key_id OR (coalesce(f.shift_id, 0), f.reason) > (:key_shift, :key_reason)
GROUP BY f.id, f.shift_id, f.reason ORDER BY f.id, f.shift_id, f.reason LIMIT :limit
"""

EXPLANATION = "SELECT explanation_zlib FROM cycle_explanations WHERE event_uid = :uid"

_NAMED = f"""
SELECT e.event_uid, m.code AS module, w.code AS workstation, {{status}} AS status, {sql_ns("e.start_ts")} AS start_ns,
       {sql_ns("e.end_ts")} AS end_ns
FROM {{table}} e JOIN workstations w ON w.id = e.workstation_id JOIN modules m ON m.id = w.module_id
WHERE {{where}}"""
_TABLES = {"cycle_events": "e.status", "cycle_events_rejected": "'rejected'"}


def _named(where: str) -> str:
    """Cycles of both tables. Each is a subquery, so that each has an order and a limit of its own."""
    return " UNION ALL ".join(
        f"SELECT * FROM ({_NAMED.format(table=table, status=status, where=where)})"
        for table, status in _TABLES.items()
    )


CYCLES_FROM_UID = f"{_named('e.event_uid >= :uid ORDER BY e.event_uid LIMIT :limit')} ORDER BY 1 LIMIT :limit"
CYCLES_BEFORE_UID = (
    f"{_named('e.event_uid < :uid ORDER BY e.event_uid DESC LIMIT :limit')} ORDER BY 1 DESC LIMIT :limit"
)
_OF_CODE = "e.workstation_id = :station AND e.start_ts"
_NEWEST = f"{_OF_CODE} <= :at ORDER BY e.start_ts DESC LIMIT :limit"
CYCLES_BEFORE = f"{_named(_NEWEST)} ORDER BY start_ns DESC LIMIT :limit"
CYCLES_AFTER = (
    f"{_named(f'{_OF_CODE} > :at ORDER BY e.start_ts LIMIT :limit')} ORDER BY start_ns LIMIT :limit"
)

REFUSED = """
SELECT id, event_uid, kind, event_json, error, received_at FROM cycle_events_refused
WHERE id < :before ORDER BY id DESC LIMIT :limit
"""
