"""The node that records: it hears every topic as bytes and writes them into a bag."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage

from lbzf_ros.bags.contents import Images, Recorded, compressed_name
from lbzf_ros.bags.pictures import compressed, stamp_of
from lbzf_ros.bags.writing import BagWriter
from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.ros import topics

_DEPTH = 1000
"""Messages that may wait: the disk may stand still for a while, and what is small is not lost for that."""
_PICTURES_WAIT = 50
"""The same for pictures; of 640x480 they are 46 MB a camera."""
_PICTURES_OF_A_RECORDING_WAIT = 200
"""In lock-step they come as fast as the machine measures, and none may be missing."""
_FORGET = 1000


@dataclass
class Missing:
    """Pictures that somebody was found in, or not, and that are not in the bag, by camera."""

    looked_at: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)

    @property
    def by_camera(self) -> dict[str, int]:
        """How many are missing."""
        return {camera: n for camera, seen in self.looked_at.items() if (n := seen - self.kept[camera])}


class BagRecorder(Node):
    """Writes what it hears. It says nothing itself, so that a system with it is as one without."""

    def __init__(
        self,
        writer: BagWriter,
        recorded: list[Recorded],
        images: Images,
        *,
        jpeg_quality: int,
        flush_s: float,
        context: Any = None,
    ) -> None:
        """Begin to record.

        Args:
            writer: gets everything.
            recorded: what to hear.
            images: how pictures are kept.
            jpeg_quality: of pictures, 0 to 100.
            flush_s: after so many seconds what came is on the disk.
            context: of rclpy; None: the default one.
        """
        super().__init__("bag_recorder", namespace="lbzf", context=context, start_parameter_services=False)
        self._writer, self._images, self._jpeg_quality = writer, images, jpeg_quality
        self.missing = Missing()
        self.unreadable = self._log_ns = 0
        self.failure: OSError | None = None
        self._pictures: dict[str, dict[int, None]] = {}
        self._awaited: dict[str, dict[int, None]] = {}
        for topic in recorded:
            self._hear(topic)
        self.create_timer(flush_s, self._flush, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @property
    def is_behind(self) -> bool:
        """Whether pictures that were looked at are still waiting to be written."""
        return any(
            next(reversed(awaited), 0) > next(reversed(self._pictures.get(camera, {})), 0)
            for camera, awaited in self._awaited.items()
        )

    def _hear(self, recorded: Recorded) -> None:
        asked = QoSProfile(
            history=HistoryPolicy.KEEP_LAST,
            depth=_depth(recorded),
            reliability=recorded.topic.qos.reliability,
            durability=recorded.durability,
        )
        take = self._take_picture if recorded.is_picture else self._take

        def on_message(cdr: bytes, info: dict[str, int]) -> None:
            self._guarded(lambda: take(recorded, cdr, info.get("source_timestamp") or None))

        self.create_subscription(recorded.topic.type, recorded.name, on_message, asked, raw=True)

    def _take(self, recorded: Recorded, cdr: bytes, sent_ns: int | None) -> None:
        self._write(recorded.name, recorded.topic.type, recorded.topic.offered, cdr, sent_ns)
        if recorded.topic is topics.DETECTIONS and self._images is not Images.none:
            self._looked_at(recorded.camera, stamp_of(cdr))

    def _take_picture(self, recorded: Recorded, cdr: bytes, sent_ns: int | None) -> None:
        stamp_ns = stamp_of(cdr)
        seen = self._pictures.setdefault(recorded.camera, {})
        if stamp_ns in seen:
            return  # a lock-step driver sends again what nobody answered
        if self._images is Images.raw:
            self._write(recorded.name, recorded.topic.type, recorded.topic.offered, cdr, sent_ns)
        else:
            try:
                packed = compressed(cdr, self._images, self._jpeg_quality)
            except InvalidValue:
                self.unreadable += 1
                return
            name = compressed_name(recorded.name)
            self._write(name, CompressedImage, recorded.topic.offered, packed, sent_ns)
        if stamp_ns in self._awaited.get(recorded.camera, {}):
            self.missing.kept[recorded.camera] += 1
        _remember(seen, stamp_ns)

    def _looked_at(self, camera: str, stamp_ns: int) -> None:
        awaited = self._awaited.setdefault(camera, {})
        if stamp_ns in awaited:
            return
        self.missing.looked_at[camera] += 1
        self.missing.kept[camera] += stamp_ns in self._pictures.get(camera, {})
        _remember(awaited, stamp_ns)

    def _write(self, name: str, kind: Any, qos: QoSProfile, cdr: bytes, sent_ns: int | None) -> None:
        # Messages stay in the order in which they came, also when the clock is set back: readers sort by this time.
        self._log_ns = max(self._log_ns + 1, time.time_ns())
        self._writer.write(name, kind, qos, cdr, self._log_ns, sent_ns)

    def _flush(self) -> None:
        self._guarded(self._writer.flush)

    def _guarded(self, act: Callable[[], None]) -> None:
        """A disk that takes no more ends the recording; whoever spins this node sees `failure`."""
        if self.failure is not None:
            return
        try:
            act()
        except OSError as error:
            self.failure = error


def _remember(stamps: dict[int, None], stamp_ns: int) -> None:
    stamps[stamp_ns] = None
    if len(stamps) > _FORGET:
        del stamps[next(iter(stamps))]


def _depth(recorded: Recorded) -> int:
    """How many messages may wait."""
    if not recorded.is_picture:
        return _DEPTH
    is_reliable = recorded.topic.qos.reliability is ReliabilityPolicy.RELIABLE
    return _PICTURES_OF_A_RECORDING_WAIT if is_reliable else _PICTURES_WAIT
