"""The SQL of `reader`. A column has the name of its field in `rows`; times are still text."""

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

_CYCLE_COLUMNS = """
       e.id, e.event_uid, m.code AS module, m.display_name AS module_display_name, w.code AS workstation,
       w.display_name AS workstation_display_name, c.label AS camera, e.rule, e.start_ts, e.end_ts,
       e.duration_seconds AS duration_s, e.duration_uncertainty_s, e.observed_share, e.mean_conf AS mean_confidence,
       e.primary_track_dwell_ratio AS primary_dwell_ratio, e.detection_count, e.source_frame_path,
       e.source_video_path, v.start_ts AS video_start_ts, k.name AS model_name, k.version AS model_version,
       k.framework AS model_framework, k.weights_hash AS model_weights_hash, e.roi_version_id, e.parameter_hash,
       e.software_version, e.reasons_json, e.notes, e.created_at"""

_CYCLE_JOINS = """
JOIN workstations w ON w.id = e.workstation_id
JOIN modules m ON m.id = w.module_id
JOIN cv_model_versions k ON k.id = e.cv_model_version_id
LEFT JOIN cameras c ON c.id = e.camera_id
LEFT JOIN video_segments v ON v.path = e.source_video_path"""

CYCLES = f"""
SELECT {_CYCLE_COLUMNS}, o.display_name AS operator_display_name, e.status, e.quality, e.ref_op_order,
       e.gt_verified_by, e.gt_verified_at, e.gt_corrected_duration_s
FROM cycle_events e {_CYCLE_JOINS}
LEFT JOIN operators o ON o.id = e.operator_id
"""

REJECTED = f"""
SELECT {_CYCLE_COLUMNS}, NULL AS operator_display_name, 'rejected' AS status, NULL AS quality, NULL AS ref_op_order,
       NULL AS gt_verified_by, NULL AS gt_verified_at, NULL AS gt_corrected_duration_s
FROM cycle_events_rejected e {_CYCLE_JOINS}
"""

STATION_IDS = """
SELECT w.id FROM workstations w JOIN modules m ON m.id = w.module_id
WHERE (:module IS NULL OR m.code = :module) AND (:workstation IS NULL OR w.code = :workstation)
"""

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
