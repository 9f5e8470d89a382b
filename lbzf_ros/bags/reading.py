"""What a bag holds of each camera: its pictures, detections or occupancies in the order in which they were taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rclpy.serialization import deserialize_message

from lbzf_ros.bags.contents import compressed_name
from lbzf_ros.bags.errors import BagError
from lbzf_ros.bags.pictures import picture_format, picture_of, stamp_of
from lbzf_ros.bags.stored import messages, topics_of
from lbzf_ros.core.model import RoiSet
from lbzf_ros.core.order import Order, Turn
from lbzf_ros.ros import convert, topics
from lbzf_ros.video.sources import Frame


class Origin(str, Enum):
    """From which step on a replay measures again."""

    images = "images"
    detections = "detections"
    occupancy = "occupancy"


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One picture of a camera at one step.

    Attributes:
        camera: its label.
        stamp_ns: capture time.
        cdr: the message as it was recorded.
        type_name: of the message.
        image_bgr: (height, width, 3), of what was no message: a segment of video.
    """

    camera: str
    stamp_ns: int
    cdr: bytes = b""
    type_name: str = ""
    image_bgr: NDArray[np.uint8] | None = None

    def frame(self) -> Frame:
        """The picture.

        Raises:
            BagError: it cannot be decoded.
        """
        if self.image_bgr is not None:
            return Frame(self.image_bgr, self.stamp_ns)
        stamp_ns, image = picture_of(self.cdr, self.type_name)
        return Frame(image, stamp_ns)


@dataclass
class Heard:
    """What a bag holds of one camera.

    Attributes:
        zones: the zones in force when the recording began; None: it has none.
        references: the views on which they were drawn, as far as they were known at its end.
        stamps: of each origin, the capture times in the order in which they were recorded, repetitions included.
        answers: capture times that the cycle tracker answered, as far as they were recorded.
        lossless: every picture waited for its answer, so the tracker looked at all that were looked at before it.
        other_zones_ns: when zones or rules were changed while it was recorded; None: never.
    """

    zones: RoiSet | None = None
    references: RoiSet | None = None
    stamps: dict[Origin, list[int]] = field(default_factory=lambda: {origin: [] for origin in Origin})
    answers: list[int] = field(default_factory=list)
    lossless: bool = False
    other_zones_ns: int | None = None

    def wanted(self, origin: Origin) -> set[int]:
        """Capture times that a replay takes: of what the next steps have looked at in the recorded run.

        A live detector skips pictures when it is busy, and a node that starts later than another misses some: a
        replay that took them too would measure something else.
        """
        steps = list(Origin)[list(Origin).index(origin) :]
        sets = [set(stamps) for step in steps if (stamps := self.stamps[step])]
        wanted = set.intersection(*sets) if sets else set()
        first, last = self._answered(wanted)
        return {stamp for stamp in wanted if first <= stamp <= last} if last else wanted

    def _answered(self, looked_at: set[int]) -> tuple[int, int]:
        """The first and the last picture that the tracker took, by their stamps; 0 and 0: not recorded."""
        # Before the first picture the tracker says up to where it has looked: 0, or in a run before this one.
        answers = [stamp for stamp in self.answers if stamp in looked_at]
        if not answers:
            return 0, 0
        # Only the latest answer is kept for who listens: in a fast replay the first ones may not be in the bag.
        return (0 if self.lossless else min(answers)), max(answers)


class Bags:
    """One bag, or several that follow each other, as one recording."""

    def __init__(self, paths: list[Path], *, lossless: Collection[str] = ()) -> None:
        """Look through everything but the pictures.

        Args:
            paths: of the bags.
            lossless: cameras whose pictures waited for the graph when they were recorded.

        Raises:
            DetectorError: a bag cannot be read.
            BagError: there is nothing of LBZF in it.
        """
        self.paths = paths
        self.cameras: dict[str, Heard] = defaultdict(Heard)
        self._pictures: dict[str, str] = {}
        self._has_looked_at_pictures = False
        self._look_through()
        for label in lossless:
            if label in self.cameras:
                self.cameras[label].lossless = True
        if not self.cameras:
            raise BagError(
                f"{paths[0]}: has nothing of LBZF in it (no topic /lbzf/…/detections, occupancy or pictures)"
            )

    def items(self, origin: Origin, *, camera: str | None = None) -> Iterator[Item]:
        """What a replay takes, in order.

        Args:
            origin: the step.
            camera: only of this camera; None: of all.

        Raises:
            DetectorError: a bag cannot be read.
        """
        labels = [label for label in self.cameras if camera in (None, label)]
        wanted = {label: self.wanted(origin, label) for label in labels}
        orders = {label: Order() for label in labels}
        for label, _, item in self._messages({self._topic(origin, label): label for label in labels}):
            if item.stamp_ns not in wanted[label]:
                continue
            if orders[label].judge(item.stamp_ns) in (Turn.NEW, Turn.RESTART):
                orders[label].took(item.stamp_ns)
                yield item

    def wanted(self, origin: Origin, camera: str) -> set[int]:
        """Capture times that a replay takes; see `Heard.wanted`."""
        if origin is Origin.images:
            self._look_at_pictures()
        return self.cameras[camera].wanted(origin)

    def missing_pictures(self, camera: str) -> int:
        """Pictures that were looked at in the recorded run and are not in the bag."""
        self._look_at_pictures()
        stamps = self.cameras[camera].stamps
        looked_at = set(stamps[Origin.detections])
        return len(looked_at - set(stamps[Origin.images]))

    def has_lossy_pictures(self, camera: str) -> bool:
        """Whether a camera's pictures are not pixel by pixel what was looked at."""
        first = next(iter(self.items(Origin.images, camera=camera)), None)
        if first is None or first.type_name == "sensor_msgs/msg/Image":
            return False
        return "png" not in picture_format(first.cdr)

    def _topic(self, origin: Origin, camera: str) -> str:
        if origin is Origin.images:
            return self._pictures.get(camera, "")
        return {Origin.detections: topics.DETECTIONS, Origin.occupancy: topics.OCCUPANCY}[origin].of(camera)

    def _messages(self, wanted: dict[str, str]) -> Iterator[tuple[str, str, Item]]:
        """Camera, topic and message of everything on some topics (topic: camera)."""
        for found in messages(self.paths, [topic for topic in wanted if topic]):
            label = wanted[found.topic]
            yield label, found.topic, Item(label, stamp_of(found.cdr), found.cdr, found.type_name)

    def _look_through(self) -> None:
        there = topics_of(self.paths)
        known: dict[str, tuple[str, Callable[[Heard, Item], None]]] = {}
        for label in sorted({name.split("/")[2] for name in there if name.startswith("/lbzf/cam")}):
            image = topics.IMAGE_LOSSLESS.of(label)
            for name in (image, compressed_name(image)):
                if name in there:
                    self._pictures.setdefault(label, name)
            known |= {
                topics.ROI_SET.of(label): (label, _zones),
                topics.STATION_STATES.of(label): (label, _answer),
                topics.DETECTIONS.of(label): (label, _stamp(Origin.detections)),
                topics.OCCUPANCY.of(label): (label, _stamp(Origin.occupancy)),
            }
            if label in self._pictures:
                self.cameras[label] = Heard()  # also where there is nothing but pictures
        for label, topic, item in self._messages({name: label for name, (label, _) in known.items()}):
            known[topic][1](self.cameras[label], item)

    def _look_at_pictures(self) -> None:
        """When which picture was taken. Not before it is asked for: pictures are nearly all of a bag."""
        if self._has_looked_at_pictures:
            return
        self._has_looked_at_pictures = True
        for label, _, item in self._messages({topic: label for label, topic in self._pictures.items()}):
            self.cameras[label].stamps[Origin.images].append(item.stamp_ns)


def _stamp(origin: Origin) -> Callable[[Heard, Item], None]:
    return lambda heard, item: heard.stamps[origin].append(item.stamp_ns)


def _answer(heard: Heard, item: Item) -> None:
    heard.answers.append(item.stamp_ns)


def _zones(heard: Heard, item: Item) -> None:
    rois = convert.rois_from_msg(deserialize_message(item.cdr, topics.ROI_SET.type))
    heard.zones = heard.zones or rois
    if rois.identity != heard.zones.identity:
        heard.other_zones_ns = heard.other_zones_ns or item.stamp_ns
    else:
        heard.references = rois
