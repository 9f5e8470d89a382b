-- depends: 0002_cycles
-- What people enter: who works where, shifts, lost time, observations; who changed what; what must not be deleted.

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

CREATE INDEX idx_manual_obs_ws ON manual_observations(workstation_id, observed_ts);
CREATE INDEX idx_manual_obs_event ON manual_observations(event_uid) WHERE event_uid IS NOT NULL;
CREATE INDEX idx_manual_obs_cycle ON manual_observations(cycle_event_id) WHERE cycle_event_id IS NOT NULL;

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

CREATE INDEX idx_lost_time_module_shift ON lost_time_events(module_id, shift_id);
CREATE INDEX idx_lost_time_module ON lost_time_events(module_id, start_ts);
CREATE INDEX idx_lost_time_workstation ON lost_time_events(workstation_id, start_ts);

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
