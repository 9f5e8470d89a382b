"""A station by the hour, and its page."""

from __future__ import annotations

from dataclasses import dataclass

from lbzf_ros.core.indicators.spread import Histogram, Spread
from lbzf_ros.core.indicators.status import Status
from lbzf_ros.reports.day.values.kinds import Coverage, ShiftSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorShare:
    """Who worked at a station for how many minutes of an hour. Code and name None: the person was erased."""

    external_code: str | None
    display_name: str | None
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StationHour:
    """A station in an hour of the board.

    Attributes:
        label: of the hour, e.g. 06:00.
        shift: label of the shift.
        elapsed_minutes: minutes of shift in it, until now.
        units: finished cycles that began in it.
        work_s: sum of their measured durations.
        mean_s: mean of them; None: no unit.
        sam_minutes: of the operation, as it was in force then.
        productive_minutes: units x SAM.
        efficiency_percent: productive minutes / `elapsed_minutes` of one operator.
        pace_percent: SAM / mean.
        status: of the pace.
        lost_minutes: lost time marked for this station or the module, until now.
        production_order: OP in force when the hour began; None: none is entered.
        operators: who worked there; empty: nobody is entered.
        observed_percent: of its camera; None: not known.
    """

    module: str
    workstation: str
    clock_start_ns: int
    start_ns: int
    end_ns: int
    label: str
    shift: str
    elapsed_minutes: float
    units: int
    work_s: float
    mean_s: float | None
    sam_minutes: float | None
    productive_minutes: float | None
    efficiency_percent: float | None
    pace_percent: float | None
    status: Status
    lost_minutes: float
    production_order: str | None
    operators: tuple[OperatorShare, ...]
    observed_percent: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StationFigures:
    """A station over the shifts of a day, in line order.

    Attributes:
        sequence_pos: position in the flow; None: not given.
        is_output: its units are the module's.
        hours: one for each hour of the board that has begun.
        units: sum of them.
        rejected: cycles that do not count.
        sam_s: standard time in force last, seconds.
        productive_minutes: sum of those of the hours; None: a SAM is missing.
        efficiency_percent: of one operator over the minutes that have passed.
        lost_minutes: of this station or the module.
        coverage: of its camera.
    """

    module: str
    workstation: str
    display_name: str
    operation: str | None
    sequence_pos: int | None
    camera: str | None
    is_output: bool
    hours: tuple[StationHour, ...]
    units: int
    rejected: int
    sam_s: float | None
    productive_minutes: float | None
    efficiency_percent: float | None
    lost_minutes: float
    coverage: Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorHour:
    """What one operator made at one station in one hour, from the cycles themselves (for the workbook).

    Attributes:
        external_code: None: nobody is entered, or the person was erased.
        display_name: as above.
        minutes: that he was entered for in this hour, until now; None: nobody is entered.
        work_s: sum of measured durations.
    """

    module: str
    workstation: str
    shift: str
    clock_start_ns: int
    start_ns: int
    label: str
    external_code: str | None
    display_name: str | None
    minutes: float | None
    production_order: str | None
    units: int
    work_s: float
    sam_minutes: float | None
    productive_minutes: float | None
    efficiency_percent: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StationCycle:
    """A finished cycle on a station's chart.

    Attributes:
        duration_s: what a person found, else as measured.
        uncertainty_s: half width of what was measured; None: not known, or a person found it.
        quality: green, yellow or red.
        status: complete or manual_override.
        verified: a person has checked it.
        operator: name; None: not known.
    """

    event_uid: str
    start_ns: int
    end_ns: int
    duration_s: float
    uncertainty_s: float | None
    quality: str
    status: str
    verified: bool
    operator: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionTotal:
    """Cycles of a station that do not count, by their first reason."""

    reason: str
    cycles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LostTimeEntry:
    """Lost time of a station or of its whole module (`workstation` None); `end_ns` None: it goes on."""

    id: int
    workstation: str | None
    code: str
    display_name: str
    start_ns: int
    end_ns: int | None
    notes: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StationDay:
    """The page of a station.

    Attributes:
        figures: hours, units, efficiency, coverage.
        min_cycle_s: shorter ones are rejected; None: the plant file does not have the station any more.
        max_cycle_s: longer ones are rejected.
        cycles: finished ones in order of time, `MAX_CYCLES` at most.
        truncated: there are more.
        qualities: bands that count in `spread` and `histogram`.
        spread: median, P10, P90; None: no cycle of these bands.
        histogram: of the same cycles.
        pace_percent: SAM / median.
        status: of the pace.
        by_quality: cycles of each band.
        rejections: by reason, most frequent first.
        lost_time: entries that touch the shifts.
        operators: who worked there, minutes of the day.
    """

    figures: StationFigures
    shifts: tuple[ShiftSpan, ...]
    min_cycle_s: float | None
    max_cycle_s: float | None
    cycles: tuple[StationCycle, ...]
    truncated: bool
    qualities: tuple[str, ...]
    spread: Spread | None
    histogram: Histogram | None
    pace_percent: float | None
    status: Status
    by_quality: dict[str, int]
    rejections: tuple[RejectionTotal, ...]
    lost_time: tuple[LostTimeEntry, ...]
    operators: tuple[OperatorShare, ...]
