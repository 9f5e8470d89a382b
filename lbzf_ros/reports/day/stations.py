"""The stations of a module by the hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lbzf_ros.core.indicators.formulas import efficiency_percent, pace_percent, productive_minutes
from lbzf_ros.core.indicators.spans import minutes
from lbzf_ros.reports.day.crew import assigned_to, shares
from lbzf_ros.reports.day.facts import Facts
from lbzf_ros.reports.day.lost import lost_minutes
from lbzf_ros.reports.day.observed import Observed
from lbzf_ros.reports.day.shifts import DayPlan, PlannedHour
from lbzf_ros.reports.day.values import StationFigures, StationHour
from lbzf_ros.store.day.entered import Assigned
from lbzf_ros.store.day.plan import StationFacts


def station_figures(
    facts: Facts,
    day: DayPlan,
    hours: Sequence[PlannedHour],
    station: StationFacts,
    observed: Observed,
    rejected: Mapping[tuple[int, str], int],
) -> StationFigures:
    """A station over hours of a day that have begun."""
    begun = [hour for hour in hours if hour.span[0] < facts.now_ns]
    passed = [hour.elapsed(facts.now_ns) for hour in begun]
    people = assigned_to(facts, station.id)
    lines = tuple(_hour(facts, day, hour, station, people, observed) for hour in begun)
    productive = [line.productive_minutes for line in lines]
    known = [one for one in productive if one is not None]
    total = sum(known) if known and len(known) == len(productive) else None
    sam = _sam(facts, station, begun[-1]) if begun else None
    return StationFigures(
        module=facts.module.code,
        workstation=station.code,
        display_name=station.display_name,
        operation=station.operation,
        sequence_pos=station.sequence_pos,
        camera=station.camera,
        is_output=station.id in facts.outputs,
        hours=lines,
        units=sum(line.units for line in lines),
        rejected=sum(cycles for (row, _), cycles in rejected.items() if row == station.id),
        sam_s=None if sam is None else sam * 60,
        productive_minutes=total,
        efficiency_percent=efficiency_percent(total, sum(line.elapsed_minutes for line in lines)),
        lost_minutes=lost_minutes(facts, passed, station.id),
        coverage=observed.of_camera(station.camera_id, passed),
    )


def _hour(
    facts: Facts,
    day: DayPlan,
    hour: PlannedHour,
    station: StationFacts,
    people: Sequence[Assigned],
    observed: Observed,
) -> StationHour:
    elapsed = hour.elapsed(facts.now_ns)
    units, work_ms = facts.made_in(station.id, hour.span)
    sam = _sam(facts, station, hour)
    mean_s = work_ms / 1000 / units if units else None
    passed, productive = minutes(elapsed[1] - elapsed[0]), productive_minutes(units, sam)
    pace = pace_percent(None if sam is None else sam * 60, mean_s)
    order = facts.order_at(hour.span[0])
    return StationHour(
        module=facts.module.code,
        workstation=station.code,
        clock_start_ns=hour.clock.clock_start_ns,
        start_ns=hour.span[0],
        end_ns=hour.span[1],
        label=hour.clock.label,
        shift=day.shifts[hour.shift].label,
        elapsed_minutes=passed,
        units=units,
        work_s=work_ms / 1000,
        mean_s=mean_s,
        sam_minutes=sam,
        productive_minutes=productive,
        efficiency_percent=efficiency_percent(productive, passed),
        pace_percent=pace,
        status=facts.thresholds.pace(pace),
        lost_minutes=lost_minutes(facts, [elapsed], station.id),
        production_order=order.code if order else None,
        operators=shares(people, [elapsed]),
        observed_percent=observed.of_camera(station.camera_id, [elapsed]).percent,
    )


def _sam(facts: Facts, station: StationFacts, hour: PlannedHour) -> float | None:
    reference = facts.reference_at(hour.span[0])
    return facts.standard_times.minutes(reference, station.operation, hour.span)
