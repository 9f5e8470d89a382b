"""A module's day, or one shift of it, with all that its figures need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from sqlalchemy import Connection

from lbzf_ros.reports.day import balance, board, stations
from lbzf_ros.reports.day.crew import Crew
from lbzf_ros.reports.day.durations import Durations
from lbzf_ros.reports.day.facts import Facts, read_facts, units_outside
from lbzf_ros.reports.day.observed import Observed
from lbzf_ros.reports.day.rules import DayRules
from lbzf_ros.reports.day.shifts import DayPlan, PlannedHour
from lbzf_ros.reports.day.totals import module_totals
from lbzf_ros.reports.day.trend import TrendPart, part_of
from lbzf_ros.reports.day.values import (
    Balance,
    HourBoard,
    ModuleDay,
    ModuleTotals,
    RejectionTotal,
    ShiftSource,
    ShiftSummary,
    StationFigures,
)
from lbzf_ros.store.day import made
from lbzf_ros.store.day.plan import StationFacts
from lbzf_ros.store.day.seen import seen
from lbzf_ros.store.people.errors import NotThere

Rejected = Mapping[tuple[int, str], int]
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which part of a day: `place` of the shift in it; None: all of it. `rejected` is of that part.

    Each figure is worked out once. What is given the connection reads in the transaction that is open now, so a kept
    one may only be used while nothing has changed of which it is made (`kept.py`). May be asked from any thread.
    """

    facts: Facts
    day: DayPlan
    place: int | None
    people: list[Crew]
    observed: Observed
    rejected: Rejected
    outside: int
    clock_not_kept: int
    """Of all of the day."""
    durations: Durations = field(repr=False, compare=False)
    _known: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def hours(self) -> list[PlannedHour]:
        """Of this part."""
        return self.day.hours_of(self.place)

    @property
    def runs(self) -> bool:
        """Whether now is in it."""
        return self.facts.span[0] <= self.facts.now_ns < self.facts.span[1]

    def totals(self) -> ModuleTotals:
        """Of the module."""
        return self._once("totals", self._totals)

    def station(self, station: StationFacts) -> StationFigures:
        """Of one station."""
        return self._once(
            station,
            lambda: stations.station_figures(
                self.facts, self.day, self.hours, station, self.observed, self.rejected
            ),
        )

    def stations(self) -> tuple[StationFigures, ...]:
        """Of all of them, in line order."""
        return tuple(self.station(one) for one in self.facts.stations)

    def board(self) -> HourBoard:
        """The whiteboard."""
        return self._once("board", self._board)

    def balance(self, connection: Connection, bands: Sequence[str]) -> Balance:
        """How even the work is, by durations of some quality bands."""
        return self._once(("balance", *bands), lambda: self._balance(connection, bands))

    def module_day(self, connection: Connection) -> ModuleDay:
        """Board, stations by the hour, totals of each shift."""
        return self._once("module_day", lambda: self._module_day(connection))

    def summary(self, connection: Connection, bands: Sequence[str]) -> ShiftSummary:
        """The end of a shift, or of the day."""
        return self._once(("summary", *bands), lambda: self._summary(connection, bands))

    def trend(self, connection: Connection) -> TrendPart:
        """The day as a day of a trend."""
        return self._once("trend", lambda: part_of(connection, self.facts))

    def _once(self, name: Any, work_out: Callable[[], _Found]) -> _Found:
        if name not in self._known:
            self._known[name] = work_out()
        return cast(_Found, self._known[name])

    def _totals(self) -> ModuleTotals:
        return module_totals(
            self.facts,
            self.day,
            self.place,
            self.people,
            self.observed,
            rejected=self.rejected,
            outside=self.outside if self.place is None else 0,
            clock_not_kept=self.clock_not_kept,
        )

    def _board(self) -> HourBoard:
        shifts = self.day.shifts if self.place is None else (self.day.shifts[self.place],)
        return HourBoard(
            module=self.facts.module.code,
            date=self.day.date,
            shifts=shifts,
            output_workstations=tuple(
                one.code for one in self.facts.stations if one.id in self.facts.outputs
            ),
            hours=board.board_hours(self.facts, self.day, self.hours, self.people, self.observed),
            thresholds=self.facts.thresholds,
            totals=self.totals(),
        )

    def _balance(self, connection: Connection, bands: Sequence[str]) -> Balance:
        found = balance.spreads(self.durations.read(connection, self.facts, self.hours, bands))
        measured = {one.code: found[one.id] for one in self.facts.stations if one.id in found}
        return balance.balance_of(self.totals(), self.stations(), measured, self.facts.thresholds, bands)

    def _module_day(self, connection: Connection) -> ModuleDay:
        places = range(len(self.day.shifts)) if self.place is None else [self.place]
        return ModuleDay(
            module=self.facts.module.code,
            display_name=self.facts.module.display_name,
            date=self.day.date,
            board=self.board(),
            stations=self.stations(),
            totals=self.totals(),
            shifts=tuple(self._part(connection, place).totals() for place in places),
        )

    def _summary(self, connection: Connection, bands: Sequence[str]) -> ShiftSummary:
        finished = [
            line for line in self.board().hours if not line.running and line.real is not None and line.meta
        ]
        ordered = sorted(finished, key=lambda line: (line.percent or 0.0, -line.start_ns))
        return ShiftSummary(
            totals=self.totals(),
            best_hour=ordered[-1].label if ordered else None,
            worst_hour=ordered[0].label if ordered else None,
            hours_on_target=sum((line.real or 0) >= (line.meta or 0) for line in finished),
            hours_finished=len(finished),
            balance=self.balance(connection, bands),
            rejections=self.reasons(),
        )

    def reasons(self) -> tuple[RejectionTotal, ...]:
        """Rejections of all stations by reason, most frequent first."""
        counted: Counter[str] = Counter()
        for (_, reason), cycles in self.rejected.items():
            counted[reason] += cycles
        ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        return tuple(RejectionTotal(reason=reason, cycles=cycles) for reason, cycles in ordered)

    def worked(self) -> bool:
        """Whether there is anything to compare with: a shift that somebody entered, or a cycle."""
        entered_one = any(shift.source is ShiftSource.ENTERED for shift in self.day.shifts)
        return entered_one or bool(self.facts.made)

    def _part(self, connection: Connection, place: int) -> Chosen:
        """One shift of the same day."""
        if place == self.place:
            return self
        hours = self.day.hours_of(place)
        rejected = self.rejected if hours == self.hours else _rejected(connection, self.facts, hours)
        return replace(self, place=place, rejected=rejected)


def choose(
    connection: Connection,
    rules: DayRules,
    module: str,
    date: str,
    shift: str | None,
    now_ns: int,
    durations: Durations,
) -> Chosen:
    """Read a module's day; what takes long and does not change is kept in `durations`.

    Raises:
        InvalidValue: the day cannot be.
        NotThere: no such module, or no such shift on that day.
    """
    facts = read_facts(connection, rules, module, [date], now_ns=now_ns)
    day = facts.plans[0]
    labels = [one.label for one in day.shifts]
    if shift is not None and shift not in labels:
        known = ", ".join(labels) or "none"
        raise NotThere(
            f"there is no shift {shift[:80]!r} of {module} on {date}; there is {known}",
            "shift_unknown",
            shift=shift[:80],
            date=date,
        )
    place = None if shift is None else labels.index(shift)
    cameras = {one.camera_id for one in facts.stations if one.camera_id is not None}
    return Chosen(
        facts=facts,
        day=day,
        place=place,
        people=board.crews(facts, day),
        observed=Observed(
            seen(connection, cameras, *facts.span),
            now_ns=facts.now_ns,
            min_percent=facts.thresholds.min_coverage,
        ),
        rejected=_rejected(connection, facts, day.hours_of(place)),
        outside=units_outside(connection, rules, facts, day),
        clock_not_kept=made.clock_not_kept(connection, [one.id for one in facts.stations], facts.span),
        durations=durations,
    )


def _rejected(connection: Connection, facts: Facts, hours: Sequence[PlannedHour]) -> Rejected:
    return made.rejections(connection, [one.id for one in facts.stations], _passed(facts, hours))


def _passed(facts: Facts, hours: Sequence[PlannedHour]) -> list[tuple[int, int]]:
    return [hour.elapsed(facts.now_ns) for hour in hours if hour.span[0] < facts.now_ns]
