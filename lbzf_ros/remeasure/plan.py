"""What is to be measured: one run for each camera and each time in which it was recorded without a long pause."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from lbzf_ros import __version__
from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.config.drift import DriftSettings
from lbzf_ros.core.model import NS_PER_S, RoiSet
from lbzf_ros.remeasure.day import LEAD_NS, Day
from lbzf_ros.remeasure.recording import Piece

PAUSE_NS = 600 * NS_PER_S
"""After so long without a picture all steps begin anew: the light, the things and the people are others then. That
holds for one pass over a day too, so that the runs on both sides can be measured at the same time."""
_CODE = ("core", "config", "detectors", "drift", "remeasure")


@dataclass(frozen=True, slots=True)
class Run:
    """Pictures of one camera that are measured in order, by one worker.

    Attributes:
        name: of its files.
        camera: label.
        from_ns: not earlier.
        to_ns: not later.
        fps: pictures a second that are looked at.
        pieces: the segments, by time.
    """

    name: str
    camera: str
    from_ns: int
    to_ns: int
    fps: float
    pieces: tuple[Piece, ...]

    @property
    def begin_ns(self) -> int:
        """Stamp of its first picture, about."""
        return max(self.from_ns, self.pieces[0].start_ns)

    @property
    def end_ns(self) -> int:
        """Stamp of its last picture, about."""
        return min(self.to_ns, max(piece.end_ns for piece in self.pieces))

    @property
    def length_s(self) -> float:
        """Seconds from its first to its last picture."""
        return max(0.0, (self.end_ns - self.begin_ns) / NS_PER_S)


def runs_of(camera: str, fps: float, pieces: Sequence[Piece], day: Day) -> list[Run]:
    """Cut what was recorded of a camera at its long pauses. Pieces by their start."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        if groups and piece.start_ns - max(other.end_ns for other in groups[-1]) < PAUSE_NS:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return [
        Run(f"{camera}_{number:03}", camera, day.from_ns - LEAD_NS, day.to_ns + LEAD_NS, fps, tuple(group))
        for number, group in enumerate(groups, 1)
    ]


@dataclass(frozen=True, slots=True)
class Order:
    """All that a worker needs for the runs of one camera. `folder`: where its files go."""

    data: Path
    folder: Path
    detector: DetectorSettings
    drift: DriftSettings
    rois: RoiSet


def key_of(day: Day, runs: Iterable[Run], hashes: Mapping[str, str]) -> str:
    """What tells two measurements of a day apart: parameters by camera, video, code and libraries; hexadecimal."""
    values = {
        "day": asdict(day),
        "runs": [asdict(run) for run in runs],
        "parameters": dict(hashes),
        "software": [__version__, cv2.__version__, np.__version__, _code()],
    }
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _code() -> str:
    """Of the code that measures: a state that other code wrote must not be gone on from."""
    found = hashlib.sha256()
    package = Path(__file__).parents[1]
    for name in _CODE:
        for path in sorted((package / name).rglob("*.py")):
            found.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()
