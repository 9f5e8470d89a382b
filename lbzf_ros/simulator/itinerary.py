"""Where somebody is and what his hands do, as data: legs of a walk, and reaches."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lbzf_ros.simulator.model import Point

REACH_MOVE_S = 0.45
"""Time in which a hand goes from the work to a bin, and the same back."""


@dataclass(frozen=True, slots=True)
class Leg:
    """Time at one place, or a straight walk when `to_px` differs. Positions are the feet in the picture."""

    start_s: float
    end_s: float
    from_px: Point
    to_px: Point
    working: bool = False
    loaded: bool = False

    def feet_px(self, t_s: float) -> Point:
        """Where the feet are; before and after the leg they stay at its ends."""
        share = min(max((t_s - self.start_s) / (self.end_s - self.start_s), 0.0), 1.0)
        (x0, y0), (x1, y1) = self.from_px, self.to_px
        return x0 + share * (x1 - x0), y0 + share * (y1 - y0)

    @property
    def length_px(self) -> float:
        """Length of the walk; 0 for somebody who stays."""
        return math.dist(self.from_px, self.to_px)


@dataclass(frozen=True, slots=True)
class Reach:
    """A hand goes to `target_px`, works there for `dwell_s`, and comes back."""

    start_s: float
    dwell_s: float
    target_px: Point
    brings: bool = False
    """The hand carries a piece to the target rather than from it."""

    @property
    def end_s(self) -> float:
        """When the hand is back."""
        return self.start_s + 2 * REACH_MOVE_S + self.dwell_s

    def progress(self, t_s: float) -> float:
        """How far the hand is on its way to the target: 0 at the work, 1 at the target."""
        away = (t_s - self.start_s) / REACH_MOVE_S
        back = (self.end_s - t_s) / REACH_MOVE_S
        share = min(max(min(away, back), 0.0), 1.0)
        return share * share * (3 - 2 * share)


@dataclass(frozen=True, slots=True)
class Itinerary:
    """What one person does over some time. Legs and reaches are in order and do not overlap."""

    legs: tuple[Leg, ...]
    reaches: tuple[Reach, ...] = ()

    def leg_at(self, t_s: float) -> Leg | None:
        """The leg under way, None when the person is not there."""
        index = bisect_right(self.legs, t_s, key=lambda leg: leg.start_s) - 1
        return self.legs[index] if index >= 0 and t_s < self.legs[index].end_s else None

    def reach_at(self, t_s: float) -> Reach | None:
        """The reach under way."""
        index = bisect_right(self.reaches, t_s, key=lambda reach: reach.start_s) - 1
        return self.reaches[index] if index >= 0 and t_s < self.reaches[index].end_s else None


def walk(start_s: float, path: Sequence[Point], speed_px_s: float, *, loaded: bool = False) -> list[Leg]:
    """Legs along a path of at least two different points at one speed."""
    legs: list[Leg] = []
    for a, b in itertools.pairwise(path):
        end_s = start_s + math.dist(a, b) / speed_px_s
        legs.append(Leg(start_s, end_s, a, b, loaded=loaded))
        start_s = end_s
    return legs


def first_true_s(
    condition: Callable[[float], bool], start_s: float, end_s: float, step_s: float = 0.02
) -> float | None:
    """First time in [start_s, end_s] at which a condition holds, to a millisecond; None if it never does."""
    count = max(2, math.ceil((end_s - start_s) / step_s) + 1)
    times = [start_s + (end_s - start_s) * i / (count - 1) for i in range(count)]
    hit = next((i for i, t in enumerate(times) if condition(t)), None)
    if hit is None or hit == 0:
        return None if hit is None else start_s
    low, high = times[hit - 1], times[hit]
    while high - low > 0.0005:
        middle = (low + high) / 2
        low, high = (low, middle) if condition(middle) else (middle, high)
    return high
