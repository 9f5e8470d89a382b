"""People who are not at work here: passers-by on the aisle, and a supervisor who comes, stands and leaves."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lbzf_ros.simulator.itinerary import Itinerary, Leg, walk
from lbzf_ros.simulator.layout import Layout
from lbzf_ros.simulator.randomness import generator

_SPEED_PER_STATURE = (0.5, 0.75)
_LOADED_CHANCE = 0.3
_OUTSIDE = 0.15
_SUPERVISOR_ROW = 0.95
_SUPERVISOR_STAY_S = (15.0, 40.0)


class Visits(Protocol):
    """Somebody who is in the picture at most once in each block of time, and only within it."""

    @property
    def name(self) -> str:
        """What he is called."""

    @property
    def block_s(self) -> float:
        """Length of a block, seconds."""

    def block(self, index: int) -> Itinerary:
        """What he does in a block; no legs when he does not come."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One direction of the aisle; `row` is the share of the picture's height at which feet are."""

    name: str
    row: float
    rightward: bool


class PassersBy:
    """People on one lane of the aisle behind the tables."""

    def __init__(self, layout: Layout, lane: Lane, *, seed: int, camera: str, chance: float) -> None:
        self.name, self.block_s = lane.name, 45.0
        self._layout, self._key = layout, (seed, camera, lane.name)
        self._y, self._rightward, self._chance = (layout.row_px(lane.row), lane.rightward, chance)
        self.block = functools.lru_cache(maxsize=2)(self._block)

    def _block(self, index: int) -> Itinerary:
        rng = generator(*self._key, index)
        if rng.random() >= self._chance:
            return Itinerary(())
        outside = _OUTSIDE * self._layout.height_px
        path = [(-outside, self._y), (self._layout.width_px + outside, self._y)]
        legs = walk(
            0.0,
            path if self._rightward else path[::-1],
            self._speed(rng),
            loaded=rng.random() < _LOADED_CHANCE,
        )
        start_s = self.block_s * index + float(rng.uniform(0.0, max(self.block_s - legs[-1].end_s, 0.0)))
        return Itinerary(_shifted(legs, start_s))

    def _speed(self, rng: np.random.Generator) -> float:
        return float(rng.uniform(*_SPEED_PER_STATURE)) * self._layout.stature_px(self._y)


class Supervisor:
    """Comes along the aisle and through a gap, stands by a station, and leaves the way he came."""

    def __init__(self, layout: Layout, *, seed: int, camera: str, row: float, chance: float) -> None:
        self.name, self.block_s = "supervisor", 200.0
        self._layout, self._key, self._y = (layout, (seed, camera, self.name), layout.row_px(row))
        self._chance = chance
        self.block = functools.lru_cache(maxsize=2)(self._block)

    def _block(self, index: int) -> Itinerary:
        rng = generator(*self._key, index)
        if rng.random() >= self._chance:
            return Itinerary(())
        layout, outside = self._layout, _OUTSIDE * self._layout.height_px
        from_left = bool(rng.random() < 0.5)
        x = float(rng.choice([gap.middle_px for gap in layout.gaps])) if layout.gaps else layout.width_px / 2
        end_y = layout.row_px(_SUPERVISOR_ROW) if layout.gaps else self._y + 1.0
        path = [(-outside if from_left else layout.width_px + outside, self._y), (x, self._y), (x, end_y)]
        speed = 0.5 * layout.stature_px(self._y)
        way_in = walk(0.0, path, speed)
        stays_until_s = way_in[-1].end_s + float(rng.uniform(*_SUPERVISOR_STAY_S))
        stay = Leg(way_in[-1].end_s, stays_until_s, path[-1], path[-1])
        legs = [*way_in, stay, *walk(stays_until_s, path[::-1], speed)]
        latest_s = max(self.block_s - legs[-1].end_s, 0.0)
        return Itinerary(_shifted(legs, self.block_s * index + float(rng.uniform(0.0, latest_s))))


def block_at(visits: Visits, t_s: float) -> tuple[int, Itinerary]:
    """Number and content of the block that holds a time."""
    index = math.floor(t_s / visits.block_s)
    return index, visits.block(index)


def _shifted(legs: list[Leg], by_s: float) -> tuple[Leg, ...]:
    return tuple(
        Leg(leg.start_s + by_s, leg.end_s + by_s, leg.from_px, leg.to_px, leg.working, leg.loaded)
        for leg in legs
    )
