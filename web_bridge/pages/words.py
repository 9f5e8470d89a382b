"""Words, numbers and times as the reader of a page reads them."""

from __future__ import annotations

import datetime as dt
import functools
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from lbzf_ros.core.indicators.status import Status
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.timestamps import from_text
from web_bridge.pages.catalogue import LANGUAGES, filled, texts

_SIGNS = {Status.GREEN: "✓", Status.YELLOW: "◆", Status.RED: "✕", Status.UNKNOWN: ""}
_UNITS, _NEXT_UNIT = ("B", "kB", "MB", "GB", "TB"), 1000
_DATE, _CLOCK, _CLOCK_S = "dd/MM/yyyy", "%H:%M", "%H:%M:%S"


@dataclass(frozen=True, slots=True)
class Words:
    """One reader's language and the plant's time zone. What is not known (None) is said so, never shown as zero."""

    language: str
    time_zone: str

    def __call__(self, key: str, **places: object) -> str:
        """A text of the catalogue.

        Raises:
            KeyError: the catalogue has no such text, or nothing is given for one of its places.
        """
        return filled(texts(self.language)[key], places)

    def has(self, key: str) -> bool:
        """Whether the catalogue has a text."""
        return key in texts(self.language)

    def named(self, kind: str, value: object) -> str:
        """The word for a value of a fixed list, the value itself where there is none."""
        key = f"{kind}_{value}"
        return self(key) if self.has(key) else str(value)

    @property
    def locale(self) -> Locale:
        """Of numbers and dates."""
        return _locale(self.language)

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The plant's."""
        return zoneinfo.ZoneInfo(self.time_zone)

    def number(self, value: float | None, digits: int = 0) -> str:
        """A number with so many decimals."""
        if value is None:
            return self("not_known")
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return _decimal(value + 0, pattern, self.language)  # + 0: there is no -0

    def units(self, value: float | None) -> str:
        """A target, which is a fraction where it is a share of something; nothing where there is none."""
        if value is None:
            return ""
        return self.number(value, 0 if abs(value - round(value)) < 0.05 else 1)

    def sign(self, status: Status) -> str:
        """The sign of a status: never a colour alone."""
        return _SIGNS[status]

    def status_word(self, status: Status) -> str:
        """The same in words."""
        return self(f"status_{status.value}")

    def figure(self, value: float | None) -> str:
        """One decimal below a hundred, none above: as many digits as one reads at a glance."""
        return self.number(value, 1 if value is not None and abs(value) < 99.95 else 0)

    def percent(self, value: float | None, digits: int = 0) -> str:
        """A share in percent, of which 100 is all."""
        if value is None:
            return self("not_known")
        return self("figure_percent", figure=self.number(value, digits))

    def seconds(self, value: float | None) -> str:
        """A duration of a cycle."""
        return self("not_known") if value is None else self("seconds", figure=self.figure(value))

    def minutes(self, value: float | None) -> str:
        """A time that was lost or worked."""
        return self("not_known") if value is None else self("minutes_text", minutes=self.number(value))

    def versus(self, duration_s: float, sam_s: float | None) -> str:
        """A duration against the standard time: so many percent more (+) or less."""
        if sam_s is None:
            return self("versus_unknown")
        percent = round(100 * (duration_s / sam_s - 1), 1)
        sign = "+" if percent > 0 else "−" if percent < 0 else ""
        return self("figure_percent", figure=sign + self.figure(abs(percent)))

    def date(self, value: dt.date | int | None) -> str:
        """dd/mm/yyyy of a day, or of a moment in ns since the epoch."""
        if value is None:
            return self("not_known")
        day = value if isinstance(value, dt.date) else self.moment(value).date()
        return format_date(day, _DATE, locale=self.locale)

    def days(self, values: Sequence[dt.date], most: int = 6) -> str:
        """Days as dd/mm, the newest first, as many as one reads."""
        named = [format_date(value, "dd/MM", locale=self.locale) for value in sorted(values, reverse=True)]
        return ", ".join(named[:most]) + ("…" if len(named) > most else "")

    def date_of(self, stamp: str) -> str:
        """The day of a time as the database writes it."""
        return self.date(from_text(stamp))

    def weekday(self, value: dt.date) -> str:
        """Name of the day of the week."""
        return format_date(value, "EEEE", locale=self.locale)

    def clock(self, time_ns: int | None, *, seconds: bool = False) -> str:
        """hh:mm in the plant's zone."""
        if time_ns is None:
            return self("not_known")
        return self.moment(time_ns).strftime(_CLOCK_S if seconds else _CLOCK)

    def stamp(self, stamp: str) -> str:
        """Day and minute of a time as the API writes it."""
        return f"{self.date_of(stamp)} {self.clock(from_text(stamp))}"

    def bytes(self, value: float | None) -> str:
        """A size in the largest unit that fits, of a thousand each."""
        if value is None:
            return self("not_known")
        unit = 0
        while value >= _NEXT_UNIT and unit < len(_UNITS) - 1:
            value, unit = value / _NEXT_UNIT, unit + 1
        return f"{self.number(value, 1 if unit and value < 10 else 0)} {_UNITS[unit]}"

    def moment(self, time_ns: int) -> dt.datetime:
        """A moment in the plant's zone."""
        return dt.datetime.fromtimestamp(time_ns / NS_PER_S, self.zone)


@functools.cache
def _locale(language: str) -> Locale:
    return Locale.parse(LANGUAGES[language], sep="-")


@functools.lru_cache(maxsize=8192)  # pages repeat their numbers, and to write one takes 0.05 ms
def _decimal(value: float, pattern: str, language: str) -> str:
    return format_decimal(value, format=pattern, locale=_locale(language))
