"""MP4 files that play up to their last whole fragment, whatever happened to the process or the disk.

Each file says in its comment when its first picture was taken, to the nanosecond: its name only tells the second.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from lbzf_ros.core.model import NS_PER_S, Segment

TIME_BASE = Fraction(1, 90_000)
LONGEST_PAUSE_NS = 5 * NS_PER_S // 2
"""Pictures further apart than this have a gap between them; the slowest camera allowed gives one every 2 s."""

_FASTER = 1.5
_NAME = re.compile(r"(?P<camera>cam[1-9][0-9]{0,3})_(?P<time>[0-9]{8}_[0-9]{6})(?:_[0-9]+)?\.mp4", re.ASCII)
_COMMENT = re.compile(r"start_ns=(\d{1,19})")
# A fragment for each key frame, and at least every second, handed to the system at once.
_OPTIONS = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof",
    "frag_duration": "1000000",
    "flush_packets": "1",
}


def segment_path(camera: str, start_ns: int) -> str:
    """Where the segment that begins at a stamp lies, relative to the data folder; the time is UTC."""
    start = dt.datetime.fromtimestamp(start_ns // NS_PER_S, dt.timezone.utc)
    return f"video/{start:%Y/%m/%d}/{camera}_{start:%Y%m%d_%H%M%S}.mp4"


def free_path(data: Path, camera: str, start_ns: int) -> str:
    """The path, or with a number when there is one of that second: the clock was set back, nothing is overwritten."""
    relative = segment_path(camera, start_ns)
    stem, number = relative.removesuffix(".mp4"), 2
    while (data / relative).exists():
        relative, number = f"{stem}_{number}.mp4", number + 1
    return relative


def create(path: Path, start_ns: int) -> Any:
    """An empty file to be filled with packets; the folders above it are made.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    container = av.open(str(path), "w", format="mp4", options=_OPTIONS)
    container.metadata["comment"] = f"lbzf start_ns={start_ns}"
    return container


def ticks(stamp_ns: int, start_ns: int) -> int:
    """A stamp as presentation time in a file that began at `start_ns`."""
    return round((stamp_ns - start_ns) / NS_PER_S / TIME_BASE)


def start_of(path: Path, container: Any) -> int | None:
    """When the first picture of a file was taken; None: it is none of ours."""
    if found := _COMMENT.search(container.metadata.get("comment", "")):
        return int(found[1])
    if named := _NAME.fullmatch(path.name):
        try:
            start = dt.datetime.strptime(f"{named['time']}+0000", "%Y%m%d_%H%M%S%z")
        except ValueError:
            return None
        return round(start.timestamp()) * NS_PER_S
    return None


def decoded(path: Path, otherwise_ns: int | None = None) -> Iterator[tuple[int, Any]]:
    """The stamps and frames (PyAV) of a file, one after the other, by one thread.

    Args:
        path: of the file.
        otherwise_ns: when its first picture was taken, if the file does not say it exactly; None: its name tells.

    Raises:
        OSError: it cannot be read (`av.FFmpegError` is one), from here on.
    """
    with av.open(str(path)) as container:
        start_ns = otherwise_ns
        if start_ns is None or _COMMENT.search(container.metadata.get("comment", "")):
            start_ns = start_of(path, container) or 0
        stream = container.streams.video[0]
        stream.thread_count = 1
        for frame in container.decode(stream):
            if frame.pts is not None and (base := frame.time_base) is not None:
                yield start_ns + int(frame.pts * base.numerator * NS_PER_S // base.denominator), frame


def holds_all(frames: int, start_ns: int, end_ns: int, fps: float) -> bool:
    """Whether a segment holds all that a camera sent, of which only `fps` pictures a second are looked at."""
    seconds = (end_ns - start_ns) / NS_PER_S
    return seconds > 0 and (frames - 1) / seconds > _FASTER * fps


def undecoded(path: Path) -> av.container.InputContainer:
    """Open a file for its packets only.

    The file says what is in it, so no picture is decoded to find that out, which would take most of the time.

    Raises:
        OSError: it cannot be read (`av.FFmpegError` is one).
    """
    return av.open(str(path), options={"skip_frame": "all"})


def look_into(data: Path, relative: str) -> Segment | None:
    """What a video file of the data folder holds, without decoding it; None: nothing that plays.

    A file that was cut off counts up to its last whole fragment, and so does one that is still being written.
    """
    path = data / relative
    named = _NAME.fullmatch(path.name)
    last, frames = 0, 0
    try:
        with undecoded(path) as container:
            start_ns = start_of(path, container)
            if named is None or start_ns is None or not container.streams.video:
                return None
            stream = container.streams.video[0]
            codec = stream.codec_context.name
            base = stream.time_base or TIME_BASE
            try:
                for packet in container.demux(stream):
                    if packet.pts is not None:
                        last, frames = max(last, packet.pts), frames + 1
            except av.FFmpegError:
                pass  # the end of what was cut off
    except (av.FFmpegError, OSError):
        return None
    if not frames:
        return None
    end_ns = start_ns + round(last * base * NS_PER_S)
    return Segment(named["camera"], relative, start_ns, end_ns, frames, codec)
