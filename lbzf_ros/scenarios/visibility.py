"""Which true cycles could be measured at all: what the pictures showed of them. Times are seconds of the scene."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from lbzf_ros.core.model import EvidenceKind, Workstation, Zone, ZoneKind
from lbzf_ros.core.rules import RULES
from lbzf_ros.simulator.model import TrueCycle

_HAND_STAYS_S = 0.7
"""A hand stays at least so long in its zone."""
_ROUNDING_S = 0.001
_DWELL_MARGIN = 0.05
_SETTLE_S = 1.0
"""Who is there so soon after the first picture was there before: no entry (decision 0003)."""


class Fate(str, Enum):
    """What must become of a true cycle."""

    MUST = "must"
    """It could be seen: a counted cycle has to come out."""
    MUST_NOT = "must not"
    """Too much of it could not be seen, or it is no unit of work by its length: it may not be counted."""
    MAY = "may"
    """The pictures leave it open: counted with the right times, or not counted, both is right."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The pictures that say something.

    Attributes:
        times_s: in order.
        breaks_s: pictures on both sides of such a time have nothing to do with one another: the clock was set.
        period_s: time between two pictures when none is missing.
        unclear_s: pictures that say nothing, in order.
    """

    times_s: Sequence[float]
    breaks_s: Sequence[float]
    period_s: float
    unclear_s: Sequence[float] = ()

    def longest_gap_s(self, from_s: float, to_s: float) -> float:
        """Longest time without a picture that touches a span; infinite at breaks and outside the recording."""
        first = bisect_right(self.times_s, from_s) - 1
        last = bisect_left(self.times_s, to_s)
        if first < 0 or last >= len(self.times_s):
            return float("inf")
        if any(self.times_s[first] < time <= self.times_s[last] for time in self.breaks_s):
            return float("inf")
        part = self.times_s[first : last + 1]
        return max((b - a for a, b in itertools.pairwise(part)), default=0.0)

    def count(self, from_s: float, to_s: float) -> int:
        """Pictures in a span."""
        return bisect_right(self.times_s, to_s) - bisect_left(self.times_s, from_s)

    def around(self, t_s: float) -> tuple[float, float]:
        """The picture before a time, and the one after it."""
        after = bisect_left(self.times_s, t_s)
        return (
            self.times_s[after - 1] if after else -float("inf"),
            self.times_s[after] if after < len(self.times_s) else float("inf"),
        )

    def after_s(self, t_s: float) -> float:
        """The first picture after a time."""
        after = bisect_right(self.times_s, t_s)
        return self.times_s[after] if after < len(self.times_s) else float("inf")

    def is_followed(self, t_s: float) -> bool:
        """Whether the picture after the first one from a time on says something too."""
        first = bisect_left(self.times_s, t_s)
        if first + 1 >= len(self.times_s):
            return False
        shows_s, next_s = self.times_s[first : first + 2]
        return bisect_left(self.unclear_s, next_s) == bisect_left(self.unclear_s, shows_s)

    def until_break_s(self, t_s: float, until_s: float) -> float:
        """A time, or the first break after `t_s` if that is earlier."""
        return min([until_s, *(time for time in self.breaks_s if time > t_s)])

    def begin_s(self, t_s: float) -> float:
        """Since when the pictures have gone on without a break at a time."""
        return max([self.times_s[0], *(time for time in self.breaks_s if time <= t_s)])


def fates(
    cycles: Sequence[TrueCycle], manned: Sequence[float], seen: Seen, station: Workstation
) -> list[Fate]:
    """What must become of the true cycles of one station, in order of time.

    Args:
        cycles: in order.
        manned: of each, the share 0..1 with somebody at the station; below its least dwell it need not count.
        seen: the pictures.
        station: its limits.
    """
    before = [-float("inf"), *(cycle.end_s for cycle in cycles[:-1])]
    after = [*(cycle.start_s for cycle in cycles[1:]), float("inf")]
    found = [
        _fate(cycle, before_s, after_s, seen, station)
        for cycle, before_s, after_s in zip(cycles, before, after, strict=True)
    ]
    least = station.min_dwell_ratio + _DWELL_MARGIN
    return [
        Fate.MAY if fate is Fate.MUST and share < least else fate
        for fate, share in zip(found, manned, strict=True)
    ]


def _fate(cycle: TrueCycle, before_s: float, after_s: float, seen: Seen, station: Workstation) -> Fate:
    """Of a cycle, when the one before ended at `before_s` and the next one starts at `after_s`."""
    gap_s, duration_s = seen.longest_gap_s(cycle.start_s, cycle.end_s), cycle.end_s - cycle.start_s
    beyond = max(
        gap_s - station.max_gap_s, duration_s - station.max_cycle_s, station.min_cycle_s - duration_s
    )
    if abs(beyond) <= seen.period_s + _ROUNDING_S or (cycle.unmeasurable and beyond < 0):
        return Fate.MAY
    if beyond > 0:
        return Fate.MUST_NOT
    rule = RULES[station.rule]
    opening, closing = _zone(station, rule.opens_on[0]), _zone(station, rule.closes_on[0])
    started = _entry_seen(opening, before_s, cycle.start_s, cycle.end_s, seen)
    entered = rule.closes_on[1]
    ended = _hand_seen(cycle.end_s, seen) if entered else _exit_seen(closing, cycle.end_s, after_s, seen)
    return Fate.MUST if started and ended else Fate.MAY


def _entry_seen(zone: Zone, left_s: float, at_s: float, until_s: float, seen: Seen) -> bool:
    """Whether the pictures show that a zone was entered, which was left before at `left_s` and is left at `until_s`."""
    if zone.evidence is EvidenceKind.MOTION:
        return _hand_seen(at_s, seen)
    begin_s = seen.begin_s(at_s)
    was_away = left_s < begin_s or _exit_seen(zone, left_s, at_s, seen)
    is_first = at_s - begin_s <= _SETTLE_S
    return (
        was_away and not is_first and seen.count(at_s + zone.enter_s, seen.until_break_s(at_s, until_s)) > 0
    )


def _exit_seen(zone: Zone, at_s: float, until_s: float, seen: Seen) -> bool:
    """Whether the pictures show that a zone was left at a time, and not entered again before `until_s`."""
    # After pictures were missing for longer than the exit takes, all of it has to be seen (decision 0016).
    before_s, after_s = seen.around(at_s)
    if not seen.is_followed(at_s):  # what comes before the lens hides the zone first (decision 0016)
        after_s = seen.after_s(after_s)
    absent_since_s = after_s if after_s - before_s > zone.leave_s else at_s
    return seen.count(absent_since_s + zone.leave_s, seen.until_break_s(at_s, until_s)) > 0


def _hand_seen(at_s: float, seen: Seen) -> bool:
    """Whether the pictures show a hand that comes into its zone at a time."""
    # Motion is known from the second picture on, and what moves in the first of which it is known moved before.
    rested = seen.count(seen.begin_s(at_s), at_s) >= 2
    stays_until_s = at_s + _HAND_STAYS_S
    is_cut_off = stays_until_s > seen.until_break_s(at_s, seen.times_s[-1])
    # In the last picture before the view is lost, what moves may be what comes before the lens (decision 0016).
    return rested and not is_cut_off and seen.count(at_s, stays_until_s) > 0 and seen.is_followed(at_s)


def _zone(station: Workstation, kind: ZoneKind) -> Zone:
    return next(zone for zone in station.zones if zone.kind is kind)
