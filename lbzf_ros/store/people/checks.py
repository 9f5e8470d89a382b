"""What may be entered. Whatever else comes gets an `InvalidValue` that says what is allowed."""

from __future__ import annotations

import math
import unicodedata
from datetime import datetime, timedelta, timezone

from lbzf_ros.core.errors import InvalidValue, StoreError
from lbzf_ros.store.timestamps import END_TS, FIRST_TS, from_text, to_text

MAX_NAME = 200
"""Most characters of a name, a code, a label."""
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MAX_ID = 2**63 - 1


def short_text(value: object, where: str) -> str:
    """A name, a code or a label: one line of 1 to `MAX_NAME` characters; spaces around it go.

    Raises:
        InvalidValue: it is something else.
    """
    text = _text(value, where).strip()
    if not text:
        raise InvalidValue(f"{where}: is empty; give at least one character", "missing")
    if len(text) > MAX_NAME:
        raise InvalidValue(
            f"{where}: has {len(text)} characters; at most {MAX_NAME} are allowed", "too_long", most=MAX_NAME
        )
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in text):
        raise InvalidValue(
            f"{where}: {text[:80]!r} holds a control character or a line break", "control_character"
        )
    return text


def notes_text(value: object, where: str) -> str | None:
    """What people write: any lines, up to the limit of `clean_text`; empty becomes None.

    Raises:
        InvalidValue: it is no text, too long, or holds a NUL or half a surrogate pair.
    """
    return None if value is None else _text(value, where).strip() or None


def time_text(time_ns: object, where: str) -> str:
    """A time as the database writes it.

    Raises:
        InvalidValue: it is no whole number of nanoseconds, or outside the years 2000 to 2099.
    """
    if isinstance(time_ns, bool) or not isinstance(time_ns, int):
        raise InvalidValue(
            f"{where}: time {shown(time_ns)} must be whole nanoseconds since 1970, UTC", "not_a_time"
        )
    if not 0 <= time_ns <= _MAX_ID:
        raise InvalidValue(
            f"{where}: time {shown(time_ns)} ns is outside the years 2000 to 2099", "time_impossible"
        )
    text = to_text(time_ns)
    if not FIRST_TS <= text < END_TS:
        raise InvalidValue(
            f"{where}: time {text} is outside the years 2000 to 2099; a clock was wrong", "time_impossible"
        )
    return text


def parse_time(value: object, where: str) -> int:
    """Nanoseconds since the epoch of an ISO 8601 time with its zone, such as 2026-07-15T08:30:00-05:00.

    Raises:
        InvalidValue: another form, no zone, no such time, or outside the years 2000 to 2099.
    """
    example = "2026-07-15T08:30:00-05:00 or 2026-07-15T13:30:00Z"
    if not isinstance(value, str):
        raise InvalidValue(f"{where}: time {shown(value)} must be text such as {example}", "not_a_time")
    try:
        time = datetime.fromisoformat(value[:-1] + "+00:00" if value.endswith(("Z", "z")) else value)
    except ValueError:
        raise InvalidValue(
            f"{where}: time {value[:80]!r} must have the form {example}", "not_a_time"
        ) from None
    if time.tzinfo is None:
        raise InvalidValue(f"{where}: time {value[:80]!r} has no zone; write {example}", "not_a_time")
    time_ns = (time - _EPOCH) // timedelta(microseconds=1) * 1000
    time_text(time_ns, where)
    return time_ns


def span_text(start_ns: object, end_ns: object, where: str) -> tuple[str, str | None]:
    """Start and end as the database writes them; an end of None is not known yet.

    Raises:
        InvalidValue: a time is none, or the end does not lie after the start.
    """
    start = time_text(start_ns, f"{where}: start")
    end = None if end_ns is None else time_text(end_ns, f"{where}: end")
    if end is not None and end <= start:
        raise before_start(where, start, end)
    return start, end


def before_start(where: str, start: str, end: str) -> InvalidValue:
    """The error of an end that does not lie after its start."""
    return InvalidValue(
        f"{where}: end {end} must lie after the start {start}", "end_before_start", start=start, end=end
    )


def seconds(value: object, where: str, *, at_most_s: float = 86_400.0) -> float:
    """A duration in seconds, above 0 and finite.

    Raises:
        InvalidValue: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidValue(f"{where}: {shown(value)} must be a number of seconds", "not_a_number")
    if not (
        0 < value <= at_most_s and math.isfinite(value)
    ):  # an int may be too large for a float: compare first
        raise InvalidValue(
            f"{where}: {shown(value)} s must be above 0 and at most {at_most_s:g}",
            "out_of_range",
            least=0,
            most=at_most_s,
        )
    return float(value)


def row_id(value: object, where: str) -> int:
    """The id of a row, as far as it can be one.

    Raises:
        InvalidValue: it is no whole number that a database can hold.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _MAX_ID:
        raise InvalidValue(f"{where}: id {shown(value)} must be a whole number from 1", "not_a_whole_number")
    return value


def nanoseconds(text_or_none: str | None) -> int | None:
    """A time of the database; None stays."""
    return None if text_or_none is None else from_text(text_or_none)


def shown(value: object) -> str:
    """A value as a message shows it: short, whatever it is."""
    try:
        return repr(value)[:80]
    except ValueError:  # a whole number of thousands of digits has no text
        return f"a huge {type(value).__name__}"


def _text(value: object, where: str) -> str:
    # Not at the top: `event_rows` needs `statements`, which takes the rule of operators from `assignments`.
    from lbzf_ros.store.event_rows import clean_text

    if not isinstance(value, str):
        raise InvalidValue(f"{where}: {shown(value)} must be text", "not_text")
    try:
        return clean_text(value, where)
    except StoreError as error:
        raise InvalidValue(str(error)) from error
