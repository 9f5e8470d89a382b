-- The plant: lines, cameras, stations, standard times, detector versions, zones.
-- Times are UTC text, YYYY-MM-DDTHH:MM:SS.mmmZ.

CREATE TABLE schema_version (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  version     INTEGER NOT NULL,           -- number of the last migration applied
  applied_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

INSERT INTO schema_version (id, version) VALUES (1, 1);

CREATE TABLE modules (
  id                 INTEGER PRIMARY KEY,
  code               TEXT NOT NULL UNIQUE,          -- for files and the API, e.g. ANGELA
  display_name       TEXT NOT NULL,                 -- for people, e.g. Angela
  product_reference  TEXT,                          -- what is being made; selects the standard times
  active             INTEGER NOT NULL DEFAULT 1,    -- 0: no longer in the plant file
  created_at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  updated_at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

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

-- A label means one camera in the whole plant.
CREATE UNIQUE INDEX idx_cameras_label ON cameras(label) WHERE status <> 'inactive';

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

CREATE INDEX idx_std_times_lookup ON standard_times(reference, operation, version);
CREATE UNIQUE INDEX idx_std_times_in_force ON standard_times(reference, operation) WHERE effective_to IS NULL;

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

-- Append-only: an event must be readable with the polygon that was in force when it happened.
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
