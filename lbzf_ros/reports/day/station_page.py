"""The day of one station, cycle by cycle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from lbzf_ros.core.indicators.formulas import pace_percent
from lbzf_ros.core.indicators.spread import histogram, spread
from lbzf_ros.reports.day.crew import assigned_to, shares
from lbzf_ros.reports.day.facts import Facts
from lbzf_ros.reports.day.lost import entries_of
from lbzf_ros.reports.day.shifts import DayPlan
from lbzf_ros.reports.day.values import RejectionTotal, StationCycle, StationDay, StationFigures
from lbzf_ros.store.day import made
from lbzf_ros.store.day.made import CycleFacts
from lbzf_ros.store.day.plan import StationFacts

MAX_CYCLES = 10_000
"""Most cycles of a station's day."""


def station_page(
    connection: Connection,
    facts: Facts,
    day: DayPlan,
    place: int | None,
    figures: StationFigures,
    station: StationFacts,
    qualities: Sequence[str],
    rejected: Mapping[tuple[int, str], int],
) -> StationDay:
    """Put together a station's day; of one shift (its place) or of all (None)."""
    hours = day.hours_of(place)
    spans = [hour.elapsed(facts.now_ns) for hour in hours if hour.span[0] < facts.now_ns]
    rows = made.cycles_of(connection, station.id, spans, MAX_CYCLES + 1)
    cycles = tuple(map(_cycle, rows[:MAX_CYCLES]))
    durations = [cycle.duration_s for cycle in cycles if cycle.quality in qualities]
    found = spread(durations)
    pace = pace_percent(figures.sam_s, None if found is None else found.median_s)
    limits = facts.rules.limits_s.get(station.code, (None, None))
    counts = Counter(cycle.quality for cycle in cycles)
    reasons = sorted(
        ((reason, n) for (row, reason), n in rejected.items() if row == station.id),
        key=lambda item: (-item[1], item[0]),
    )
    return StationDay(
        figures=figures,
        shifts=day.shifts if place is None else (day.shifts[place],),
        min_cycle_s=limits[0],
        max_cycle_s=limits[1],
        cycles=cycles,
        truncated=len(rows) > MAX_CYCLES,
        qualities=tuple(qualities),
        spread=found,
        histogram=histogram(durations),
        pace_percent=pace,
        status=facts.thresholds.pace(pace),
        by_quality={quality: counts[quality] for quality in ("green", "yellow", "red")},
        rejections=tuple(RejectionTotal(reason=reason, cycles=n) for reason, n in reasons),
        lost_time=entries_of(facts, station.id, spans),
        operators=shares(assigned_to(facts, station.id), spans),
    )


def _cycle(row: CycleFacts) -> StationCycle:
    found = row.corrected_s
    return StationCycle(
        event_uid=row.event_uid,
        start_ns=row.start_ns,
        end_ns=row.end_ns,
        duration_s=row.duration_s if found is None else found,
        uncertainty_s=row.uncertainty_s if found is None else None,
        quality=row.quality,
        status=row.status,
        verified=row.verified_by is not None,
        operator=row.operator,
    )
