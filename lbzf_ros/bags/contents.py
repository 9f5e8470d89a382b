"""Which topics of a plant go into a bag, and how pictures do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rclpy.qos import DurabilityPolicy

from lbzf_ros.config.schema import Plant
from lbzf_ros.ros import topics
from lbzf_ros.ros.topics import Topic

COMPRESSED = "compressed"
"""Last part of the name of compressed pictures, as image_transport has it: rqt, rviz and Foxglove know it."""


class Images(str, Enum):
    """How pictures are recorded."""

    none = "none"
    """Not at all."""
    jpeg = "jpeg"
    """Small, for people to look at. Pixels change a little, so a replay from them may measure otherwise."""
    png = "png"
    """Every pixel as it was: a replay from them gives the same cycles. Costs the most processor time."""
    raw = "raw"
    """The message as it came: every pixel as it was, the most bytes, the least work."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A topic that is recorded.

    Attributes:
        name: full name.
        topic: what it is.
        camera: label of its camera; empty: of the plant.
        is_picture: of pictures.
        is_from_start: what its publisher holds is asked for: of a camera that waits for the graph nothing may be
            missing, and its first picture may be under way before its driver has found the recorder. A live one is
            recorded from now on.
    """

    name: str
    topic: Topic
    camera: str = ""
    is_picture: bool = False
    is_from_start: bool = False

    @property
    def durability(self) -> DurabilityPolicy:
        """Whether the messages before the recorder came are asked for."""
        qos = self.topic.offered if self.is_from_start else self.topic.qos
        return qos.durability


_OF_CAMERA = (
    topics.DETECTIONS,
    topics.OCCUPANCY,
    topics.STATION_STATES,
    topics.ROI_SET,
    topics.CAMERA_STATUS,
    topics.SEGMENTS,
)
_OF_PLANT = (topics.PLANT_INFO, topics.CYCLE_EVENTS, topics.DIAGNOSTICS)


def recorded_topics(plant: Plant, images: Images) -> list[Recorded]:
    """All topics that go into a bag of a plant.

    Of cameras with `privacy` no pictures: as they are they may not be kept, and changed they would measure something
    else.
    """
    found = [Recorded(topic.path, topic) for topic in _OF_PLANT]
    for camera in plant.cameras:
        label, from_start = camera.label, camera.lossless
        found += [Recorded(topic.of(label), topic, label, is_from_start=from_start) for topic in _OF_CAMERA]
        if images is not Images.none and not camera.privacy.wanted:
            topic = topics.image(lossless=camera.lossless)
            found.append(Recorded(topic.of(label), topic, label, is_picture=True, is_from_start=from_start))
    return found


def repeated_topics(plant: Plant) -> frozenset[str]:
    """What every file of a bag begins with: without the zones nothing in it can be played."""
    return frozenset([topics.PLANT_INFO.path, *(topics.ROI_SET.of(camera.label) for camera in plant.cameras)])


def compressed_name(image_topic: str) -> str:
    """Where compressed pictures of an image topic are."""
    return f"{image_topic}/{COMPRESSED}"
