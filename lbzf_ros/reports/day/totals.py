"""A module over a shift or a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lbzf_ros.core.indicators.formulas import efficiency_percent, percent, productive_minutes, takt_s
from lbzf_ros.core.indicators.spans import length_ns, minutes
from lbzf_ros.reports.day.board import cameras_of, garment_sam
from lbzf_ros.reports.day.crew import Crew, all_sources
from lbzf_ros.reports.day.facts import Facts
from lbzf_ros.reports.day.lost import by_code, lost_minutes
from lbzf_ros.reports.day.meta import Metas
from lbzf_ros.reports.day.observed import Observed
from lbzf_ros.reports.day.shifts import DayPlan, PlannedHour
from lbzf_ros.reports.day.values import ModuleTotals


def module_totals(
    facts: Facts,
    day: DayPlan,
    place: int | None,
    people: Sequence[Crew],
    observed: Observed,
    *,
    rejected: Mapping[tuple[int, str], int],
    outside: int,
    clock_not_kept: int,
) -> ModuleTotals:
    """Totals of one shift (its place in the day) or of the day (None), until now.

    Args:
        facts: of the module.
        day: the local day.
        place: which shift.
        people: the crews of the day's shifts.
        observed: coverage of the cameras.
        rejected: cycles that do not count, by station and reason, of the same time.
        outside: units of the day in no shift.
        clock_not_kept: cycles of the day whose times of day may be wrong.
    """
    hours = day.hours_of(place)
    spans = day.spans() if place is None else [day.spans()[place]]
    passed = [(start, min(end, facts.now_ns)) for start, end in spans if start < facts.now_ns]
    begun = [hour for hour in hours if hour.span[0] < facts.now_ns]
    meta, due = _metas(facts, day, hours)
    real = sum(facts.output_in(hour.span) for hour in begun) if begun else None
    productive = _productive(facts, begun)
    crews = list(people) if place is None else [people[place]]
    crew = _crew_minutes(crews, spans, facts.now_ns)
    available = minutes(length_ns(passed))
    efficiency, share = efficiency_percent(productive, crew), percent(real, due)
    last = begun[-1] if begun else (hours[0] if hours else None)
    return ModuleTotals(
        module=facts.module.code,
        date=day.date,
        shift=None if place is None else day.shifts[place].label,
        start_ns=spans[0][0] if spans else None,
        end_ns=spans[-1][1] if spans else None,
        reference=facts.module.reference if last is None else facts.reference_at(last.span[0]),
        production_orders=_orders(facts, spans),
        sam_minutes=None if last is None else garment_sam(facts, last),
        meta=meta,
        meta_until_now=due,
        real=real,
        real_outside=outside,
        percent=share,
        productive_minutes=productive,
        available_minutes=available,
        operators=None if crew is None or not available else crew / available,
        operator_source=all_sources(crew.source for crew in crews),
        operator_minutes=crew,
        efficiency_percent=efficiency,
        efficiency_status=facts.thresholds.efficiency(efficiency),
        target_status=facts.thresholds.target(share),
        takt_s=takt_s(length_ns(spans) / 1e9, meta),
        lost_minutes=lost_minutes(facts, passed),
        lost_time=by_code(facts, passed),
        rejected=sum(rejected.values()),
        coverage=observed.of_cameras(cameras_of(facts), passed),
        clock_not_kept=clock_not_kept,
    )


def _metas(facts: Facts, day: DayPlan, hours: Sequence[PlannedHour]) -> tuple[float | None, float | None]:
    """Meta of all hours, and of what has passed of them; None: of one hour it is not known."""
    metas = Metas(facts, day)
    total = due = 0.0
    for hour in hours:
        meta, _ = metas.of(hour)
        if meta is None:
            return None, None
        start, until = hour.elapsed(facts.now_ns)
        total += meta
        due += meta * (until - start) / (hour.span[1] - start)
    return (total, due) if hours else (None, None)


def _productive(facts: Facts, begun: Sequence[PlannedHour]) -> float | None:
    found = [productive_minutes(facts.output_in(hour.span), garment_sam(facts, hour)) for hour in begun]
    known = [one for one in found if one is not None]
    return sum(known) if known and len(known) == len(found) else None


def _crew_minutes(people: Sequence[Crew], spans: Sequence[tuple[int, int]], now_ns: int) -> float | None:
    """Of all shifts that have begun; a shift in which nobody is known is left out when it made nothing either."""
    found = [
        crew.minutes((start, min(end, now_ns)))
        for crew, (start, end) in zip(people, spans, strict=True)
        if start < now_ns
    ]
    known = [one for one in found if one is not None]
    return sum(known) if known else None


def _orders(facts: Facts, spans: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    codes = (
        order.code
        for order in facts.orders
        if any(
            order.start_ns < end and (order.end_ns is None or order.end_ns > start) for start, end in spans
        )
    )
    return tuple(dict.fromkeys(codes))
