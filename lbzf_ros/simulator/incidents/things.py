"""Things that move by themselves: a piece that a running machine shakes, and a fan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from lbzf_ros.simulator.brush import Brush, Picture
from lbzf_ros.simulator.figure import Colour

_CLOTH: Colour = (168, 128, 196)
_FOLD: Colour = (132, 96, 158)
_GUARD: Colour = (70, 72, 74)
_BLADE: Colour = (206, 210, 212)
_HUB: Colour = (52, 52, 56)
_FAN_TURNS_HZ = 1.3
_SHAKE_HZ = (3.3, 4.1)


@dataclass(frozen=True, slots=True)
class Thing:
    """Something in a zone that moves from a time to another, `on_s` at a time with rests of `off_s`.

    A fan stands there all the time; a piece lies there only while nobody is at the station.

    Attributes:
        bounds_px: of the zone: x_min, y_min, x_max, y_max.
    """

    bounds_px: tuple[float, float, float, float]
    kind: Literal["piece", "fan"]
    start_s: float
    end_s: float
    on_s: float
    off_s: float

    def moving_s(self, t_s: float) -> float:
        """For how many seconds it has moved up to a time; it rests while this does not grow."""
        gone_s = min(max(t_s, self.start_s), self.end_s) - self.start_s
        rounds, rest_s = divmod(gone_s, self.on_s + self.off_s)
        return rounds * self.on_s + min(rest_s, self.on_s)

    def draw(self, picture: Picture, t_s: float, offset_px: float = 0.0) -> None:
        """Draw it as it is at a time; `offset_px` is the margin of the picture on each side."""
        left, top, right, bottom = (edge + offset_px for edge in self.bounds_px)
        side, tall = min(right - left, bottom - top), bottom - top > 1.5 * (right - left)
        # In a zone for a person it lies on the table, or stands before it; a bin it fills.
        middle = (left + right) / 2, top + (0.28 if tall else 0.5) * (bottom - top)
        if self.kind == "fan":
            _fan(Brush(picture, *middle, (0.36 if tall else 0.42) * side / 20), self.moving_s(t_s))
        elif self.start_s <= t_s < self.end_s:
            _piece(Brush(picture, *middle, (0.6 if tall else 0.95) * side / 20), self.moving_s(t_s))


def _piece(brush: Brush, moved_s: float) -> None:
    """A piece of cloth under a needle that runs; 16 units wide."""
    a, b = (math.sin(2 * math.pi * hz * moved_s) for hz in _SHAKE_HZ)
    dx, dy, tilt = 2.2 * a, 1.6 * b, 1.8 * math.sin(9.1 * moved_s)
    left, right = dy + tilt, dy - tilt
    brush.fill([(dx - 8, left - 4), (dx + 8, right - 5), (dx + 9, right + 5), (dx - 7, left + 6)], _CLOTH)
    brush.fill([(dx - 8, left - 4), (dx + 8, right - 5), (dx + 8, right - 2), (dx - 8, left - 1)], _FOLD)


def _fan(brush: Brush, moved_s: float) -> None:
    """A fan on a stand; its guard is 40 units wide."""
    brush.box(-2, 16, 2, 34, _GUARD)
    brush.box(-12, 32, 12, 36, _GUARD)
    brush.ellipse((0, 0), 20, 20, _GUARD)
    brush.ellipse((0, 0), 18, 18, (112, 116, 118))
    turn = 2 * math.pi * _FAN_TURNS_HZ * moved_s
    for blade in range(3):
        angle = turn + blade * 2 * math.pi / 3
        along, across = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))
        tips = [(3.0, -1.5), (16.0, -6.0), (17.0, 3.0), (3.0, 1.5)]
        brush.fill([(r * along[0] + s * across[0], r * along[1] + s * across[1]) for r, s in tips], _BLADE)
    brush.ellipse((0, 0), 4, 4, _HUB)
