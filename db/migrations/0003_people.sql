-- depends: 0002_cycles
-- What people enter: who works where, shifts, lost time, observations; who changed what; what must not be deleted.

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

CREATE INDEX idx_manual_obs_ws ON manual_observations(workstation_id, observed_ts);
CREATE INDEX idx_manual_obs_event ON manual_observations(event_uid) WHERE event_uid IS NOT NULL;
CREATE INDEX idx_manual_obs_cycle ON manual_observations(cycle_event_id) WHERE cycle_event_id IS NOT NULL;

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

-- Filled from the plant's file of codes; LBZF knows none by itself.
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

-- A piece of video that somebody or something still needs: a label, a job, a dispute.
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

-- Every write that a person makes.
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

CREATE INDEX idx_audit_at ON audit_log(at_ts);
CREATE INDEX idx_audit_subject ON audit_log(subject, at_ts);
CREATE INDEX idx_audit_actor ON audit_log(actor, at_ts);

-- Only the personal data in it may be blanked, when a person is erased.
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

UPDATE schema_version SET version = 3, applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now');
