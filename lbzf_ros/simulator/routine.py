"""What the operator of a station does: blocks of time, each full of units of work, one after the other.

A block depends on its own number only, so any moment can be shown without playing what came before. At its
edges the operator is at the same point of his work, so that blocks join without a seam.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from lbzf_ros.core import geometry
from lbzf_ros.core.model import Anchor, ZoneKind
from lbzf_ros.simulator.itinerary import REACH_MOVE_S, Itinerary, Leg, Reach, first_true_s, walk
from lbzf_ros.simulator.layout import Layout, Place
from lbzf_ros.simulator.model import Point, SceneStation, SceneZone, TrueCycle
from lbzf_ros.simulator.randomness import generator

_BLOCK_S = (420.0, 640.0)
_BREAK_CYCLES = (4.5, 6.0)
"""More than the longest cycle that counts (4 times the SAM by default): a break is never a cycle."""
_PACE = (0.82, 1.25)
_PACE_SPREAD = 0.11
_SLOW_CHANCE, _SLOW_FACTOR = 0.05, (1.5, 2.0)
_SPEED_PER_STATURE = 0.55
_BLOCK_UNITS = 16
_BETWEEN_UNITS_S = {"presence": (2.5, 5.5), "trigger": (0.0, 0.0), "pick_drop": (2.8, 4.8)}
"""Time from the end of a cycle to the start of the next; for presence without the ways in and out."""
_DWELL_S = (0.7, 1.1)
BREAK = "break"
"""Why a cycle is unmeasurable in which the operator was away."""


@dataclass(frozen=True, slots=True)
class Block:
    """The work of one block, when its units start, and the true moments in it."""

    itinerary: Itinerary
    marks: tuple[Mark, ...]
    starts_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """A true moment: a cycle opens or closes. `spoils`: why one that is open is no measurable cycle any more."""

    t_s: float
    opens: bool = False
    closes: bool = False
    spoils: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """What an operator does at a time.

    Attributes:
        leg: None: he is not in the picture.
        reach: the reach under way.
        work_s: the time that leg and reach are told in.
        person: who he is; empty: the station's own operator.
        still: 0 he moves as people do, 1 not at all.
        dresses: 0 to 1 while he puts something on; else 0.
    """

    leg: Leg | None
    reach: Reach | None
    work_s: float
    person: str = ""
    still: float = 0.0
    dresses: float = 0.0


@dataclass(frozen=True, slots=True)
class _Unit:
    start_s: float
    work_s: float
    between_s: float
    break_s: float

    @property
    def end_s(self) -> float:
        return self.start_s + self.work_s + self.between_s + self.break_s


class Routine:
    """The endless work of one operator."""

    def __init__(
        self, place: Place, layout: Layout, *, seed: int, camera: str, break_chance: float, crew: int = 0
    ) -> None:
        """Draw his pace.

        Args:
            place: where he works.
            layout: the floor.
            seed: of the scene.
            camera: label.
            break_chance: that he goes for a break, in each block.
            crew: 0 for who works there first; the next shift's people have another pace.
        """
        self.place, self._layout, self._break_chance = place, layout, break_chance
        names = (camera, place.station.module, place.station.code, *([f"crew{crew}"] if crew else []))
        self._numbers = functools.partial(generator, seed, *names)
        rng = self._numbers("routine")
        self._work_s = place.station.cycle_s * float(rng.uniform(*_PACE))
        self.block_s = max(float(rng.uniform(*_BLOCK_S)), _BLOCK_UNITS * self._work_s)
        self.block = functools.lru_cache(maxsize=4)(self._block)
        speed = _SPEED_PER_STATURE * layout.stature_px(place.spot_px[1])
        self.speed_px_s = speed
        self.way_in = walk(0.0, [place.exit_px, place.spot_px], speed)[0]
        self._enters_s = _walk_enters_s(place, self.way_in, layout)
        self._hand_enters_s = {
            zone.kind: _hand_enters_s(place, zone, layout) for zone in place.station.hand_zones
        }

    def index_at(self, t_s: float) -> int:
        """Number of the block that holds a time."""
        return math.floor(t_s / self.block_s)

    def moment(self, t_s: float) -> Moment:
        """What he does at a time."""
        itinerary = self.block(self.index_at(t_s)).itinerary
        return Moment(itinerary.leg_at(t_s), itinerary.reach_at(t_s), t_s)

    def marks(self, from_s: float, until_s: float) -> Iterator[Mark]:
        """True moments in [from_s, until_s), in order."""
        for index in range(self.index_at(from_s), self.index_at(until_s) + 1):
            yield from (mark for mark in self.block(index).marks if from_s <= mark.t_s < until_s)

    def cycles(self, from_s: float, until_s: float) -> list[TrueCycle]:
        """Cycles that end in (from_s, until_s], in order."""
        since_s = max(self.index_at(from_s) - 1, 0) * self.block_s
        marks = self.marks(since_s, until_s + self.block_s)
        return [c for c in paired(self.place.station, marks) if from_s < c.end_s <= until_s]

    def next_start_s(self, t_s: float) -> float:
        """When the next unit starts, at a time or after it."""
        for index in itertools.count(self.index_at(t_s)):
            if found := [start_s for start_s in self.block(index).starts_s if start_s >= t_s]:
                return found[0]
        raise AssertionError

    def _block(self, index: int) -> Block:
        rng = self._numbers(index)
        work = _WORK[self.place.station.rule]
        parts: list[Block] = []
        after_break = False
        units = self._units(rng, index)
        for unit in units:
            parts.append(work(self, rng, unit, after_break))
            after_break = unit.break_s > 0
        legs = tuple(leg for part in parts for leg in part.itinerary.legs)
        reaches = tuple(reach for part in parts for reach in part.itinerary.reaches)
        marks = tuple(mark for part in parts for mark in part.marks)
        return Block(Itinerary(legs, reaches), marks, tuple(unit.start_s for unit in units))

    def _units(self, rng: np.random.Generator, index: int) -> list[_Unit]:
        """Fill a block exactly: draw units until it is full, then stretch or shrink their work a little."""
        rule = self.place.station.rule
        ways_s = 2 * self._enters_s if rule == "presence" else 0.0
        has_break = index > 0 and rng.random() < self._break_chance
        break_s = self._work_s * float(rng.uniform(*_BREAK_CYCLES)) if has_break else 0.0
        works: list[float] = []
        betweens: list[float] = []
        while not works or sum(works) + sum(betweens) + self._work_s / 2 < self.block_s - break_s:
            slow = float(rng.uniform(*_SLOW_FACTOR)) if rng.random() < _SLOW_CHANCE else 1.0
            works.append(self._work_s * slow * math.exp(_PACE_SPREAD * float(rng.standard_normal())))
            betweens.append(ways_s + float(rng.uniform(*_BETWEEN_UNITS_S[rule])))
        stretch = (self.block_s - break_s - sum(betweens)) / sum(works)
        pause_at = int(rng.integers(len(works) // 3, 2 * len(works) // 3)) if has_break else -1
        units: list[_Unit] = []
        start_s = index * self.block_s
        for i, (work, between) in enumerate(zip(works, betweens, strict=True)):
            units.append(_Unit(start_s, work * stretch, between, break_s if i == pause_at else 0.0))
            start_s = units[-1].end_s
        return units

    # One signature for the three rules, which a table chooses from.
    def _visit(self, rng: np.random.Generator, unit: _Unit, after_break: bool) -> Block:  # noqa: ARG002
        """He comes with a bundle, works, and goes."""
        way, entered_s = self.way_in, unit.start_s + self._enters_s
        left_s = entered_s + unit.work_s
        arrives_s, goes_s = unit.start_s + way.end_s, left_s - (way.end_s - self._enters_s)
        legs = (
            Leg(unit.start_s, arrives_s, way.from_px, way.to_px, loaded=True),
            Leg(arrives_s, goes_s, way.to_px, way.to_px, working=True),
            Leg(goes_s, goes_s + way.end_s, way.to_px, way.from_px),
        )
        return Block(Itinerary(legs), (Mark(entered_s, opens=True), Mark(left_s, closes=True)))

    def _trigger(self, rng: np.random.Generator, unit: _Unit, after_break: bool) -> Block:
        """He takes the next piece from the bin and works on it."""
        reach = _reach(rng, unit.start_s, self.place.station.zone(ZoneKind.TRIGGER), brings=False)
        reached_s = unit.start_s + self._hand_enters_s[ZoneKind.TRIGGER]
        mark = Mark(reached_s, opens=True, closes=True, spoils=BREAK if after_break else "")
        return Block(Itinerary(self._at_work(unit), (reach,)), (mark,))

    def _pick_drop(self, rng: np.random.Generator, unit: _Unit, after_break: bool) -> Block:  # noqa: ARG002
        """He takes a piece, works on it, puts it away, and waits a moment."""
        station = self.place.station
        picked_s = unit.start_s + self._hand_enters_s[ZoneKind.PICK]
        dropped_s = picked_s + unit.work_s
        drop_reach_s = dropped_s - self._hand_enters_s[ZoneKind.DROP]
        pick = _reach(rng, unit.start_s, station.zone(ZoneKind.PICK), brings=False)
        drop = _reach(rng, drop_reach_s, station.zone(ZoneKind.DROP), brings=True)
        return Block(
            Itinerary(self._at_work(unit), (pick, drop)),
            (Mark(picked_s, opens=True), Mark(dropped_s, closes=True)),
        )

    def _at_work(self, unit: _Unit) -> tuple[Leg, ...]:
        """The operator at his place for the unit, and away in its break."""
        spot, out, walk_s = self.place.spot_px, self.place.exit_px, self.way_in.end_s
        goes_s = unit.end_s - unit.break_s
        here = Leg(unit.start_s, goes_s, spot, spot, working=True)
        if not unit.break_s:
            return (here,)
        return here, Leg(goes_s, goes_s + walk_s, spot, out), Leg(unit.end_s - walk_s, unit.end_s, out, spot)


_WORK: dict[str, Callable[[Routine, np.random.Generator, _Unit, bool], Block]] = {
    "presence": Routine._visit,
    "trigger": Routine._trigger,
    "pick_drop": Routine._pick_drop,
}


def paired(station: SceneStation, marks: Iterable[Mark]) -> Iterator[TrueCycle]:
    """The cycles between marks that are given in order."""
    opened: Mark | None = None
    spoilt = ""
    for mark in marks:
        spoilt = spoilt or mark.spoils
        if mark.closes and opened:
            yield TrueCycle(station.module, station.code, station.rule, opened.t_s, mark.t_s, spoilt)
        if mark.closes or mark.opens:
            opened, spoilt = (mark if mark.opens else None), ""


def crosses_s(place: Place, legs: Iterable[Leg], layout: Layout, *, inward: bool) -> float | None:
    """When somebody on these legs crosses into (or out of) a place's work zone with his anchor; None: never."""
    zone = place.station.zone(ZoneKind.WORK)
    for leg in legs:

        def crossed(t_s: float, leg: Leg = leg) -> bool:
            return _holds(zone, anchor_px(zone.anchor, leg.feet_px(t_s), layout.stature_px)) == inward

        found_s = first_true_s(crossed, leg.start_s, leg.end_s)
        if found_s is not None:
            return found_s
    return None


def _walk_enters_s(place: Place, way_in: Leg, layout: Layout) -> float:
    """Seconds after the start of the way in at which the operator's anchor enters the work zone."""
    return crosses_s(place, [way_in], layout, inward=True) or 0.0


def _hand_enters_s(place: Place, zone: SceneZone, layout: Layout) -> float:
    """Seconds after the start of a reach at which the hand enters its zone."""
    reach = Reach(0.0, _DWELL_S[0], zone.middle_px)
    rest = rest_px(place.spot_px, layout.stature_px(place.spot_px[1]), zone.middle_px)

    def inside(t_s: float) -> bool:
        return _holds(zone, blend(rest, zone.middle_px, reach.progress(t_s)))

    return first_true_s(inside, 0.0, REACH_MOVE_S) or 0.0


def blend(a: Point, b: Point, share: float) -> Point:
    """The point at a share of the way from a to b."""
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])


def rest_px(feet_px: Point, stature_px: float, toward_px: Point) -> Point:
    """Where the hand nearer to `toward_px` is while it works at the machine."""
    side = 1 if toward_px[0] >= feet_px[0] else -1
    return feet_px[0] + side * 0.07 * stature_px, feet_px[1] - 0.57 * stature_px


def anchor_px(anchor: Anchor, feet_px: Point, stature: Callable[[float], float]) -> Point:
    """A person's anchor: the feet, or the middle of the body."""
    return feet_px if anchor is Anchor.FEET else (feet_px[0], feet_px[1] - stature(feet_px[1]) / 2)


def _holds(zone: SceneZone, point: Point) -> bool:
    return bool(geometry.inside(zone.polygon_px, np.asarray([point], np.float32))[0])


def _reach(rng: np.random.Generator, start_s: float, zone: SceneZone, *, brings: bool) -> Reach:
    return Reach(start_s, float(rng.uniform(*_DWELL_S)), zone.middle_px, brings)
