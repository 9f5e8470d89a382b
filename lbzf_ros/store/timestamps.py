"""Time in the database: UTC text `YYYY-MM-DDTHH:MM:SS.mmmZ`, which sorts as text and carries milliseconds."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from lbzf_ros.core.errors import InvalidValue

_NS_PER_MS = 1_000_000
_MS_PER_DAY = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
FIRST_TS, END_TS = "2000", "2100"
"""What clocks may show: from the first to before the second. The CHECKs of the measured tables say the same."""

_TEXT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)


def to_ms(time_ns: int) -> int:
    """Nanoseconds to the nearest millisecond, half a millisecond upwards; later times never become earlier ones."""
    return (time_ns + _NS_PER_MS // 2) // _NS_PER_MS


def to_text(time_ns: int) -> str:
    """Nanoseconds since the epoch as the database writes them, to the nearest millisecond (see `to_ms`).

    Raises:
        InvalidValue: the time is before the year 1 or after the year 9999.
    """
    day, ms = divmod(to_ms(time_ns), _MS_PER_DAY)
    hours, minutes, seconds = ms // 3_600_000, ms // 60_000 % 60, ms // 1000 % 60
    return f"{_day_text(day)}T{hours:02}:{minutes:02}:{seconds:02}.{ms % 1000:03}Z"


def measured_text(time_ns: int) -> str:
    """Like `to_text`, of a time that a camera's clock can have shown: in the years 2000 to 2099.

    Raises:
        InvalidValue: it is outside them.
    """
    text = to_text(time_ns)
    if FIRST_TS <= text < END_TS:
        return text
    raise InvalidValue(
        f"time {text} is outside the years 2000 to 2099: the camera's clock was wrong; set the clock (NTP)"
    )


@lru_cache(maxsize=4)
def _day_text(day: int) -> str:
    try:
        return (_EPOCH + timedelta(days=day)).date().isoformat()
    except OverflowError:
        raise InvalidValue(f"day {day} since 1970 is outside the years 1 to 9999") from None


@lru_cache(maxsize=8192)  # figures of a day read the same times again and again
def from_text(text: str) -> int:
    """Nanoseconds since the epoch of a time in the database.

    Raises:
        InvalidValue: the text has another form, no zone, or no such day.
    """
    try:
        if not _TEXT.fullmatch(text):
            raise ValueError
        time = datetime.fromisoformat(text[:-1] + "+00:00")
    except ValueError:
        raise InvalidValue(f"time {text!r}: must be UTC text such as 2026-07-15T13:24:11.250Z") from None
    return (time - _EPOCH) // timedelta(milliseconds=1) * _NS_PER_MS


def sql_ns(column: str) -> str:
    """SQL of the same, where there are many: SQLite does it four times as fast as Python.

    `column` holds times as `to_text` writes them, which CHECKs of the tables see to, or NULL.
    """
    return f"(strftime('%s', {column}) * 1000 + substr({column}, 21, 3)) * 1000000"
