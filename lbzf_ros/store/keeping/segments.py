"""Video files of the data folder, and what is still needed of them."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.keeping.files import VIDEO, Kind
from lbzf_ros.store.keeping.retention import Job
from lbzf_ros.store.timestamps import from_text, to_text

LONGEST_SEGMENT_S = 3600
"""Most that recorder.segment_minutes allows: so far a segment without a row may reach."""

_NAME = re.compile(r"(?P<camera>cam[1-9][0-9]{0,3})_(?P<day>\d{8})_(?P<time>\d{6})(_\d+)?\.mp4", re.ASCII)
_ROWS_AT_ONCE = 500

_OLDEST = """
SELECT id, path, camera_id, start_ts, end_ts FROM video_segments
WHERE deleted_at IS NULL AND (start_ts, id) > (?, ?) ORDER BY start_ts, id LIMIT ?
"""
_KNOWN = "SELECT 1 FROM video_segments WHERE path = ? AND deleted_at IS NULL"
_HOLDS = """
SELECT camera_id, start_ts, end_ts, 'needed by ' || kind || ' (hold ' || id || ', ' || held_by || ': ' || reason || ')'
FROM video_holds WHERE released_at IS NULL ORDER BY id
"""
# A rejected cycle has no column for its verification: its flag counts for as long as pictures are kept.
_UNVERIFIED = """
SELECT e.camera_id, e.start_ts, coalesce(e.end_ts, e.start_ts), 'cycle ' || e.event_uid || ' awaits verification'
FROM manual_observations o JOIN cycle_events e ON e.event_uid = o.event_uid
WHERE o.kind = 'data_quality_flag' AND e.gt_verified_at IS NULL AND e.camera_id IS NOT NULL
UNION ALL
SELECT e.camera_id, e.start_ts, coalesce(e.end_ts, e.start_ts), 'cycle ' || e.event_uid || ' awaits verification'
FROM manual_observations o JOIN cycle_events_rejected e ON e.event_uid = o.event_uid
WHERE o.kind = 'data_quality_flag' AND e.start_ts >= ? AND e.camera_id IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Segment:
    """A video file that may go.

    Attributes:
        start: of its first picture, database time.
        end: of its last picture; at the latest then when there is no row.
        cameras: row ids; several for a file without a row whose label stood for several cameras.
        row_id: None: no row names it.
        size_bytes: room it takes.
    """

    start: str
    end: str
    path: str
    cameras: tuple[int, ...]
    row_id: int | None
    size_bytes: int


class Needs:
    """Spans of video that are still needed, by camera."""

    def __init__(self, job: Job, connection: Connection) -> None:
        """Read them as they are now."""
        self._spans: dict[int, list[tuple[str, str, str]]] = {}
        holds = connection.exec_driver_sql(_HOLDS).all()
        unverified = connection.exec_driver_sql(_UNVERIFIED, (job.frames_before,)).all()
        for camera, start, end, why in (*holds, *unverified):
            self._spans.setdefault(camera, []).append((start, end, why))

    def why(self, segment: Segment) -> str:
        """Who still needs a segment; empty: nobody."""
        for camera in segment.cameras:
            for start, end, why in self._spans.get(camera, ()):
                if start <= segment.end and end >= segment.start:
                    return why
        return ""


def oldest_first(job: Job, connection: Connection) -> Iterator[Segment]:
    """Every video file, with a row or without, oldest first."""
    nameless = sorted(nameless_segments(job, connection), key=lambda segment: segment.start)
    return heapq.merge(_rows(job, connection), nameless, key=lambda segment: segment.start)


def nameless_segments(job: Job, connection: Connection) -> Iterator[Segment]:
    """Video files that no row names and that are no longer being written, oldest first in each day.

    The newest file of a camera without a row may still be open: its camera may have been off line for hours.
    """
    cameras: dict[str, tuple[int, ...]] = {}
    for row_id, label in connection.exec_driver_sql("SELECT id, label FROM cameras"):
        cameras[label] = (*cameras.get(label, ()), row_id)
    waiting: dict[str, Segment] = {}  # the newest of each camera so far, given when a newer one is found
    for found in job.files.below(VIDEO):
        named = _NAME.fullmatch(found.path.rpartition("/")[2])
        start = _start(named) if named else None
        if found.kind is not Kind.FILE or named is None or start is None or not found.path.isascii():
            continue
        if connection.exec_driver_sql(_KNOWN, (found.path,)).first():
            continue
        label = named["camera"]
        if label in waiting:
            yield waiting.pop(label)
        if found.modified_ns < job.leftover_before_ns:
            end = to_text(from_text(start) + LONGEST_SEGMENT_S * NS_PER_S)
            waiting[label] = Segment(start, end, found.path, cameras.get(label, ()), None, found.size_bytes)


def _start(named: re.Match[str]) -> str | None:
    day, time = named["day"], named["time"]
    text = f"{day[:4]}-{day[4:6]}-{day[6:]}T{time[:2]}:{time[2:4]}:{time[4:]}.000Z"
    try:
        return to_text(from_text(text))
    except InvalidValue:
        return None


def _rows(job: Job, connection: Connection) -> Iterator[Segment]:
    key: tuple[str, int] = ("", 0)
    while page := connection.exec_driver_sql(_OLDEST, (*key, _ROWS_AT_ONCE)).all():
        for row_id, path, camera_id, start, end in page:
            found = job.files.look(path, VIDEO)
            if found.kind is Kind.FILE:  # a missing one is told by `orphans`
                yield Segment(start, end, path, (camera_id,), row_id, found.size_bytes)
        key = (page[-1][3], page[-1][0])
