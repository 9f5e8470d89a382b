"""A local day, its shifts, and the hours of the plant's clock in them."""

from __future__ import annotations

import datetime as dt
import functools
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.indicators.spans import HOUR_NS, Span
from lbzf_ros.core.model import NS_PER_S, ShiftHours

_MINUTES_PER_DAY = 24 * 60
_KEPT = 1024
"""Answers that are kept: a trend asks for the same weeks each time."""


@dataclass(frozen=True, slots=True)
class ClockHour:
    """An hour of the plant's clock, as far as it is asked for.

    Attributes:
        clock_start_ns: when this clock hour begins; also what the target of an hour is entered for.
        start_ns: begin of the part that is asked for.
        end_ns: its end, not included.
        label: e.g. 06:30; on the day on which clocks are put back two hours have the same.
    """

    clock_start_ns: int
    start_ns: int
    end_ns: int
    label: str

    @property
    def span(self) -> Span:
        """Begin and end."""
        return self.start_ns, self.end_ns


def parse_day(date: str) -> dt.date:
    """A day written YYYY-MM-DD.

    Raises:
        InvalidValue: it is no such day.
    """
    try:
        if not isinstance(date, str) or len(date) != 10:
            raise ValueError
        day = dt.date.fromisoformat(date)
        if not 2000 <= day.year < 2100:
            raise ValueError
    except ValueError:
        raise InvalidValue(
            f"day {str(date)[:40]!r}: must be a day from 2000 to 2099, YYYY-MM-DD", "day_unknown"
        ) from None
    return day


@functools.lru_cache(maxsize=_KEPT)
def local_day(date: str, time_zone: str) -> Span:
    """From local midnight to the next; 23 or 25 hours where clocks are put forward or back.

    Raises:
        InvalidValue: it is no such day.
    """
    day = parse_day(date)
    return _at(day, 0, time_zone), _at(day + dt.timedelta(days=1), 0, time_zone)


def day_of(time_ns: int, time_zone: str) -> str:
    """The local day of a time, YYYY-MM-DD."""
    return _local(time_ns, time_zone).date().isoformat()


@functools.lru_cache(maxsize=_KEPT)
def planned_shift(shift: ShiftHours, date: str, time_zone: str) -> Span | None:
    """When a shift of the plant file works that begins on a local day; None: it does not begin on it."""
    day = parse_day(date)
    if day.weekday() not in shift.weekdays:
        return None
    end_min = shift.end_min + (_MINUTES_PER_DAY if shift.end_min <= shift.start_min else 0)
    span = _at(day, shift.start_min, time_zone), _at(day, end_min, time_zone)
    return span if span[0] < span[1] else None


@functools.lru_cache(maxsize=_KEPT)
def clock_hours(span: Span, time_zone: str) -> tuple[ClockHour, ...]:
    """A span cut where the plant's clock shows a full hour; together the parts are the span, in order."""
    found: list[ClockHour] = []
    at = span[0]
    while at < span[1]:
        clock_start = clock_hour_start(at, time_zone)
        end = min(clock_start + HOUR_NS, span[1])
        found.append(ClockHour(clock_start, at, end, _local(at, time_zone).strftime("%H:%M")))
        at = end
    return tuple(found)


def clock_hour_start(time_ns: int, time_zone: str) -> int:
    """When the hour of the plant's clock began in which a time is."""
    local = _local(time_ns, time_zone)
    return time_ns - (local.minute * 60 + local.second) * NS_PER_S - time_ns % NS_PER_S


def same_clock_time(time_ns: int, date: str, time_zone: str) -> int:
    """The time of another local day at which clocks show the same."""
    local = _local(time_ns, time_zone)
    start = _at(parse_day(date), local.hour * 60 + local.minute, time_zone)
    return start + local.second * NS_PER_S + time_ns % NS_PER_S


def days_before(date: str, days: int) -> str:
    """A day so many days earlier."""
    return (parse_day(date) - dt.timedelta(days=days)).isoformat()


@functools.lru_cache(maxsize=_KEPT)
def last_days(date: str, days: int) -> tuple[str, ...]:
    """So many days up to and with a day, in order."""
    return tuple(days_before(date, n) for n in range(days - 1, -1, -1))


def count_days(times_ns: Iterable[int], time_zone: str) -> int:
    """In how many local days times are that come in order."""
    days, until_ns = 0, None
    for time_ns in times_ns:
        if until_ns is None or time_ns >= until_ns:
            days, until_ns = days + 1, local_day(day_of(time_ns, time_zone), time_zone)[1]
    return days


def _at(day: dt.date, minute: int, time_zone: str) -> int:
    """The time at which clocks show a minute of a day; minutes past 24 h are of the next day."""
    days, minute = divmod(minute, _MINUTES_PER_DAY)
    moment = dt.datetime.combine(
        day + dt.timedelta(days=days), dt.time(minute // 60, minute % 60), _zone(time_zone)
    )
    return int(moment.timestamp()) * NS_PER_S


def _local(time_ns: int, time_zone: str) -> dt.datetime:
    return dt.datetime.fromtimestamp(time_ns // NS_PER_S, _zone(time_zone))


@functools.lru_cache
def _zone(name: str) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(name)
