"""Every second of a camera: recorded, or missing and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from lbzf_ros.core.model import NS_PER_S, Segment
from lbzf_ros.video.coverage import Cause
from lbzf_ros.video.left_behind import video_files
from lbzf_ros.video.mp4 import LONGEST_PAUSE_NS, look_into

_UNKNOWN = "unknown"
_DAY_NS = 86_400 * NS_PER_S


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a span of time. `cause` empty: it is recorded; `detail`: the file, or why there is none."""

    start_ns: int
    end_ns: int
    cause: str
    detail: str


@dataclass(frozen=True, slots=True)
class Stretch(Known):
    """A piece of a ledger: it begins where the one before ends."""

    @property
    def length_s(self) -> float:
        """Seconds."""
        return (self.end_ns - self.start_ns) / NS_PER_S


def ledger(spans: Sequence[Known], from_ns: int, to_ns: int, *, stopped: bool) -> tuple[Stretch, ...]:
    """All of a span of time, in order and without holes.

    Video counts before what is said of gaps. Between two pictures up to 2.5 s apart nothing is missing.

    Args:
        spans: what is known, in any order, overlapping or not.
        from_ns: begin.
        to_ns: end; at the latest now.
        stopped: whether somebody stopped LBZF after the last of what is known.
    """
    recorded = _merged([span for span in spans if not span.cause])
    known = sorted((span for span in spans if span.cause), key=lambda span: span.start_ns)
    last_ns = max((span.end_ns for span in spans), default=from_ns)
    tail = Cause.MAINTENANCE if stopped else Cause.RESTART
    told = "LBZF was stopped and does not run" if stopped else "LBZF does not run, or has only just begun"
    known.append(
        Known(last_ns, max(last_ns, to_ns), tail.value if spans else _UNKNOWN, told if spans else "")
    )
    found: list[Stretch] = []
    at_ns = from_ns
    for video in [*recorded, Known(to_ns, to_ns, "", "")]:
        begin = min(max(video.start_ns, at_ns), to_ns)
        if begin - at_ns > LONGEST_PAUSE_NS or (begin > at_ns and not found):
            found += _explained(known, at_ns, begin)
            at_ns = begin
        end = min(video.end_ns, to_ns)
        if end > at_ns:
            found.append(Stretch(at_ns, end, "", video.detail))
            at_ns = end
    return tuple(found)


def open_files(
    data: Path, camera: str, from_ns: int, to_ns: int, entered: Collection[str]
) -> tuple[Segment, ...]:
    """Files of a span of time that have no row (yet): one is still being written, say."""
    days = [_folder(data, day_ns) for day_ns in range(from_ns - from_ns % _DAY_NS, to_ns + 1, _DAY_NS)]
    paths = [path for path in video_files(data, camera, days) if path not in entered]
    found = (look_into(data, path) for path in paths)
    return tuple(s for s in found if s is not None and s.start_ns < to_ns and s.end_ns > from_ns)


def _folder(data: Path, time_ns: int) -> Path:
    return data / "video" / f"{dt.datetime.fromtimestamp(time_ns // NS_PER_S, dt.timezone.utc):%Y/%m/%d}"


def _merged(spans: Sequence[Known]) -> list[Known]:
    merged: list[Known] = []
    for span in sorted(spans, key=lambda span: span.start_ns):
        if merged and span.start_ns - merged[-1].end_ns <= LONGEST_PAUSE_NS:
            before = merged[-1]
            merged[-1] = Known(before.start_ns, max(before.end_ns, span.end_ns), "", before.detail)
        else:
            merged.append(span)
    return merged


def _explained(known: Sequence[Known], from_ns: int, to_ns: int) -> list[Stretch]:
    """A hole in the video, by what is said of it; what nobody has said anything about is unknown."""
    found: list[Stretch] = []
    at_ns = from_ns
    for span in known:
        begin, end = max(span.start_ns, at_ns), min(span.end_ns, to_ns)
        if end <= begin:
            continue
        if begin - at_ns > LONGEST_PAUSE_NS:
            found.append(Stretch(at_ns, begin, _UNKNOWN, ""))
            at_ns = begin
        found.append(Stretch(at_ns, end, span.cause, span.detail))
        at_ns = end
    if to_ns - at_ns > LONGEST_PAUSE_NS:
        found.append(Stretch(at_ns, to_ns, _UNKNOWN, ""))
    elif found:
        found[-1] = Stretch(found[-1].start_ns, to_ns, found[-1].cause, found[-1].detail)
    else:
        found.append(Stretch(from_ns, to_ns, _UNKNOWN, ""))
    return found
