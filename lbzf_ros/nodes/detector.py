"""Node: pictures become people. One process for all cameras, tracking included."""

from __future__ import annotations

import functools
import time
from typing import Any

from lbzf_ros.config.schema import Camera
from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import RoiSet
from lbzf_ros.detectors.base import create, notice_of
from lbzf_ros.detectors.finder import PeopleFinder
from lbzf_ros.nodes.base import LbzfNode, run
from lbzf_ros.nodes.flow import Answers, Turn
from lbzf_ros.ros import convert, topics
from lbzf_ros.ros.params import declare_settings


class Detector(LbzfNode):
    """Publishes the people in every picture of every camera, and how much its motion zones moved."""

    def __init__(self) -> None:
        super().__init__("detector")
        self.settings = declare_settings(self, self.plant.detector)
        # A backend that cannot run is said at the start, not at the first picture.
        if notice := notice_of(create(self.settings, self.plant.cameras[0].label)):
            self.diagnostics.note("detector_fallback", notice)
        self._cameras = [_OneCamera(self, camera) for camera in self.plant.cameras]


class _OneCamera:
    def __init__(self, node: Detector, camera: Camera) -> None:
        self._node = node
        self._counter = node.diagnostics.counter(camera.label)
        self._answers: Answers[Any] = Answers()
        self._rois: RoiSet | None = None
        self._finder: PeopleFinder | None = None
        self._publisher = node.publisher(topics.DETECTIONS, camera.label)
        node.subscribe(topics.ROI_SET, self._on_rois, camera.label)
        node.subscribe(topics.image(lossless=camera.lossless), self._on_image, camera.label)

    def _on_rois(self, message: Any) -> None:
        rois = convert.rois_from_msg(message)
        if self._rois is None or self._rois.identity != rois.identity:
            self._rois, self._finder = rois, PeopleFinder(self._node.settings, rois)

    def _on_image(self, message: Any) -> None:
        arrived_s = time.monotonic()
        self._counter.received += 1
        if self._rois is None or self._finder is None:
            self._counter.skipped += 1  # persistence has not said yet which zones are in force
            return
        stamp_ns = convert.time_from_msg(message.header.stamp)
        turn = self._answers.judge(stamp_ns)
        if turn is Turn.AGAIN:
            self._publisher.publish(self._answers.known(stamp_ns))
            return
        if turn is Turn.OLD:
            self._counter.skipped += 1
            return
        if turn is Turn.RESTART:
            self._finder = PeopleFinder(self._node.settings, self._rois)
        try:
            people = self._finder(convert.image_from_msg(message), stamp_ns)
        except InvalidValue as error:
            self._counter.fail(str(error))
            return
        self._publisher.publish(self._answers.add(stamp_ns, convert.detections_to_msg(people)))
        self._counter.done(time.monotonic() - arrived_s)


main = functools.partial(run, Detector)

if __name__ == "__main__":
    main()
