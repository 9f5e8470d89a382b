"""Whatever can be played: bags, segments of video, or a day of a data folder."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from pathlib import Path

from lbzf_ros.bags import BAGS
from lbzf_ros.bags.errors import BagError
from lbzf_ros.bags.metadata import FileFacts
from lbzf_ros.bags.plant import lossless_cameras, plant_in_bag
from lbzf_ros.bags.reading import Bags
from lbzf_ros.bags.recover import files_of, require_whole
from lbzf_ros.bags.scanning import facts_of
from lbzf_ros.bags.segments import Segments
from lbzf_ros.bags.stored import is_mcap
from lbzf_ros.detectors.bag import is_bag

Recording = Bags | Segments
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_NS = 1_000_000_000


def open_recording(paths: list[Path], fps: dict[str, float] | None = None) -> Recording:
    """Bags or segments that lie at some paths.

    Args:
        paths: all bags, or all segments and folders of them.
        fps: pictures a second that are looked at, by camera, where segments have more.

    Raises:
        BagError: there is nothing that can be played, or it was cut off.
        DetectorError: a bag cannot be read.
    """
    missing = [path for path in paths if not path.exists()]
    if missing or not paths:
        raise BagError(f"{missing[0] if missing else 'nothing'}: is not there; name a bag, segments or a day")
    if not all(is_bag(path) or is_mcap(path) for path in paths):
        return Segments(paths, fps)
    for path in paths:
        if is_mcap(path):
            require_whole(path)
    plant = plant_in_bag(paths[0])
    return Bags(paths, lossless=lossless_cameras(plant) if plant else ())


def find(what: str, data: Path, time_zone: str) -> list[Path]:
    """The paths of what somebody wants to play.

    Args:
        what: a bag, a segment, a folder of segments, or a day (YYYY-MM-DD, the plant's local day).
        data: the data folder in which a day is looked for: its bags, or else its segments.
        time_zone: of the plant, IANA.

    Raises:
        BagError: the day has neither.
    """
    if not _DAY.match(what) or Path(what).exists():
        return [Path(what)]
    try:
        begin = dt.datetime.combine(dt.date.fromisoformat(what), dt.time(), zoneinfo.ZoneInfo(time_zone))
    except ValueError as error:
        raise BagError(f"{what}: is no day ({error})") from None
    begin_ns, end_ns = (round((begin + dt.timedelta(days=n)).timestamp()) * _NS for n in (0, 1))
    bags = [bag for bag in sorted((data / BAGS).glob("*")) if is_mcap(bag) and _covers(bag, begin_ns, end_ns)]
    if bags:
        return bags
    segments = Segments([data / "video"]).files if (data / "video").is_dir() else {}
    found = [file for files in segments.values() for start, file in files if begin_ns <= start < end_ns]
    if not found:
        raise BagError(f"{what}: {data} has neither bags nor segments of that day ({time_zone})")
    return found


def _covers(bag: Path, begin_ns: int, end_ns: int) -> bool:
    require_whole(bag)
    files: list[FileFacts] = [facts_of(path)[0] for path in files_of(bag)]
    return any(file.messages and file.last_ns >= begin_ns and file.first_ns < end_ns for file in files)
