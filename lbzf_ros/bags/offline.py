"""A replay without ROS: the steps from the chosen one on, one camera after the other, as fast as the machine can."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.serialization import deserialize_message

from lbzf_ros.bags.prepare import Prepared
from lbzf_ros.bags.reading import Item, Origin
from lbzf_ros.config.schema import Camera
from lbzf_ros.core.cycle import CycleTracker
from lbzf_ros.core.model import CycleEvent, FrameDetections, RoiSet
from lbzf_ros.core.order import Order, Turn
from lbzf_ros.core.pipeline import CLOCK_SET_BACK, STOPPED, CameraPipeline
from lbzf_ros.offline import Step, process_camera
from lbzf_ros.ros import convert, topics
from lbzf_ros.store.engine import writing_engine
from lbzf_ros.store.writer import EventWriter
from lbzf_ros.store.zones import set_reference
from lbzf_ros.video.pace import Pacer
from lbzf_ros.video.sources import Frame

Items = Callable[[str], Iterable[Item]]
"""The pictures of a camera at the step at which a replay begins."""


@dataclass(frozen=True, slots=True)
class _Pictures:
    """A recording as a source of pictures."""

    items: Iterable[Item]
    pacer: Pacer
    live: bool = False
    length_s: float | None = None

    def frames(self) -> Iterator[Frame]:
        """Its pictures."""
        for item in _paced(self.items, self.pacer):
            yield item.frame()


def replay_offline(
    prepared: Prepared,
    origin: Origin,
    items: Items,
    *,
    known_views: Collection[str],
    speed: float | None,
    progress: Callable[[str, int], None],
) -> list[CycleEvent]:
    """Measure a recording again and write its cycles into the prepared folder.

    Args:
        prepared: the folder.
        origin: the first recorded step that is taken over.
        items: the recording.
        known_views: cameras whose views the recording knows: those that were chosen then stay (`prepare.finish`).
        speed: times real time; None: as fast as it goes.
        progress: is told the camera and the stamp after each picture.

    Returns:
        Every decision.

    Raises:
        StoreError: the database refused.
        BagError, DetectorError: the recording cannot be read.
    """
    engine = writing_engine(prepared.database)
    writer = EventWriter(engine)
    decided: list[CycleEvent] = []
    try:
        for camera in prepared.plant.cameras:
            steps = _steps(prepared, camera, origin, items(camera.label), Pacer(speed))
            for step in steps:
                if step.reference is not None and camera.label not in known_views:
                    view = step.reference.view
                    set_reference(engine, view.roi_version_ids, step.reference.path, view.features)
                for event, error in writer.write(step.events, now_ns=time.time_ns()) if step.events else ():
                    raise error.__class__(f"event {event.event_uid}: {error}")
                decided += step.events
                progress(camera.label, step.stamp_ns)
    finally:
        engine.dispose()
    return decided


def _steps(
    prepared: Prepared, camera: Camera, origin: Origin, items: Iterable[Item], pacer: Pacer
) -> Iterator[Step]:
    rois = prepared.rois[camera.label]
    if origin is Origin.images:
        return process_camera(prepared.plant, camera, _Pictures(items, pacer), rois, prepared.folder)
    from_here = _from_detections if origin is Origin.detections else _from_occupancy
    return from_here(rois, _paced(items, pacer))


_NO_PICTURE: NDArray[np.uint8] = np.zeros((1, 1, 3), np.uint8)


def _from_detections(rois: RoiSet, items: Iterable[Item]) -> Iterator[Step]:
    people: list[FrameDetections] = []
    # The first step is the recording: it gives what was found, whatever it is shown.
    pipeline = CameraPipeline(lambda: lambda _image, _stamp_ns: people.pop(), rois)
    last_ns = 0
    for item in items:
        people[:] = [convert.detections_from_msg(_message(item, topics.DETECTIONS.type))]
        last_ns = item.stamp_ns
        yield Step(last_ns, pipeline.update(_NO_PICTURE, last_ns))
    yield Step(last_ns, pipeline.finish())


def _from_occupancy(rois: RoiSet, items: Iterable[Item]) -> Iterator[Step]:
    tracker, order, last_ns = CycleTracker(rois), Order(), 0
    for item in items:
        turn = order.judge(item.stamp_ns)
        if turn in (Turn.AGAIN, Turn.OLD):
            continue
        given_up: list[CycleEvent] = []
        if turn is Turn.RESTART:
            given_up = tracker.abort(*CLOCK_SET_BACK)
            tracker = CycleTracker(rois)
        events, _ = tracker.update(convert.occupancy_from_msg(_message(item, topics.OCCUPANCY.type)))
        order.took(item.stamp_ns)
        last_ns = item.stamp_ns
        yield Step(last_ns, given_up + events)
    yield Step(last_ns, tracker.abort(*STOPPED))


def _message(item: Item, kind: Any) -> Any:
    return deserialize_message(item.cdr, kind)


def _paced(items: Iterable[Item], pacer: Pacer) -> Iterator[Item]:
    for item in items:
        if (delay_s := pacer.delay_s(item.stamp_ns)) > 0:
            time.sleep(delay_s)
        yield item
