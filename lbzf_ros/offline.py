"""A camera's recording becomes rows without ROS: the same steps as the graph, as fast as the machine can."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lbzf_ros.config.schema import Camera, Plant
from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind, RoiSet
from lbzf_ros.core.pipeline import CameraPipeline
from lbzf_ros.detectors.finder import PeopleFinder
from lbzf_ros.disk import write_whole
from lbzf_ros.video.pictures import PictureMemory
from lbzf_ros.video.sources import Source


@dataclass(frozen=True, slots=True)
class Step:
    """One picture has been processed.

    Attributes:
        stamp_ns: its capture time.
        events: the decisions it allowed; the last step of a run has those of the end.
    """

    stamp_ns: int
    events: list[CycleEvent]


def process_camera(
    plant: Plant, camera: Camera, source: Source, rois: RoiSet, data: Path, *, until_s: float | None = None
) -> Iterator[Step]:
    """Run all steps on one camera's pictures; the picture of each cycle's start is written below `data`.

    Args:
        plant: gives the detector's and the recorder's settings.
        camera: the camera.
        source: where its pictures come from.
        rois: its zones with the row ids of the database.
        data: the data folder.
        until_s: stop after so many seconds of recording; None: at its end.

    Yields:
        A step for every picture.

    Raises:
        SourceError: the recording cannot be read.
    """
    pipeline = CameraPipeline(PeopleFinder(plant.detector, rois), rois)
    settings = plant.recorder
    memory = PictureMemory(
        round(settings.picture_memory_s * NS_PER_S), round(NS_PER_S / camera.fps), settings.jpeg_quality
    )
    first_ns = last_ns = 0
    for frame in source.frames():
        first_ns = first_ns or frame.stamp_ns
        if until_s is not None and frame.stamp_ns - first_ns >= until_s * NS_PER_S:
            break
        last_ns = frame.stamp_ns
        memory.add(frame.image_bgr, frame.stamp_ns)
        events = pipeline.update(frame.image_bgr, frame.stamp_ns)
        for event in events:
            _save_picture(event, memory, data)
        yield Step(frame.stamp_ns, events)
    yield Step(last_ns, pipeline.finish())


def _save_picture(event: CycleEvent, memory: PictureMemory, data: Path) -> None:
    path = data / event.frame_path
    picture = memory.at(event.start_ns) if event.kind is EventKind.START else None
    if picture is not None and not path.exists():
        write_whole(path, picture)
