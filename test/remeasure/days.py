"""A day that was recorded and measured: the labelled footage as segments in a data folder, with its cycles."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml

from lbzf_ros.config.load import load_plant
from lbzf_ros.config.running import RecorderSettings
from lbzf_ros.core.model import NS_PER_S, Segment
from lbzf_ros.store.engine import DATABASE_NAME, writing_engine
from lbzf_ros.store.writer import EventWriter
from lbzf_ros.video.segments import SegmentWriter
from lbzf_ros.video.sources import FileSource, Frame
from test.support import visits

DAY = "2026-07-15"
BEGIN = dt.datetime(2026, 7, 15, 15, 0, tzinfo=dt.timezone.utc)  # 10:00 in the plant
BEGIN_NS = round(BEGIN.timestamp()) * NS_PER_S
_LEFT_OUT = {
    "id",
    "created_at",
    "source_video_path",
    "source_frame_path",
    "roi_version_id",
    "cv_model_version_id",
}
"""Numbers of rows and times at which they were made; files that only the first set has."""


def lbzf(*words: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    """A command as a user starts it."""
    command = [sys.executable, "-m", "lbzf_ros.cli", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check:
        assert done.returncode == 0, done.stderr
    return done


def footage(seconds: float) -> Iterator[Frame]:
    """The beginning of the footage, as the camera of that day gave it."""
    camera = load_plant(visits.PLANT_FILE).cameras[0].model_copy(update={"start_time": BEGIN})
    until_ns = BEGIN_NS + round(seconds * NS_PER_S)
    return takewhile(lambda frame: frame.stamp_ns < until_ns, FileSource(camera).frames())


def record(data: Path, frames: Iterator[Frame], camera: str = "cam1") -> list[Segment]:
    """Write pictures as segments of a data folder; give them."""
    writer = SegmentWriter(camera, data, RecorderSettings(), 5.0)
    closed = [writer.write(frame.image_bgr, frame.stamp_ns) for frame in frames]
    return [segment for segment in (*closed, writer.close()) if segment is not None]


def enter(data: Path, segments: list[Segment]) -> None:
    """Enter segments in the database of a data folder."""
    engine = writing_engine(data / DATABASE_NAME)
    for s in segments:
        EventWriter(engine).write_segment(
            camera=s.camera, path=s.path, start_ns=s.start_ns, end_ns=s.end_ns, frames=s.frames, codec=s.codec
        )
    engine.dispose()


def plant_file(folder: Path, source: Path, **zone: Any) -> Path:
    """The footage's plant file with another source and changes to its zone."""
    plant = yaml.safe_load(visits.PLANT_FILE.read_text("utf-8"))
    camera = plant["modules"][0]["cameras"][0]
    camera["source"], camera["start_time"] = str(source), BEGIN.isoformat()
    plant["modules"][0]["workstations"][0]["zones"]["work"].update(zone)
    path = folder / f"plant-{len(list(folder.glob('plant-*')))}.yaml"
    path.write_text(yaml.safe_dump(plant), "utf-8")
    return path


def measured_day(folder: Path, seconds: float) -> tuple[Path, Path]:
    """A data folder with video and first set of a day, and the plant file that it was measured with.

    The first set is what `lbzf process` makes of the recorded file: another reader of video, and no hand-over.
    """
    data = folder / "data"
    (segment,) = record(data, footage(seconds))
    plant = plant_file(folder, data / segment.path)
    lbzf("process", "--plant", plant, "--data", data)
    enter(data, [segment])
    return data, plant


def rows(data: Path, table: str = "cycle_events") -> list[dict[str, Any]]:
    """The cycles of a set, without what two sets cannot have in common."""
    with sqlite3.connect(f"file:{data / DATABASE_NAME}?mode=ro", uri=True) as database:
        database.row_factory = sqlite3.Row
        found = [dict(row) for row in database.execute(f"SELECT * FROM {table} ORDER BY start_ts, event_uid")]
    return [{name: value for name, value in row.items() if name not in _LEFT_OUT} for row in found]


def explanations(data: Path) -> dict[str, bytes]:
    """Why each cycle was decided as it was, packed."""
    with sqlite3.connect(f"file:{data / DATABASE_NAME}?mode=ro", uri=True) as database:
        return dict(database.execute("SELECT * FROM cycle_explanations").fetchall())


def content(data: Path) -> str:
    """A checksum over all rows of the first set."""
    with sqlite3.connect(f"file:{data / DATABASE_NAME}?mode=ro", uri=True) as database:
        return hashlib.sha256("\n".join(database.iterdump()).encode()).hexdigest()


def second_set(data: Path) -> Path:
    """The only second set of a data folder."""
    (found,) = (data / "remeasured").iterdir()
    return found
