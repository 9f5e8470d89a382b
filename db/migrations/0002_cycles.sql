-- depends: 0001_plant
-- What is measured: cycles, cycles that do not count, recorded video. Operators are here because a cycle names one.

CREATE TABLE operators (
  id             INTEGER PRIMARY KEY,
  external_code  TEXT UNIQUE,                       -- as the plant knows the person; NULL: erased
  display_name   TEXT,
  active         INTEGER NOT NULL DEFAULT 1,
  notes          TEXT,
  erased_at      TEXT                               -- when the person asked to be forgotten
);

CREATE TABLE cycle_events (
  id                         INTEGER PRIMARY KEY,
  event_uid                  TEXT NOT NULL UNIQUE,  -- UUIDv5 of module/camera/workstation/rule/start in ns
  workstation_id             INTEGER NOT NULL REFERENCES workstations(id),
  camera_id                  INTEGER REFERENCES cameras(id),
  operator_id                INTEGER REFERENCES operators(id),
  cv_model_version_id        INTEGER NOT NULL REFERENCES cv_model_versions(id),
  roi_version_id             INTEGER NOT NULL REFERENCES rois(id),  -- the zone that opened the cycle
  rule                       TEXT NOT NULL,         -- presence, trigger, pick_drop, …
  parameter_hash             TEXT NOT NULL,         -- sha256 of zones, rules, limits and detector settings
  software_version           TEXT NOT NULL,
  start_ts                   TEXT NOT NULL CHECK (start_ts GLOB '????-??-??T??:??:??.???Z'),
  end_ts                     TEXT CHECK (end_ts GLOB '????-??-??T??:??:??.???Z'),  -- NULL while it is not known
  duration_seconds           REAL GENERATED ALWAYS AS (
    CASE WHEN end_ts IS NULL THEN NULL
         ELSE (julianday(end_ts) - julianday(start_ts)) * 86400.0 END
  ) STORED,
  duration_uncertainty_s     REAL,                  -- half width; NULL: not known
  status                     TEXT NOT NULL DEFAULT 'in_progress'
    CHECK (status IN ('in_progress', 'complete', 'aborted', 'manual_override')),
  quality                    TEXT NOT NULL DEFAULT 'green' CHECK (quality IN ('green', 'yellow', 'red')),
  confidence                 REAL,                  -- the same as mean_conf, under the name that exports use
  mean_conf                  REAL,                  -- 0..1 over pictures with a person; NULL: nobody seen
  primary_track_dwell_ratio  REAL,                  -- 0..1; NULL: nobody tracked
  observed_share             REAL,                  -- 0..1 of the expected pictures that were looked at
  detection_count            INTEGER,               -- pictures with a person
  source_frame_path          TEXT,                  -- relative to the data folder
  source_video_path          TEXT,                  -- the segment that holds the start, relative to the data folder
  frame_archived_at          TEXT,                  -- when the picture's time was up and its file went; the path is NULL then
  ref_op_order               TEXT,
  reasons_json               TEXT,                  -- why it was aborted: {code: text with the figures}
  gt_verified_by             TEXT,
  gt_verified_at             TEXT,
  gt_corrected_duration_s    REAL,
  notes                      TEXT,                  -- written by people
  created_at                 TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  CHECK (end_ts >= start_ts),
  CHECK (status <> 'complete' OR end_ts IS NOT NULL),
  CHECK (start_ts >= '2000' AND start_ts < '2100'),  -- outside it a clock was wrong
  CHECK (mean_conf BETWEEN 0 AND 1),
  CHECK (primary_track_dwell_ratio BETWEEN 0 AND 1),
  CHECK (observed_share BETWEEN 0 AND 1),
  CHECK (duration_uncertainty_s >= 0),
  CHECK (detection_count >= 0),
  CHECK (gt_corrected_duration_s > 0),
  CHECK ((gt_verified_by IS NULL) = (gt_verified_at IS NULL))
);

CREATE INDEX idx_events_ws_start ON cycle_events(workstation_id, start_ts DESC);
CREATE INDEX idx_events_start_ts ON cycle_events(start_ts);
CREATE INDEX idx_events_operator ON cycle_events(operator_id, start_ts);
CREATE INDEX idx_events_inflight ON cycle_events(status) WHERE status = 'in_progress';
CREATE INDEX idx_events_quality ON cycle_events(quality, start_ts);

CREATE TABLE cycle_events_rejected (
  id                         INTEGER PRIMARY KEY,
  event_uid                  TEXT NOT NULL UNIQUE,
  workstation_id             INTEGER NOT NULL REFERENCES workstations(id),
  camera_id                  INTEGER REFERENCES cameras(id),
  cv_model_version_id        INTEGER NOT NULL REFERENCES cv_model_versions(id),
  roi_version_id             INTEGER NOT NULL REFERENCES rois(id),
  rule                       TEXT NOT NULL,
  parameter_hash             TEXT NOT NULL,
  software_version           TEXT NOT NULL,
  start_ts                   TEXT NOT NULL CHECK (start_ts GLOB '????-??-??T??:??:??.???Z'),
  end_ts                     TEXT CHECK (end_ts GLOB '????-??-??T??:??:??.???Z'),
  duration_seconds           REAL,
  duration_uncertainty_s     REAL,
  reason                     TEXT NOT NULL CHECK (
    reason IN ('too_short', 'too_long', 'low_dwell', 'confidence_drop', 'drift_unknown', 'other')
  ),                                                -- the first one; other: see reasons_json
  reasons_json               TEXT NOT NULL,         -- all of them: {code: text with the figures}
  mean_conf                  REAL,
  primary_track_dwell_ratio  REAL,
  observed_share             REAL,
  detection_count            INTEGER,
  source_frame_path          TEXT,
  source_video_path          TEXT,
  frame_archived_at          TEXT,
  notes                      TEXT,
  created_at                 TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  CHECK (end_ts >= start_ts),
  CHECK (start_ts >= '2000' AND start_ts < '2100'),
  CHECK (mean_conf BETWEEN 0 AND 1),
  CHECK (primary_track_dwell_ratio BETWEEN 0 AND 1),
  CHECK (observed_share BETWEEN 0 AND 1),
  CHECK (duration_uncertainty_s >= 0),
  CHECK (detection_count >= 0)
);

CREATE INDEX idx_rejected_ws_start ON cycle_events_rejected(workstation_id, start_ts DESC);
CREATE INDEX idx_rejected_start_ts ON cycle_events_rejected(start_ts);

CREATE TABLE video_segments (
  id          INTEGER PRIMARY KEY,
  camera_id   INTEGER NOT NULL REFERENCES cameras(id),
  path        TEXT NOT NULL UNIQUE,                 -- relative to the data folder
  start_ts    TEXT NOT NULL CHECK (start_ts GLOB '????-??-??T??:??:??.???Z'),  -- capture time of the first picture
  end_ts      TEXT NOT NULL CHECK (end_ts GLOB '????-??-??T??:??:??.???Z'),    -- capture time of the last picture
  frames      INTEGER NOT NULL,
  codec       TEXT NOT NULL,                        -- e.g. h264
  created_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  CHECK (end_ts >= start_ts)
);

CREATE INDEX idx_segments_camera_start ON video_segments(camera_id, start_ts);

-- What cannot become a cycle (an unknown station, an impossible time) is kept as it came, with the reason.
CREATE TABLE cycle_events_refused (
  id           INTEGER PRIMARY KEY,
  event_uid    TEXT NOT NULL,
  kind         TEXT NOT NULL,
  event_json   TEXT NOT NULL CHECK (json_valid(event_json)),
  error        TEXT NOT NULL,
  received_at  TEXT NOT NULL,
  UNIQUE (event_uid, kind)
);

UPDATE schema_version SET version = 2, applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now');
