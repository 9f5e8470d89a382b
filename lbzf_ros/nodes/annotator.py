"""Node: what was found, drawn for rqt, rviz and Foxglove.

While nobody has subscribed it hears nothing and draws nothing. It only looks on: no other node waits for it.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from lbzf_ros.annotate.gathering import Gathering, Parts
from lbzf_ros.annotate.look import Look
from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import RoiSet
from lbzf_ros.nodes.base import LbzfNode, run
from lbzf_ros.ros import convert, convert_tools, tool_topics, topics
from lbzf_ros.ros.params import declare_settings
from lbzf_ros.ros.tool_topics import looking_on
from lbzf_ros.ros.topics import Topic

_LOOK_EVERY_S = 0.5
"""So soon it notices that somebody subscribes, or has gone."""


class Annotator(LbzfNode):
    """Publishes annotated pictures, markers and boxes of every camera to whoever asks for them."""

    def __init__(self) -> None:
        super().__init__("annotator")
        self.tools = declare_settings(self, self.plant.tools)
        left_px = 0
        self._cameras: list[_OneCamera] = []
        for camera in self.plant.cameras:
            self._cameras.append(_OneCamera(self, camera.label, left_px))
            left_px += camera.resolution_px[0] + convert_tools.PX_PER_M // 2
        self.create_timer(_LOOK_EVERY_S, self._look_who_is_there)

    def _look_who_is_there(self) -> None:
        for camera in self._cameras:
            camera.look_who_is_there()


class _OneCamera:
    def __init__(self, node: Annotator, camera: str, left_px: int) -> None:
        self._node, self._camera, self._left_px = node, camera, left_px
        self._counter = node.diagnostics.counter(camera)
        offered = (
            tool_topics.ANNOTATED,
            tool_topics.ANNOTATED_JPEG,
            tool_topics.MARKERS,
            tool_topics.BOXES,
        )
        self._publishers = {topic.path: node.publisher(topic, camera) for topic in offered if topic}
        self._heard: list[Any] = []
        self._heard_image: list[Any] = []
        self._gathering = Gathering()
        self._rois: RoiSet | None = None

    def look_who_is_there(self) -> None:
        """Begin to hear what is needed now, and end to hear what is not."""
        if any(publisher.get_subscription_count() for publisher in self._publishers.values()):
            self._heard = self._heard or [
                self._hear(topics.ROI_SET, self._on_rois),
                self._hear(looking_on(topics.DETECTIONS), self._on_people),
                self._hear(looking_on(topics.OCCUPANCY), self._on_occupancy),
                self._hear(looking_on(topics.STATION_STATES), self._on_states),
            ]
        else:
            self._end(self._heard)
        if self._is_drawing():
            # Best effort also where pictures are sent reliably: a replay must not wait for who looks on.
            self._heard_image = self._heard_image or [self._hear(topics.IMAGE_LIVE, self._on_image)]
        else:
            self._end(self._heard_image)

    def _is_wanted(self, topic: Topic) -> bool:
        return bool(self._publishers[topic.path].get_subscription_count())

    def _is_drawing(self) -> bool:
        return self._is_wanted(tool_topics.ANNOTATED) or self._is_wanted(tool_topics.ANNOTATED_JPEG)

    def _hear(self, topic: Topic, callback: Callable[[Any], None]) -> Any:
        def take(message: Any) -> None:
            try:
                callback(message)
            except (
                InvalidValue,
                ValueError,
                TypeError,
            ) as error:  # this picture is not drawn, the next one is
                self._counter.fail(f"{topic.of(self._camera)}: a message holds what cannot be: {error}")

        return self._node.subscribe_for_a_while(topic, take, self._camera)

    def _end(self, heard: list[Any]) -> None:
        if heard:
            self._gathering = Gathering()  # what waits is old when somebody comes again
        while heard:
            self._node.destroy_subscription(heard.pop())

    def _parts(self, message: Any) -> Parts:
        return self._gathering.at(convert.time_from_msg(message.header.stamp))

    def _on_rois(self, message: Any) -> None:
        self._rois = convert.rois_from_msg(message)

    def _on_image(self, message: Any) -> None:
        self._parts(message).image = message
        self._show()

    def _on_people(self, message: Any) -> None:
        self._counter.received += 1
        self._parts(message).people = convert.detections_from_msg(message)
        self._show()

    def _on_occupancy(self, message: Any) -> None:
        self._parts(message).occupancy = convert.occupancy_from_msg(message)
        self._show()

    def _on_states(self, message: Any) -> None:
        self._parts(message).states = tuple(convert.states_from_msg(message))
        self._show()

    def _show(self) -> None:
        began_s = time.monotonic()
        # What comes at the same time is heard in any order: the picture may be the last.
        parts = self._gathering.take(with_image=self._is_drawing())
        if parts is None or parts.people is None or self._rois is None:
            return
        look = Look(self._rois, parts.people, parts.occupancy, parts.states)
        self._send(tool_topics.MARKERS, lambda: convert_tools.markers_to_msg(look, self._left_px))
        self._send(tool_topics.BOXES, lambda: convert_tools.boxes_to_msg(look.people))
        if parts.image is not None and self._is_drawing():
            self._show_picture(parts.image, look)
        self._counter.done(time.monotonic() - began_s)

    def _show_picture(self, message: Any, look: Look) -> None:
        # Imported when it is needed: OpenCV takes memory, and mostly nobody looks.
        from lbzf_ros.annotate.drawing import annotated, jpeg_of

        try:
            picture = annotated(convert.image_from_msg(message), look)
        except InvalidValue as error:
            self._counter.fail(str(error))
            return
        stamp_ns = look.people.stamp_ns
        self._send(tool_topics.ANNOTATED, lambda: convert.image_to_msg(self._camera, stamp_ns, picture))
        quality = self._node.tools.jpeg_quality
        self._send(
            tool_topics.ANNOTATED_JPEG,
            lambda: convert_tools.jpeg_to_msg(self._camera, stamp_ns, jpeg_of(picture, quality)),
        )

    def _send(self, topic: Topic | None, make: Callable[[], Any]) -> None:
        """Make a message and send it, if anybody hears it."""
        if topic and self._is_wanted(topic):
            self._publishers[topic.path].publish(make())


main = functools.partial(run, Annotator)

if __name__ == "__main__":
    main()
