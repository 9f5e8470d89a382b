"""Which time an export is of: a day of the plant, or one of its shifts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.reports.day.reader import DayReader
from lbzf_ros.reports.day.values import ShiftSource, ShiftSpan

_MODULES = "SELECT id, code, display_name, active FROM modules ORDER BY id"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModulePeriod:
    """The time of one module: `from_ns` <= start < `to_ns`. `id` is the number of its row."""

    id: int
    code: str
    name: str
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What is exported.

    Attributes:
        day: of the plant.
        time_zone: of the plant, an IANA name.
        shift: label of the jornada; None: the whole day.
        module: code; None: all.
        modules: those of it, in their order.
    """

    day: date
    time_zone: str
    shift: str | None
    module: str | None
    modules: tuple[ModulePeriod, ...]


def period_of(
    connection: sqlite3.Connection,
    reader: DayReader,
    *,
    day: date,
    time_zone: str,
    shift: str | None,
    module: str | None,
    now_ns: int,
) -> Period:
    """Find out the time of a day or shift.

    A day goes from midnight to midnight; a shift that works through midnight is whole in the day in which it begins,
    so that every cycle is in one day's export.

    Raises:
        InvalidValue: there is no such module, or no such shift on this day; the text lists those that there are.
    """
    found = connection.execute(_MODULES).fetchall()
    if module is not None and module not in [code for _, code, _, _ in found]:
        there = ", ".join(code for _, code, _, _ in found) or "none yet"
        raise InvalidValue(
            f"module {module!r}: is none of this plant; there are {there}", "module_unknown", module=module
        )
    wanted = [row for row in found if module == row[1] or (module is None and row[3])]
    modules: list[ModulePeriod] = []
    labels: set[str] = set()

    def shifts(code: str, day: date) -> tuple[ShiftSpan, ...]:
        return reader.hour_board(code, day.isoformat(), now_ns=now_ns).shifts

    for number, code, name, _ in wanted:
        today = shifts(code, day)
        labels.update(one.label for one in today if one.label)
        if shift is None:
            yesterday = shifts(code, day - timedelta(days=1))
            span: tuple[int, int] | None = _day_of(whole_day(day, time_zone), yesterday, today)
        else:
            span = next(((one.start_ns, one.end_ns) for one in today if one.label == shift), None)
        if span is not None:
            modules.append(ModulePeriod(id=number, code=code, name=name, from_ns=span[0], to_ns=span[1]))
    if shift is not None and not modules:
        there = ", ".join(sorted(labels)) or "none"
        raise InvalidValue(
            f"shift {shift!r}: there is none on {day:%d/%m/%Y}; there are: {there}",
            "shift_unknown",
            shift=shift,
            date=day.isoformat(),
        )
    return Period(day=day, time_zone=time_zone, shift=shift, module=module, modules=tuple(modules))


def whole_day(day: date, time_zone: str) -> tuple[int, int]:
    """From midnight to midnight by the plant's clock, ns."""
    zone = ZoneInfo(time_zone)
    begin, end = (datetime.combine(day + timedelta(days=days), time(), zone) for days in (0, 1))
    return int(begin.timestamp()) * NS_PER_S, int(end.timestamp()) * NS_PER_S


def _day_of(
    span: tuple[int, int], yesterday: Sequence[ShiftSpan], today: Sequence[ShiftSpan]
) -> tuple[int, int]:
    """A calendar day without what is still of yesterday's last shift, and with the whole of its own."""
    begin = max(span[0], *(one.end_ns for one in yesterday if _is_sure(one)), 0)
    end = max(span[1], *(one.end_ns for one in today if _is_sure(one)), 0)
    return min(begin, span[1]), end


def _is_sure(shift: ShiftSpan) -> bool:
    """One that somebody forgot to end says nothing about the day after."""
    return shift.end_known and shift.source is not ShiftSource.NONE
