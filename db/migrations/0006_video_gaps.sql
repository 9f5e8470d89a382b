-- depends: 0005_decisions
-- Time without video, and why.

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

UPDATE schema_version SET version = 6, applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now');
