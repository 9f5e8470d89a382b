"""The values that travel from step to step. Time is integer nanoseconds since the epoch, positions are pixels."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.explanation import Explanation

NS_PER_S = 1_000_000_000
UNKNOWN = float("nan")
"""A figure that is not known. Never zero."""

_EVENT_NAMESPACE = uuid.UUID("6f5d1c3e-6f0b-5d1b-9a39-0f2a6c6c1b2f")


class ZoneKind(str, Enum):
    """What a zone of a workstation stands for."""

    WORK = "work"
    TRIGGER = "trigger"
    PICK = "pick"
    DROP = "drop"


class EvidenceKind(str, Enum):
    """What makes a zone count as occupied: a person's anchor in it, or enough of its pixels moving."""

    PERSON = "person"
    MOTION = "motion"


class Anchor(str, Enum):
    """The point of a person's box that must lie in a zone: middle of the lower edge, or middle of the box."""

    FEET = "feet"
    BODY = "body"


class Evidence(IntEnum):
    """Whether a zone showed evidence in one picture (values as in ZoneOccupancy.msg)."""

    ABSENT = 0
    PRESENT = 1
    UNKNOWN = 2
    NEAR = 3
    """Nobody is in it, but somebody who was is still beside it: he may be leaning back, or leaving.

    Where the evidence is motion: some of it moves, but less than its threshold.
    """


class Drift(IntEnum):
    """Whether the camera has moved since its zones were drawn (values as in ViewShift.msg)."""

    UNKNOWN = 0
    """The view cannot be recognised: it may be another one."""
    OK = 1
    DRIFTED = 2
    UNCHECKED = 3
    """There is nothing to compare with: no picture of when the zones were drawn, or one without any features."""


class Activity(IntEnum):
    """What a workstation is doing (values as in StationState.msg)."""

    IDLE = 0
    IN_CYCLE = 1
    UNKNOWN = 2


class EventKind(str, Enum):
    """The four decisions about a cycle (values as in CycleEvent.msg)."""

    START = "START"
    END = "END"
    REJECT = "REJECT"
    ABORT = "ABORT"


class Quality(str, Enum):
    """The tracker's own rating of a cycle; `core.quality` has the thresholds."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which detector produced a result. `weights_hash` is sha256 in hexadecimal, empty without weights."""

    name: str
    version: str
    framework: str
    weights_hash: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """People found in one picture: `xyxy` float32 (n, 4) px, `confidence` float32 (n,) in 0..1."""

    xyxy: NDArray[np.float32]
    confidence: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.xyxy.ndim != 2 or self.xyxy.shape[1] != 4 or self.confidence.shape != (len(self.xyxy),):
            raise InvalidValue(
                f"boxes must be (n, 4) with n confidences, got {self.xyxy.shape} and {self.confidence.shape}"
            )

    def __len__(self) -> int:
        return len(self.xyxy)

    @classmethod
    def empty(cls) -> Boxes:
        """No people."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


Homography = tuple[float, float, float, float, float, float, float, float, float]
"""Rows of the 3 x 3 matrix that takes a point (x, y, 1) of one picture to another; the last figure is 1."""


@dataclass(frozen=True, slots=True)
class ViewShift:
    """How the present view of a camera differs from the one on which some of its zones were drawn.

    Attributes:
        roi_version_ids: the zones that were drawn on that view.
        drift: what is known about it.
        shift_px: how far the picture's content has moved, at the corner where it moved most; NaN: not known.
        homography: takes the zones to where they are now; None: they are used as they were drawn.
    """

    roi_version_ids: tuple[int, ...]
    drift: Drift
    shift_px: float = UNKNOWN
    homography: Homography | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FrameDetections:
    """The people of one picture with their tracks, and the moving share of its motion zones.

    Attributes:
        boxes: people, n of them.
        track_ids: int32 (n,), -1 where a person is not tracked.
        motion: share of moving pixels 0..1 by zone id (`zone_id`); NaN where it is not known.
        view_clear: False: blocked, dark or shaken; then nothing in the picture is evidence for or against anybody.
        shifts: how the view differs from those on which zones were drawn; zones in none of them are unchecked.
    """

    camera: str
    stamp_ns: int
    width_px: int
    height_px: int
    model: ModelInfo
    boxes: Boxes
    track_ids: NDArray[np.int32]
    motion: Mapping[str, float] = field(default_factory=dict)
    view_clear: bool = True
    shifts: tuple[ViewShift, ...] = ()

    def __post_init__(self) -> None:
        if self.track_ids.shape != (len(self.boxes),):
            raise InvalidValue(f"{len(self.boxes)} boxes but track ids of shape {self.track_ids.shape}")


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon of a workstation in a camera's picture, with how its evidence is debounced (`core.debounce`)."""

    name: str
    kind: ZoneKind
    evidence: EvidenceKind
    anchor: Anchor
    polygon_px: tuple[tuple[float, float], ...]
    motion_threshold: float
    enter_s: float
    leave_s: float
    linger_s: float
    roi_version_id: int


@dataclass(frozen=True, slots=True)
class ShiftHours:
    """When a shift (jornada) works, in the plant's local time.

    Attributes:
        label: what people call it.
        weekdays: 0 Monday to 6 Sunday, of its start.
        start_min: minutes after midnight.
        end_min: the same; not after the start: on the next day.
    """

    label: str
    weekdays: tuple[int, ...]
    start_min: int
    end_min: int


@dataclass(frozen=True, slots=True)
class Workstation:
    """One station: its zones, its cycle rule and its limits (`core.rejection`).

    `sam_s` is NaN when no standard time is known. Without `shift_hours` every hour is worked.
    """

    module: str
    code: str
    display_name: str
    operation: str
    rule: str
    sam_s: float
    min_cycle_s: float
    max_cycle_s: float
    min_dwell_ratio: float
    max_gap_s: float
    min_confidence: float
    max_second_person_ratio: float
    max_drift_unknown_ratio: float
    zones: tuple[Zone, ...]
    shift_hours: tuple[ShiftHours, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Module and code: what identifies a station in the plant."""
        return self.module, self.code


@dataclass(frozen=True, slots=True)
class ReferenceView:
    """The view on which some zones were drawn, as features (`lbzf_ros.drift.features`)."""

    roi_version_ids: tuple[int, ...]
    features: bytes


@dataclass(frozen=True, slots=True)
class RoiSet:
    """All zones of one camera that are in force."""

    camera: str
    stamp_ns: int
    width_px: int
    height_px: int
    fps: float
    parameter_hash: str
    workstations: tuple[Workstation, ...]
    time_zone: str = "UTC"
    references: tuple[ReferenceView, ...] = ()

    @property
    def identity(self) -> tuple[str, tuple[int, ...]]:
        """What makes two sets the same for the steps: parameters and rows, not when or how they were published."""
        rows = tuple(zone.roi_version_id for station in self.workstations for zone in station.zones)
        return self.parameter_hash, rows


def zone_id(module: str, workstation: str, zone: str) -> str:
    """The name under which a zone is known outside its station."""
    return f"{module}/{workstation}/{zone}"


@dataclass(frozen=True, slots=True)
class ZoneOccupancy:
    """Evidence in one zone in one picture. `confidence` is NaN without a person.

    Attributes:
        track_ids: who is in it.
        near_track_ids: who was in it and is still beside it.
    """

    zone: str
    evidence: Evidence
    motion_share: float = UNKNOWN
    track_ids: tuple[int, ...] = ()
    confidence: float = UNKNOWN
    near_track_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StationOccupancy:
    """The zones of one station in one picture."""

    module: str
    workstation: str
    drift: Drift
    roi_version_id: int
    zones: tuple[ZoneOccupancy, ...]


@dataclass(frozen=True, slots=True)
class FrameOccupancy:
    """All stations of one camera in one picture. `visible_track_ids`: everybody in it, at a station or not."""

    camera: str
    stamp_ns: int
    parameter_hash: str
    model: ModelInfo
    stations: tuple[StationOccupancy, ...]
    visible_track_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StationState:
    """What a station is doing now. `event_uid` and `start_ns` are empty and 0 when no cycle runs."""

    module: str
    workstation: str
    activity: Activity
    occupied: bool
    event_uid: str = ""
    start_ns: int = 0
    drift: Drift = Drift.UNCHECKED


def event_uid(*, module: str, camera: str, workstation: str, rule: str, start_ns: int) -> str:
    """The name of a cycle: the same input has the same name in every run (UUIDv5, RFC 9562)."""
    return str(uuid.uuid5(_EVENT_NAMESPACE, f"{module}/{camera}/{workstation}/{rule}/{start_ns}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleEvent:
    """A decision about one cycle, with all the figures of its row.

    Attributes:
        end_ns: capture time of the end, None while it is not known.
        decided_ns: capture time of the picture that decided this event.
        duration_uncertainty_s: half width in seconds, NaN while not known.
        observed_share: share 0..1 of the expected pictures that were really looked at.
        detection_count: pictures of the cycle with a person at the station.
        reasons: why it was rejected or aborted: code to a text with the figures.
        drift: the worst that was known of the camera's view during it: drifted, unknown, unchecked, ok.
        clock_kept: whether a time server kept the machine's clock when it was decided; None: not known, or a recording.
        explanation: why it was decided so; None: nobody has kept it.
    """

    event_uid: str
    kind: EventKind
    module: str
    workstation: str
    camera: str
    rule: str
    start_ns: int
    end_ns: int | None
    decided_ns: int
    roi_version_id: int
    parameter_hash: str
    model: ModelInfo
    software_version: str
    frame_path: str
    duration_uncertainty_s: float = UNKNOWN
    quality: Quality = Quality.GREEN
    mean_confidence: float = UNKNOWN
    primary_dwell_ratio: float = UNKNOWN
    observed_share: float = UNKNOWN
    detection_count: int = 0
    reasons: Mapping[str, str] = field(default_factory=dict)
    drift: Drift = Drift.UNCHECKED
    clock_kept: bool | None = None
    explanation: Explanation | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        needs_end = self.kind in (EventKind.END, EventKind.REJECT)
        if needs_end and self.end_ns is None:
            raise InvalidValue(f"cycle {self.event_uid}: a {self.kind.value} needs an end")
        if self.end_ns is not None and self.end_ns <= self.start_ns:
            raise InvalidValue(f"cycle {self.event_uid}: end {self.end_ns} ns <= start {self.start_ns} ns")
        if self.kind is EventKind.REJECT and not self.reasons:
            raise InvalidValue(f"cycle {self.event_uid}: a rejection needs a reason")

    @property
    def duration_s(self) -> float:
        """Seconds from start to end, NaN while the end is not known."""
        return UNKNOWN if self.end_ns is None else (self.end_ns - self.start_ns) / NS_PER_S


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of video on disk. `path` is relative to the data folder; the stamps are of its first and last picture."""

    camera: str
    path: str
    start_ns: int
    end_ns: int
    frames: int
    codec: str = "h264"
