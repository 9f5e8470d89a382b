"""Which time is meant by a day: the plant's local date, or some hours of it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from lbzf_ros.core.errors import ConfigError
from lbzf_ros.core.model import NS_PER_S

LEAD_NS = 300 * NS_PER_S
"""Pictures before and after are looked at too, so that cycles across the ends are measured whole, and what the
detector must learn first is learnt by then."""
_HOURS = re.compile(r"(\d{1,2}:\d\d)-(\d{1,2}:\d\d)", re.ASCII)
_TIME = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Day:
    """Cycles that begin from `from_ns` to before `to_ns` are measured.

    Attributes:
        date: the local date, YYYY-MM-DD.
        from_ns: since the epoch.
        to_ns: since the epoch, after the start.
    """

    date: str
    from_ns: int
    to_ns: int


def day_of(text: str, time_zone: str, hours: str | None = None) -> Day:
    """The local day that a person names.

    Args:
        text: YYYY-MM-DD.
        time_zone: IANA name of the plant's zone.
        hours: HH:MM-HH:MM, local, 00:00 to 24:00; None: the whole day.

    Raises:
        ConfigError: one of them is no date or time, or the end is not after the begin.
    """
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r}: is no day; write it as YYYY-MM-DD, e.g. 2026-07-15") from None
    found = _HOURS.fullmatch(hours or "00:00-24:00")
    from_ns, to_ns = (_at(date, time, time_zone) for time in found.groups()) if found else (None, None)
    if from_ns is None or to_ns is None or to_ns <= from_ns:
        raise ConfigError(
            f"--hours {hours}: write it as HH:MM-HH:MM, local time, 00:00 to 24:00, the end after the begin; "
            "e.g. 06:00-14:00"
        )
    return Day(date.isoformat(), from_ns, to_ns)


def _at(date: dt.date, time: str, time_zone: str) -> int | None:
    """A local time of a day, ns; None: it is none."""
    found = _TIME.fullmatch(time)
    minutes = 60 * int(found[1]) + int(found[2]) if found else 24 * 60 + 1
    if minutes > 24 * 60:
        return None
    day, minute = divmod(minutes, 24 * 60)
    on = date + dt.timedelta(days=day)
    local = dt.datetime.combine(on, dt.time(minute // 60, minute % 60), ZoneInfo(time_zone))
    return round(local.timestamp()) * NS_PER_S
