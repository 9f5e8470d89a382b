-- depends: 0001_plant
-- What is measured: cycles, cycles that do not count, recorded video. Operators are here because a cycle names one.

CREATE TABLE operators (  -- a person who works at stations
  id             INTEGER PRIMARY KEY,               -- number of the row
  external_code  TEXT UNIQUE,                       -- as the plant knows the person; NULL: erased
  display_name   TEXT,                              -- for people; NULL: erased
  active         INTEGER NOT NULL DEFAULT 1,        -- 0: no longer works here
  notes          TEXT,                              -- written by people; NULL: none, or erased
  erased_at      TEXT                               -- when the person asked to be forgotten
);

CREATE TABLE cycle_events (  -- a cycle that counts, runs, was given up or was corrected by a person
  id                         INTEGER PRIMARY KEY,   -- number of the row
  event_uid                  TEXT NOT NULL UNIQUE,  -- UUIDv5 of module/camera/workstation/rule/start in ns
  workstation_id             INTEGER NOT NULL REFERENCES workstations(id),  -- the station
  camera_id                  INTEGER REFERENCES cameras(id),  -- the camera that saw it
  operator_id                INTEGER REFERENCES operators(id),  -- who worked there; NULL: not known
  cv_model_version_id        INTEGER NOT NULL REFERENCES cv_model_versions(id),  -- the detector that found the people
  roi_version_id             INTEGER NOT NULL REFERENCES rois(id),  -- the zone that opened the cycle
  rule                       TEXT NOT NULL,         -- presence, trigger, pick_drop, …
  parameter_hash             TEXT NOT NULL,         -- sha256 of zones, rules, limits and detector settings
  software_version           TEXT NOT NULL,         -- of LBZF
  start_ts                   TEXT NOT NULL CHECK (start_ts GLOB '????-??-??T??:??:??.???Z'),  -- when it began, capture time
  end_ts                     TEXT CHECK (end_ts GLOB '????-??-??T??:??:??.???Z'),  -- NULL while it is not known
  duration_seconds           REAL GENERATED ALWAYS AS (  -- from start to end
    CASE WHEN end_ts IS NULL THEN NULL
         ELSE (julianday(end_ts) - julianday(start_ts)) * 86400.0 END
  ) STORED,
  duration_uncertainty_s     REAL,                  -- half width; NULL: not known
  status                     TEXT NOT NULL DEFAULT 'in_progress'  -- in_progress: runs; complete: ended; aborted: its end is not known; manual_override: corrected by a person
    CHECK (status IN ('in_progress', 'complete', 'aborted', 'manual_override')),
  quality                    TEXT NOT NULL DEFAULT 'green' CHECK (quality IN ('green', 'yellow', 'red')),  -- how far the measurement can be trusted
  confidence                 REAL,                  -- the same as mean_conf, under the name that exports use
  mean_conf                  REAL,                  -- 0..1 over pictures with a person; NULL: nobody seen
  primary_track_dwell_ratio  REAL,                  -- 0..1; NULL: nobody tracked
  observed_share             REAL,                  -- 0..1 of the expected pictures that were looked at
  detection_count            INTEGER,               -- pictures with a person
  source_frame_path          TEXT,                  -- relative to the data folder
  source_video_path          TEXT,                  -- the segment that holds the start, relative to the data folder
  frame_archived_at          TEXT,                  -- when the picture's time was up and its file went; the path is NULL then
  ref_op_order               TEXT,                  -- production order (OP), e.g. OP-2026-0712; NULL: not known
  reasons_json               TEXT,                  -- why it was aborted: {code: text with the figures}
  gt_verified_by             TEXT,                  -- who checked it by hand; NULL: nobody
  gt_verified_at             TEXT,                  -- when it was checked
  gt_corrected_duration_s    REAL,                  -- seconds that the check found; NULL: the measured ones are right
  notes                      TEXT,                  -- written by people
  created_at                 TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),  -- when the row was made
  CHECK (end_ts >= start_ts),
  CHECK (status <> 'complete' OR end_ts IS NOT NULL),
  CHECK (start_ts >= '2000' AND start_ts < '2100'),  -- outside it a clock was wrong
  CHECK (mean_conf BETWEEN 0 AND 1),
  CHECK (primary_track_dwell_ratio BETWEEN 0 AND 1),
  CHECK (observed_share BETWEEN 0 AND 1),
  CHECK (duration_uncertainty_s >= 0),
  CHECK (detection_count >= 0),
  CHECK (gt_corrected_duration_s > 0),
  CHECK ((gt_verified_by IS NULL) = (gt_verified_at IS NULL)),
  CHECK (gt_verified_by IS NULL OR status <> 'in_progress')  -- what still runs cannot be checked
);

CREATE INDEX idx_events_ws_start ON cycle_events(workstation_id, start_ts DESC);
CREATE INDEX idx_events_start_ts ON cycle_events(start_ts);
CREATE INDEX idx_events_operator ON cycle_events(operator_id, start_ts);
CREATE INDEX idx_events_inflight ON cycle_events(status) WHERE status = 'in_progress';
CREATE INDEX idx_events_unusual ON cycle_events(status, start_ts)
WHERE status = 'aborted' OR status = 'manual_override';  -- few among many; to look for them must not read all
CREATE INDEX idx_events_quality ON cycle_events(quality, start_ts);
CREATE INDEX idx_events_notes ON cycle_events(id) WHERE notes IS NOT NULL;  -- erasing a person reads what people wrote

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

CREATE INDEX idx_rejected_ws_start ON cycle_events_rejected(workstation_id, start_ts DESC);
CREATE INDEX idx_rejected_start_ts ON cycle_events_rejected(start_ts);
CREATE INDEX idx_rejected_notes ON cycle_events_rejected(id) WHERE notes IS NOT NULL;

CREATE TABLE video_segments (  -- a piece of recorded video
  id          INTEGER PRIMARY KEY,                  -- number of the row
  camera_id   INTEGER NOT NULL REFERENCES cameras(id),  -- the camera
  path        TEXT NOT NULL UNIQUE,                 -- relative to the data folder
  start_ts    TEXT NOT NULL CHECK (start_ts GLOB '????-??-??T??:??:??.???Z'),  -- capture time of the first picture
  end_ts      TEXT NOT NULL CHECK (end_ts GLOB '????-??-??T??:??:??.???Z'),    -- capture time of the last picture
  frames      INTEGER NOT NULL,                     -- number of pictures
  codec       TEXT NOT NULL,                        -- e.g. h264
  created_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),  -- when the row was made
  deleted_at  TEXT,                                 -- when the file went, or was found missing; no cycle names it then
  CHECK (end_ts >= start_ts)
);

CREATE INDEX idx_segments_camera_start ON video_segments(camera_id, start_ts);
CREATE INDEX idx_segments_kept ON video_segments(start_ts) WHERE deleted_at IS NULL;
CREATE INDEX idx_segments_deleted ON video_segments(deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE cycle_events_refused (  -- an event that cannot become a cycle (an unknown station, an impossible time), as it came
  id           INTEGER PRIMARY KEY,                 -- number of the row
  event_uid    TEXT NOT NULL,                       -- as it came
  kind         TEXT NOT NULL,                       -- START, END, REJECT or ABORT
  event_json   TEXT NOT NULL CHECK (json_valid(event_json)),  -- the whole event
  error        TEXT NOT NULL,                       -- why it cannot become a cycle
  received_at  TEXT NOT NULL,                       -- when it came
  UNIQUE (event_uid, kind)
);

UPDATE schema_version SET version = 2, applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now');
