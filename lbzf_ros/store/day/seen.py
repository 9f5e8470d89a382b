"""What was seen: recorded video of cameras, and what is known to be missing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from lbzf_ros.store.timestamps import from_text, to_text

_LONGEST_SEGMENT_NS = 2 * 3600 * 10**9
"""A segment is an hour long at most."""

_SEGMENTS = """
SELECT v.camera_id, v.start_ts, v.end_ts
FROM json_each(?1) c CROSS JOIN video_segments v ON v.camera_id = c.value
WHERE v.start_ts >= ?4 AND v.start_ts < ?3 AND v.end_ts > ?2
"""
# A gap may be weeks long, so the last one that began before the span counts too. Gaps of a camera follow each other.
_GAPS = """
SELECT g.camera_id, g.start_ts, g.end_ts, g.cause
FROM json_each(?1) c CROSS JOIN video_gaps g ON g.camera_id = c.value
WHERE g.start_ts < ?3 AND g.end_ts > ?2
  AND g.start_ts >= coalesce(
    (SELECT max(b.start_ts) FROM video_gaps b WHERE b.camera_id = c.value AND b.start_ts <= ?2), '')
"""
_VIDEO_MS = """
SELECT c.value AS camera, x.key AS place, sum(
  (strftime('%s', min(v.end_ts, x.value ->> 1)) - strftime('%s', max(v.start_ts, x.value ->> 0))) * 1000
  + substr(min(v.end_ts, x.value ->> 1), 21, 3) - substr(max(v.start_ts, x.value ->> 0), 21, 3)
)
FROM json_each(?1) c CROSS JOIN json_each(?2) x CROSS JOIN video_segments v ON v.camera_id = c.value
WHERE v.start_ts >= x.value ->> 2 AND v.start_ts < x.value ->> 1
  AND v.end_ts > x.value ->> 0
GROUP BY c.value, x.key
"""
Span = tuple[int, int]


class Seen(NamedTuple):
    """Of a camera: spans with video, and spans without for a reason (camera, disk, restart, maintenance)."""

    video: list[Span]
    gaps: list[tuple[int, int, str]]


def seen(connection: Connection, cameras: Iterable[int], from_ns: int, to_ns: int) -> dict[int, Seen]:
    """What is known of cameras (row ids) in a span of time."""
    ids = list(cameras)
    found = {camera: Seen([], []) for camera in ids}
    values = (json.dumps(ids), to_text(from_ns), to_text(to_ns), to_text(from_ns - _LONGEST_SEGMENT_NS))
    for camera, start, end in connection.exec_driver_sql(_SEGMENTS, values):
        found[camera].video.append((from_text(start), from_text(end)))
    for camera, start, end, cause in connection.exec_driver_sql(_GAPS, values[:3]):
        found[camera].gaps.append((from_text(start), from_text(end), cause))
    return found


def video_minutes(
    connection: Connection, cameras: Iterable[int], spans: Sequence[Span]
) -> dict[tuple[int, Span], float]:
    """Minutes of video by camera (row id) and span, where there is any. For many days: the rows stay in SQLite."""
    asked = [(to_text(start), to_text(end), to_text(start - _LONGEST_SEGMENT_NS)) for start, end in spans]
    rows = connection.exec_driver_sql(_VIDEO_MS, (json.dumps(list(cameras)), json.dumps(asked)))
    return {(camera, spans[place]): ms / 60_000 for camera, place, ms in rows}
