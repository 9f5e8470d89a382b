"""MOT Challenge files: boxes and tracks as the public scoring tools read and write them.

A line is `frame, id, left, top, width, height, confidence, class, visibility` (what follows the confidence may be
missing); frames count from 1. Pixels are as they are, from 0, which is how TrackEval, `trackers` and CVAT take them.
A sequence is a folder: `seqinfo.ini` (rate, length, size), `det/det.txt` (boxes without tracks) or
`gt/gt.txt` (true tracks). Beside a file of ours lies `times.csv` (frame, stamp_ns): pictures do not come
evenly.

Milan et al., MOT16: A Benchmark for Multi-Object Tracking, arXiv:1603.00831, 2016.
"""

from __future__ import annotations

import configparser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import Boxes, FrameDetections

PEDESTRIAN = 1
_COLUMNS = 7
_NO_TRACK = -1
Kind = Literal["det", "gt"]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The lines of a file, sorted by frame.

    Attributes:
        frame: int64 (n,), from 1.
        track: int64 (n,), -1: no track.
        boxes: their boxes, n of them.
    """

    frame: NDArray[np.int64]
    track: NDArray[np.int64]
    boxes: Boxes

    def __len__(self) -> int:
        return len(self.frame)

    def of(self, frame: int) -> tuple[Boxes, NDArray[np.int64]]:
        """Boxes and tracks of one frame."""
        part = slice(*np.searchsorted(self.frame, [frame, frame + 1]))
        return Boxes(self.boxes.xyxy[part], self.boxes.confidence[part]), self.track[part]


@dataclass(frozen=True, slots=True)
class SequenceInfo:
    """What seqinfo.ini says: pictures a second, number of frames, size of a picture in pixels."""

    name: str
    fps: float
    length: int
    width_px: int
    height_px: int


def read_rows(path: Path) -> Rows:
    """Read a file of detections, tracks or ground truth.

    Lines of other classes than people are left out, as are lines with confidence 0, which means "does not count".

    Raises:
        InvalidValue: a line is wrong; the text names it.
    """
    lines = path.read_text("utf-8").splitlines()
    table = [_row(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    values = np.array(table, np.float64).reshape(-1, _COLUMNS + 1)
    wanted = (values[:, 6] > 0) & np.isin(values[:, 7], (PEDESTRIAN, -1))
    values = values[wanted]
    values = values[np.argsort(values[:, 0], kind="stable")]
    corner, size = values[:, 2:4], values[:, 4:6]
    boxes = np.hstack([corner, corner + size]).astype(np.float32)
    return Rows(
        values[:, 0].astype(np.int64),
        values[:, 1].astype(np.int64),
        Boxes(boxes, values[:, 6].astype(np.float32)),
    )


def _row(path: Path, number: int, line: str) -> list[float]:
    where = f"{path}, line {number}"
    try:
        values = [float(cell) for cell in line.replace(",", " ").split()]
    except ValueError:
        raise InvalidValue(
            f"{where}: found {line[:60]!r}; allowed: numbers with commas between them"
        ) from None
    if len(values) < _COLUMNS or not np.isfinite(values).all():
        raise InvalidValue(
            f"{where}: found {len(values)} numbers; allowed: frame, id, left, top, width, height, confidence, …"
        )
    if values[0] < 1 or values[0] % 1 or values[4] <= 0 or values[5] <= 0 or not 0 <= values[6] <= 1:
        raise InvalidValue(
            f"{where}: found {line[:60]!r}; allowed: whole frames from 1, width and height above 0, confidence 0 to 1"
        )
    return [*values[:_COLUMNS], values[_COLUMNS] if len(values) > _COLUMNS else -1]


def write_rows(path: Path, frames: Sequence[FrameDetections], kind: Literal["det", "gt", "tracks"]) -> None:
    """Write pictures' people, the first picture being frame 1.

    Args:
        path: the file.
        frames: one for every picture, also for those without people.
        kind: det: boxes without tracks; tracks: a tracker's result; gt: true tracks. People without a track are
            in det only.
    """
    lines = [line for number, frame in enumerate(frames, 1) for line in _lines(number, frame, kind)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def _lines(number: int, frame: FrameDetections, kind: str) -> list[str]:
    lines = []
    for box, confidence, track in zip(frame.boxes.xyxy, frame.boxes.confidence, frame.track_ids, strict=True):
        if kind != "det" and track == _NO_TRACK:
            continue
        place = ",".join(_text(value) for value in (*box[:2], *(box[2:].astype(np.float64) - box[:2])))
        tail = {
            "det": f"{_text(confidence)},-1,-1,-1",
            "tracks": f"{_text(confidence)},-1,-1,-1",
            "gt": f"1,{PEDESTRIAN},1",
        }[kind]
        lines.append(f"{number},{_NO_TRACK if kind == 'det' else track},{place},{tail}")
    return lines


def _text(value: float) -> str:
    """Enough digits that float32 comes back the same."""
    return f"{value:.9g}"


def write_sequence(folder: Path, frames: Sequence[FrameDetections], kind: Kind, fps: float) -> None:
    """Write a sequence's folder: seqinfo.ini, det/det.txt or gt/gt.txt, and times.csv beside it.

    Raises:
        InvalidValue: there are no pictures, or their sizes differ.
    """
    sizes = {(frame.width_px, frame.height_px) for frame in frames}
    if len(sizes) != 1:
        raise InvalidValue(f"{folder}: found {len(sizes)} sizes of pictures; a MOT sequence has one")
    width, height = sizes.pop()
    write_rows(folder / kind / f"{kind}.txt", frames, kind)
    times = "".join(f"{number},{frame.stamp_ns}\n" for number, frame in enumerate(frames, 1))
    (folder / kind / "times.csv").write_text("frame,stamp_ns\n" + times, "utf-8")
    ini = configparser.ConfigParser()
    ini.optionxform = str  # type: ignore[assignment,method-assign]  # scoring tools want its capitals
    ini["Sequence"] = {
        "name": folder.name,
        "imDir": "img1",
        "frameRate": f"{fps:g}",
        "seqLength": str(len(frames)),
        "imWidth": str(width),
        "imHeight": str(height),
        "imExt": ".jpg",
    }
    with (folder / "seqinfo.ini").open("w", encoding="utf-8") as file:
        ini.write(file, space_around_delimiters=False)


def write_run(folder: Path, camera: str, frames: Sequence[FrameDetections], fps: float) -> None:
    """Write what was found in a camera's recording: its boxes as a sequence `<camera>/`, its tracks as `<camera>.txt`.

    With the true tracks as `<camera>/gt/gt.txt` scoring tools take them as they are:
    `trackers eval --gt-dir DIR --tracker-dir DIR --metrics CLEAR HOTA Identity`.

    Raises:
        InvalidValue: there are no pictures, or their sizes differ.
    """
    write_sequence(folder / camera, frames, "det", fps)
    write_rows(folder / f"{camera}.txt", frames, "tracks")


def read_info(path: Path) -> SequenceInfo:
    """Read a seqinfo.ini.

    Raises:
        InvalidValue: it lacks something, or is none.
    """
    ini = configparser.ConfigParser()
    try:
        ini.read_string(path.read_text("utf-8"))
        section = ini["Sequence"]
        info = SequenceInfo(
            section.get("name", path.parent.name),
            float(section["frameRate"]),
            int(section["seqLength"]),
            int(section["imWidth"]),
            int(section["imHeight"]),
        )
    except (configparser.Error, KeyError, ValueError) as error:
        raise InvalidValue(
            f"{path}: {error}; needed: [Sequence] with frameRate, seqLength, imWidth and imHeight"
        ) from None
    if info.fps <= 0 or info.length < 0:
        raise InvalidValue(
            f"{path}: frameRate is {info.fps}, seqLength {info.length}; allowed: above 0, from 0"
        )
    return info


def read_times(path: Path) -> NDArray[np.int64]:
    """The stamps of frames 1, 2, … in a times.csv, int64 (n,).

    Raises:
        InvalidValue: it is none, or frames are missing.
    """
    try:
        rows = [line.split(",") for line in path.read_text("utf-8").splitlines()[1:] if line.strip()]
        numbers, stamps = [int(row[0]) for row in rows], [int(row[1]) for row in rows]
    except (ValueError, IndexError) as error:
        raise InvalidValue(f"{path}: {error}; needed: lines of frame,stamp_ns after a heading") from None
    if numbers != list(range(1, len(numbers) + 1)):
        raise InvalidValue(f"{path}: frames must be 1, 2, 3 … without gaps")
    return np.array(stamps, np.int64)


def to_frames(rows: Rows, template: FrameDetections, stamps_ns: Sequence[int]) -> list[FrameDetections]:
    """Rows as the pictures of a camera, the first stamp being frame 1; camera, size and model are the template's."""
    frames = []
    for number, stamp_ns in enumerate(stamps_ns, 1):
        boxes, track = rows.of(number)
        frames.append(
            FrameDetections(
                camera=template.camera,
                stamp_ns=int(stamp_ns),
                width_px=template.width_px,
                height_px=template.height_px,
                model=template.model,
                boxes=boxes,
                track_ids=track.astype(np.int32),
            )
        )
    return frames
