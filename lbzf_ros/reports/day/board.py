"""The whiteboard of a module: hour by hour, and added up."""

from __future__ import annotations

from collections.abc import Sequence

from lbzf_ros.core.indicators.formulas import efficiency_percent, percent, productive_minutes
from lbzf_ros.core.indicators.spans import minutes
from lbzf_ros.core.indicators.status import Status
from lbzf_ros.reports.day.crew import Crew
from lbzf_ros.reports.day.facts import Facts
from lbzf_ros.reports.day.lost import lost_minutes
from lbzf_ros.reports.day.meta import Metas
from lbzf_ros.reports.day.observed import Observed
from lbzf_ros.reports.day.shifts import DayPlan, PlannedHour
from lbzf_ros.reports.day.values import BoardHour


def crews(facts: Facts, day: DayPlan) -> list[Crew]:
    """The people of each shift of a day."""
    return [Crew(facts, shift) for shift in day.spans()]


def garment_sam(facts: Facts, hour: PlannedHour) -> float | None:
    """Standard minutes of a garment in an hour: of the product that was made when it began."""
    operations = tuple(station.operation for station in facts.stations if station.active)
    return facts.standard_times.garment(facts.reference_at(hour.span[0]), operations, hour.span)


def cameras_of(facts: Facts) -> list[int | None]:
    """The camera of each station, row ids."""
    return [station.camera_id for station in facts.stations if station.active]


def board_hours(
    facts: Facts, day: DayPlan, hours: Sequence[PlannedHour], people: Sequence[Crew], observed: Observed
) -> tuple[BoardHour, ...]:
    """Lines of the whiteboard, with what has accumulated from the first of them on."""
    metas = Metas(facts, day)
    lines: list[BoardHour] = []
    meta_so_far: float | None = 0.0
    expected_so_far: float | None = 0.0
    real_so_far = 0
    for hour in hours:
        start, until = elapsed = hour.elapsed(facts.now_ns)
        has_begun, running = until > start, start <= facts.now_ns < hour.span[1]
        meta, source = metas.of(hour)
        length, passed = minutes(hour.span[1] - start), minutes(until - start)
        due = None if meta is None else meta * passed / length
        real = facts.output_in(hour.span) if has_begun else None
        meta_so_far = _sum(meta_so_far, meta)
        expected_so_far = _sum(expected_so_far, due)
        real_so_far += real or 0
        share = percent(real, due) if has_begun else None
        productive = None if real is None else productive_minutes(real, garment_sam(facts, hour))
        crew = people[hour.shift].minutes(elapsed) if has_begun else None
        expected = due if running and has_begun else None
        lines.append(
            BoardHour(
                clock_start_ns=hour.clock.clock_start_ns,
                start_ns=start,
                end_ns=hour.span[1],
                label=hour.clock.label,
                shift=day.shifts[hour.shift].label,
                minutes=length,
                elapsed_minutes=passed,
                meta=meta,
                meta_source=source,
                real=real,
                percent=share,
                meta_so_far=meta_so_far,
                real_so_far=real_so_far if has_begun else None,
                percent_so_far=percent(real_so_far, expected_so_far) if has_begun else None,
                running=running,
                expected=expected,
                on_pace=None if expected is None or real is None else expected - real < 1,
                status=_status(facts, real, share, expected),
                work_minutes=productive,
                operator_minutes=crew,
                efficiency_percent=efficiency_percent(productive, crew),
                lost_minutes=lost_minutes(facts, [elapsed]),
                coverage=observed.of_cameras(cameras_of(facts), [elapsed] if has_begun else []),
            )
        )
    return tuple(lines)


def _status(facts: Facts, real: int | None, share: float | None, expected: float | None) -> Status:
    if real is None:
        return Status.UNKNOWN
    if expected is not None:
        return facts.thresholds.now(real, expected)
    return facts.thresholds.target(share)


def _sum(so_far: float | None, more: float | None) -> float | None:
    return None if so_far is None or more is None else so_far + more
