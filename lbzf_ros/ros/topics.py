"""Every topic: its name, its message type and its quality of service. No other place names one.

`docs/decisions/0002-topics.md` says why each has the QoS it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lbzf_interfaces.msg import (
    CameraStatus,
    CycleEvent,
    CycleEventAck,
    DetectionArray,
    PlantInfo,
    ReferenceFrame,
    RoiSet,
    SegmentClosed,
    StationOccupancyArray,
    StationStateArray,
)
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image


def _qos(depth: int, *, reliable: bool = True, latched: bool = False) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


@dataclass(frozen=True)
class Topic:
    """A topic.

    Attributes:
        path: its name; may hold {camera}, the camera's label.
        type: of its messages.
        qos: what a step asks for.
        is_held: the publisher holds the last messages for who asks for them: a bag's recorder, which may be discovered
            a moment later than the step that they are for. Steps do not ask: a restarted one begins with what is new.
    """

    path: str
    type: Any
    qos: QoSProfile
    is_held: bool = False

    @property
    def offered(self) -> QoSProfile:
        """What its publisher offers: all that a step asks for, and more."""
        return _qos(self.qos.depth, latched=True) if self.is_held else self.qos

    def of(self, camera: str) -> str:
        """Full name for one camera."""
        return self.path.format(camera=camera)


# A live picture is worth nothing when it is late: sensor data. A recording may lose none: reliable.
IMAGE_LIVE = Topic("/lbzf/{camera}/image_raw", Image, _qos(2, reliable=False))
IMAGE_LOSSLESS = Topic("/lbzf/{camera}/image_raw", Image, _qos(10), is_held=True)
DETECTIONS = Topic("/lbzf/{camera}/detections", DetectionArray, _qos(10), is_held=True)
OCCUPANCY = Topic("/lbzf/{camera}/occupancy", StationOccupancyArray, _qos(10), is_held=True)
STATION_STATES = Topic("/lbzf/{camera}/station_states", StationStateArray, _qos(1, latched=True))
ROI_SET = Topic("/lbzf/{camera}/roi_set", RoiSet, _qos(1, latched=True))
CAMERA_STATUS = Topic("/lbzf/{camera}/camera_status", CameraStatus, _qos(1, latched=True))
SEGMENTS = Topic("/lbzf/{camera}/segments", SegmentClosed, _qos(100, latched=True))
VIDEO_GAPS = Topic("/lbzf/{camera}/video_gaps", DiagnosticStatus, _qos(100, latched=True))
REFERENCE_FRAME = Topic("/lbzf/{camera}/reference_frame", ReferenceFrame, _qos(1, latched=True))
PLANT_INFO = Topic("/lbzf/plant_info", PlantInfo, _qos(1, latched=True))
CYCLE_EVENTS = Topic("/lbzf/cycle_events", CycleEvent, _qos(1000, latched=True))
EXPLANATIONS = Topic("/lbzf/explanations", CompressedImage, _qos(10), is_held=True)
CYCLE_EVENTS_ACK = Topic("/lbzf/cycle_events_ack", CycleEventAck, _qos(1000))
DIAGNOSTICS = Topic("/diagnostics", DiagnosticArray, _qos(100))


def image(*, lossless: bool) -> Topic:
    """The picture topic of a camera that may or may not lose pictures."""
    return IMAGE_LOSSLESS if lossless else IMAGE_LIVE
