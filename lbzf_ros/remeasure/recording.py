"""What was recorded of a camera: its segments in the database, and their pictures with the stamps they were taken at.

A picture's stamp is its presentation time in the file after the file's start, which the file itself says to the
nanosecond; older files do not, and the database says it to the millisecond (docs/decisions/0024-remeasure.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, text

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.timestamps import from_text, to_text
from lbzf_ros.video import mp4
from lbzf_ros.video.sources import Frame

Tell = Callable[[str], None]
_PIECES = """
SELECT v.path, v.start_ts, v.end_ts, v.frames FROM video_segments v JOIN cameras c ON c.id = v.camera_id
WHERE c.label = :camera AND v.deleted_at IS NULL AND v.end_ts >= :from_ts AND v.start_ts <= :to_ts
ORDER BY v.start_ts, v.path
"""
_FORGIVEN = 1e-3
"""Part of a period by which a rounded stamp may be before it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment on disk: path relative to the data folder, stamps of its first and last picture, their number."""

    path: str
    start_ns: int
    end_ns: int
    frames: int


def pieces_of(engine: Engine, camera: str, from_ns: int, to_ns: int) -> list[Piece]:
    """The segments of a camera (its label) that have pictures of a time, and whose files have not been pruned.

    Raises:
        StoreError: the database cannot be read.
    """
    values = {"camera": camera, "from_ts": to_text(from_ns), "to_ts": to_text(to_ns)}
    with transaction(engine, "read the segments") as connection:
        rows = connection.execute(text(_PIECES), values).all()
    return [Piece(row.path, from_text(row.start_ts), from_text(row.end_ts), row.frames) for row in rows]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which pictures of a camera are looked at.

    Attributes:
        after_ns: only later ones.
        to_ns: and not later than this.
        fps: so many a second.
        size_px: width and height that they are scaled to.
    """

    after_ns: int
    to_ns: int
    fps: float
    size_px: tuple[int, int]


def pictures(data: Path, pieces: Sequence[Piece], wanted: Wanted, tell: Tell) -> Iterator[Frame]:
    """The pictures of some segments in order of their stamps.

    A file that is missing or broken is told and passed over, from where it is broken.

    Args:
        data: the data folder.
        pieces: by their start.
        wanted: which pictures.
        tell: takes what is wrong, in words.
    """
    last_ns, slot = wanted.after_ns, -1
    for piece in pieces:
        if piece.end_ns + NS_PER_S < wanted.after_ns:
            continue
        is_thinned = mp4.holds_all(piece.frames, piece.start_ns, piece.end_ns, wanted.fps)
        try:
            for stamp_ns, picture in mp4.decoded(data / piece.path, piece.start_ns):
                if stamp_ns > wanted.to_ns:
                    return
                # Counted from the epoch: wherever one begins to look, the same pictures are chosen.
                mine = int(stamp_ns * wanted.fps / NS_PER_S + _FORGIVEN)
                is_chosen = not is_thinned or mine > slot
                slot = max(slot, mine)
                if stamp_ns <= last_ns or not is_chosen:
                    continue
                last_ns = stamp_ns
                yield Frame(_picture(picture, wanted.size_px), stamp_ns)
        except (av.FFmpegError, OSError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            tell(f"{piece.path}: cannot be read ({why}); what it held is not measured")


def picture_at(data: Path, piece: Piece, stamp_ns: int) -> NDArray[np.uint8] | None:
    """The last picture of a segment that is not later than a stamp: (height, width, 3) bgr; None: it has none."""
    found = None
    try:
        with av.open(str(data / piece.path)) as container:
            stream = container.streams.video[0]
            stream.thread_count = 1
            ticks = mp4.ticks(stamp_ns, _start_ns(data / piece.path, container, piece)) + 1
            container.seek(max(0, int(ticks * mp4.TIME_BASE / (stream.time_base or 1))), stream=stream)
            for frame in container.decode(stream):
                if (
                    found is not None
                    and frame.pts is not None
                    and frame.pts * frame.time_base > ticks * mp4.TIME_BASE
                ):
                    break
                found = frame
    except (av.FFmpegError, OSError):
        return None
    return None if found is None else np.asarray(found.to_ndarray(format="bgr24"), np.uint8)


def _start_ns(path: Path, container: Any, piece: Piece) -> int:
    exact = mp4.start_of(path, container) if "start_ns=" in container.metadata.get("comment", "") else None
    return piece.start_ns if exact is None else exact


def _picture(frame: Any, size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """As a live camera's picture becomes one (`lbzf_ros.video.sources`)."""
    image = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    if (image.shape[1], image.shape[0]) == size_px:
        return image
    return np.asarray(cv2.resize(image, size_px, interpolation=cv2.INTER_AREA), np.uint8)
