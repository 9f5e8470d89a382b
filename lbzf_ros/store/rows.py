"""What the named queries of `reader` give back. `display_name` is for people, `code` for files and the API.

None means that a figure is not known. Times are nanoseconds since the epoch (the database keeps milliseconds).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list. `next_key` goes into the next call as `after`; None: this was the last page."""

    items: tuple[T, ...]
    next_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleRow:
    """A production line."""

    id: int
    code: str
    display_name: str
    product_reference: str | None
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraRow:
    """A camera. `source` holds `${VARIABLE}` where a password would be."""

    id: int
    module: str
    label: str
    source: str
    resolution: str
    fps: float
    status: str
    notes: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkstationRow:
    """A station with its camera and the standard time in force, in seconds."""

    id: int
    module: str
    module_display_name: str
    code: str
    display_name: str
    operation: str | None
    sequence_pos: int | None
    camera: str | None
    sam_s: float | None
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardTimeRow:
    """A version of the standard time of an operation. `effective_to_ns` None: in force."""

    id: int
    reference: str
    version: str
    operation: str
    sam_minutes: float
    sec_per_cycle: float
    machine_code: str | None
    effective_from_ns: int
    effective_to_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRow:
    """A polygon in force, as a page draws it: px of the camera's picture."""

    id: int
    module: str
    workstation: str
    camera: str
    name: str
    kind: str
    evidence: str
    polygon_px: tuple[tuple[float, float], ...]


class CycleRow(NamedTuple):
    """A cycle of either table with its provenance. A NamedTuple, because it is made much faster than a dataclass.

    Attributes:
        status: in_progress, complete, aborted, manual_override, or rejected.
        quality: green, yellow or red; None for a rejected cycle.
        frame_archived_at: when the picture's time was up and its file went; `source_frame_path` is None then.
        video_start_ns: capture time of the first picture of `source_video_path`.
        gt_corrected_duration_s: what a person found when checking it.
        drift_state: worst of the camera's view during it: ok, drifted, unknown, unchecked; None: from before it was
            looked at.
        clock_kept: whether a time server kept the machine's clock when it was decided; None: not known.
        reasons: why it was rejected or aborted: code to text; empty for other cycles.
    """

    event_uid: str
    module: str
    module_display_name: str
    workstation: str
    workstation_display_name: str
    camera: str | None
    operator_display_name: str | None
    rule: str
    status: str
    quality: str | None
    start_ns: int
    end_ns: int | None
    duration_s: float | None
    duration_uncertainty_s: float | None
    observed_share: float | None
    mean_confidence: float | None
    primary_dwell_ratio: float | None
    detection_count: int | None
    source_frame_path: str | None
    frame_archived_at: str | None
    source_video_path: str | None
    video_start_ns: int | None
    model_name: str
    model_version: str
    model_framework: str
    model_weights_hash: str | None
    roi_version_id: int
    parameter_hash: str
    software_version: str
    ref_op_order: str | None
    gt_verified_by: str | None
    gt_verified_at: str | None
    gt_corrected_duration_s: float | None
    notes: str | None
    created_at: str
    drift_state: str | None
    clock_kept: bool | None
    reasons: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentCycle:
    """One finished cycle, as the live page shows it."""

    event_uid: str
    start_ns: int
    end_ns: int
    duration_s: float
    quality: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentCycles:
    """The newest finished cycles of one station, newest first."""

    module: str
    workstation: str
    cycles: tuple[RecentCycle, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationCounts:
    """How many cycles of one station began in a span of time, by what became of them."""

    module: str
    workstation: str
    in_progress: int
    complete: int
    aborted: int
    manual_override: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StationHour:
    """What one station made in one hour. A unit belongs to the hour in which its cycle began.

    Attributes:
        from_ns: begin of the hour.
        to_ns: its end, or the end of what was asked for.
        units: cycles that are complete or were corrected by a person.
        work_s: sum of their durations.
        sam_minutes: standard time of a unit, the last one in force in this hour; None: there was none.
        available_minutes: of the hour, in a shift of the module; all of it where no shift is known.
        operators: who works there is not known: one person at each station.
    """

    module: str
    workstation: str
    workstation_display_name: str
    from_ns: int
    to_ns: int
    units: int
    work_s: float
    sam_minutes: float | None
    available_minutes: float
    operators: int = 1

    @property
    def productive_minutes(self) -> float | None:
        """Minutos productivos: units times standard time."""
        return None if self.sam_minutes is None else self.units * self.sam_minutes

    @property
    def efficiency_percent(self) -> float | None:
        """Productive minutes of the operators' available ones; None: either is not known or there are none."""
        productive = self.productive_minutes
        if productive is None or not self.available_minutes:
            return None
        return productive / (self.operators * self.available_minutes) * 100


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityBands:
    """How well the finished cycles of one station were measured, in cycles."""

    module: str
    workstation: str
    workstation_display_name: str
    green: int
    yellow: int
    red: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionCount:
    """Cycles of one station that do not count, by the first reason."""

    module: str
    workstation: str
    workstation_display_name: str
    reason: str
    cycles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRejections:
    """Cycles of one station and shift that do not count for one reason; a cycle is in the row of each of its reasons.

    Attributes:
        shift_id: row of the shift in which they began; None: there was none.
        shift_date: local day of its start.
        shift_label: e.g. jornada_1.
    """

    module: str
    workstation: str
    workstation_display_name: str
    shift_id: int | None
    shift_date: str | None
    shift_label: str | None
    reason: str
    cycles: int


class CycleName(NamedTuple):
    """Enough of a cycle to choose it by."""

    event_uid: str
    module: str
    workstation: str
    status: str
    start_ns: int
    end_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedEvent:
    """An event that could not become a row, as it came."""

    id: int
    event_uid: str
    kind: str
    event_json: str
    error: str
    received_at_ns: int
