"""People that were found before: detections from a MOT file or a bag, played again by the pictures' stamps."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.detectors import DetectorSettings, RecordedSettings
from lbzf_ros.core.errors import DetectorError, InvalidValue
from lbzf_ros.core.model import NS_PER_S, Boxes, ModelInfo
from lbzf_ros.detectors.bag import is_bag, read_bag
from lbzf_ros.detectors.boxes import clip
from lbzf_ros.detectors.mot import Rows, SequenceInfo, read_info, read_rows, read_times
from lbzf_ros.detectors.weights import read_file

_FILES = ("det/det.txt", "gt/gt.txt")
_SLACK_S = 0.002
"""A stamp may be off by so much from the one recorded: video files round to milliseconds."""


class RecordedDetector:
    """Gives the boxes that a file has for each picture; pixels are not looked at.

    A picture is found by its stamp in a bag or the file's times.csv, or else counted from the beginning at the
    recording's rate. One that the recording does not have is an error: nobody knows who was there.
    """

    def __init__(self, settings: DetectorSettings) -> None:
        """Read the recording.

        Raises:
            DetectorError: there is none, it is wrong, or its rate is not known.
        """
        chosen = settings.recorded
        if not chosen.file:
            raise DetectorError(
                "backend recorded needs detections: set detector.recorded.file to a MOT file or a bag"
            )
        self._path = Path(chosen.file)
        self._clock: _ByStamp | _ByRate
        if is_bag(self._path):
            found = read_bag(self._path, chosen.topic)
            self._rows, self._clock = found.rows, _ByStamp(found.stamps_ns, "the bag")
            self._info = ModelInfo("recorded", self._path.stem, "rosbag2", found.sha256)
        else:
            self._read_mot(chosen)

    def _read_mot(self, chosen: RecordedSettings) -> None:
        self._path, info_file = _places(Path(chosen.file))
        times = self._path.with_name("times.csv")
        # Nobody at all is a recording too, if something says how long it is.
        timed = times.is_file() or info_file.is_file()
        content = read_file(self._path, "detector.recorded.file", may_be_empty=timed)
        try:
            self._rows = read_rows(self._path)
            info = read_info(info_file) if info_file.is_file() else None
            self._clock = _clock(chosen, times, info, self._rows, self._path)
        except (InvalidValue, UnicodeDecodeError) as error:
            raise DetectorError(f"recorded detections: {error}") from error
        name = self._path.parent.parent.name if self._path.parent.name in ("det", "gt") else self._path.stem
        self._info = ModelInfo("recorded", name, "mot", hashlib.sha256(content).hexdigest())

    @property
    def info(self) -> ModelInfo:
        """The recording."""
        return self._info

    def detect(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> Boxes:
        """The people of the picture (height, width, 3) with this stamp.

        Raises:
            InvalidValue: the recording has no such picture.
        """
        frame = self._clock.frame(stamp_ns)
        if frame is None:
            raise InvalidValue(f"{self._path}: has no picture of {stamp_ns} ns; {self._clock.extent}")
        boxes, _ = self._rows.of(frame)
        height, width = image_bgr.shape[:2]
        inside = clip(boxes.xyxy, width, height)
        real = (inside[:, :2] < inside[:, 2:]).all(axis=1)
        return Boxes(inside[real], boxes.confidence[real])


class _ByStamp:
    """Every picture's stamp is known."""

    def __init__(self, stamps_ns: NDArray[np.int64], name: str) -> None:
        self._name = name
        self._order = np.argsort(stamps_ns, kind="stable")
        self._stamps_ns = stamps_ns[self._order]

    @property
    def extent(self) -> str:
        return f"{self._name} has {len(self._stamps_ns)} stamps"

    def frame(self, stamp_ns: int) -> int | None:
        if not len(self._stamps_ns):
            return None
        after = int(np.searchsorted(self._stamps_ns, stamp_ns))
        near = min(
            (i for i in (after - 1, after) if 0 <= i < len(self._stamps_ns)),
            key=lambda i: abs(int(self._stamps_ns[i]) - stamp_ns),
        )
        distance_ns = abs(int(self._stamps_ns[near]) - stamp_ns)
        return int(self._order[near]) + 1 if distance_ns <= _SLACK_S * NS_PER_S else None


class _ByRate:
    """Pictures came evenly."""

    def __init__(self, fps: float, length: int, start_ns: int | None) -> None:
        self._fps, self._length, self._start_ns = fps, length, start_ns

    @property
    def extent(self) -> str:
        return (
            f"it has frames 1 to {self._length} at {self._fps:g} a second from {self._start_ns} ns on "
            "(a seqinfo.ini says its length when nobody is in its last pictures)"
        )

    def frame(self, stamp_ns: int) -> int | None:
        if self._start_ns is None:
            self._start_ns = stamp_ns
        frame = round((stamp_ns - self._start_ns) * self._fps / NS_PER_S) + 1
        return frame if 1 <= frame <= self._length else None


def _clock(
    chosen: RecordedSettings, times: Path, info: SequenceInfo | None, rows: Rows, path: Path
) -> _ByStamp | _ByRate:
    if times.is_file():
        return _ByStamp(read_times(times), "its times.csv")
    fps = chosen.fps or (info.fps if info else None)
    if fps is None:
        raise DetectorError(
            f"{path}: how many pictures a second it has is not known; set detector.recorded.fps"
        )
    last = int(rows.frame[-1]) if len(rows) else 0
    start_ns = round(chosen.start_time.timestamp() * NS_PER_S) if chosen.start_time else None
    return _ByRate(fps, info.length if info else last, start_ns)


def _places(path: Path) -> tuple[Path, Path]:
    """The file of boxes, and where its seqinfo.ini would be."""
    if not path.is_dir():
        folder = path.parent.parent if path.parent.name in ("det", "gt") else path.parent
        return path, folder / "seqinfo.ini"
    found = [path / name for name in _FILES if (path / name).is_file()]
    if not found:
        raise DetectorError(f"{path}: is no MOT sequence; needed: {' or '.join(_FILES)} in it")
    return found[0], path / "seqinfo.ini"
