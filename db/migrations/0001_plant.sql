-- The plant: lines, cameras, stations, standard times, detector versions, zones.
-- Times are UTC text, YYYY-MM-DDTHH:MM:SS.mmmZ.

CREATE TABLE schema_version (  -- the schema that this database has: one row
  id          INTEGER PRIMARY KEY CHECK (id = 1),  -- always 1
  version     INTEGER NOT NULL,           -- number of the last migration applied
  applied_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))  -- when that migration was applied
);

INSERT INTO schema_version (id, version) VALUES (1, 1);

CREATE TABLE modules (  -- a production line (módulo)
  id                 INTEGER PRIMARY KEY,           -- number of the row
  code               TEXT NOT NULL UNIQUE,          -- for files and the API, e.g. ANGELA
  display_name       TEXT NOT NULL,                 -- for people, e.g. Angela
  product_reference  TEXT,                          -- what is being made; selects the standard times
  active             INTEGER NOT NULL DEFAULT 1,    -- 0: not measured, because the plant file does not have it
  created_at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),  -- when the row was made
  updated_at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))  -- when something in the row last changed
);

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

-- A label means one camera in the whole plant.
CREATE UNIQUE INDEX idx_cameras_label ON cameras(label) WHERE status <> 'inactive';

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

CREATE INDEX idx_std_times_lookup ON standard_times(reference, operation, version);
CREATE UNIQUE INDEX idx_std_times_in_force ON standard_times(reference, operation) WHERE effective_to IS NULL;

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
