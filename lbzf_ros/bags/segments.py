"""Segments of video as a recording: the pictures that the recorder wrote, with their capture times."""

from __future__ import annotations

import datetime as dt
import heapq
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from lbzf_ros.bags.errors import BagError
from lbzf_ros.bags.reading import Item, Origin
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.video import mp4
from lbzf_ros.video.sources import Thinner

_NAME = re.compile(r"^(cam[1-9]\d*)_(\d{8}_\d{6})(?:_\d+)?\.mp4$")


class Segments:
    """Segments of one camera or several. Pictures are those of the video: H.264 has changed their pixels a little."""

    def __init__(self, paths: list[Path], fps: dict[str, float] | None = None) -> None:
        """Find them.

        Args:
            paths: files, or folders with such files in any depth.
            fps: pictures a second that are looked at, by camera, where a segment has more.

        Raises:
            BagError: there are none, or a file's name does not say when it begins.
        """
        self._fps = fps or {}
        self.files: dict[str, list[tuple[int, Path]]] = defaultdict(list)
        for path in paths:
            for file in sorted(path.rglob("*.mp4")) if path.is_dir() else [path]:
                name = _NAME.match(file.name)
                if name:
                    self.files[name[1]].append((_named_ns(name[2]), file))
                elif not path.is_dir():
                    raise BagError(f"{file}: a segment is called camN_YYYYMMDD_HHMMSS.mp4 (UTC)")
        if not self.files:
            raise BagError(f"{paths[0]}: has no segments camN_YYYYMMDD_HHMMSS.mp4 in it")
        for files in self.files.values():
            files.sort()

    @property
    def cameras(self) -> list[str]:
        """Labels, sorted."""
        return sorted(self.files)

    def items(self, origin: Origin, *, camera: str | None = None) -> Iterator[Item]:
        """The pictures in order of time.

        Args:
            origin: images; nothing else is in a video.
            camera: only of this camera; None: of all.

        Raises:
            BagError: another origin, or a file that cannot be read.
        """
        if origin is not Origin.images:
            raise BagError(f"--from {origin.value}: segments of video hold pictures only; use --from images")
        labels = [label for label in self.cameras if camera in (None, label)]
        yield from heapq.merge(*(self._of(label) for label in labels), key=lambda item: item.stamp_ns)

    def _of(self, label: str) -> Iterator[Item]:
        wanted_fps = self._fps.get(label)
        for _, file in self.files[label]:
            thinner = _thinner(file, wanted_fps) if wanted_fps else None
            try:
                for stamp_ns, frame in mp4.decoded(file):
                    if thinner is None or thinner.wants(stamp_ns):
                        image = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
                        yield Item(label, stamp_ns, image_bgr=image)
            except (av.FFmpegError, OSError) as error:
                raise BagError(f"{file}: cannot be read: {error.strerror}") from error


def _thinner(file: Path, fps: float) -> Thinner | None:
    """Chooses the pictures that were looked at from those that the camera sent, if the file holds these."""
    found = mp4.look_into(file.parent, file.name)
    if found is None or not mp4.holds_all(found.frames, found.start_ns, found.end_ns, fps):
        return None
    return Thinner(fps, 0)


def _named_ns(text: str) -> int:
    return round(dt.datetime.strptime(text + "+0000", "%Y%m%d_%H%M%S%z").timestamp()) * NS_PER_S
