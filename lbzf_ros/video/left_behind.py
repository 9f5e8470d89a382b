"""What an earlier process left of one camera: files that nobody entered, and whether somebody stopped it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from lbzf_ros.core.model import NS_PER_S, Segment
from lbzf_ros.disk import write_whole
from lbzf_ros.video.coverage import Cause, Coverage
from lbzf_ros.video.mp4 import look_into

_NEWEST_DAYS = 3

Known = Callable[[Sequence[str]], tuple[frozenset[str], int | None]]
"""Which of these video files are entered; and until when this camera's time is accounted for (None: never was)."""


def video_files(data: Path, camera: str, days: Iterable[Path]) -> list[str]:
    """Video files of a camera in folders of days, relative to the data folder, in order of their names."""
    found = (path for day in days for path in day.glob(f"{camera}_*.mp4") if path.is_file())
    return sorted(str(path.relative_to(data)) for path in found)


def newest_days(data: Path) -> list[Path]:
    """Folders of the days to which something was added last."""
    days = [path for path in (data / "video").glob("[0-9]*/[0-9]*/[0-9]*") if path.is_dir()]
    return sorted(days, key=lambda day: day.stat().st_mtime_ns)[-_NEWEST_DAYS:]


def nameless(data: Path, files: Sequence[str], known: Known) -> tuple[tuple[Segment, ...], int | None]:
    """Files that a killed process left without a row; and until when everything is accounted for, them included.

    What does not play is left where it is; `lbzf db orphans` tells of it.

    Args:
        data: the data folder.
        files: of one camera, none of which is being written any more.
        known: what the database knows.
    """
    entered, until_ns = known(files)
    found = (look_into(data, path) for path in files if path not in entered)
    segments = tuple(segment for segment in found if segment is not None)
    ends = [segment.end_ns for segment in segments] + ([] if until_ns is None else [until_ns])
    return segments, max(ends, default=None)


def note_stop(data: Path, camera: str, now_ns: int) -> None:
    """Write down that somebody stopped recording; a full disk has no say in stopping."""
    try:
        write_whole(_note(data, camera), f"{now_ns}\n".encode(), durable=False)
    except OSError:
        return


def was_stopped(data: Path, camera: str) -> bool:
    """Whether somebody stopped it, rather than that it was killed."""
    return _note(data, camera).exists()


def coverage_since(data: Path, camera: str, until_ns: int | None, now_ns: int) -> Coverage:
    """Go on with what is recorded where an earlier process has stopped. Its note goes."""
    cause, detail = Cause.RESTART, "it was killed, or the power failed"
    if was_stopped(data, camera):
        cause, detail = Cause.MAINTENANCE, "LBZF was stopped"
        _note(data, camera).unlink(missing_ok=True)
    if until_ns is not None and until_ns > now_ns + NS_PER_S:
        until_ns = now_ns  # the clock was set back
    return Coverage(camera, until_ns, cause, detail)


def _note(data: Path, camera: str) -> Path:
    return data / "run" / f"stopped_{camera}"
