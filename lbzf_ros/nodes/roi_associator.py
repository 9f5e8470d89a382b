"""Node: people become occupied zones."""

from __future__ import annotations

import functools
import time
from typing import Any

from lbzf_ros.config.schema import Camera
from lbzf_ros.core.association import Associator
from lbzf_ros.nodes.base import LbzfNode, run
from lbzf_ros.nodes.flow import Answers, Turn
from lbzf_ros.ros import convert, topics


class RoiAssociator(LbzfNode):
    """Publishes, for every picture of every camera, which zones of which stations show evidence."""

    def __init__(self) -> None:
        super().__init__("roi_associator")
        self._cameras = {camera.label: _OneCamera(self, camera) for camera in self.plant.cameras}


class _OneCamera:
    def __init__(self, node: RoiAssociator, camera: Camera) -> None:
        self._counter = node.diagnostics.counter(camera.label)
        self._answers: Answers[Any] = Answers()
        self._associator: Associator | None = None
        self._publisher = node.publisher_of_pictures(topics.OCCUPANCY, camera)
        node.subscribe(topics.ROI_SET, self._on_rois, camera.label)
        node.subscribe(topics.DETECTIONS, self._on_detections, camera.label)

    def _on_rois(self, message: Any) -> None:
        rois = convert.rois_from_msg(message)
        if self._associator is None or self._associator.rois.identity != rois.identity:
            self._associator = Associator(rois)

    def _on_detections(self, message: Any) -> None:
        arrived_s = time.monotonic()
        self._counter.received += 1
        stamp_ns = convert.time_from_msg(message.header.stamp)
        turn = self._answers.judge(stamp_ns)
        if turn is Turn.AGAIN:
            self._publisher.publish(self._answers.known(stamp_ns))
        elif turn is Turn.OLD or self._associator is None:
            self._counter.skipped += 1
        else:
            if turn is Turn.RESTART:
                self._associator = Associator(self._associator.rois)
            occupancy = self._associator.update(convert.detections_from_msg(message))
            self._publisher.publish(self._answers.add(stamp_ns, convert.occupancy_to_msg(occupancy)))
            self._counter.done(time.monotonic() - arrived_s)


main = functools.partial(run, RoiAssociator)

if __name__ == "__main__":
    main()
