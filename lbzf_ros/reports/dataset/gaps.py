"""When there was no video of a camera, and why: what a reader needs to tell "nobody worked" from "nobody looked".

It says how a recording went and not what was measured: who measures the recording again has no gaps in it. So the
checksum does not cover it. The words of a gap are left out: they may hold the address of a camera.
"""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path

from lbzf_ros.reports.dataset.provenance import Picked
from lbzf_ros.reports.evaluation.spans import Window
from lbzf_ros.store.timestamps import to_text

_GAPS = """
SELECT c.label, g.start_ts, g.end_ts, g.cause FROM video_gaps g JOIN cameras c ON c.id = g.camera_id
WHERE g.end_ts > :since AND g.start_ts < :until AND c.id IN (
  SELECT primary_camera_id FROM workstations e WHERE {stations}
  UNION SELECT camera_id FROM cycle_events e WHERE {events}
  UNION SELECT camera_id FROM cycle_events_rejected e WHERE {events}
)
ORDER BY g.start_ts, c.label
"""
_COLUMNS = ("camera", "start_ts", "end_ts", "cause")
_ALWAYS = ("", "9")


def write_gaps(connection: sqlite3.Connection, picked: Picked, window: Window, path: Path) -> int:
    """Write the gaps of the cameras of the chosen stations that touch the time asked for, by start and camera.

    Args:
        connection: of the copy.
        picked: the cycles.
        window: the time asked for.
        path: the CSV file.

    Returns:
        How many there are.
    """
    since, until = (
        to_text(time_ns) if time_ns is not None else always
        for time_ns, always in zip((window.from_ns, window.to_ns), _ALWAYS, strict=True)
    )
    stations = "e.id IN (SELECT value FROM json_each(:stations))"
    query = _GAPS.format(stations=stations, events=picked.where)
    rows = connection.execute(query, {**picked.values, "since": since, "until": until}).fetchall()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(rows)
    return len(rows)
