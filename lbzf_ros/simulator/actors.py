"""Who is in the picture at a moment, and in which pose."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lbzf_ros.simulator.figure import Colour, Look, Pose
from lbzf_ros.simulator.itinerary import Leg, Reach
from lbzf_ros.simulator.layout import Layout
from lbzf_ros.simulator.model import Point
from lbzf_ros.simulator.randomness import generator
from lbzf_ros.simulator.routine import Routine, blend, rest_px
from lbzf_ros.simulator.visitors import Visits, block_at

_TOPS: tuple[Colour, ...] = (
    (92, 46, 38),
    (44, 40, 112),
    (58, 84, 44),
    (205, 205, 208),
    (60, 58, 62),
    (128, 92, 60),
    (40, 110, 168),
    (120, 70, 110),
    (134, 144, 150),
)
_TROUSERS: tuple[Colour, ...] = (
    (70, 48, 38),
    (46, 44, 46),
    (96, 72, 52),
    (58, 66, 78),
    (36, 34, 40),
    (120, 128, 136),
)
_SKINS: tuple[Colour, ...] = ((96, 128, 178), (72, 100, 146), (120, 152, 200), (52, 72, 108))
_HAIRS: tuple[Colour, ...] = ((22, 20, 24), (26, 32, 44), (34, 46, 70), (58, 60, 64))
_CLOTHS: tuple[Colour, ...] = ((150, 84, 60), (70, 70, 170), (90, 140, 90), (190, 190, 200), (60, 130, 190))
_STRIDE_PER_STATURE = 0.42
"""Length of one step."""
_LEAN_PER_REACH = 0.18


class Actor(Protocol):
    """Somebody who may be in the picture."""

    def at(self, t_s: float) -> tuple[str, Pose] | None:
        """Name and pose at a time, None when he is not there."""


@dataclass(frozen=True, slots=True)
class Sway:
    """Small movements that nobody stands without: sums of slow sines, so any moment can be asked for."""

    phases: tuple[float, ...]

    def at(self, t_s: float) -> Point:
        """Offset in shares of the stature."""
        a, b, c, d = self.phases
        x = 0.010 * math.sin(0.47 * t_s + a) + 0.006 * math.sin(1.31 * t_s + b)
        return x, 0.003 * math.sin(0.9 * t_s + c) + 0.002 * math.sin(2.3 * t_s + d)


def sway(rng: np.random.Generator) -> Sway:
    """A person's own way of swaying."""
    return Sway(tuple(float(phase) for phase in rng.uniform(0, 2 * math.pi, 4)))


def look(rng: np.random.Generator, *, apron: bool, top: Colour | None = None) -> Look:
    """Clothes and build of one person; `top` is the colour of the upper part, by default any."""

    def one_of(colours: tuple[Colour, ...]) -> Colour:
        return colours[int(rng.integers(len(colours)))]

    return Look(
        skin=one_of(_SKINS),
        hair=one_of(_HAIRS),
        top=top or one_of(_TOPS),
        legs=one_of(_TROUSERS),
        shoes=(30, 30, 34),
        width=float(rng.uniform(0.94, 1.14)),
        stature=float(rng.uniform(0.95, 1.05)),
        long_hair=bool(rng.random() < 0.5),
        apron=(150, 120, 90) if apron and rng.random() < 0.6 else None,
        long_sleeves=bool(rng.random() < 0.5),
    )


def crew(rng: np.random.Generator, size: int) -> list[Look]:
    """Operators in colours of which none comes twice, as long as there are enough."""
    order = rng.permutation(len(_TOPS))
    return [look(rng, apron=True, top=_TOPS[order[i % len(order)]]) for i in range(size)]


class Operator:
    """The operator of one station."""

    def __init__(self, routine: Routine, layout: Layout, *, seed: int, camera: str, dressed: Look) -> None:
        station = routine.place.station
        rng = generator(seed, camera, station.module, station.code, "body")
        self._name, self._routine, self._layout, self._look = (station.code, routine, layout, dressed)
        self._sway = sway(rng)
        self._cloth = _CLOTHS[int(rng.integers(len(_CLOTHS)))]

    def at(self, t_s: float) -> tuple[str, Pose] | None:
        """Name and pose at a time, None on a break or out of the picture."""
        itinerary = self._routine.block(self._routine.index_at(t_s)).itinerary
        leg = itinerary.leg_at(t_s)
        if leg is None:
            return None
        if not leg.working:
            return self._name, walking(
                leg, t_s, self._layout, self._look, self._cloth if leg.loaded else None
            )
        return self._name, self._at_work(leg, itinerary.reach_at(t_s), t_s)

    def _at_work(self, leg: Leg, reach: Reach | None, t_s: float) -> Pose:
        feet = leg.feet_px(t_s)
        height = self._layout.stature_px(feet[1])
        dx, dy = self._sway.at(t_s)
        share = reach.progress(t_s) if reach else 0.0
        hands: list[Point] = []
        for side in (-1, 1):
            rest = rest_px(feet, height, (feet[0] + side, feet[1]))
            hands.append(
                (rest[0] + side * 0.012 * height * math.sin(2.9 * t_s + side), rest[1] + dy * height)
            )
        lean = dx * height
        if reach is not None and share > 0:
            side = 1 if reach.target_px[0] >= feet[0] else -1
            lean += side * share * _LEAN_PER_REACH * 0.2 * height
            hands[side > 0] = blend(hands[side > 0], _fumble(reach, t_s, height), share)
        return Pose(
            feet_px=feet,
            height_px=height * self._look.stature,
            look=self._look,
            lean_px=lean,
            hands_px=(hands[0], hands[1]),
            piece=self._cloth if reach and _holds_piece(reach, t_s) else None,
        )


class Visitor:
    """Somebody who comes and goes; other clothes each time."""

    def __init__(self, visits: Visits, layout: Layout, *, seed: int, camera: str) -> None:
        self._visits, self._layout, self._key = (visits, layout, (seed, camera, visits.name, "body"))
        self._body = functools.lru_cache(maxsize=2)(self._dress)

    def at(self, t_s: float) -> tuple[str, Pose] | None:
        """Name and pose at a time, None when nobody comes by."""
        index, itinerary = block_at(self._visits, t_s)
        leg = itinerary.leg_at(t_s)
        if leg is None:
            return None
        dressed, moves, cloth = self._body(index)
        name = f"{self._visits.name}/{index}"
        if leg.length_px > 0:
            return name, walking(leg, t_s, self._layout, dressed, cloth if leg.loaded else None)
        height = self._layout.stature_px(leg.from_px[1])
        lean = moves.at(t_s)[0] * height
        return name, Pose(leg.from_px, height * dressed.stature, dressed, lean_px=lean, back=index % 2 == 0)

    def _dress(self, index: int) -> tuple[Look, Sway, Colour]:
        rng = generator(*self._key, index)
        return (look(rng, apron=False), sway(rng), _CLOTHS[int(rng.integers(len(_CLOTHS)))])


def walking(leg: Leg, t_s: float, layout: Layout, dressed: Look, load: Colour | None) -> Pose:
    """The pose of somebody on a walk. The phase follows the way gone, so feet do not slide."""
    feet = leg.feet_px(t_s)
    height = layout.stature_px(feet[1])
    dx, dy = leg.to_px[0] - leg.from_px[0], leg.to_px[1] - leg.from_px[1]
    gone = math.dist(leg.from_px, feet)
    phase = math.pi * gone / (_STRIDE_PER_STATURE * height)
    bob = 0.008 * height * abs(math.cos(phase))
    return Pose(
        feet_px=(feet[0], feet[1] - bob),
        height_px=height * dressed.stature,
        look=dressed,
        sideways=abs(dx) / (abs(dx) + abs(dy)),
        direction=1 if dx >= 0 else -1,
        stride=1.0,
        phase=phase,
        back=dy < 0,
        load=load,
    )


def _fumble(reach: Reach, t_s: float, height_px: float) -> Point:
    """The hand at the bin does not rest: it sorts and grips."""
    x, y = reach.target_px
    return x + 0.022 * height_px * math.sin(8.3 * t_s), y + 0.016 * height_px * math.sin(11.1 * t_s + 1.0)


def _holds_piece(reach: Reach, t_s: float) -> bool:
    """A piece is in the hand on the way from a pick, or on the way to a drop."""
    return (t_s < (reach.start_s + reach.end_s) / 2) == reach.brings
