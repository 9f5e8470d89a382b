DROP TABLE parameter_sets;
DROP TABLE cycle_explanations;

ALTER TABLE cycle_events DROP COLUMN drift_state;

DROP INDEX idx_rejected_ws_start;
DROP INDEX idx_rejected_start_ts;
DROP INDEX idx_rejected_notes;
ALTER TABLE cycle_events_rejected RENAME TO cycle_events_rejected_after;

CREATE TABLE cycle_events_rejected (  -- a cycle that does not count, with its reason
  id                         INTEGER PRIMARY KEY,   -- number of the row
  event_uid                  TEXT NOT NULL UNIQUE,  -- UUIDv5 of module/camera/workstation/rule/start in ns
  workstation_id             INTEGER NOT NULL REFERENCES workstations(id),  -- the station
  camera_id                  INTEGER REFERENCES cameras(id),  -- the camera that saw it
  cv_model_version_id        INTEGER NOT NULL REFERENCES cv_model_versions(id),  -- the detector that found the people
  roi_version_id             INTEGER NOT NULL REFERENCES rois(id),  -- the zone that opened the cycle
  rule                       TEXT NOT NULL,         -- presence, trigger, pick_drop, …
  parameter_hash             TEXT NOT NULL,         -- sha256 of zones, rules, limits and detector settings
  software_version           TEXT NOT NULL,         -- of LBZF
  start_ts                   TEXT NOT NULL CHECK (start_ts GLOB '????-??-??T??:??:??.???Z'),  -- when it began, capture time
  end_ts                     TEXT CHECK (end_ts GLOB '????-??-??T??:??:??.???Z'),  -- NULL: not known
  duration_seconds           REAL,                  -- from start to end
  duration_uncertainty_s     REAL,                  -- half width; NULL: not known
  reason                     TEXT NOT NULL CHECK (
    reason IN ('too_short', 'too_long', 'low_dwell', 'confidence_drop', 'drift_unknown', 'other')
  ),                                                -- the first one; other: see reasons_json
  reasons_json               TEXT NOT NULL,         -- all of them: {code: text with the figures}
  mean_conf                  REAL,                  -- 0..1 over pictures with a person; NULL: nobody seen
  primary_track_dwell_ratio  REAL,                  -- 0..1; NULL: nobody tracked
  observed_share             REAL,                  -- 0..1 of the expected pictures that were looked at
  detection_count            INTEGER,               -- pictures with a person
  source_frame_path          TEXT,                  -- relative to the data folder
  source_video_path          TEXT,                  -- the segment that holds the start, relative to the data folder
  frame_archived_at          TEXT,                  -- when the picture's time was up and its file went; the path is NULL then
  notes                      TEXT,                  -- written by people
  created_at                 TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),  -- when the row was made
  CHECK (end_ts >= start_ts),
  CHECK (start_ts >= '2000' AND start_ts < '2100'),
  CHECK (mean_conf BETWEEN 0 AND 1),
  CHECK (primary_track_dwell_ratio BETWEEN 0 AND 1),
  CHECK (observed_share BETWEEN 0 AND 1),
  CHECK (duration_uncertainty_s >= 0),
  CHECK (detection_count >= 0)
);

-- The first reason that this schema knows; all of them stay in reasons_json.
INSERT INTO cycle_events_rejected (
  id, event_uid, workstation_id, camera_id, cv_model_version_id, roi_version_id, rule, parameter_hash,
  software_version, start_ts, end_ts, duration_seconds, duration_uncertainty_s, reason, reasons_json,
  mean_conf, primary_track_dwell_ratio, observed_share, detection_count, source_frame_path, source_video_path,
  frame_archived_at, notes, created_at
)
SELECT
  id, event_uid, workstation_id, camera_id, cv_model_version_id, roi_version_id, rule, parameter_hash,
  software_version, start_ts, end_ts, duration_seconds, duration_uncertainty_s,
  coalesce(
    (SELECT key FROM json_each(iif(json_valid(reasons_json), reasons_json, '{}'))
     WHERE key IN ('too_short', 'too_long', 'low_dwell', 'confidence_drop', 'drift_unknown') LIMIT 1), 'other'),
  reasons_json, mean_conf, primary_track_dwell_ratio, observed_share, detection_count, source_frame_path,
  source_video_path, frame_archived_at, notes, created_at
FROM cycle_events_rejected_after;

DROP TABLE cycle_events_rejected_after;

CREATE INDEX idx_rejected_ws_start ON cycle_events_rejected(workstation_id, start_ts DESC);
CREATE INDEX idx_rejected_start_ts ON cycle_events_rejected(start_ts);
CREATE INDEX idx_rejected_notes ON cycle_events_rejected(id) WHERE notes IS NOT NULL;

UPDATE schema_version SET version = 4, applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now');
