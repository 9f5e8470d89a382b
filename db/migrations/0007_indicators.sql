-- depends: 0006_video_gaps
-- What figures are compared with: targets, production orders, thresholds; and which writes were answered already.

CREATE TABLE targets (  -- a target (meta) of a module, for an hour of the plant's clock or for a day
  id          INTEGER PRIMARY KEY,                  -- number of the row
  module_id   INTEGER NOT NULL REFERENCES modules(id),  -- the module
  date        TEXT NOT NULL CHECK (date GLOB '????-??-??' AND date(date) IS date),  -- local day
  hour_ts     TEXT CHECK (hour_ts GLOB '????-??-??T??:??:??.???Z'),  -- when the hour begins on the plant's clock; NULL: the target is of the day
  units       REAL NOT NULL CHECK (units >= 0 AND units <= 1000000)  -- finished units
);

CREATE UNIQUE INDEX idx_targets_of ON targets(module_id, date, coalesce(hour_ts, ''));

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

UPDATE schema_version SET version = 7, applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now');
