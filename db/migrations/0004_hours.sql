-- depends: 0003_people
-- Cycles by station, hour and quality: what a day or a month asks for, without reading its cycles.
-- Triggers keep it, so it is right whoever writes, and right in the same transaction.

CREATE TABLE cycle_hours (  -- cycles and their seconds by station, hour and quality; triggers on cycle_events keep it
  workstation_id  INTEGER NOT NULL REFERENCES workstations(id),  -- the station
  hour_ts         TEXT NOT NULL,                    -- hour of the start, UTC: YYYY-MM-DDTHH
  quality         TEXT NOT NULL,                    -- as in cycle_events
  cycles          INTEGER NOT NULL,                 -- complete or manual_override
  duration_ms     INTEGER NOT NULL,                 -- their sum; whole, so that taking away gives back exactly
  PRIMARY KEY (workstation_id, hour_ts, quality)
) WITHOUT ROWID;

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

CREATE TRIGGER hours_take_old
AFTER UPDATE OF workstation_id, start_ts, end_ts, status, quality ON cycle_events
WHEN OLD.status IN ('complete', 'manual_override') AND OLD.end_ts IS NOT NULL
BEGIN
  UPDATE cycle_hours SET cycles = cycles - 1, duration_ms = duration_ms - CAST(round(OLD.duration_seconds * 1000) AS INTEGER)
  WHERE workstation_id = OLD.workstation_id AND hour_ts = substr(OLD.start_ts, 1, 13) AND quality = OLD.quality;
END;

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

CREATE TRIGGER hours_take_deleted
AFTER DELETE ON cycle_events
WHEN OLD.status IN ('complete', 'manual_override') AND OLD.end_ts IS NOT NULL
BEGIN
  UPDATE cycle_hours SET cycles = cycles - 1, duration_ms = duration_ms - CAST(round(OLD.duration_seconds * 1000) AS INTEGER)
  WHERE workstation_id = OLD.workstation_id AND hour_ts = substr(OLD.start_ts, 1, 13) AND quality = OLD.quality;
END;

INSERT INTO cycle_hours (workstation_id, hour_ts, quality, cycles, duration_ms)
SELECT workstation_id, substr(start_ts, 1, 13), quality, count(*), sum(CAST(round(duration_seconds * 1000) AS INTEGER))
FROM cycle_events WHERE status IN ('complete', 'manual_override') AND end_ts IS NOT NULL
GROUP BY 1, 2, 3;

UPDATE schema_version SET version = 4, applied_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now');
