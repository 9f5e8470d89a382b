"""The difference as values for programs: what `--json` prints, and the page is made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.remeasure.day import Day
from lbzf_ros.remeasure.difference import Change, Difference, StationDifference
from lbzf_ros.remeasure.recording import Piece
from lbzf_ros.store.rows import CycleRow

_MARGIN_S = 2.0  # of video before and after a cycle


@dataclass(frozen=True, slots=True)
class Measured:
    """What has been measured again.

    Attributes:
        day: when.
        time_zone: in which people read times.
        folder: of the second set, relative to the data folder.
        api: where the page of the plant is, http://host:port.
        pieces: the segments, by camera.
        recorded_s: seconds of recording that were measured.
        took_s: seconds that it took, of all attempts of this command; 0: it was all there already.
        notes: what is wrong with the recording.
    """

    day: Day
    time_zone: str
    folder: str
    api: str
    pieces: Mapping[str, Sequence[Piece]]
    recorded_s: float
    took_s: float
    notes: tuple[str, ...]


def values_of(measured: Measured, stations: Sequence[StationDifference]) -> dict[str, Any]:
    """Everything, ready for JSON. Times are UTC, durations seconds."""
    return {
        "day": measured.day.date,
        "from": utc(measured.day.from_ns),
        "to": utc(measured.day.to_ns),
        "set": measured.folder,
        "recorded_s": round(measured.recorded_s, 1),
        "took_s": round(measured.took_s, 1),
        "notes": list(measured.notes),
        "stations": [_station(measured, station) for station in stations],
    }


def local(measured: Measured, time_ns: int) -> str:
    """HH:MM:SS of the plant."""
    zone = ZoneInfo(measured.time_zone)
    return f"{dt.datetime.fromtimestamp(time_ns // NS_PER_S, zone):%H:%M:%S}"


def utc(time_ns: int) -> str:
    """YYYY-MM-DDTHH:MM:SS.mmmZ."""
    time = dt.datetime.fromtimestamp(time_ns // NS_PER_S, dt.timezone.utc)
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time_ns // 1_000_000 % 1000:03}Z"


def clip_of(measured: Measured, row: CycleRow) -> str:
    """Address of the video of a cycle of the first set, cut to it."""
    return f"{measured.api}/api/v1/events/{row.event_uid}/clip.mp4"


def video_of(measured: Measured, row: CycleRow) -> str | None:
    """The segment in which a cycle begins, relative to the data folder, with its place in it; None: there is none."""
    piece = piece_of(measured, row)
    if piece is None:
        return None
    begin_s = max(0.0, (row.start_ns - piece.start_ns) / NS_PER_S - _MARGIN_S)
    length_s = (row.duration_s or 10.0) + 2 * _MARGIN_S
    return f"{piece.path}#t={begin_s:.1f},{begin_s + length_s:.1f}"


def piece_of(measured: Measured, row: CycleRow) -> Piece | None:
    """The segment in which a cycle begins."""
    for piece in measured.pieces.get(row.camera or "", ()):
        if piece.start_ns <= row.start_ns <= piece.end_ns:
            return piece
    return None


def _station(measured: Measured, station: StationDifference) -> dict[str, Any]:
    return {
        "module": station.module,
        "workstation": station.code,
        "first": {"cycles": station.first, "seconds": round(station.first_s, 3)},
        "second": {"cycles": station.second, "seconds": round(station.second_s, 3)},
        "same": station.same,
        **{change.name.lower(): station.count(change) for change in Change},
        "differences": [_difference(measured, difference) for difference in station.differences],
    }


def _difference(measured: Measured, difference: Difference) -> dict[str, Any]:
    seconds = difference.seconds
    return {
        "change": difference.change.value,
        "seconds_longer": None if seconds is None else round(seconds, 3),
        "why": difference.why,
        "first": _cycle(difference.first),
        "second": _cycle(difference.second),
        "clip": None if difference.first is None else clip_of(measured, difference.first),
        "video": video_of(measured, difference.row),
    }


def _cycle(row: CycleRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "event_uid": row.event_uid,
        "camera": row.camera,
        "start": utc(row.start_ns),
        "end": None if row.end_ns is None else utc(row.end_ns),
        "seconds": row.duration_s,
        "quality": row.quality,
    }
