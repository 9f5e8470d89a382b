"""Spans of time cut into hours: which of them the rollup `cycle_hours` holds, and how long people could work in them.

The rollup has whole hours of UTC. A local hour is one of them wherever the zone is whole hours from UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.timestamps import to_text

HOUR_NS = 3600 * NS_PER_S
MINUTE_NS = 60 * NS_PER_S
MAX_SHIFT_NS = 24 * HOUR_NS
"""A shift without an end is over after that long: somebody forgot to end it."""

Span = tuple[int, int]
"""From and to in ns, to not included."""


def hour_text(time_ns: int) -> str:
    """The hour of a time as `cycle_hours.hour_ts` has it."""
    return to_text(time_ns // HOUR_NS * HOUR_NS)[:13]


def hours_from(from_ns: int, to_ns: int) -> tuple[Span, list[Span]]:
    """Cut a span into hours that are counted from its begin.

    Returns:
        The part whose hours the rollup has (empty when the begin is not a full hour), and all other hours one by
        one; the last may be a part of an hour.
    """
    whole_to = to_ns // HOUR_NS * HOUR_NS if from_ns % HOUR_NS == 0 else from_ns
    rest = [(begin, min(begin + HOUR_NS, to_ns)) for begin in range(whole_to, to_ns, HOUR_NS)]
    return (from_ns, whole_to), rest


def hours_within(from_ns: int, to_ns: int) -> tuple[Span, list[Span]]:
    """Cut a span into the whole hours of the rollup and what is left over at both ends."""
    first, last = -(-from_ns // HOUR_NS) * HOUR_NS, to_ns // HOUR_NS * HOUR_NS
    if first >= last:
        return (first, first), [(from_ns, to_ns)]
    return (first, last), [(a, b) for a, b in ((from_ns, first), (last, to_ns)) if a < b]


def available_minutes(span: Span, shifts: Sequence[Span]) -> float:
    """Minutes of a span that lie in a shift, once also where shifts overlap; without shifts all of them."""
    if not shifts:
        return (span[1] - span[0]) / MINUTE_NS
    inside_ns, until = 0, span[0]
    for begin, end in sorted(shifts):
        first, last = max(begin, until), min(end, span[1])
        if first < last:
            inside_ns += last - first
            until = last
    return inside_ns / MINUTE_NS


def closed(shifts: Iterable[tuple[int, int | None]]) -> list[Span]:
    """Shifts with an end; one that is still open lasts at most `MAX_SHIFT_NS`."""
    return [(begin, begin + MAX_SHIFT_NS if end is None else end) for begin, end in shifts]
