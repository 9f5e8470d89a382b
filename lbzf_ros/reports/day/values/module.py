"""The whiteboard of a module and its totals."""

from __future__ import annotations

from dataclasses import dataclass

from lbzf_ros.core.indicators.status import Status, Thresholds
from lbzf_ros.reports.day.values.kinds import Coverage, MetaSource, OperatorSource, ShiftSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class LostTimeTotal:
    """Lost time by code, minutes until now inside the shifts."""

    code: str
    display_name: str
    minutes: float
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleTotals:
    """A module over one shift or a day, until now.

    Attributes:
        shift: label; None: the whole day.
        start_ns: begin of the first shift; None: there is neither a shift nor a unit.
        end_ns: end of the last one.
        reference: product; the last of the time where it changed.
        production_orders: codes (OP) in force in it, in order of time.
        sam_minutes: of one garment: sum over the different operations of the module's stations; None: one is missing.
        meta: target of the whole time; None: of some hour it is not known.
        meta_until_now: the part of it that has passed.
        real: units of the output stations; None: nothing has begun.
        real_outside: units of the day that began outside every shift, and are not in `real`; 0 for one shift.
        percent: real / meta_until_now (rendimiento del módulo).
        productive_minutes: real x SAM, hour by hour.
        available_minutes: minutes of shift that have passed.
        operators: mean number, `operator_minutes` / `available_minutes`; None: not known.
        operator_source: how it is known.
        operator_minutes: sum over operators.
        efficiency_percent: productive of operator minutes.
        efficiency_status: against the thresholds.
        target_status: of `percent`.
        takt_s: seconds from one unit to the next that the meta of the whole time asks for.
        lost_minutes: lost time of the whole module (entries of single stations are not in it).
        lost_time: lost time of module and stations by code.
        rejected: cycles that do not count, all stations.
        coverage: of the cameras of the module.
        clock_not_kept: cycles of the whole day, in no shift too, that were dated while no time server kept the clock.
    """

    module: str
    date: str
    shift: str | None
    start_ns: int | None
    end_ns: int | None
    reference: str | None
    production_orders: tuple[str, ...]
    sam_minutes: float | None
    meta: float | None
    meta_until_now: float | None
    real: int | None
    real_outside: int
    percent: float | None
    productive_minutes: float | None
    available_minutes: float
    operators: float | None
    operator_source: OperatorSource
    operator_minutes: float | None
    efficiency_percent: float | None
    efficiency_status: Status
    target_status: Status
    takt_s: float | None
    lost_minutes: float
    lost_time: tuple[LostTimeTotal, ...]
    rejected: int
    coverage: Coverage
    clock_not_kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardHour:
    """A line of the whiteboard (hora, meta, real, %).

    Attributes:
        clock_start_ns: begin of the hour on the plant's clock; what `set_target` takes as `hour_ns`.
        start_ns: begin of the part that lies in the shift.
        end_ns: its end.
        label: what the plant's clock shows at `start_ns`, e.g. 06:00.
        shift: label of the shift.
        minutes: of shift in it.
        elapsed_minutes: of those, until now; 0: it has not begun.
        meta: target of the whole hour, units; a fraction where it is a share of something.
        meta_source: where it comes from.
        real: units of the output stations; None: it has not begun.
        percent: real / meta; of the hour that runs: real / expected so far.
        meta_so_far: meta of all hours up to the end of this one; None: one of them is not known.
        real_so_far: real up to the end of this one; None: it has not begun.
        percent_so_far: of them; of the hour that runs: of what is expected so far.
        running: now is in it.
        expected: of the hour that runs: meta of the minutes that have passed; None: other hours, or no meta.
        on_pace: of the hour that runs: less than one unit behind `expected`; None: as above.
        status: against the module's thresholds; an hour that has not begun: unknown.
        work_minutes: minutos productivos of the hour: `real` x SAM of the reference; None: a SAM is missing.
        operator_minutes: available minutes of all operators, until now; None: their number is not known.
        efficiency_percent: of the two.
        lost_minutes: lost time marked for the whole module, until now; beside it, not subtracted.
        coverage: of the cameras of the module.
    """

    clock_start_ns: int
    start_ns: int
    end_ns: int
    label: str
    shift: str
    minutes: float
    elapsed_minutes: float
    meta: float | None
    meta_source: MetaSource
    real: int | None
    percent: float | None
    meta_so_far: float | None
    real_so_far: int | None
    percent_so_far: float | None
    running: bool
    expected: float | None
    on_pace: bool | None
    status: Status
    work_minutes: float | None
    operator_minutes: float | None
    efficiency_percent: float | None
    lost_minutes: float
    coverage: Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class HourBoard:
    """The whiteboard of a module: hours of one shift, or of all shifts of a day, in order.

    Attributes:
        output_workstations: codes of the stations whose units are the module's.
        thresholds: against which hours have their status.
        totals: of the same hours.
    """

    module: str
    date: str
    shifts: tuple[ShiftSpan, ...]
    output_workstations: tuple[str, ...]
    hours: tuple[BoardHour, ...]
    thresholds: Thresholds
    totals: ModuleTotals
