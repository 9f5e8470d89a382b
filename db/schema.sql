-- Generated from db/migrations by `python -m lbzf_ros.store.migrate`. Do not edit.

CREATE TABLE audit_log (  -- a write that a person made; never changed, never deleted
  id           INTEGER PRIMARY KEY,                 -- number of the row
  at_ts        TEXT NOT NULL CHECK (at_ts GLOB '????-??-??T??:??:??.???Z'),  -- when
  actor        TEXT NOT NULL CHECK (actor <> ''),   -- e-mail, or the account at the command line
  role         TEXT NOT NULL DEFAULT '',            -- of the actor at that time; cli at the command line
  action       TEXT NOT NULL,                       -- e.g. operator.create, event.verify
  subject      TEXT NOT NULL,                       -- what was changed, e.g. operators/17
  before_json  TEXT CHECK (before_json IS NULL OR json_valid(before_json)),  -- the row before; NULL: it was not there
  after_json   TEXT CHECK (after_json IS NULL OR json_valid(after_json)),   -- the row after; NULL: it is gone
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

CREATE TABLE cameras (  -- a camera of a module
  id                INTEGER PRIMARY KEY,            -- number of the row
  module_id         INTEGER NOT NULL REFERENCES modules(id),  -- the module it looks at
  label             TEXT NOT NULL,                  -- cam1, cam2, …
  rtsp_url          TEXT NOT NULL,                  -- the source with ${VARIABLE} in it, never a password
  credentials_file  TEXT,                           -- name of the file with user and password; NULL: the source needs none
  resolution        TEXT NOT NULL DEFAULT '640x480',  -- px, of the picture that polygons refer to
  fps               INTEGER NOT NULL DEFAULT 5,     -- pictures a second that are looked at; may be a fraction
  status            TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'faulty')),  -- inactive: no longer in the plant file; faulty: marked so by a person
  installed_at      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),  -- when it first stood in the plant file
  notes             TEXT,                           -- from the plant file
  UNIQUE (module_id, label)
);

CREATE UNIQUE INDEX idx_cameras_label ON cameras(label) WHERE status <> 'inactive';

CREATE TABLE cv_model_versions (  -- a detector: what found the people of a cycle
  id            INTEGER PRIMARY KEY,                -- number of the row
  name          TEXT NOT NULL,                      -- e.g. hog_background
  version       TEXT NOT NULL,                      -- of the detector
  framework     TEXT NOT NULL,                      -- what runs it, e.g. opencv
  weights_hash  TEXT,                               -- sha256, hexadecimal; NULL: it has no weights
  deployed_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),  -- when its first cycle was written
  notes         TEXT,                               -- written by people
  UNIQUE (name, version)
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
  created_at                 TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), drift_state  -- worst of the camera's view during it: ok, drifted, unknown, unchecked (nothing to compare with); NULL: from before it was looked at
  TEXT, clock_kept  -- whether a time server kept the machine's clock when it was decided: 1 yes; 0 no: its duration is right, its time of day may be wrong; NULL: not known, or a recording
  INTEGER,  -- when the row was made
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

CREATE INDEX idx_events_clock ON cycle_events(start_ts, workstation_id) WHERE clock_kept = 0;

CREATE INDEX idx_events_inflight ON cycle_events(status) WHERE status = 'in_progress';

CREATE INDEX idx_events_notes ON cycle_events(id) WHERE notes IS NOT NULL;

CREATE INDEX idx_events_operator ON cycle_events(operator_id, start_ts);

CREATE INDEX idx_events_quality ON cycle_events(quality, start_ts);

CREATE INDEX idx_events_start_ts ON cycle_events(start_ts);

CREATE INDEX idx_events_unusual ON cycle_events(status, start_ts)
WHERE status = 'aborted' OR status = 'manual_override';

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

CREATE TABLE cycle_events_refused (  -- an event that cannot become a cycle (an unknown station, an impossible time), as it came
  id           INTEGER PRIMARY KEY,                 -- number of the row
  event_uid    TEXT NOT NULL,                       -- as it came
  kind         TEXT NOT NULL,                       -- START, END, REJECT or ABORT
  event_json   TEXT NOT NULL CHECK (json_valid(event_json)),  -- the whole event
  error        TEXT NOT NULL,                       -- why it cannot become a cycle
  received_at  TEXT NOT NULL,                       -- when it came
  UNIQUE (event_uid, kind)
);

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
    reason IN ('too_short', 'too_long', 'low_dwell', 'confidence_drop', 'drift_unknown',
               'gap_in_frames', 'second_person', 'out_of_shift', 'other')
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
  drift_state                TEXT                   -- as in cycle_events
    CHECK (drift_state IN ('ok', 'drifted', 'unknown', 'unchecked')), clock_kept  -- as in cycle_events
  INTEGER,
  CHECK (end_ts >= start_ts),
  CHECK (start_ts >= '2000' AND start_ts < '2100'),
  CHECK (mean_conf BETWEEN 0 AND 1),
  CHECK (primary_track_dwell_ratio BETWEEN 0 AND 1),
  CHECK (observed_share BETWEEN 0 AND 1),
  CHECK (duration_uncertainty_s >= 0),
  CHECK (detection_count >= 0)
);

CREATE INDEX idx_rejected_notes ON cycle_events_rejected(id) WHERE notes IS NOT NULL;

CREATE INDEX idx_rejected_start_ts ON cycle_events_rejected(start_ts);

CREATE INDEX idx_rejected_ws_start ON cycle_events_rejected(workstation_id, start_ts DESC);

CREATE TABLE cycle_explanations (  -- why a cycle was decided as it was; as long as the cycle has its row
  event_uid         TEXT PRIMARY KEY NOT NULL,      -- of the cycle, in whichever table it is
  explanation_zlib  BLOB NOT NULL CHECK (typeof(explanation_zlib) = 'blob')  -- evidence, timers, figures as JSON, packed by zlib: a third of the size; lbzf explain --json shows it
);

CREATE TABLE cycle_hours (  -- cycles and their seconds by station, hour and quality; triggers on cycle_events keep it
  workstation_id  INTEGER NOT NULL REFERENCES workstations(id),  -- the station
  hour_ts         TEXT NOT NULL,                    -- hour of the start, UTC: YYYY-MM-DDTHH
  quality         TEXT NOT NULL,                    -- as in cycle_events
  cycles          INTEGER NOT NULL,                 -- complete or manual_override
  duration_ms     INTEGER NOT NULL,                 -- their sum; whole, so that taking away gives back exactly
  PRIMARY KEY (workstation_id, hour_ts, quality)
) WITHOUT ROWID;

CREATE TABLE idempotency_keys (  -- answers to writes of the API, so that one sent twice is made once; gone after two days
  actor         TEXT NOT NULL,                      -- who sent it
  key           TEXT NOT NULL,                      -- what the sender called it (header Idempotency-Key)
  route         TEXT NOT NULL,                      -- method and path
  request_hash  TEXT NOT NULL,                      -- sha256 of the body, hexadecimal: the same key with another body is refused
  status        INTEGER NOT NULL,                   -- HTTP status of the answer
  response      TEXT NOT NULL,                      -- body of the answer
  created_at    TEXT NOT NULL CHECK (created_at GLOB '????-??-??T??:??:??.???Z'),  -- when it was answered
  PRIMARY KEY (actor, key)
) WITHOUT ROWID;

CREATE INDEX idx_idempotency_created ON idempotency_keys(created_at);

CREATE TABLE lost_time_codes (  -- a code of lost time from the plant's own file; LBZF knows none by itself
  code          TEXT PRIMARY KEY,                   -- C001 … C022 or what the plant calls it
  display_name  TEXT NOT NULL,                      -- for people, e.g. Falta de energía
  active        INTEGER NOT NULL DEFAULT 1          -- 0: no longer in the file
) WITHOUT ROWID;

CREATE TABLE lost_time_events (  -- lost time (tiempo perdido) of a station or a whole module
  id              INTEGER PRIMARY KEY,                                         -- number of the row
  workstation_id  INTEGER REFERENCES workstations(id),                         -- NULL: the whole module
  module_id       INTEGER REFERENCES modules(id),                              -- NULL: that of the station
  shift_id        INTEGER REFERENCES shifts(id),                               -- NULL: not known
  code            TEXT NOT NULL REFERENCES lost_time_codes(code),              -- why
  start_ts        TEXT NOT NULL CHECK (start_ts GLOB '????-??-??T??:??:??.???Z'),  -- when it began
  end_ts          TEXT CHECK (end_ts GLOB '????-??-??T??:??:??.???Z'),         -- NULL: it still lasts
  detected_auto   INTEGER NOT NULL DEFAULT 0 CHECK (detected_auto IN (0, 1)),  -- 0: entered by a person
  notes           TEXT,                                                        -- written by people
  CHECK (end_ts >= start_ts),
  CHECK (workstation_id IS NOT NULL OR module_id IS NOT NULL)
);

CREATE INDEX idx_lost_time_module ON lost_time_events(module_id, start_ts);

CREATE INDEX idx_lost_time_module_shift ON lost_time_events(module_id, shift_id);

CREATE INDEX idx_lost_time_workstation ON lost_time_events(workstation_id, start_ts);

CREATE TABLE manual_observations (  -- what a person noted at a station: a stopwatch reading, a doubt about the data
  id              INTEGER PRIMARY KEY,                             -- number of the row
  workstation_id  INTEGER NOT NULL REFERENCES workstations(id),    -- the station
  cycle_event_id  INTEGER REFERENCES cycle_events(id) ON DELETE SET NULL,  -- NULL: of no cycle, or of one that was rejected
  event_uid       TEXT,                             -- of the cycle, wherever its row is now
  observer        TEXT NOT NULL,                                   -- who noted it
  observed_ts     TEXT NOT NULL CHECK (observed_ts GLOB '????-??-??T??:??:??.???Z'),  -- when what was observed happened
  kind            TEXT NOT NULL                                    -- what it is about
    CHECK (kind IN ('ground_truth_duration', 'lost_time_note', 'data_quality_flag', 'other')),
  payload_json    TEXT NOT NULL CHECK (json_valid(payload_json)),  -- e.g. {"stopwatch_seconds": 31.4, "notes": "…"}
  created_at      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),  -- when the row was made
  CHECK (cycle_event_id IS NULL OR event_uid IS NOT NULL)
);

CREATE INDEX idx_manual_obs_cycle ON manual_observations(cycle_event_id) WHERE cycle_event_id IS NOT NULL;

CREATE INDEX idx_manual_obs_event ON manual_observations(event_uid) WHERE event_uid IS NOT NULL;

CREATE INDEX idx_manual_obs_ws ON manual_observations(workstation_id, observed_ts);

CREATE TABLE module_thresholds (  -- thresholds (umbrales) that the engineer has set, percent; NULL: that of the plant file. Earlier ones are in audit_log
  module_id          INTEGER PRIMARY KEY REFERENCES modules(id),  -- the module
  pace_green         REAL CHECK (pace_green > 0 AND pace_green <= 300),  -- a station is green from this pace on: SAM / median
  pace_yellow        REAL CHECK (pace_yellow > 0 AND pace_yellow <= 300),  -- yellow from here on, red below
  target_green       REAL CHECK (target_green > 0 AND target_green <= 300),  -- an hour is green from this share of its target on
  target_yellow      REAL CHECK (target_yellow > 0 AND target_yellow <= 300),  -- yellow from here on, red below
  efficiency_green   REAL CHECK (efficiency_green > 0 AND efficiency_green <= 300),  -- an efficiency is green from here on
  efficiency_yellow  REAL CHECK (efficiency_yellow > 0 AND efficiency_yellow <= 300),  -- yellow from here on, red below
  min_coverage       REAL CHECK (min_coverage BETWEEN 0 AND 100)  -- observed of scheduled minutes; figures of less are marked
);

CREATE TABLE modules (  -- a production line (módulo)
  id                 INTEGER PRIMARY KEY,           -- number of the row
  code               TEXT NOT NULL UNIQUE,          -- for files and the API, e.g. ANGELA
  display_name       TEXT NOT NULL,                 -- for people, e.g. Angela
  product_reference  TEXT,                          -- what is being made; selects the standard times
  active             INTEGER NOT NULL DEFAULT 1,    -- 0: not measured, because the plant file does not have it
  created_at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),  -- when the row was made
  updated_at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))  -- when something in the row last changed
);

CREATE TABLE operator_assignments (  -- who works at which station, from when to when
  id              INTEGER PRIMARY KEY,                                  -- number of the row
  workstation_id  INTEGER NOT NULL REFERENCES workstations(id),         -- the station
  operator_id     INTEGER NOT NULL REFERENCES operators(id),            -- the person
  start_ts        TEXT NOT NULL CHECK (start_ts GLOB '????-??-??T??:??:??.???Z'),  -- from when
  end_ts          TEXT CHECK (end_ts GLOB '????-??-??T??:??:??.???Z'),  -- NULL: still there
  created_at      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),  -- when the row was made
  CHECK (end_ts > start_ts),
  UNIQUE (workstation_id, start_ts)
);

CREATE INDEX idx_assignments_operator ON operator_assignments(operator_id, start_ts);

CREATE TABLE operators (  -- a person who works at stations
  id             INTEGER PRIMARY KEY,               -- number of the row
  external_code  TEXT UNIQUE,                       -- as the plant knows the person; NULL: erased
  display_name   TEXT,                              -- for people; NULL: erased
  active         INTEGER NOT NULL DEFAULT 1,        -- 0: no longer works here
  notes          TEXT,                              -- written by people; NULL: none, or erased
  erased_at      TEXT                               -- when the person asked to be forgotten
);

CREATE TABLE parameter_sets (  -- the settings behind a parameter_hash: what decided what pictures became
  parameter_hash  TEXT PRIMARY KEY NOT NULL,        -- sha256 of settings_json, hexadecimal
  settings_json   TEXT NOT NULL CHECK (json_valid(settings_json)),  -- canonical JSON: zones, rules, limits, detector, drift
  recorded_at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))  -- when it was first used
);

CREATE TABLE production_orders (  -- which production order (OP) a module works on, from when to when
  id         INTEGER PRIMARY KEY,                                      -- number of the row
  module_id  INTEGER NOT NULL REFERENCES modules(id),                  -- the module
  code       TEXT NOT NULL CHECK (code <> ''),                         -- the plant's number, e.g. OP-2026-0712
  reference  TEXT,                                                     -- product, selects the standard times; NULL: that of the module
  units      INTEGER CHECK (units > 0),                                -- how many are ordered; NULL: not known
  start_ts   TEXT NOT NULL CHECK (start_ts GLOB '????-??-??T??:??:??.???Z'),  -- from when
  end_ts     TEXT CHECK (end_ts GLOB '????-??-??T??:??:??.???Z'),      -- NULL: still
  CHECK (end_ts > start_ts),
  UNIQUE (module_id, start_ts)
);

CREATE TABLE rois (  -- one version of a zone; never changed, never deleted
  id                       INTEGER PRIMARY KEY,     -- number of the row
  camera_id                INTEGER NOT NULL REFERENCES cameras(id),  -- the camera in whose picture it lies
  workstation_id           INTEGER NOT NULL REFERENCES workstations(id),  -- the station whose zone it is
  name                     TEXT NOT NULL,           -- of the zone in its station, e.g. work
  kind                     TEXT NOT NULL CHECK (kind IN ('work', 'trigger', 'pick', 'drop')),  -- what happens in it
  evidence                 TEXT NOT NULL CHECK (evidence IN ('person', 'motion')),  -- what shows that it is occupied
  polygon_json             TEXT NOT NULL,           -- [{"x": px, "y": px}, …] in the camera's picture
  settings_json            TEXT NOT NULL,           -- picture size, anchor, motion threshold, seconds to enter and leave
  ref_frame_path           TEXT NOT NULL DEFAULT '',  -- picture at calibration; empty: there is none
  ref_homography_features  BLOB,                    -- ORB keypoints and descriptors of that picture, to notice a moved camera; NULL: none
  created_at               TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),  -- when the row was made
  created_by               TEXT NOT NULL,           -- who drew it, or the plant file
  notes                    TEXT,                    -- written by people
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

CREATE TABLE schema_version (  -- the schema that this database has: one row
  id          INTEGER PRIMARY KEY CHECK (id = 1),  -- always 1
  version     INTEGER NOT NULL,           -- number of the last migration applied
  applied_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))  -- when that migration was applied
);

CREATE TABLE shifts (  -- a shift (jornada) of a module
  id         INTEGER PRIMARY KEY,                                                  -- number of the row
  module_id  INTEGER NOT NULL REFERENCES modules(id),                              -- the module
  date       TEXT NOT NULL CHECK (date GLOB '????-??-??' AND date(date) IS date),  -- local day of its start
  label      TEXT NOT NULL CHECK (label <> ''),     -- jornada_1, overtime, …
  start_ts   TEXT NOT NULL CHECK (start_ts GLOB '????-??-??T??:??:??.???Z'),       -- when it began
  end_ts     TEXT CHECK (end_ts GLOB '????-??-??T??:??:??.???Z'),                  -- NULL: it still runs, or its end is not known
  notes      TEXT,                                                                 -- written by people
  CHECK (end_ts > start_ts),
  UNIQUE (module_id, date, label)
);

CREATE INDEX idx_shifts_start ON shifts(module_id, start_ts);

CREATE TABLE standard_times (  -- one version of the SAM of an operation; a changed SAM is a new version, history stays
  id              INTEGER PRIMARY KEY,              -- number of the row
  reference       TEXT NOT NULL,                    -- product, e.g. Ref22 Slim
  version         TEXT NOT NULL DEFAULT 'v1',       -- v1, v2, … or the name that the file gives
  operation       TEXT NOT NULL,                    -- name, the same as in workstations.operation
  sam_minutes     REAL NOT NULL,                    -- standard allowed minutes of one unit
  sec_per_cycle   REAL GENERATED ALWAYS AS (sam_minutes * 60.0) STORED,  -- the same in seconds
  machine_code    TEXT,                             -- MPP, MREV, MOJA, MBOT, PLCH, …
  source          TEXT NOT NULL DEFAULT 'tiempo std manual',  -- where the figure comes from: a file's name, or how it was found
  effective_from  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),  -- from when it is valid
  effective_to    TEXT,                             -- NULL: in force
  notes           TEXT,                             -- written by people
  UNIQUE (reference, version, operation)
);

CREATE UNIQUE INDEX idx_std_times_in_force ON standard_times(reference, operation) WHERE effective_to IS NULL;

CREATE INDEX idx_std_times_lookup ON standard_times(reference, operation, version);

CREATE TABLE targets (  -- a target (meta) of a module, for an hour of the plant's clock or for a day
  id          INTEGER PRIMARY KEY,                  -- number of the row
  module_id   INTEGER NOT NULL REFERENCES modules(id),  -- the module
  date        TEXT NOT NULL CHECK (date GLOB '????-??-??' AND date(date) IS date),  -- local day
  hour_ts     TEXT CHECK (hour_ts GLOB '????-??-??T??:??:??.???Z'),  -- when the hour begins on the plant's clock; NULL: the target is of the day
  units       REAL NOT NULL CHECK (units >= 0 AND units <= 1000000)  -- finished units
);

CREATE UNIQUE INDEX idx_targets_of ON targets(module_id, date, coalesce(hour_ts, ''));

CREATE TABLE video_gaps (  -- time of a live camera that is not in video_segments, and why; together they tell of every second
  id          INTEGER PRIMARY KEY,                  -- number of the row
  camera_id   INTEGER NOT NULL REFERENCES cameras(id),  -- the camera
  start_ts    TEXT NOT NULL CHECK (start_ts GLOB '????-??-??T??:??:??.???Z'),  -- capture time of the last picture before
  end_ts      TEXT NOT NULL CHECK (end_ts GLOB '????-??-??T??:??:??.???Z'),    -- of the first picture after; while it lasts, of the last look
  cause       TEXT NOT NULL CHECK (cause IN ('camera', 'disk', 'restart', 'maintenance')),  -- camera: it sent nothing; restart: killed, or no power; maintenance: somebody stopped LBZF
  detail      TEXT NOT NULL,                        -- the same in words
  created_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),  -- when the row was made
  UNIQUE (camera_id, start_ts),
  CHECK (end_ts >= start_ts)
);

CREATE TABLE video_holds (  -- a piece of video that somebody or something still needs (a label, a job, a dispute): it is not deleted
  id           INTEGER PRIMARY KEY,                 -- number of the row
  camera_id    INTEGER NOT NULL REFERENCES cameras(id),  -- the camera
  start_ts     TEXT NOT NULL CHECK (start_ts GLOB '????-??-??T??:??:??.???Z'),  -- from when it is needed
  end_ts       TEXT NOT NULL CHECK (end_ts GLOB '????-??-??T??:??:??.???Z'),  -- until when
  kind         TEXT NOT NULL CHECK (kind IN ('job', 'label')),  -- what needs it
  reason       TEXT NOT NULL,                       -- why, in words
  held_by      TEXT NOT NULL,                       -- who asked for it
  created_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),  -- when the row was made
  released_at  TEXT,                                -- NULL: still needed
  CHECK (end_ts >= start_ts)
);

CREATE INDEX idx_holds_open ON video_holds(camera_id, start_ts) WHERE released_at IS NULL;

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

CREATE INDEX idx_segments_deleted ON video_segments(deleted_at) WHERE deleted_at IS NOT NULL;

CREATE INDEX idx_segments_kept ON video_segments(start_ts) WHERE deleted_at IS NULL;

CREATE TABLE workstations (  -- a station (puesto) of a module
  id                 INTEGER PRIMARY KEY,           -- number of the row
  module_id          INTEGER NOT NULL REFERENCES modules(id),  -- the module it belongs to
  primary_camera_id  INTEGER REFERENCES cameras(id),  -- the camera that sees it
  code               TEXT NOT NULL,                 -- for files and the API, e.g. PUESTO_01
  display_name       TEXT NOT NULL,                 -- for people, e.g. Puesto 1
  operation          TEXT,                          -- as in standard_times.operation
  sequence_pos       INTEGER,                       -- position in the flow of the module, from 1
  active             INTEGER NOT NULL DEFAULT 1,    -- 0: no longer in the plant file
  notes              TEXT,                          -- written by people
  UNIQUE (module_id, code)
);

CREATE INDEX idx_workstations_module ON workstations(module_id);
