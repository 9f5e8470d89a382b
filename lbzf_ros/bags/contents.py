"""Which topics of a plant go into a bag, and how pictures do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

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
    """A topic that is recorded, by its full name."""

    name: str
    topic: Topic
    camera: str = ""
    is_picture: bool = False


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
        found += [Recorded(topic.of(camera.label), topic, camera.label) for topic in _OF_CAMERA]
        if images is not Images.none and not camera.privacy.wanted:
            topic = topics.image(lossless=camera.lossless)
            found.append(Recorded(topic.of(camera.label), topic, camera.label, is_picture=True))
    return found


def repeated_topics(plant: Plant) -> frozenset[str]:
    """What every file of a bag begins with: without the zones nothing in it can be played."""
    return frozenset([topics.PLANT_INFO.path, *(topics.ROI_SET.of(camera.label) for camera in plant.cameras)])


def compressed_name(image_topic: str) -> str:
    """Where compressed pictures of an image topic are."""
    return f"{image_topic}/{COMPRESSED}"
