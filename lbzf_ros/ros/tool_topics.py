"""Topics for rqt, rviz and Foxglove. Nothing of LBZF hears them, and nothing is sent while nobody does.

All are reliable and not latched, which fits what the tools ask for: rviz reliable, rqt best effort, Foxglove and
`ros2 topic` whatever is offered. The two message packages of markers and boxes may be missing: then those topics are
not offered.
"""

from __future__ import annotations

import importlib
from typing import Any

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from lbzf_ros.ros.topics import Topic

_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=2,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.VOLATILE,
)


def _offered(path: str, package: str, message: str) -> Topic | None:
    try:
        kind: Any = getattr(importlib.import_module(f"{package}.msg"), message)
    except (ImportError, AttributeError):
        return None
    return Topic(path, kind, _QOS)


ANNOTATED = Topic("/lbzf/{camera}/annotated", Image, _QOS)
ANNOTATED_JPEG = Topic("/lbzf/{camera}/annotated/compressed", CompressedImage, _QOS)
"""Named as image_transport does, so that tools take it for the same picture."""
MARKERS = _offered("/lbzf/{camera}/markers", "visualization_msgs", "MarkerArray")
BOXES = _offered("/lbzf/{camera}/detections_2d", "vision_msgs", "Detection2DArray")


def looking_on(topic: Topic) -> Topic:
    """A topic of the graph for somebody who only looks on: nobody waits for him, and what he misses is gone."""
    qos = QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=topic.qos.depth,
        reliability=ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.VOLATILE,
    )
    return Topic(topic.path, topic.type, qos)
