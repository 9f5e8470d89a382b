"""The figures of a day: every question has its method here; each sees one consistent state of the database."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Connection, Engine

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.indicators.hours import (
    count_days,
    day_of,
    days_before,
    last_days,
    local_day,
    same_clock_time,
)
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.reports.day import trend
from lbzf_ros.reports.day.balance import check_qualities
from lbzf_ros.reports.day.chosen import Chosen
from lbzf_ros.reports.day.ended import EndedDays
from lbzf_ros.reports.day.facts import read_plans
from lbzf_ros.reports.day.kept import KeptDays
from lbzf_ros.reports.day.operators import operator_hours
from lbzf_ros.reports.day.rules import DayRules
from lbzf_ros.reports.day.station_page import MAX_CYCLES, station_page
from lbzf_ros.reports.day.values import (
    Activity,
    Balance,
    Comparison,
    DayFigures,
    HourBoard,
    ModuleDay,
    ModuleTotals,
    OperatorHour,
    ShiftSummary,
    StationDay,
    Trend,
)
from lbzf_ros.store.day import entered, plan
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people.errors import NotThere

__all__ = ["MAX_CYCLES", "MAX_TREND_DAYS", "QUALITIES", "DayReader"]

QUALITIES = ("green", "yellow")
"""Bands whose durations count unless others are asked for: red ones are measured too badly to judge a station by."""
MAX_TREND_DAYS = 92
_LATELY_NS = 60 * NS_PER_S
_Key = TypeVar("_Key")
_DAYS_THAT_RUN = 3
"""Today, and those of which a shift may still be open: they are kept one by one, for all questions."""


class DayReader:
    """Reads the figures of days.

    Every method takes the local `date` (YYYY-MM-DD), `now_ns` (what comes later has not happened), perhaps a `shift`
    (label; None: all of the day). Raises `NotThere` for a module, station or shift that is not there, `InvalidValue`
    for a day that cannot be, `StoreError` when the database cannot be read.
    """

    def __init__(self, engine: Engine, rules: DayRules) -> None:
        """Read through an engine of `reading_engine`; rules of `rules_of(plant)`."""
        self._engine = engine
        self._rules_now: Callable[[], DayRules] = lambda: rules
        self._ended, self._kept = EndedDays(), KeptDays()
        self._asked: dict[tuple[str, str, str | None], int] = {}
        self._compared: dict[tuple[str, str], int] = {}

    def following(self, rules: Callable[[], DayRules]) -> DayReader:
        """The same by rules that may change while it is in use."""
        found = DayReader(self._engine, rules())
        found._rules_now = rules
        return found

    @property
    def _rules(self) -> DayRules:
        return self._rules_now()

    def present_day(self, module: str, *, now_ns: int) -> str:
        """The local day whose shifts now belongs to: yesterday while a shift of its night runs, else today."""
        today = day_of(now_ns, self._rules.time_zone)
        dates = [days_before(today, 1), today]
        with transaction(self._engine, "read the shifts of now") as connection:
            before, _ = read_plans(connection, self._rules, module, dates, now_ns=now_ns)
        runs = any(shift.start_ns <= now_ns < shift.end_ns for shift in before)
        return dates[0] if runs else today

    def day(self, date: str, *, now_ns: int, modules: Sequence[str] | None = None) -> DayFigures:
        """All figures of all active modules, or of those that are named."""
        with transaction(self._engine, "read the figures of a day") as connection:
            wanted = modules or [one.code for one in plan.active_modules(connection)]
            chosen = [self._chosen(connection, code, date, None, now_ns) for code in wanted]
            found = tuple(one.module_day(connection) for one in chosen)
        zone = self._rules.time_zone
        end_ns = max([local_day(date, zone)[1], *(one.facts.span[1] for one in chosen)])
        return DayFigures(date=date, time_zone=zone, now_ns=min(now_ns, end_ns), modules=found)

    def module_day(self, module: str, date: str, *, now_ns: int, shift: str | None = None) -> ModuleDay:
        """Board, stations by the hour, totals."""
        with transaction(self._engine, "read the figures of a module") as connection:
            return self._chosen(connection, module, date, shift, now_ns).module_day(connection)

    def hour_board(self, module: str, date: str, *, now_ns: int, shift: str | None = None) -> HourBoard:
        """The whiteboard: hora, meta, real, %, accumulated; is this hour on pace?"""
        with transaction(self._engine, "read an hour board") as connection:
            return self._chosen(connection, module, date, shift, now_ns).board()

    def station_day(
        self,
        module: str,
        workstation: str,
        date: str,
        *,
        now_ns: int,
        shift: str | None = None,
        qualities: Sequence[str] = QUALITIES,
    ) -> StationDay:
        """The page of a station: cycles, spread, histogram, hours, rejections, lost time, operators."""
        bands = check_qualities(qualities)
        with transaction(self._engine, "read a station's day") as connection:
            chosen = self._chosen(connection, module, date, shift, now_ns)
            station = next((one for one in chosen.facts.stations if one.code == workstation), None)
            if station is None:
                known = ", ".join(one.code for one in chosen.facts.stations) or "none"
                raise NotThere(
                    f"there is no workstation {module}/{workstation[:80]}; the module has {known}",
                    "station_unknown",
                    module=module,
                    station=workstation[:80],
                )
            figures = chosen.station(station)
            return station_page(
                connection, chosen.facts, chosen.day, chosen.place, figures, station, bands, chosen.rejected
            )

    def balance(
        self,
        module: str,
        date: str,
        *,
        now_ns: int,
        shift: str | None = None,
        qualities: Sequence[str] = QUALITIES,
    ) -> Balance:
        """Yamazumi figures: measured medians with P10 and P90 against takt, bottleneck, balance efficiency."""
        bands = check_qualities(qualities)
        with transaction(self._engine, "read the balance of a module") as connection:
            return self._chosen(connection, module, date, shift, now_ns).balance(connection, bands)

    def summary(self, module: str, date: str, *, now_ns: int, shift: str | None = None) -> ShiftSummary:
        """The end of a shift, or of the day, on one page."""
        with transaction(self._engine, "read the summary of a shift") as connection:
            return self._chosen(connection, module, date, shift, now_ns).summary(connection, QUALITIES)

    def comparison(self, module: str, date: str, *, now_ns: int) -> Comparison:
        """The day beside yesterday and the same weekday of last week."""
        with transaction(self._engine, "compare days") as connection:
            found = self._comparison(
                lambda day, until_ns: self._chosen(connection, module, day, None, until_ns), date, now_ns
            )
        if found.until_ns == now_ns:  # the day runs
            self._compared[module, date] = now_ns
        return found

    def _comparison(self, choose: Callable[[str, int], Chosen], date: str, now_ns: int) -> Comparison:
        """By days, each until a time."""
        zone = self._rules.time_zone
        today = choose(date, now_ns)
        ends = [today.day.shifts[-1].end_ns] if today.day.shifts else [local_day(date, zone)[1]]
        until, running = min(now_ns, *ends), now_ns < ends[0]
        before: list[ModuleTotals | None] = []
        for earlier in (days_before(date, 1), days_before(date, 7)):
            end = same_clock_time(until, earlier, zone) if running else now_ns
            other = choose(earlier, min(end, now_ns))
            before.append(other.totals() if other.worked() else None)
        return Comparison(until_ns=until, day=today.totals(), yesterday=before[0], last_week=before[1])

    def trend(self, module: str, date: str, *, now_ns: int, days: int = 28) -> Trend:
        """Efficiency of a module over so many days (1 to 92), with how much the engineer entered on each."""
        with transaction(self._engine, "read a trend") as connection:
            return self._trend(connection, module, date, now_ns, days)[0]

    def trends_and_boards(
        self, modules: Sequence[str], date: str, *, now_ns: int, days: int = 28
    ) -> list[tuple[Trend, HourBoard]]:
        """Both of each module, of the same moment: for less than one after the other."""
        found = []
        with transaction(self._engine, "read trends and their day") as connection:
            for module in modules:
                over_days, day = self._trend(connection, module, date, now_ns, days)
                day = day or self._chosen(connection, module, date, None, now_ns)
                found.append((over_days, day.board()))
        return found

    def _trend(
        self, connection: Connection, module: str, date: str, now_ns: int, days: int
    ) -> tuple[Trend, Chosen | None]:
        """The trend, and its last day if that had to be looked at by itself."""
        if not 1 <= days <= MAX_TREND_DAYS:
            raise InvalidValue(
                f"trend: {days} days must be 1 to {MAX_TREND_DAYS}",
                "out_of_range",
                least=1,
                most=MAX_TREND_DAYS,
            )
        dates = last_days(date, 2 * days - 1)
        found = self._ended.trend(connection, self._rules, module, dates, now_ns=now_ns)
        rest, last = dates[len(found.days) :], None
        if len(rest) <= _DAYS_THAT_RUN:
            for day in rest:
                last = self._chosen(connection, module, day, None, now_ns)
                found += last.trend(connection)
        else:  # somebody asks for days that are to come
            found += trend.trend_part(connection, self._rules, module, rest, now_ns=now_ns)
        shown = Trend(
            module=module,
            days=found.days[days - 1 :],
            mean_percent=trend.mean_efficiency(found.totals[days - 1 : -1]),
            before_percent=trend.mean_efficiency(found.totals[: days - 1]),
        )
        return shown, last

    def activity(self, *, from_ns: int, to_ns: int, roles: Sequence[str] = ("engineer",)) -> Activity:
        """Whether somebody with one of the roles entered something in from_ns <= time < to_ns."""
        zone = self._rules.time_zone
        with transaction(self._engine, "read who entered something") as connection:
            times = entered.entries_of(connection, json.dumps(list(roles)), from_ns, to_ns)
        return Activity(
            roles=tuple(roles),
            from_ns=from_ns,
            to_ns=to_ns,
            entries=len(times),
            days=count_days(times, zone),
            last_ns=times[-1] if times else None,
        )

    def operator_hours(
        self, module: str, date: str, *, now_ns: int, shift: str | None = None
    ) -> tuple[OperatorHour, ...]:
        """What each operator made at each station hour by hour, by hour and line order (the workbook's Indicadores)."""
        with transaction(self._engine, "read what operators made") as connection:
            chosen = self._chosen(connection, module, date, shift, now_ns)
            return operator_hours(connection, chosen.facts, chosen.day, chosen.hours)

    def work_ahead(self, *, now_ns: int, for_ns: int) -> Iterator[ModuleDay]:
        """Work out again what has changed of the days that run and were asked for lately, so that nobody waits for it.

        Args:
            now_ns: now.
            for_ns: how much later this will be called again.

        Yields:
            Those days, one after the other.
        """
        self._asked = _lately(self._asked, now_ns)
        for module, date, shift in list(self._asked):
            with transaction(self._engine, "work ahead") as connection:
                day = self._kept.choose(connection, self._rules, module, date, shift, now_ns, for_ns)
                found = day.module_day(connection)
                day.summary(connection, QUALITIES)
                day.trend(connection)
            yield found

    def compare_ahead(self, *, now_ns: int, for_ns: int) -> Iterator[Comparison]:
        """The same of comparisons: what the days before had made by this time of day."""
        self._compared = _lately(self._compared, now_ns)
        for module, date in list(self._compared):
            with transaction(self._engine, "work ahead") as connection:
                choose = functools.partial(self._choose_ahead, connection, module, for_ns)
                found = self._comparison(choose, date, now_ns)
            yield found

    def _choose_ahead(
        self, connection: Connection, module: str, for_ns: int, date: str, until_ns: int
    ) -> Chosen:
        return self._kept.choose(connection, self._rules, module, date, None, until_ns, for_ns)

    def _chosen(
        self, connection: Connection, module: str, date: str, shift: str | None, now_ns: int
    ) -> Chosen:
        found = self._kept.choose(connection, self._rules, module, date, shift, now_ns)
        if found.runs:
            self._asked[module, date, shift] = now_ns
        return found


def _lately(asked: dict[_Key, int], now_ns: int) -> dict[_Key, int]:
    """What was asked lately. A copy: others write to it meanwhile."""
    return {key: asked_ns for key, asked_ns in list(asked.items()) if 0 <= now_ns - asked_ns < _LATELY_NS}
