"""The SQL of `writer`. Parameters are numbered: `event_rows` makes the rows in this order."""

from lbzf_ros.store.people.assignments import OPERATOR_AT
from lbzf_ros.store.people.orders import ORDER_AT

_SHARED = """event_uid, workstation_id, camera_id, cv_model_version_id, roi_version_id, rule, parameter_hash,
  software_version, start_ts, end_ts, duration_uncertainty_s, mean_conf, primary_track_dwell_ratio, observed_share,
  detection_count, source_frame_path, reasons_json, drift_state, clock_kept"""

# Segments of a camera follow each other, so one look is enough: most cycles are written before theirs is closed, and
# looking at all that are older would take longer with every day.
_VIDEO = """(SELECT CASE WHEN end_ts >= ?9 AND deleted_at IS NULL THEN path END FROM video_segments
    WHERE camera_id = ?3 AND start_ts <= ?9 ORDER BY start_ts DESC LIMIT 1)"""
_OPERATOR = OPERATOR_AT.format(workstation="?2", start="?9")
_ORDER = ORDER_AT.format(module="(SELECT module_id FROM workstations WHERE id = ?2)", start="?9")

STATUSES = """
SELECT event_uid, CASE WHEN gt_verified_by IS NULL THEN status ELSE 'verified' END
FROM cycle_events WHERE event_uid IN (SELECT value FROM json_each(?1))
UNION ALL
SELECT event_uid, 'rejected' FROM cycle_events_rejected WHERE event_uid IN (SELECT value FROM json_each(?1))
"""

INSERT_CYCLE = f"""
INSERT INTO cycle_events ({_SHARED}, status, quality, confidence, source_video_path, operator_id, ref_op_order)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?12,
        {_VIDEO}, {_OPERATOR}, {_ORDER})
"""

# What event_uid stands for (station, camera, rule, start) does not change.
UPDATE_CYCLE = f"""
UPDATE cycle_events SET
  cv_model_version_id = ?4, roi_version_id = ?5, parameter_hash = ?7, software_version = ?8, end_ts = ?10,
  duration_uncertainty_s = ?11, mean_conf = ?12, confidence = ?12, primary_track_dwell_ratio = ?13,
  observed_share = ?14, detection_count = ?15, source_frame_path = ?16, reasons_json = ?17, drift_state = ?18,
  clock_kept = ?19, status = ?20, quality = ?21, source_video_path = coalesce(source_video_path, {_VIDEO})
WHERE event_uid = ?1
"""

# Before DELETE_CYCLE: what the row of the running cycle had besides the measured figures goes along.
INSERT_REJECTED = f"""
INSERT INTO cycle_events_rejected ({_SHARED}, duration_seconds, reason, source_video_path, frame_archived_at, notes)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
       coalesce(was.source_video_path, {_VIDEO}), was.frame_archived_at, was.notes
FROM (SELECT 1) LEFT JOIN cycle_events was ON was.event_uid = ?1
"""

# The last one of a cycle stays: its end has more to say than its start.
EXPLAIN = """
INSERT INTO cycle_explanations (event_uid, explanation_zlib) VALUES (?, ?)
ON CONFLICT (event_uid) DO UPDATE SET explanation_zlib = excluded.explanation_zlib
"""

DELETE_CYCLE = "DELETE FROM cycle_events WHERE event_uid = ?"

# What an END or REJECT says of a cycle, as it was stored.
DECIDED = """
SELECT event_uid, 'END', end_ts, duration_uncertainty_s, mean_conf, primary_track_dwell_ratio, observed_share,
       detection_count, quality
FROM cycle_events WHERE event_uid IN (SELECT value FROM json_each(?1))
UNION ALL
SELECT event_uid, 'REJECT', end_ts, duration_uncertainty_s, mean_conf, primary_track_dwell_ratio, observed_share,
       detection_count, reasons_json
FROM cycle_events_rejected WHERE event_uid IN (SELECT value FROM json_each(?1))
"""

KEEP_REFUSED = """
INSERT INTO cycle_events_refused (event_uid, kind, event_json, error, received_at)
VALUES (?, ?, ?, ?, coalesce(?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')))
ON CONFLICT (event_uid, kind) DO NOTHING
"""

ABORT_REFUSED = """
UPDATE cycle_events SET status = 'aborted', reasons_json = json_object('refused', ?2)
WHERE event_uid = ?1 AND status = 'in_progress'
"""

ABORT_LOST = """
UPDATE cycle_events SET status = 'aborted', reasons_json = json_object('lost', ?2)
WHERE status = 'in_progress' AND created_at < ?1
"""

INSERT_SEGMENT = """
INSERT INTO video_segments (camera_id, path, start_ts, end_ts, frames, codec) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (path) DO NOTHING
"""

_LINK = """
UPDATE {table} SET source_video_path = ?1
WHERE camera_id = ?2 AND start_ts BETWEEN ?3 AND ?4 AND source_video_path IS NULL
  AND EXISTS (SELECT 1 FROM video_segments WHERE path = ?1 AND deleted_at IS NULL)
"""
LINK_CYCLES = _LINK.format(table="cycle_events")
LINK_REJECTED = _LINK.format(table="cycle_events_rejected")

INSERT_MODEL = """
INSERT INTO cv_model_versions (name, version, framework, weights_hash) VALUES (?, ?, ?, ?)
ON CONFLICT (name, version) DO NOTHING
"""
SEGMENT = "SELECT camera_id, start_ts, end_ts FROM video_segments WHERE path = ?"

MODEL = "SELECT id, framework, weights_hash FROM cv_model_versions WHERE name = ? AND version = ?"

STATIONS = "SELECT m.code, w.code, w.id FROM workstations w JOIN modules m ON m.id = w.module_id"
CAMERAS = "SELECT m.code, c.label, c.id, c.status FROM cameras c JOIN modules m ON m.id = c.module_id"
ROIS = "SELECT id, workstation_id, camera_id FROM rois"
