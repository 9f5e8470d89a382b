"""A camera's recording becomes rows without ROS: the same steps as the graph, as fast as the machine can."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.schema import Camera, Plant
from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind, FrameDetections, ReferenceView, RoiSet
from lbzf_ros.core.pipeline import CameraPipeline, FindPeople
from lbzf_ros.detectors.finder import PeopleFinder
from lbzf_ros.disk import write_whole
from lbzf_ros.drift.features import features_to_bytes
from lbzf_ros.drift.reference import ReferenceChoice, ids_without
from lbzf_ros.video.pictures import PictureMemory, reference_path
from lbzf_ros.video.privacy import Privacy
from lbzf_ros.video.sources import Frame, Source


@dataclass(frozen=True, slots=True)
class Step:
    """One picture has been processed.

    Attributes:
        stamp_ns: its capture time.
        events: the decisions it allowed; the last step of a run has those of the end.
        reference: the picture with which zones that had none are compared from now on, once it is chosen.
    """

    stamp_ns: int
    events: list[CycleEvent]
    reference: ReferencePicture | None = None


@dataclass(frozen=True, slots=True)
class ReferencePicture:
    """The view on which zones were drawn, and its picture, relative to the data folder."""

    path: str
    view: ReferenceView


def process_camera(
    plant: Plant,
    camera: Camera,
    source: Source,
    rois: RoiSet,
    data: Path,
    *,
    until_s: float | None = None,
    on_people: Callable[[FrameDetections], None] | None = None,
) -> Iterator[Step]:
    """Run all steps on one camera's pictures; the picture of each cycle's start is written below `data`.

    Args:
        plant: gives the detector's and the recorder's settings.
        camera: the camera.
        source: where its pictures come from.
        rois: its zones with the row ids of the database.
        data: the data folder.
        until_s: stop after so many seconds of recording; None: at its end.
        on_people: is told the people of every picture that was looked at, with their tracks.

    Yields:
        A step for every picture.

    Raises:
        SourceError: the recording cannot be read.
    """
    views = _Views(rois)
    privacy, seen = Privacy(camera.privacy), _Seen(on_people)
    pipeline = CameraPipeline(
        lambda: _telling(PeopleFinder(plant.detector, views.rois, plant.drift), seen.look), rois
    )
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
        events = pipeline.update(frame.image_bgr, frame.stamp_ns)
        memory.add(privacy.applied(frame.image_bgr, seen.at(frame.stamp_ns)), frame.stamp_ns)
        for event in events:
            _save_picture(event, memory, data)
        yield Step(frame.stamp_ns, events, views.look(frame, memory, data))
    yield Step(last_ns, pipeline.finish())


def _telling(find_people: FindPeople, on_people: Callable[[FrameDetections], None] | None) -> FindPeople:
    """The same step, which tells somebody what it finds."""
    if on_people is None:
        return find_people

    def find_and_tell(image_bgr: NDArray[np.uint8], stamp_ns: int) -> FrameDetections:
        people = find_people(image_bgr, stamp_ns)
        on_people(people)
        return people

    return find_and_tell


class _Seen:
    """The people of the last picture, for what may not be written; somebody else may be told of them as well."""

    def __init__(self, on_people: Callable[[FrameDetections], None] | None) -> None:
        self._on_people = on_people
        self._last: FrameDetections | None = None

    def look(self, people: FrameDetections) -> None:
        self._last = people
        if self._on_people is not None:
            self._on_people(people)

    def at(self, stamp_ns: int) -> NDArray[np.float32] | None:
        if self._last is None or self._last.stamp_ns != stamp_ns:
            return None
        return self._last.boxes.xyxy


class _Views:
    """The views on which a camera's zones were drawn; for those without one it is chosen as the recorder does.

    Attributes:
        rois: the zones with the views that are known so far.
    """

    def __init__(self, rois: RoiSet) -> None:
        self.rois = rois
        self._missing = ids_without(rois, rois.references)
        self._choice = ReferenceChoice()

    def look(self, frame: Frame, memory: PictureMemory, data: Path) -> ReferencePicture | None:
        """Take the next picture into account. Gives the reference when it is chosen, and its picture is written."""
        if not self._missing:
            return None
        self._choice.look(frame.image_bgr, frame.stamp_ns)
        features, picture = self._choice.features, memory.at(self._choice.stamp_ns)
        if features is None or picture is None or not self._choice.is_final:
            return None
        path = reference_path(self.rois)
        if not (data / path).exists():
            write_whole(data / path, picture)
        view = ReferenceView(self._missing, features_to_bytes(features))
        self.rois, self._missing = replace(self.rois, references=(*self.rois.references, view)), ()
        return ReferencePicture(path, view)


def _save_picture(event: CycleEvent, memory: PictureMemory, data: Path) -> None:
    path = data / event.frame_path
    picture = memory.at(event.start_ns) if event.kind is EventKind.START else None
    if picture is not None and not path.exists():
        write_whole(path, picture)
