"""What light, lens and obstacles do to a view, and when: data, with what is true about them. `lens` paints them.

Lengths are pixels of a picture 640 wide; in other pictures they scale with the width. Times are seconds of the scene.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import Homography

Matrix = NDArray[np.float64]
UNMOVED: Homography = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
_WIDTH_PX = 640.0
_HIDING_COVER = 0.5  # share of the picture that is covered when the rest no longer counts
_MAX_GAIN = 4.0  # of the camera's automatic gain
_SETTLE_S = 0.4  # in which its automatic gain comes nearer by 63 %
_EXPOSED = (0.15, 2.5)  # brightness, relative to a well exposed picture, within which something can be seen
_SWING_HZ, _SWING_S = 4.3, 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Optic:
    """Something that changes the view from `start_s` on, for `duration_s`; by itself it changes nothing."""

    start_s: float
    duration_s: float = math.inf

    def __post_init__(self) -> None:
        if not (self.start_s >= 0 and self.duration_s > 0):
            raise InvalidValue(
                f"{type(self).__name__}: start_s {self.start_s} and duration_s {self.duration_s}, "
                "allowed are 0 or more and more than 0"
            )

    @property
    def end_s(self) -> float:
        """When it is over."""
        return self.start_s + self.duration_s

    def is_on(self, t_s: float) -> bool:
        """Whether it lasts at a time."""
        return self.start_s <= t_s < self.end_s

    def strength(self, t_s: float, fade_s: float) -> float:
        """0 before and after, 1 in between, with soft changes that take `fade_s` each and lie inside its time."""
        fade_s = min(fade_s, self.duration_s / 2)
        share = min((t_s - self.start_s) / fade_s, (self.end_s - t_s) / fade_s, 1.0)
        return _smooth(share)

    def hides(self, t_s: float) -> bool:  # noqa: ARG002
        """Whether because of it the picture tells nothing at a time."""
        return False

    def moved(self, t_s: float) -> Matrix | None:  # noqa: ARG002
        """3 x 3: where it takes the picture's points, from the picture's middle, 640 px wide; None: nowhere."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Optic):
    """Something large before the lens: a cart, a rack of garments, somebody's back.

    Attributes:
        duration_s: for how long it covers all that it covers; coming and going take `edge_s` more each.
        cover: share of the picture that it covers, 0.6 to 1.
        passes: it goes on to the other side; otherwise it comes, stands, and goes back.
        edge_s: how long it takes to come, and to go.
        look: 0 cloth, 1 boards, 2 plain: what it looks like.
    """

    duration_s: float = 5.0
    cover: float = 0.9
    passes: bool = False
    edge_s: float = 0.6
    look: int = 0

    def covered(self, t_s: float) -> float:
        """Share of the picture that it covers."""
        return self.cover * max(0.0, self.coming(t_s) - self.going(t_s))

    def coming(self, t_s: float) -> float:
        """0 outside to 1 in its place."""
        return _smooth((t_s - self.start_s + self.edge_s) / self.edge_s)

    def going(self, t_s: float) -> float:
        """0 in its place to 1 outside."""
        return _smooth((t_s - self.end_s) / self.edge_s)

    def hides(self, t_s: float) -> bool:
        """While it covers half of the picture or more."""
        return self.covered(t_s) >= min(_HIDING_COVER, self.cover)


@dataclass(frozen=True, slots=True, kw_only=True)
class LightsOff(Optic):
    """The lamps are off. The camera's gain follows in 1 to 2 s, and again when they are back.

    Attributes:
        level: what light is left, 0..1: 0.01 is night, 0.3 daylight through the windows.
    """

    level: float = 0.01

    def light(self, t_s: float) -> float:
        """The light itself, 1 with lamps."""
        return self.level if self.is_on(t_s) else 1.0

    def gain(self, t_s: float) -> float:
        """The camera's gain, 1 with lamps."""
        if t_s < self.start_s:
            return 1.0
        wanted = min(1 / self.level, _MAX_GAIN)
        gain = wanted + (1 - wanted) * math.exp(-(min(t_s, self.end_s) - self.start_s) / _SETTLE_S)
        return 1 + (gain - 1) * math.exp(-max(t_s - self.end_s, 0.0) / _SETTLE_S)

    def hides(self, t_s: float) -> bool:
        """While the picture is nearly black, or nearly white."""
        least, most = _EXPOSED
        return not least <= self.light(t_s) * self.gain(t_s) <= most


@dataclass(frozen=True, slots=True, kw_only=True)
class LowSun(Optic):
    """Low sun through windows: one side much brighter, shadows of the bars that move across the floor in minutes.

    Attributes:
        strength_share: how much brighter the brightest part gets.
        shadow_px_s: how fast the shadows move.
        fade_s: in which it comes, and goes.
    """

    duration_s: float = 600.0
    strength_share: float = 0.45
    shadow_px_s: float = 0.35
    fade_s: float = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clouds(Optic):
    """Clouds before the sun: everything gets darker and brighter again, a change takes `change_s` or more.

    Attributes:
        depth: share of the light that the thickest cloud takes.
    """

    duration_s: float = 600.0
    depth: float = 0.4
    change_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flicker(Optic):
    """A lamp that flickers: a beat between mains and shutter, bands that wander over the rows, and a weak tube.

    Attributes:
        depth: how much the brightness of a picture differs, and that of a band.
        beat_hz: of the brightness of whole pictures.
        bands: dark bands in one picture.
        misfires: share of the time for which the tube is out, a fraction of a second each.
    """

    depth: float = 0.15
    beat_hz: float = 1.7
    bands: float = 2.5
    misfires: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Bump(Optic):
    """Somebody knocks against the camera: it swings for a few tenths of a second and then looks elsewhere.

    Attributes:
        duration_s: until somebody puts it back; for ever by default.
        shift_px: how far the middle of the picture moves.
        direction_deg: where to; 0 is right, 90 down.
        turn_deg: how much the picture turns.
        zoom: how much larger things are.
        jolt_s: how long it swings.
    """

    shift_px: float = 15.0
    direction_deg: float = 35.0
    turn_deg: float = 0.4
    zoom: float = 1.004
    jolt_s: float = 0.4

    def moved(self, t_s: float) -> Matrix | None:
        """With the swing; None before it and after."""
        if not self.is_on(t_s):
            return None
        since_s = t_s - self.start_s
        far_px = self.shift_px
        if since_s < self.jolt_s:
            swing = math.exp(-since_s / _SWING_S) * math.cos(2 * math.pi * _SWING_HZ * since_s)
            far_px += (12.0 + 0.5 * abs(self.shift_px)) * swing
        return _view(far_px, self.direction_deg, self.turn_deg, self.zoom)

    def hides(self, t_s: float) -> bool:
        """While it swings."""
        return self.start_s <= t_s < self.start_s + self.jolt_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Pan(Optic):
    """The camera's mount gives way: it creeps for `duration_s` and stays there.

    Attributes:
        shift_px: how far the middle of the picture has moved in the end.
        direction_deg: where to; 0 is right, 90 down.
        turn_deg: how much the picture has turned in the end.
    """

    duration_s: float = 300.0
    shift_px: float = 15.0
    direction_deg: float = 90.0
    turn_deg: float = 0.4

    def moved(self, t_s: float) -> Matrix | None:
        """How far it has come; None before it."""
        if t_s <= self.start_s:
            return None
        share = min((t_s - self.start_s) / self.duration_s, 1.0)
        return _view(share * self.shift_px, self.direction_deg, share * self.turn_deg, 1.0)


def true_homography(optics: Sequence[Optic], t_s: float, width_px: int, height_px: int) -> Homography:
    """Takes the points of the picture as it would be without optics to where they are at a time."""
    steps = [step for optic in optics if (step := optic.moved(t_s)) is not None]
    if not steps:
        return UNMOVED
    matrix = np.eye(3)
    for step in steps:
        matrix = step @ matrix
    unit = width_px / _WIDTH_PX
    middle = np.array([[unit, 0, width_px / 2], [0, unit, height_px / 2], [0, 0, 1]])
    a, b, c, d, e, f, g, h, i = (float(v) for v in (middle @ matrix @ np.linalg.inv(middle)).ravel())
    return (a / i, b / i, c / i, d / i, e / i, f / i, g / i, h / i, 1.0)


def has_moved(optics: Sequence[Optic], t_s: float) -> bool:
    """Whether the camera looks elsewhere than at the beginning, at a time."""
    return any(optic.moved(t_s) is not None for optic in optics)


def hidden(optics: Sequence[Optic], t_s: float) -> bool:
    """Whether the picture tells nothing at a time: blocked, dark, dazzled or shaken."""
    return any(optic.hides(t_s) for optic in optics)


def moved_box(box: tuple[float, float, float, float], view: Homography) -> tuple[float, float, float, float]:
    """Where a homography takes a box: the one through the middles of its sides, which small turns do not widen."""
    if view == UNMOVED:
        return box
    x0, y0, x1, y1 = box
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    points = np.array([(x0, y, 1), (x1, y, 1), (x, y0, 1), (x, y1, 1)]).T
    moved = np.array(view).reshape(3, 3) @ points
    (left, right, _, _), (_, _, top, bottom) = (moved[:2] / moved[2]).tolist()
    return left, top, right, bottom


def _view(shift_px: float, direction_deg: float, turn_deg: float, zoom: float) -> Matrix:
    direction, turn = math.radians(direction_deg), math.radians(turn_deg)
    across, up = zoom * math.cos(turn), zoom * math.sin(turn)
    return np.array(
        [
            [across, -up, shift_px * math.cos(direction)],
            [up, across, shift_px * math.sin(direction)],
            [0.0, 0.0, 1.0],
        ]
    )


def _smooth(share: float) -> float:
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)
