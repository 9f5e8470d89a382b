-- Generated from db/migrations by `python -m lbzf_ros.store.migrate`. Do not edit.

CREATE TABLE audit_log (
  id           INTEGER PRIMARY KEY,
  at_ts        TEXT NOT NULL CHECK (at_ts GLOB '????-??-??T??:??:??.???Z'),
  actor        TEXT NOT NULL CHECK (actor <> ''),   -- e-mail, or the account at the command line
  role         TEXT NOT NULL DEFAULT '',
  action       TEXT NOT NULL,                       -- e.g. operator.create, event.verify
  subject      TEXT NOT NULL,                       -- what was changed, e.g. operators/17
  before_json  TEXT CHECK (json_valid(before_json)),  -- NULL: it was not there
  after_json   TEXT CHECK (json_valid(after_json)),   -- NULL: it is gone
  request_id   TEXT NOT NULL                        -- the same as in the journal and in the answer to the request
);

CREATE INDEX idx_audit_actor ON audit_log(actor, at_ts);

CREATE INDEX idx_audit_at ON audit_log(at_ts);

CREATE INDEX idx_audit_subject ON audit_log(subject, at_ts);

CREATE TRIGGER audit_never_changes
BEFORE UPDATE OF id, at_ts, actor, role, action, subject, request_id ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'rows of audit_log do not change');
END;

CREATE TRIGGER audit_never_goes
BEFORE DELETE ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'rows of audit_log are never deleted');
END;

CREATE TABLE cameras (
  id            INTEGER PRIMARY KEY,
  module_id     INTEGER NOT NULL REFERENCES modules(id),
  label         TEXT NOT NULL,                      -- cam1, cam2, …
  rtsp_url      TEXT NOT NULL,                      -- the source with ${VARIABLE} in it, never a password
  resolution    TEXT NOT NULL DEFAULT '640x480',    -- px, of the picture that polygons refer to
  fps           INTEGER NOT NULL DEFAULT 5,         -- pictures a second that are looked at; may be a fraction
  status        TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'faulty')),
  installed_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  notes         TEXT,
  UNIQUE (module_id, label)
);

CREATE UNIQUE INDEX idx_cameras_label ON cameras(label) WHERE status <> 'inactive';

CREATE TABLE cv_model_versions (
  id            INTEGER PRIMARY KEY,
  name          TEXT NOT NULL,                      -- e.g. hog_background
  version       TEXT NOT NULL,
  framework     TEXT NOT NULL,
  weights_hash  TEXT,                               -- sha256, hexadecimal; NULL: it has no weights
  deployed_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  notes         TEXT,
  UNIQUE (name, version)
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

CREATE INDEX idx_events_inflight ON cycle_events(status) WHERE status = 'in_progress';

CREATE INDEX idx_events_operator ON cycle_events(operator_id, start_ts);

CREATE INDEX idx_events_quality ON cycle_events(quality, start_ts);

CREATE INDEX idx_events_start_ts ON cycle_events(start_ts);

CREATE INDEX idx_events_ws_start ON cycle_events(workstation_id, start_ts DESC);

CREATE TRIGGER hours_count_changed
AFTER UPDATE OF workstation_id, start_ts, end_ts, status, quality ON cycle_events
WHEN NEW.status IN ('complete', 'manual_override') AND NEW.end_ts IS NOT NULL
BEGIN
  INSERT INTO cycle_hours (workstation_id, hour_ts, quality, cycles, duration_ms)
  VALUES (NEW.workstation_id, substr(NEW.start_ts, 1, 13), NEW.quality, 1,
          CAST(round(NEW.duration_seconds * 1000) AS INTEGER))
  ON CONFLICT (workstation_id, hour_ts, quality) DO UPDATE
  SET cycles = cycles + 1, duration_ms = duration_ms + excluded.duration_ms;
END;

CREATE TRIGGER hours_count_new
AFTER INSERT ON cycle_events
WHEN NEW.status IN ('complete', 'manual_override') AND NEW.end_ts IS NOT NULL
BEGIN
  INSERT INTO cycle_hours (workstation_id, hour_ts, quality, cycles, duration_ms)
  VALUES (NEW.workstation_id, substr(NEW.start_ts, 1, 13), NEW.quality, 1,
          CAST(round(NEW.duration_seconds * 1000) AS INTEGER))
  ON CONFLICT (workstation_id, hour_ts, quality) DO UPDATE
  SET cycles = cycles + 1, duration_ms = duration_ms + excluded.duration_ms;
END;

CREATE TRIGGER hours_take_deleted
AFTER DELETE ON cycle_events
WHEN OLD.status IN ('complete', 'manual_override') AND OLD.end_ts IS NOT NULL
BEGIN
  UPDATE cycle_hours SET cycles = cycles - 1, duration_ms = duration_ms - CAST(round(OLD.duration_seconds * 1000) AS INTEGER)
  WHERE workstation_id = OLD.workstation_id AND hour_ts = substr(OLD.start_ts, 1, 13) AND quality = OLD.quality;
END;

CREATE TRIGGER hours_take_old
AFTER UPDATE OF workstation_id, start_ts, end_ts, status, quality ON cycle_events
WHEN OLD.status IN ('complete', 'manual_override') AND OLD.end_ts IS NOT NULL
BEGIN
  UPDATE cycle_hours SET cycles = cycles - 1, duration_ms = duration_ms - CAST(round(OLD.duration_seconds * 1000) AS INTEGER)
  WHERE workstation_id = OLD.workstation_id AND hour_ts = substr(OLD.start_ts, 1, 13) AND quality = OLD.quality;
END;

CREATE TABLE cycle_events_refused (
  id           INTEGER PRIMARY KEY,
  event_uid    TEXT NOT NULL,
  kind         TEXT NOT NULL,
  event_json   TEXT NOT NULL CHECK (json_valid(event_json)),
  error        TEXT NOT NULL,
  received_at  TEXT NOT NULL,
  UNIQUE (event_uid, kind)
);

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

CREATE INDEX idx_rejected_start_ts ON cycle_events_rejected(start_ts);

CREATE INDEX idx_rejected_ws_start ON cycle_events_rejected(workstation_id, start_ts DESC);

CREATE TABLE cycle_hours (
  workstation_id  INTEGER NOT NULL REFERENCES workstations(id),
  hour_ts         TEXT NOT NULL,                    -- hour of the start, UTC: YYYY-MM-DDTHH
  quality         TEXT NOT NULL,
  cycles          INTEGER NOT NULL,                 -- complete or manual_override
  duration_ms     INTEGER NOT NULL,                 -- their sum; whole, so that taking away gives back exactly
  PRIMARY KEY (workstation_id, hour_ts, quality)
) WITHOUT ROWID;

CREATE INDEX idx_hours_hour ON cycle_hours(hour_ts, quality, cycles);

CREATE TABLE lost_time_codes (
  code          TEXT PRIMARY KEY,
  display_name  TEXT NOT NULL,                      -- for people, e.g. Falta de energía
  active        INTEGER NOT NULL DEFAULT 1          -- 0: no longer in the file
) WITHOUT ROWID;

CREATE TABLE lost_time_events (
  id              INTEGER PRIMARY KEY,
  workstation_id  INTEGER REFERENCES workstations(id),
  module_id       INTEGER REFERENCES modules(id),
  shift_id        INTEGER REFERENCES shifts(id),
  code            TEXT NOT NULL REFERENCES lost_time_codes(code),
  start_ts        TEXT NOT NULL CHECK (start_ts GLOB '????-??-??T??:??:??.???Z'),
  end_ts          TEXT CHECK (end_ts GLOB '????-??-??T??:??:??.???Z'),
  detected_auto   INTEGER NOT NULL DEFAULT 0 CHECK (detected_auto IN (0, 1)),  -- 0: entered by a person
  notes           TEXT,
  CHECK (end_ts >= start_ts),
  CHECK (workstation_id IS NOT NULL OR module_id IS NOT NULL)
);

CREATE INDEX idx_lost_time_module ON lost_time_events(module_id, start_ts);

CREATE INDEX idx_lost_time_workstation ON lost_time_events(workstation_id, start_ts);

CREATE TABLE manual_observations (
  id              INTEGER PRIMARY KEY,
  workstation_id  INTEGER NOT NULL REFERENCES workstations(id),
  cycle_event_id  INTEGER REFERENCES cycle_events(id) ON DELETE SET NULL,  -- NULL: of no cycle, or of one that was rejected
  event_uid       TEXT,                             -- of the cycle, wherever its row is now
  observer        TEXT NOT NULL,
  observed_ts     TEXT NOT NULL CHECK (observed_ts GLOB '????-??-??T??:??:??.???Z'),
  kind            TEXT NOT NULL
    CHECK (kind IN ('ground_truth_duration', 'lost_time_note', 'data_quality_flag', 'other')),
  payload_json    TEXT NOT NULL CHECK (json_valid(payload_json)),  -- e.g. {"stopwatch_seconds": 31.4, "notes": "…"}
  created_at      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  CHECK (cycle_event_id IS NULL OR event_uid IS NOT NULL)
);

CREATE INDEX idx_manual_obs_cycle ON manual_observations(cycle_event_id) WHERE cycle_event_id IS NOT NULL;

CREATE INDEX idx_manual_obs_event ON manual_observations(event_uid) WHERE event_uid IS NOT NULL;

CREATE INDEX idx_manual_obs_ws ON manual_observations(workstation_id, observed_ts);

CREATE TABLE modules (
  id                 INTEGER PRIMARY KEY,
  code               TEXT NOT NULL UNIQUE,          -- for files and the API, e.g. ANGELA
  display_name       TEXT NOT NULL,                 -- for people, e.g. Angela
  product_reference  TEXT,                          -- what is being made; selects the standard times
  active             INTEGER NOT NULL DEFAULT 1,    -- 0: no longer in the plant file
  created_at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  updated_at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

CREATE TABLE operator_assignments (
  id              INTEGER PRIMARY KEY,
  workstation_id  INTEGER NOT NULL REFERENCES workstations(id),
  operator_id     INTEGER NOT NULL REFERENCES operators(id),
  start_ts        TEXT NOT NULL CHECK (start_ts GLOB '????-??-??T??:??:??.???Z'),
  end_ts          TEXT CHECK (end_ts GLOB '????-??-??T??:??:??.???Z'),  -- NULL: still there
  created_at      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  CHECK (end_ts > start_ts),
  UNIQUE (workstation_id, start_ts)
);

CREATE INDEX idx_assignments_operator ON operator_assignments(operator_id, start_ts);

CREATE TABLE operators (
  id             INTEGER PRIMARY KEY,
  external_code  TEXT UNIQUE,                       -- as the plant knows the person; NULL: erased
  display_name   TEXT,
  active         INTEGER NOT NULL DEFAULT 1,
  notes          TEXT,
  erased_at      TEXT                               -- when the person asked to be forgotten
);

CREATE TABLE rois (
  id                       INTEGER PRIMARY KEY,
  camera_id                INTEGER NOT NULL REFERENCES cameras(id),
  workstation_id           INTEGER NOT NULL REFERENCES workstations(id),
  name                     TEXT NOT NULL,           -- of the zone in its station, e.g. work
  kind                     TEXT NOT NULL CHECK (kind IN ('work', 'trigger', 'pick', 'drop')),
  evidence                 TEXT NOT NULL CHECK (evidence IN ('person', 'motion')),
  polygon_json             TEXT NOT NULL,           -- [{"x": px, "y": px}, …] in the camera's picture
  settings_json            TEXT NOT NULL,           -- picture size, anchor, motion threshold, seconds to enter and leave
  ref_frame_path           TEXT NOT NULL DEFAULT '',  -- picture at calibration; empty: there is none
  ref_homography_features  BLOB,
  created_at               TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  created_by               TEXT NOT NULL,
  notes                    TEXT,
  superseded_by            INTEGER REFERENCES rois(id)  -- NULL: in force; its own id: withdrawn without a successor
);

CREATE INDEX idx_rois_active ON rois(camera_id, workstation_id) WHERE superseded_by IS NULL;

CREATE UNIQUE INDEX idx_rois_in_force ON rois(workstation_id, name) WHERE superseded_by IS NULL;

CREATE TRIGGER rois_never_change
BEFORE UPDATE OF id, camera_id, workstation_id, name, kind, evidence, polygon_json, settings_json ON rois
BEGIN
  SELECT RAISE(ABORT, 'rows of rois do not change: insert a new one and set superseded_by');
END;

CREATE TRIGGER rois_never_go
BEFORE DELETE ON rois
BEGIN
  SELECT RAISE(ABORT, 'rows of rois are never deleted: set superseded_by');
END;

CREATE TABLE schema_version (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  version     INTEGER NOT NULL,           -- number of the last migration applied
  applied_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

CREATE TABLE shifts (
  id         INTEGER PRIMARY KEY,
  module_id  INTEGER NOT NULL REFERENCES modules(id),
  date       TEXT NOT NULL CHECK (date GLOB '????-??-??' AND date(date) IS date),  -- local day of its start
  label      TEXT NOT NULL CHECK (label <> ''),     -- jornada_1, overtime, …
  start_ts   TEXT NOT NULL CHECK (start_ts GLOB '????-??-??T??:??:??.???Z'),
  end_ts     TEXT CHECK (end_ts GLOB '????-??-??T??:??:??.???Z'),
  notes      TEXT,
  CHECK (end_ts > start_ts),
  UNIQUE (module_id, date, label)
);

CREATE INDEX idx_shifts_start ON shifts(module_id, start_ts);

CREATE TABLE standard_times (
  id              INTEGER PRIMARY KEY,
  reference       TEXT NOT NULL,                    -- product, e.g. Ref22 Slim
  version         TEXT NOT NULL DEFAULT 'v1',
  operation       TEXT NOT NULL,
  sam_minutes     REAL NOT NULL,                    -- standard allowed minutes of one unit
  sec_per_cycle   REAL GENERATED ALWAYS AS (sam_minutes * 60.0) STORED,
  machine_code    TEXT,                             -- MPP, MREV, MOJA, MBOT, PLCH, …
  source          TEXT NOT NULL DEFAULT 'tiempo std manual',
  effective_from  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  effective_to    TEXT,                             -- NULL: in force
  notes           TEXT,
  UNIQUE (reference, version, operation)
);

CREATE UNIQUE INDEX idx_std_times_in_force ON standard_times(reference, operation) WHERE effective_to IS NULL;

CREATE INDEX idx_std_times_lookup ON standard_times(reference, operation, version);

CREATE TABLE video_holds (
  id           INTEGER PRIMARY KEY,
  camera_id    INTEGER NOT NULL REFERENCES cameras(id),
  start_ts     TEXT NOT NULL CHECK (start_ts GLOB '????-??-??T??:??:??.???Z'),
  end_ts       TEXT NOT NULL CHECK (end_ts GLOB '????-??-??T??:??:??.???Z'),
  kind         TEXT NOT NULL CHECK (kind IN ('job', 'label')),
  reason       TEXT NOT NULL,
  held_by      TEXT NOT NULL,
  created_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  released_at  TEXT,
  CHECK (end_ts >= start_ts)
);

CREATE INDEX idx_holds_open ON video_holds(camera_id, start_ts) WHERE released_at IS NULL;

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

CREATE TABLE workstations (
  id                 INTEGER PRIMARY KEY,
  module_id          INTEGER NOT NULL REFERENCES modules(id),
  primary_camera_id  INTEGER REFERENCES cameras(id),
  code               TEXT NOT NULL,                 -- for files and the API, e.g. PUESTO_01
  display_name       TEXT NOT NULL,                 -- for people, e.g. Puesto 1
  operation          TEXT,                          -- as in standard_times.operation
  sequence_pos       INTEGER,                       -- position in the flow of the module, from 1
  active             INTEGER NOT NULL DEFAULT 1,    -- 0: no longer in the plant file
  notes              TEXT,
  UNIQUE (module_id, code)
);

CREATE INDEX idx_workstations_module ON workstations(module_id);
