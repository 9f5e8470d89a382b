"""What each operator made, from the cycles themselves."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from lbzf_ros.core.indicators.formulas import efficiency_percent, productive_minutes
from lbzf_ros.core.indicators.spans import length_ns, minutes, within
from lbzf_ros.reports.day.crew import assigned_span
from lbzf_ros.reports.day.facts import Facts
from lbzf_ros.reports.day.shifts import DayPlan, PlannedHour
from lbzf_ros.reports.day.values import OperatorHour
from lbzf_ros.store.day import made
from lbzf_ros.store.day.entered import Assigned
from lbzf_ros.store.day.plan import StationFacts


def operator_hours(
    connection: Connection, facts: Facts, day: DayPlan, hours: Sequence[PlannedHour]
) -> tuple[OperatorHour, ...]:
    """By hour, station in line order and operator; who was entered and made nothing is in it with 0 units."""
    begun = [hour for hour in hours if hour.span[0] < facts.now_ns]
    spans = [hour.elapsed(facts.now_ns) for hour in begun]
    counted = {
        (one.place, one.workstation_id, one.operator_id): (one.units, one.work_ms)
        for one in made.by_operator(connection, [one.id for one in facts.stations], spans)
    }
    people = {one.operator_id: one for one in facts.assigned}
    found = []
    for place, hour in enumerate(begun):
        for station in facts.stations:
            present = _present(facts, station.id, spans[place])
            made_by = {operator for at, row, operator in counted if (at, row) == (place, station.id)}
            order = sorted(made_by | set(present), key=lambda row: (row is None, row or 0))
            found += [
                _line(
                    facts,
                    day,
                    hour,
                    station,
                    people.get(operator) if operator is not None else None,
                    present.get(operator) if operator is not None else None,
                    counted.get((place, station.id, operator), (0, 0)),
                )
                for operator in order
            ]
    return tuple(found)


def _present(facts: Facts, station: int, span: tuple[int, int]) -> dict[int, float]:
    """Minutes of each operator (row id) entered at a station in a span."""
    found: dict[int, float] = {}
    for one in facts.assigned:
        if one.workstation_id == station and (length := length_ns(within(span, [assigned_span(one)]))):
            found[one.operator_id] = found.get(one.operator_id, 0.0) + minutes(length)
    return found


def _line(
    facts: Facts,
    day: DayPlan,
    hour: PlannedHour,
    station: StationFacts,
    person: Assigned | None,
    present: float | None,
    counted: tuple[int, int],
) -> OperatorHour:
    units, work_ms = counted
    reference, order = facts.reference_at(hour.span[0]), facts.order_at(hour.span[0])
    sam = facts.standard_times.minutes(reference, station.operation, hour.span)
    productive = productive_minutes(units, sam)
    return OperatorHour(
        module=facts.module.code,
        workstation=station.code,
        shift=day.shifts[hour.shift].label,
        clock_start_ns=hour.clock.clock_start_ns,
        start_ns=hour.span[0],
        label=hour.clock.label,
        external_code=None if person is None else person.external_code,
        display_name=None if person is None else person.display_name,
        minutes=present,
        production_order=order.code if order else None,
        units=units,
        work_s=work_ms / 1000,
        sam_minutes=sam,
        productive_minutes=productive,
        efficiency_percent=efficiency_percent(productive, present),
    )
