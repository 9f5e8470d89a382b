"""What is recorded of each camera, and what is not and why."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from lbzf_ros.core.errors import InvalidValue, StoreError
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.event_rows import PlantIds, clean_text
from lbzf_ros.store.timestamps import from_text, measured_text, to_text

MAX_SPANS = 100_000
"""Most segments or gaps of one camera that one call gives."""

_WRITE_GAP = """
INSERT INTO video_gaps (camera_id, start_ts, end_ts, cause, detail) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (camera_id, start_ts) DO UPDATE
SET end_ts = max(end_ts, excluded.end_ts), cause = excluded.cause, detail = excluded.detail
"""
# A segment is an hour long at most, a gap may be weeks.
_SEGMENTS = """
SELECT v.path, v.start_ts, v.end_ts, v.deleted_at FROM video_segments v JOIN cameras c ON c.id = v.camera_id
WHERE c.label = ?1 AND v.start_ts < ?3 AND v.start_ts >= ?4 AND v.end_ts > ?2 ORDER BY v.start_ts, v.id LIMIT ?5
"""
_GAPS = """
SELECT g.start_ts, g.end_ts, g.cause, g.detail FROM video_gaps g JOIN cameras c ON c.id = g.camera_id
WHERE c.label = ?1 AND g.start_ts < ?3 AND g.end_ts > ?2 ORDER BY g.start_ts LIMIT ?4
"""
_HOUR_NS = 3600 * 10**9


@dataclass(frozen=True, slots=True)
class RecordedSpan:
    """A video file; `deleted`: it was recorded, and its file is gone by now."""

    path: str
    start_ns: int
    end_ns: int
    deleted: bool


@dataclass(frozen=True, slots=True)
class MissingSpan:
    """Time without video. `cause`: camera, disk, restart or maintenance."""

    start_ns: int
    end_ns: int
    cause: str
    detail: str


def write_gap(engine: Engine, *, camera: str, start_ns: int, end_ns: int, cause: str, detail: str) -> None:
    """Write time without video; once more with a later end while it lasts.

    Raises:
        StoreError: no such camera or cause, an end before the start, a time outside 2000 to 2099, or the database
            refused.
    """
    where = f"gap of {camera[:20]}"
    try:
        span = measured_text(start_ns), measured_text(end_ns)
    except InvalidValue as error:
        raise StoreError(f"{where}: {error}") from error
    with transaction(engine, f"write {where}") as connection:
        camera_id = PlantIds().camera_by_label(camera, connection)
        connection.exec_driver_sql(_WRITE_GAP, (camera_id, *span, cause, clean_text(detail, where)))


def recorded_spans(engine: Engine, camera: str, from_ns: int, to_ns: int) -> tuple[RecordedSpan, ...]:
    """Video of a camera that touches a span of time, in order.

    Raises:
        StoreError: the database cannot be read.
    """
    with transaction(engine, "read video") as connection:
        return _recorded(connection, camera, from_ns, to_ns)


def missing_spans(engine: Engine, camera: str, from_ns: int, to_ns: int) -> tuple[MissingSpan, ...]:
    """Known gaps of a camera that touch a span of time, in order.

    Raises:
        StoreError: the database cannot be read.
    """
    values = (camera, to_text(from_ns), to_text(to_ns), MAX_SPANS)
    with transaction(engine, "read gaps of video") as connection:
        rows = connection.exec_driver_sql(_GAPS, values).all()
    return tuple(MissingSpan(from_text(row[0]), from_text(row[1]), row[2], row[3]) for row in rows)


def _recorded(connection: Connection, camera: str, from_ns: int, to_ns: int) -> tuple[RecordedSpan, ...]:
    values = (camera, to_text(from_ns), to_text(to_ns), to_text(from_ns - 2 * _HOUR_NS), MAX_SPANS)
    rows = connection.exec_driver_sql(_SEGMENTS, values).all()
    return tuple(
        RecordedSpan(path, from_text(start), from_text(end), gone is not None)
        for path, start, end, gone in rows
    )
