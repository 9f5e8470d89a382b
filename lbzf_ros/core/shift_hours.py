"""When a station works, by the plant's clock on the wall."""

from __future__ import annotations

import datetime as dt
import functools
import zoneinfo
from collections.abc import Sequence

from lbzf_ros.core.model import NS_PER_S, ShiftHours

_MINUTES_PER_DAY = 24 * 60


def local_time(stamp_ns: int, time_zone: str) -> dt.datetime:
    """A stamp as local time of an IANA zone, to the second."""
    return dt.datetime.fromtimestamp(stamp_ns // NS_PER_S, _zone(time_zone))


def shift_at(stamp_ns: int, time_zone: str, shifts: Sequence[ShiftHours]) -> ShiftHours | None:
    """The first shift that works at a time; None: none does. The minute of its end is no longer part of it.

    Minutes are those that a clock on the wall shows, also on days on which it is put forward or back.
    """
    local = local_time(stamp_ns, time_zone)
    minute, weekday = local.hour * 60 + local.minute, local.weekday()
    return next((shift for shift in shifts if _works(shift, weekday, minute)), None)


def _works(shift: ShiftHours, weekday: int, minute: int) -> bool:
    end_min = shift.end_min + (_MINUTES_PER_DAY if shift.end_min <= shift.start_min else 0)
    today = weekday in shift.weekdays and shift.start_min <= minute < end_min
    yesterday = (weekday - 1) % 7 in shift.weekdays and minute + _MINUTES_PER_DAY < end_min
    return today or yesterday


def in_words(shift: ShiftHours) -> str:
    """As people write it: label and hours."""
    return f"{shift.label} {_clock(shift.start_min)}-{_clock(shift.end_min)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@functools.lru_cache
def _zone(name: str) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(name)
