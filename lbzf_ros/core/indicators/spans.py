"""Spans of time: how much of one lies in others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lbzf_ros.core.model import NS_PER_S

Span = tuple[int, int]
"""From and to in ns, to not included."""
MINUTE_NS = 60 * NS_PER_S
HOUR_NS = 60 * MINUTE_NS


def minutes(length_ns: int) -> float:
    """Nanoseconds as minutes."""
    return length_ns / MINUTE_NS


def common(one: Span, other: Span) -> Span | None:
    """What two spans share; None: nothing."""
    start, end = max(one[0], other[0]), min(one[1], other[1])
    return (start, end) if start < end else None


def within(span: Span, others: Iterable[Span]) -> list[Span]:
    """The parts of a span that lie in others, in order and each part once."""
    start, end = span
    parts = [
        (max(start, a), min(end, b)) for a, b in others if a < end and b > start and a < b and start < end
    ]
    return parts if len(parts) < 2 else merged(parts)


def merged(spans: Iterable[Span], *, pause_ns: int = 0) -> list[Span]:
    """The same time as spans that neither overlap nor touch, in order.

    Args:
        spans: any.
        pause_ns: between two spans up to this far apart nothing is missing.
    """
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1] + pause_ns:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def length_ns(spans: Sequence[Span]) -> int:
    """Sum of the lengths; overlaps count each time."""
    return sum(end - start for start, end in spans)


def without(span: Span, others: Iterable[Span]) -> list[Span]:
    """The parts of a span that lie in no other, in order."""
    found, at = [], span[0]
    for start, end in within(span, others):
        if at < start:
            found.append((at, start))
        at = end
    return [*found, (at, span[1])] if at < span[1] else found
