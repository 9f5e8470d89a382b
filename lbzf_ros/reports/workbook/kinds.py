"""What a value of the workbook can be, and how each kind is written.

Cells hold no time zones: times are the plant's clock on the wall, as Excel keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from enum import Enum
from functools import lru_cache

MS_PER_DAY = 86_400_000
_EXCEL_EPOCH_DAYS = 25_569
"""Days from Excel's day 0 to 1970-01-01."""
_DAYS_OF_1904 = 1462
"""Days that workbooks of the old Macintosh calendar count less."""
_FORBIDDEN = re.compile("[\ud800-\udfff\ufffe\uffff]")
MAX_TEXT = 32_767
"""UTF-16 units that a cell can hold."""
_CUT = " […]"

Value = str | int | float | None
"""None: not known; the cell stays empty."""


class Kind(Enum):
    """Kinds of values.

    Attributes:
        TEXT: str.
        INTEGER: int.
        NUMBER: float.
        SHARE: float, 1 is 100 %.
        DAY: int, days since 1970-01-01.
        TIME: int, milliseconds since 1970-01-01 00:00, both by the plant's clock.
    """

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    SHARE = "share"
    DAY = "day"
    TIME = "time"


def excel_number(value: float, kind: Kind, *, has_1904: bool = False) -> float:
    """What a cell holds for a value that is no text."""
    if kind is Kind.TIME:
        return value / MS_PER_DAY + _EXCEL_EPOCH_DAYS - (_DAYS_OF_1904 if has_1904 else 0)
    if kind is Kind.DAY:
        return value + _EXCEL_EPOCH_DAYS - (_DAYS_OF_1904 if has_1904 else 0)
    return value


def day_number(day: date) -> int:
    """A day as a value of the kind DAY."""
    return (day - date(1970, 1, 1)).days


def clean(text: str) -> str:
    """A text as XML and a cell can hold it: what no XML may hold becomes U+FFFD, what is too long ends in […].

    Control characters stay: the file format has a notation for them.
    """
    if text.isascii() and len(text) <= MAX_TEXT:
        return text
    if _FORBIDDEN.search(text):
        text = _FORBIDDEN.sub("\ufffd", text)
    if len(text) > MAX_TEXT // 2:
        units = text.encode("utf-16-le")
        if len(units) > 2 * MAX_TEXT:
            kept = units[: 2 * (MAX_TEXT - len(_CUT))].decode("utf-16-le", "ignore")
            text = kept + _CUT
    return text


def words_of(kind: Kind, decimal: str) -> Callable[[float], str]:
    """What gives a value that is no text as a cell of the CSV mirror shows it, without thousands points.

    Args:
        kind: of the value.
        decimal: the sign before the decimals.
    """
    if kind is Kind.DAY:
        return lambda value: _day_words(int(value))
    if kind is Kind.TIME:
        return lambda value: (
            f"{_minute_words(value // 60_000)}:{value // 1000 % 60:02}{decimal}{value % 1000:03}"
        )
    return lambda value: repr(round(value, 6)).replace(".", decimal)


@lru_cache(maxsize=64)
def _day_words(day: int) -> str:
    return f"{date(1970, 1, 1) + timedelta(days=day):%d/%m/%Y}"


@lru_cache(maxsize=1024)
def _minute_words(minute: float) -> str:
    return f"{datetime(1970, 1, 1) + timedelta(minutes=minute):%d/%m/%Y %H:%M}"  # noqa: DTZ001  # the plant's clock


def writer_of(kind: Kind) -> Callable[[float], float]:
    """The same as `excel_number` for one kind, for the many."""
    if kind is Kind.TIME:
        return lambda value: value / MS_PER_DAY + _EXCEL_EPOCH_DAYS
    if kind is Kind.DAY:
        return lambda value: value + _EXCEL_EPOCH_DAYS
    return lambda value: value
