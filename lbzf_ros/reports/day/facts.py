"""All rows that the figures of a module are made of, read once, for one day or several."""

from __future__ import annotations

import bisect
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from lbzf_ros.core.indicators.hours import clock_hour_start, days_before, local_day
from lbzf_ros.core.indicators.spans import HOUR_NS, Span, without
from lbzf_ros.core.indicators.status import Thresholds
from lbzf_ros.reports.day.rules import DayRules, ModuleRules
from lbzf_ros.reports.day.sam import StandardTimes
from lbzf_ros.reports.day.shifts import DayPlan, day_plan, hours_with_work, shifts_of_day
from lbzf_ros.reports.day.values import ShiftSpan
from lbzf_ros.store.day import entered, made, plan
from lbzf_ros.store.day.made import NOTHING, Made
from lbzf_ros.store.day.plan import EnteredTarget, ModuleFacts, StationFacts
from lbzf_ros.store.hours import HOUR_NS as UTC_HOUR_NS
from lbzf_ros.store.hours import hour_text, hours_within
from lbzf_ros.store.people.errors import NotThere
from lbzf_ros.store.people.orders import OrderRow, orders_in
from lbzf_ros.store.people.thresholds import thresholds_in
from lbzf_ros.store.timestamps import from_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a module on some days.

    Attributes:
        stations: in line order: those of the plant file, and others that made something.
        outputs: row ids of the stations whose units are the module's.
        plans: the days, in order.
        span: all of their hours.
        made: cycles by station and span of an hour, until now; of the output stations only when so read.
        working: stations (row ids) that made something in a shift until now, by the shift's span.
        present: who was entered in a shift, by the shift's span.
    """

    rules: ModuleRules
    time_zone: str
    now_ns: int
    module: ModuleFacts
    stations: tuple[StationFacts, ...]
    outputs: frozenset[int]
    plans: tuple[DayPlan, ...]
    span: Span
    made: dict[tuple[int, Span], Made]
    working: dict[Span, frozenset[int]]
    targets: tuple[EnteredTarget, ...]
    orders: tuple[OrderRow, ...]
    standard_times: StandardTimes
    assigned: tuple[entered.Assigned, ...]
    present: dict[Span, list[entered.Assigned]]
    lost: tuple[entered.Lost, ...]
    thresholds: Thresholds

    def made_in(self, station: int, span: Span) -> Made:
        """Cycles of a station in a span of an hour of the plan."""
        return self.made.get((station, span), NOTHING)

    def output_in(self, span: Span) -> int:
        """Units of the module in a span of an hour of the plan."""
        return sum(self.made_in(station, span).units for station in self.outputs)

    def order_at(self, time_ns: int) -> OrderRow | None:
        """The production order on which the module works at a time."""
        fitting = [
            order
            for order in self.orders
            if order.start_ns <= time_ns and (order.end_ns is None or time_ns < order.end_ns)
        ]
        return fitting[-1] if fitting else None

    def reference_at(self, time_ns: int) -> str | None:
        """The product that the module makes at a time."""
        order = self.order_at(time_ns)
        return order.reference if order and order.reference else self.module.reference


def read_facts(
    connection: Connection,
    rules: DayRules,
    module: str,
    dates: Sequence[str],
    *,
    now_ns: int,
    outputs_only: bool = False,
) -> Facts:
    """Read what is known of a module.

    Args:
        connection: inside a transaction.
        rules: of the plant file.
        module: code.
        dates: local days that follow each other.
        now_ns: what comes later has not happened.
        outputs_only: hours of the output stations are enough: over weeks, those of all stations take longer.

    Raises:
        InvalidValue: a day cannot be.
        NotThere: no such module.
    """
    found = _module(connection, module)
    own, zone = rules.of(module), rules.time_zone
    everybody = plan.station_facts(connection, found.id)
    days = [local_day(date, zone) for date in dates]
    by_day = read_plans(connection, rules, module, dates, now_ns=now_ns)
    ends = [shift.end_ns for day in by_day for shift in day] + [day[1] for day in days]
    span = days[0][0], max(ends)
    until = -(-span[1] // UTC_HOUR_NS) * UTC_HOUR_NS
    everybody_ids = [one.id for one in everybody]
    if not own.shift_hours:
        work = [
            from_text(f"{hour}:00:00.000Z")
            for hour in made.hours_with_cycles(connection, everybody_ids, span[0], until)
        ]
        by_day = [
            day_shifts or hours_with_work(_hours_of(work, day, zone, now_ns))
            for day_shifts, day in zip(by_day, days, strict=True)
        ]
    plans = tuple(day_plan(date, day_shifts, zone) for date, day_shifts in zip(dates, by_day, strict=True))
    outputs = frozenset(_outputs(everybody, own))
    wanted = sorted(outputs) if outputs_only else everybody_ids
    rollup = made.whole_hours(connection, wanted, span[0], until)
    counted = _made(connection, wanted, plans, rollup, now_ns)
    shifts = [shift for day in plans for shift in day.spans()]
    worked = (
        made.working(connection, everybody_ids, [(start, min(end, now_ns)) for start, end in shifts])
        if outputs_only
        else _working(plans, counted)
    )
    seen = {station for station, _ in rollup}.union(*worked)
    stations = tuple(one for one in everybody if one.active or one.id in seen)
    assigned = tuple(entered.assigned(connection, found.id, *span))
    orders = orders_in(connection, found.id, module, *span)
    references = {found.reference, *(order.reference for order in orders)} - {None}
    return Facts(
        rules=own,
        time_zone=zone,
        now_ns=now_ns,
        module=found,
        stations=stations,
        outputs=outputs,
        plans=plans,
        span=span,
        made=counted,
        working=dict(zip(shifts, worked, strict=True)),
        targets=tuple(plan.entered_targets(connection, found.id, dates[0], dates[-1])),
        orders=orders,
        standard_times=StandardTimes(plan.sam_versions(connection, json.dumps(sorted(map(str, references))))),
        assigned=assigned,
        present=_present(assigned, shifts),
        lost=tuple(entered.lost(connection, found.id, *span)),
        thresholds=thresholds_in(connection, found.id, module, rules.thresholds).thresholds,
    )


def read_plans(
    connection: Connection, rules: DayRules, module: str, dates: Sequence[str], *, now_ns: int
) -> list[list[ShiftSpan]]:
    """Shifts of a module on local days that follow each other, as far as they are known.

    Raises:
        InvalidValue: a day cannot be.
        NotThere: no such module.
    """
    found, planned, zone = _module(connection, module), rules.of(module).shift_hours, rules.time_zone
    shifts = plan.entered_shifts(connection, found.id, dates[0], dates[-1])
    return [shifts_of_day(date, shifts, planned, zone, now_ns=now_ns) for date in dates]


def units_outside(connection: Connection, rules: DayRules, facts: Facts, day: DayPlan) -> int:
    """Units of the module on a local day that began in no shift, until now."""
    before = [days_before(day.date, 1)]
    (earlier,) = read_plans(connection, rules, facts.module.code, before, now_ns=facts.now_ns)
    covered = [*day.spans(), *((shift.start_ns, shift.end_ns) for shift in earlier)]
    start, end = local_day(day.date, rules.time_zone)
    end = max(start, min(end, facts.now_ns))
    outputs, total, rest = sorted(facts.outputs), 0, list[Span]()
    for span in without((start, end), covered):
        whole, parts = hours_within(*span)
        rest += parts
        if whole[0] < whole[1]:
            counted = made.whole_hours(connection, outputs, *whole)
            total += sum(one.units for one in counted.values())
    return total + sum(one.units for one in made.parts_of_hours(connection, outputs, rest).values())


def _module(connection: Connection, code: str) -> ModuleFacts:
    found = plan.module_facts(connection, code)
    if found is None:
        known = ", ".join(one.code for one in plan.active_modules(connection)) or "none"
        raise NotThere(
            f"there is no module {code[:80]!r}; the plant has {known}", "module_unknown", module=code[:80]
        )
    return found


def _present(
    assigned: Iterable[entered.Assigned], shifts: Sequence[Span]
) -> dict[Span, list[entered.Assigned]]:
    """Who was entered in each shift; shifts in order of their starts."""
    found: dict[Span, list[entered.Assigned]] = {shift: [] for shift in shifts}
    ends = [end for _, end in shifts]
    for one in assigned:
        for shift in shifts[bisect.bisect_right(ends, one.start_ns) :]:
            if one.end_ns is not None and shift[0] >= one.end_ns:
                break
            found[shift].append(one)
    return found


def _hours_of(work: Sequence[int], day: Span, time_zone: str, now_ns: int) -> Span | None:
    """From the first to the last hour of a day in which something was made, and to the hour of now just after it."""
    mine = [hour for hour in work if day[0] - UTC_HOUR_NS < hour < day[1]]
    if not mine:
        return None
    start = max(clock_hour_start(mine[0], time_zone), day[0])
    last = mine[-1] + UTC_HOUR_NS - 1
    if last < now_ns <= last + HOUR_NS:
        last = now_ns
    return start, min(clock_hour_start(last, time_zone) + HOUR_NS, day[1])


def _outputs(stations: Iterable[StationFacts], rules: ModuleRules) -> list[int]:
    """The stations that count: those of the plant file's setting; else the last of the flow."""
    line = [station for station in stations if station.active]
    if rules.output_workstations:
        return [station.id for station in line if station.code in rules.output_workstations]
    placed = [station.sequence_pos for station in line if station.sequence_pos is not None]
    if placed:
        return [station.id for station in line if station.sequence_pos == max(placed)]
    return [station.id for station in line[-1:]]


def _working(plans: Sequence[DayPlan], counted: dict[tuple[int, Span], Made]) -> list[frozenset[int]]:
    """Stations with a cycle in each shift of each day."""
    found: list[frozenset[int]] = []
    for day in plans:
        for place in range(len(day.shifts)):
            spans = {hour.span for hour in day.hours_of(place)}
            found.append(frozenset(station for station, span in counted if span in spans))
    return found


def _made(
    connection: Connection,
    stations: Sequence[int],
    plans: Sequence[DayPlan],
    rollup: dict[tuple[int, str], Made],
    now_ns: int,
) -> dict[tuple[int, Span], Made]:
    """Cycles by station and hour of the plan: whole hours from the rollup, others from the cycles."""
    found: dict[tuple[int, Span], Made] = {}
    parts: dict[Span, Span] = {}
    for hour in (hour for day in plans for hour in day.hours):
        start, end = elapsed = hour.elapsed(now_ns)
        if start == end:
            continue
        if start % UTC_HOUR_NS == 0 and end - start == UTC_HOUR_NS:
            text = hour_text(start)
            for station in stations:
                if (one := rollup.get((station, text))) is not None:
                    found[station, hour.span] = one
        else:
            parts[elapsed] = hour.span
    for (station, elapsed), one in made.parts_of_hours(connection, stations, list(parts)).items():
        found[station, parts[elapsed]] = one
    return found
