"""Who is in the picture at a moment, and in which pose."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from lbzf_ros.simulator.figure import Colour, Look, Pose
from lbzf_ros.simulator.incidents.directing import Change
from lbzf_ros.simulator.itinerary import Leg, Reach
from lbzf_ros.simulator.layout import Layout, Place
from lbzf_ros.simulator.model import Point
from lbzf_ros.simulator.randomness import generator
from lbzf_ros.simulator.routine import Moment, blend, rest_px
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
_LEAN_PER_STEP = 0.3
"""How far the shoulders go beyond the feet of somebody who leans out of his place."""
_SITS_WITHIN = 0.3
"""Of the stature: farther from his place he stands upright."""
_VESTS: tuple[Colour, ...] = ((40, 128, 250), (60, 240, 214))
_TURNED = 0.6
"""Somebody who talks to a neighbour is seen half from the side."""


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


def crew(rng: np.random.Generator, size: int, *, unlike: Sequence[Look] = ()) -> list[Look]:
    """Operators in colours of which none comes twice, as long as there are enough.

    Args:
        rng: numbers.
        size: how many.
        unlike: those before them; nobody gets the colour of who was in his place.
    """
    tops = [_TOPS[i] for i in rng.permutation(len(_TOPS))]
    while any(tops[i % len(tops)] == before.top for i, before in enumerate(unlike)):
        tops = [tops[i] for i in rng.permutation(len(tops))]
    return [look(rng, apron=True, top=tops[i % len(tops)]) for i in range(size)]


@dataclass(frozen=True, slots=True)
class Body:
    """One person: clothes and build, own movements, the cloth that he works on, and what he changes into and when."""

    dressed: Look
    sways: Sway
    cloth: Colour
    vest: Colour
    changes: tuple[Change, ...] = ()
    others: tuple[Look, ...] = ()
    """What he wears after each change of clothes."""

    def look_at(self, t_s: float) -> Look:
        """What he wears at a time."""
        done = [change for change in self.changes if change.t_s <= t_s]
        vests = sum(change.vest for change in done)
        worn = (self.dressed, *self.others)[len(done) - vests]
        return replace(worn, vest=self.vest) if vests % 2 else worn


def body(
    dressed: Look,
    *,
    seed: int,
    camera: str,
    place: Place,
    crew_number: int = 0,
    changes: tuple[Change, ...] = (),
) -> Body:
    """The operator of a place's n-th shift."""
    station = place.station
    key = (camera, station.module, station.code, *([f"crew{crew_number}"] if crew_number else []), "body")
    rng = generator(seed, *key)
    sways, cloth = sway(rng), _CLOTHS[int(rng.integers(len(_CLOTHS)))]
    vest = _VESTS[int(rng.integers(len(_VESTS)))]
    others: list[Look] = []
    for change in changes:
        if not change.vest:
            before = (others or [dressed])[-1]
            others.append(_redressed(before, generator(seed, *key, "clothes", len(others))))
    return Body(dressed, sways, cloth, vest, changes, tuple(others))


def _redressed(before: Look, rng: np.random.Generator) -> Look:
    """The same person in other clothes."""
    new = look(rng, apron=True, top=_other(before.top, _TOPS, rng))
    legs = _other(before.legs, _TROUSERS, rng)
    return replace(before, top=new.top, legs=legs, apron=new.apron, long_sleeves=not before.long_sleeves)


def _other(than: Colour, colours: tuple[Colour, ...], rng: np.random.Generator) -> Colour:
    left = [colour for colour in colours if colour != than]
    return left[int(rng.integers(len(left)))]


class Duty(Protocol):
    """The work at one station, with all that comes between."""

    @property
    def place(self) -> Place:
        """Where it is done."""

    def moment(self, t_s: float) -> Moment:
        """What the operator does at a time."""


class Operator:
    """Whoever works at one station."""

    def __init__(self, duty: Duty, layout: Layout, people: Mapping[str, Body]) -> None:
        """Make the station's operators.

        Args:
            duty: what they do.
            layout: the floor.
            people: everybody who may work here, by name; a routine's own operator has the station's code.
        """
        self._place, self._duty, self._layout, self._people = duty.place, duty, layout, people

    def at(self, t_s: float) -> tuple[str, Pose] | None:
        """Name and pose at a time, None on a break or out of the picture."""
        now = self._duty.moment(t_s)
        if now.leg is None:
            return None
        name = now.person or self._place.station.code
        who = self._people[name]
        if now.leg.working:
            pose = self._at_work(now.leg, now, who, t_s)
        elif now.leg.length_px > 0:
            load = who.cloth if now.leg.loaded else None
            pose = walking(now.leg, now.work_s, self._layout, who.look_at(t_s), load)
        else:
            pose = self._talking(now.leg, who, t_s)
        return name, replace(pose, seated=self._seated(pose)) if self._place.seated else pose

    def _seated(self, pose: Pose) -> float:
        away = math.dist(pose.feet_px, self._place.spot_px) / pose.height_px
        return max(1.0 - away / _SITS_WITHIN, 0.0)

    def _at_work(self, leg: Leg, now: Moment, who: Body, t_s: float) -> Pose:
        feet = leg.feet_px(now.work_s)
        height = self._layout.stature_px(feet[1])
        moves = 1.0 - now.still
        dx, dy = (moves * offset for offset in who.sways.at(t_s))
        reach = now.reach
        share = reach.progress(now.work_s) if reach else 0.0
        hands: list[Point] = []
        for side in (-1, 1):
            rest = rest_px(feet, height, (feet[0] + side, feet[1]))
            moved = side * 0.012 * height * math.sin(2.9 * t_s + side) * moves
            hands.append((rest[0] + moved, rest[1] + dy * height))
        lean = dx * height + _LEAN_PER_STEP * (feet[0] - self._place.spot_px[0])
        if reach is not None and share > 0:
            side = 1 if reach.target_px[0] >= feet[0] else -1
            lean += side * share * _LEAN_PER_REACH * 0.2 * height
            hands[side > 0] = blend(hands[side > 0], _fumble(reach, now.work_s, height), share)
        if now.dresses > 0:
            hands = [
                _dressing_hand(hand, side, feet, height, now.dresses)
                for hand, side in zip(hands, (-1, 1), strict=True)
            ]
        gait = math.pi * math.dist(leg.from_px, feet) / (_STRIDE_PER_STATURE * height)
        return Pose(
            feet_px=feet,
            height_px=height * who.dressed.stature,
            look=who.look_at(t_s),
            lean_px=lean,
            hands_px=(hands[0], hands[1]),
            stride=0.8 if leg.length_px else 0.0,
            phase=gait,
            piece=who.cloth if reach and _holds_piece(reach, now.work_s) else None,
        )

    def _talking(self, leg: Leg, who: Body, t_s: float) -> Pose:
        """He stands at another station and talks, turned to it."""
        feet = leg.from_px
        height = self._layout.stature_px(feet[1])
        dx, dy = who.sways.at(t_s)
        facing = self._faces(feet)
        up = 0.6 + 0.05 * math.sin(1.7 * t_s) + dy
        hand = (feet[0] + facing * height * (0.13 + 0.03 * math.sin(2.3 * t_s)), feet[1] - up * height)
        return Pose(
            feet_px=feet,
            height_px=height * who.dressed.stature,
            look=who.look_at(t_s),
            sideways=_TURNED,
            direction=facing,
            lean_px=dx * height,
            hands_px=(hand, None) if facing > 0 else (None, hand),
        )

    def _faces(self, feet_px: Point) -> int:
        """The nearest of the other stations' operators is who he talks to: 1 to the right, -1 to the left."""
        others = [place.spot_px[0] for place in self._layout.places if place is not self._place]
        nearest = min(others, key=lambda x: abs(x - feet_px[0]), default=feet_px[0] + 1.0)
        return 1 if nearest >= feet_px[0] else -1


def _dressing_hand(rest: Point, side: int, feet: Point, height_px: float, share: float) -> Point:
    """Hands go up to the chest and pull at what is put on."""
    chest = (feet[0] + side * 0.14 * height_px, feet[1] - 0.67 * height_px)
    lifted = min(share / 0.25, (1 - share) / 0.25, 1.0)
    pull = 0.04 * height_px * math.sin(14.0 * share + side)
    return blend(rest, (chest[0], chest[1] + pull), lifted)


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
