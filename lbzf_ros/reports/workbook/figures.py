"""Indicadores, Resumen, Balanceo and Calidad: the figures of the day's reader as rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from lbzf_ros.reports.day.reader import DayReader
from lbzf_ros.reports.day.values import (
    Balance,
    ModuleDay,
    ModuleTotals,
    OperatorHour,
    StationBalance,
    StationFigures,
)
from lbzf_ros.reports.workbook.kinds import Value, day_number
from lbzf_ros.reports.workbook.local_clock import LocalClock
from lbzf_ros.reports.workbook.period import ModulePeriod, Period
from lbzf_ros.reports.workbook.provenance import provenance
from lbzf_ros.reports.workbook.table import Table, in_memory

Line = dict[str, Value]


class Figures:
    """The figures of one export."""

    def __init__(
        self,
        reader: DayReader,
        connection: sqlite3.Connection,
        period: Period,
        words: Mapping[str, str],
        now_ns: int,
    ) -> None:
        """Of a period.

        Args:
            reader: of days.
            connection: for what the reader does not give.
            period: which.
            words: what codes are called.
            now_ns: what comes later has not happened.
        """
        self._reader, self._connection, self.period = reader, connection, period
        self._words, self._now_ns = words, now_ns
        self._clock = LocalClock(period.time_zone)

    def table(self, source: str) -> Table:
        """The rows of a source: indicators, summary, balance or quality."""
        makers: dict[str, Callable[[], Table]] = {
            "indicators": self._indicators,
            "summary": lambda: self._summary,
            "balance": self._balance,
            "quality": self._quality,
        }
        return makers[source]()

    def single(self, name: str) -> Value:
        """A figure for a single cell of a template: of the only row of the summary, or of all its rows."""
        named: Line = {
            "day": day_number(self.period.day),
            "shift": self.period.shift,
            "module": self.period.module,
        }
        if name in named:
            return named[name]
        return self._summary.totals.get(name.removeprefix("summary."))

    @cached_property
    def _days(self) -> dict[str, ModuleDay]:
        return {
            module.code: self._reader.module_day(
                module.code, self.period.day.isoformat(), now_ns=self._now_ns, shift=self.period.shift
            )
            for module in self.period.modules
        }

    def _indicators(self) -> Table:
        lines = []
        for module in self.period.modules:
            day = self._days[module.code]
            hours = {hour.start_ns: hour for hour in day.board.hours}
            stations = {station.workstation: station for station in day.stations}
            made = self._reader.operator_hours(
                module.code, self.period.day.isoformat(), now_ns=self._now_ns, shift=self.period.shift
            )
            for hour in made:
                line = self._operator_hour(
                    module, hour, stations.get(hour.workstation), [one for one in made if _same(one, hour)]
                )
                board = hours.get(hour.start_ns)
                lines.append(
                    line
                    | {
                        "reference": day.totals.reference,
                        "module_target": board.meta if board else None,
                        "module_units": board.real if board else None,
                        "module_attainment": _share(board.percent) if board else None,
                    }
                )
        return in_memory(lines, _with_efficiency(lines))

    def _operator_hour(
        self,
        module: ModulePeriod,
        hour: OperatorHour,
        station: StationFigures | None,
        same: Sequence[OperatorHour],
    ) -> Line:
        minutes = hour.minutes
        if (
            minutes is None and station is not None
        ):  # one operator for what nobody is entered for, as is assumed
            elapsed = next(
                (one.elapsed_minutes for one in station.hours if one.start_ns == hour.start_ns), 0.0
            )
            minutes = max(0.0, elapsed - sum(one.minutes or 0.0 for one in same))
        is_known = hour.productive_minutes is not None and bool(minutes)
        return {
            "day": day_number(self.period.day),
            "module": module.name,
            "shift": hour.shift or None,
            "hour": hour.label,
            "hour_start": self._clock.ms_of(hour.start_ns),
            "workstation": station.display_name if station else hour.workstation,
            "workstation_code": hour.workstation,
            "position": station.sequence_pos if station else None,
            "operation": station.operation if station else None,
            "operator": hour.display_name,
            "operator_code": hour.external_code,
            "operators": None if hour.minutes is None else 1,
            "order": hour.production_order,
            "sam": hour.sam_minutes,
            "units": hour.units,
            "productive_min": hour.productive_minutes,
            "operator_min": minutes,
            "efficiency": hour.productive_minutes / minutes if is_known and minutes else None,  # type: ignore[operator]
            "mean_s": round(hour.work_s / hour.units, 3) if hour.units else None,
        }

    @cached_property
    def _summary(self) -> Table:
        lines = []
        for module in self.period.modules:
            day = self._days[module.code]
            lines += [self._total(module, totals) for totals in (day.shifts or (day.totals,))]
        totals = _with_efficiency(lines)
        totals["attainment"] = _ratio(lines, "units", "target")
        totals |= {name: lines[0][name] for name in lines[0] if len(lines) == 1} if lines else {}
        for name in ("units", "target", "productive_min", "operator_min", "lost_min", "rejected"):
            totals[name] = _sum(lines, name)
        return in_memory(lines, totals)

    def _total(self, module: ModulePeriod, totals: ModuleTotals) -> Line:
        units, target = totals.real, totals.meta_until_now
        return {
            "day": day_number(self.period.day),
            "module": module.name,
            "shift": totals.shift,
            "operators": totals.operators,
            "operators_known": self._word(totals.operator_source.value),
            "reference": totals.reference,
            "order": ", ".join(totals.production_orders) or None,
            "sam": totals.sam_minutes,
            "target": target,
            "units": units,
            "productive_min": totals.productive_minutes,
            "available_min": totals.available_minutes,
            "operator_min": totals.operator_minutes,
            "efficiency": _share(totals.efficiency_percent),
            "attainment": units / target if units is not None and target else None,
            "takt_s": totals.takt_s,
            "lost_min": totals.lost_minutes,
            "rejected": totals.rejected,
            "coverage": _share(totals.coverage.percent),
        }

    def _balance(self) -> Table:
        lines: list[Line] = []
        for module in self.period.modules:
            balance = self._reader.balance(
                module.code, self.period.day.isoformat(), now_ns=self._now_ns, shift=self.period.shift
            )
            lines += [self._bar(module, balance, station) for station in balance.stations]
        return in_memory(lines)

    def _bar(self, module: ModulePeriod, balance: Balance, station: StationBalance) -> Line:
        spread = station.spread
        return {
            "module": module.name,
            "position": station.sequence_pos,
            "workstation": station.display_name,
            "workstation_code": station.workstation,
            "operation": station.operation,
            "units": spread.n if spread else 0,
            "median_s": spread.median_s if spread else None,
            "p10_s": spread.p10_s if spread else None,
            "p90_s": spread.p90_s if spread else None,
            "below_s": spread.median_s - spread.p10_s if spread else None,
            "above_s": spread.p90_s - spread.median_s if spread else None,
            "sam_s": station.sam_s,
            "takt_s": balance.takt_s,
            "over_takt": self._word("over_takt") if station.over_takt else None,
            "bottleneck": self._word("bottleneck") if station.workstation == balance.bottleneck else None,
            "balance_efficiency": balance.efficiency,
        }

    def _quality(self) -> Table:
        lines: list[Line] = []
        for module in self.period.modules:
            made = provenance(self._connection, module)
            for station in self._days[module.code].stations:
                coverage = station.coverage
                lines.append(
                    {
                        "module": module.name,
                        "position": station.sequence_pos,
                        "workstation": station.display_name,
                        "workstation_code": station.workstation,
                        "scheduled_min": coverage.scheduled_minutes,
                        "observed_min": coverage.observed_minutes,
                        "coverage": _share(coverage.percent),
                        "enough": self._word("low_coverage") if coverage.low else None,
                    }
                    | made[station.workstation]
                )
        totals = {"coverage": _ratio(lines, "observed_min", "scheduled_min")}
        return in_memory(lines, totals)

    def _word(self, code: str) -> str:
        return self._words.get(code, code)


def _same(one: OperatorHour, other: OperatorHour) -> bool:
    return (one.workstation, one.start_ns) == (other.workstation, other.start_ns)


def _share(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _with_efficiency(lines: Sequence[Line]) -> dict[str, Value]:
    return {"efficiency": _ratio(lines, "productive_min", "operator_min")}


def _ratio(lines: Sequence[Line], above: str, below: str) -> float | None:
    """Sum by sum, as the live formula in the row of totals has it; None: a part of one of them is not known."""
    first, second = _sum(lines, above), _sum(lines, below)
    return first / second if first is not None and second else None


def _sum(lines: Sequence[Line], name: str) -> float | None:
    values = [value for line in lines if isinstance(value := line[name], (int, float))]
    return sum(values) if values and len(values) == len(lines) else None
