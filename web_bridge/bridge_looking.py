"""Hears pictures and people of a camera from the graph, only while somebody waits for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.nodes.base import LbzfNode
from lbzf_ros.ros import convert, topics
from web_bridge.looking import Looking

_LOOK_EVERY_S = 0.1


class Eyes:
    """Subscribes and ends subscriptions, as `Looking` says."""

    def __init__(self, node: LbzfNode, looking: Looking) -> None:
        """Work from the node's own thread."""
        self._node, self._looking = node, looking
        self._heard: dict[str, list[Any]] = {camera.label: [] for camera in node.plant.cameras}
        for camera in self._heard:
            self._hear_rois(camera)
        node.create_timer(_LOOK_EVERY_S, self._look)

    def _hear_rois(self, camera: str) -> None:
        def heard(message: Any) -> None:
            self._looking.put(camera, rois=convert.rois_from_msg(message))

        self._node.subscribe(topics.ROI_SET, heard, camera)

    def _look(self) -> None:
        for camera, heard in self._heard.items():
            wanted = self._looking.is_wanted(camera)
            if wanted and not heard:
                heard.extend(self._hear(camera))
            while heard and not wanted:
                self._node.destroy_subscription(heard.pop())

    def _hear(self, camera: str) -> list[Any]:
        def on_image(message: Any) -> None:
            try:
                image = convert.image_from_msg(message)
            except InvalidValue as error:
                self._node.get_logger().error(str(error))
                return
            self._looking.put(camera, image=(convert.time_from_msg(message.header.stamp), image))

        def on_people(message: Any) -> None:
            self._looking.put(camera, people=convert.detections_from_msg(message))

        # Best effort also where they are sent reliably: a replay must not wait for who looks on.
        people = replace(topics.DETECTIONS, qos=topics.IMAGE_LIVE.qos)
        asked = ((topics.IMAGE_LIVE, on_image), (people, on_people))
        return [self._node.subscribe_for_a_while(topic, callback, camera) for topic, callback in asked]
