"""A day of the plant, and what is made of it: balance, summary, comparison, trend."""

from __future__ import annotations

from dataclasses import dataclass

from lbzf_ros.core.indicators.spread import Spread
from lbzf_ros.core.indicators.status import Status
from lbzf_ros.reports.day.values.kinds import Coverage
from lbzf_ros.reports.day.values.module import HourBoard, ModuleTotals
from lbzf_ros.reports.day.values.station import RejectionTotal, StationFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleDay:
    """All figures of a module on a local day: board, stations by the hour, totals of each shift and of the day."""

    module: str
    display_name: str
    date: str
    board: HourBoard
    stations: tuple[StationFigures, ...]
    totals: ModuleTotals
    shifts: tuple[ModuleTotals, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """A plant on a local day: each active module, as it is in the plant.

    Attributes:
        now_ns: what comes later had not happened. Of a day that is over, when its last shift had ended.
    """

    date: str
    time_zone: str
    now_ns: int
    modules: tuple[ModuleDay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationBalance:
    """A bar of the Yamazumi chart; `spread` None: no cycle of the bands asked for."""

    workstation: str
    display_name: str
    operation: str | None
    sequence_pos: int | None
    sam_s: float | None
    spread: Spread | None
    over_takt: bool | None
    """Its median is longer than the takt; None: one of them is not known."""
    pace_percent: float | None
    status: Status
    coverage: Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """How even the work of a module's stations is (balanceo).

    Attributes:
        stations: in line order.
        qualities: bands that count.
        takt_s: seconds that the meta asks for; None: no meta.
        measured: stations with a median; only these are in the next three.
        bottleneck: code of the slowest one (cuello de botella).
        efficiency: 0 to 1, of the measured medians.
        line_units_per_hour: what the slowest one allows.
        sam_efficiency: the same as `efficiency` of the standard times; None: one is missing.
        sam_bottleneck: the slowest by standard times; None as above.
    """

    module: str
    date: str
    shift: str | None
    stations: tuple[StationBalance, ...]
    qualities: tuple[str, ...]
    takt_s: float | None
    measured: int
    bottleneck: str | None
    efficiency: float | None
    line_units_per_hour: float | None
    sam_efficiency: float | None
    sam_bottleneck: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftSummary:
    """What the engineer reads at the end of a shift.

    Attributes:
        totals: of the shift, or of the day.
        best_hour: label of the finished hour with the highest real / meta; None: no finished hour with a meta.
        worst_hour: the lowest.
        hours_on_target: finished hours with real >= meta.
        hours_finished: finished hours with a meta.
        balance: of the same time.
        rejections: all stations, by first reason, most frequent first.
    """

    totals: ModuleTotals
    best_hour: str | None
    worst_hour: str | None
    hours_on_target: int
    hours_finished: int
    balance: Balance
    rejections: tuple[RejectionTotal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A day beside earlier ones. While the day runs, the others count until the same time on the clock.

    Attributes:
        until_ns: until then the day counts; its end when it is over.
        day: the day asked for.
        yesterday: the day before; None: neither a shift entered nor a unit.
        last_week: the same weekday a week before; None as above.
    """

    until_ns: int
    day: ModuleTotals
    yesterday: ModuleTotals | None
    last_week: ModuleTotals | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendDay:
    """A day of a trend; None: it did not work, or it is not known."""

    date: str
    efficiency_percent: float | None
    real: int | None
    meta: float | None
    percent: float | None
    coverage_low: bool
    engineer_entries: int
    """What people with the engineer's role entered that day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The executive's number and trend: efficiency of a module day by day, up to and with a day.

    Attributes:
        days: in order; the last is the day asked for, until now.
        mean_percent: productive minutes of all days but the last / their operator minutes; None: no day is known.
        before_percent: the same of as many days before those; None: as above.
    """

    module: str
    days: tuple[TrendDay, ...]
    mean_percent: float | None
    before_percent: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Whether somebody with a role entered something (from the audit log; looking at pages leaves no trace).

    Attributes:
        entries: how many rows of the audit log.
        days: how many local days have one.
        last_ns: the newest; None: there is none.
    """

    roles: tuple[str, ...]
    from_ns: int
    to_ns: int
    entries: int
    days: int
    last_ns: int | None
