"""A piece of time at a station: a measured cycle, or what somebody labelled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import NS_PER_S

Station = tuple[str, str]
"""Codes of module and workstation."""

REJECTED = "rejected"
"""The band of cycles that do not count."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `start_ns` to before `end_ns` at a station.

    Attributes:
        station: where.
        start_ns: since the epoch.
        end_ns: after the start.
        name: what a reader finds it by: an event_uid, a line of a file.
        band: quality of a cycle, or `REJECTED`; None for labels.
        uncertainty_s: stated half width of a measured duration; None for labels, or where it is not known.
    """

    station: Station
    start_ns: int
    end_ns: int
    name: str = ""
    band: str | None = None
    uncertainty_s: float | None = None

    def __post_init__(self) -> None:
        """Refuse a span without length.

        Raises:
            InvalidValue: the end does not lie after the start.
        """
        if self.end_ns <= self.start_ns:
            raise InvalidValue(f"{self.name}: the end must lie after the start")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return (self.end_ns - self.start_ns) / NS_PER_S


@dataclass(frozen=True, slots=True)
class Window:
    """The time that was looked at: `from_ns` <= time < `to_ns`. None: without an end."""

    from_ns: int | None = None
    to_ns: int | None = None

    def holds(self, time_ns: int) -> bool:
        """Whether a time lies in it."""
        return (self.from_ns is None or self.from_ns <= time_ns) and (
            self.to_ns is None or time_ns < self.to_ns
        )

    def within(self, other: Window) -> Window:
        """The time that lies in both."""
        begins = [time for time in (self.from_ns, other.from_ns) if time is not None]
        ends = [time for time in (self.to_ns, other.to_ns) if time is not None]
        return Window(max(begins, default=None), min(ends, default=None))


def by_station(spans: Iterable[Span]) -> dict[Station, list[Span]]:
    """The spans of each station, in their order."""
    found: dict[Station, list[Span]] = {}
    for span in spans:
        found.setdefault(span.station, []).append(span)
    return found


def iou(one: Span, two: Span) -> float:
    """Temporal intersection over union: common time over time that either covers, 0 to 1."""
    common = min(one.end_ns, two.end_ns) - max(one.start_ns, two.start_ns)
    return max(0, common) / (max(one.end_ns, two.end_ns) - min(one.start_ns, two.start_ns))
