"""What happens to pictures on their way: some are lost, some carry a wrong time. Times are seconds of the scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture as it arrives: what it shows is of `scene_s`, its stamp says `stamp_s`."""

    scene_s: float
    stamp_s: float


class Disturbance(Protocol):
    """Changes the pictures of a stream; the same generator gives the same change."""

    def shots(self, times_s: Sequence[float], rng: np.random.Generator) -> list[Shot]:
        """The pictures that arrive, in the order in which they do, for those that were taken at `times_s`."""
        ...

    def stamp_s(self, scene_s: float) -> float:
        """What the camera's clock says at a time."""
        ...

    @property
    def jumps_s(self) -> tuple[float, ...]:
        """When its clock jumps."""
        ...


class _RightClock:
    """A camera whose clock is right."""

    @property
    def jumps_s(self) -> tuple[float, ...]:
        return ()

    def stamp_s(self, scene_s: float) -> float:
        return scene_s


class Undisturbed(_RightClock):
    """Every picture arrives, with its time."""

    def shots(self, times_s: Sequence[float], rng: np.random.Generator) -> list[Shot]:  # noqa: ARG002
        """All of them."""
        return [Shot(t, t) for t in times_s]


@dataclass(frozen=True, slots=True)
class Dropped(_RightClock):
    """Each picture is lost by chance, whatever happened to the one before."""

    share: float

    def shots(self, times_s: Sequence[float], rng: np.random.Generator) -> list[Shot]:
        """Those that are not lost."""
        kept = rng.random(len(times_s)) >= self.share
        return [Shot(t, t) for t, is_kept in zip(times_s, kept, strict=True) if is_kept]


@dataclass(frozen=True, slots=True)
class Gaps(_RightClock):
    """Now and then all pictures of some seconds are lost; one gap lies somewhere in each `every_s`."""

    length_s: float
    every_s: float

    def shots(self, times_s: Sequence[float], rng: np.random.Generator) -> list[Shot]:
        """Those outside the gaps."""
        count = int((times_s[-1] - times_s[0]) // self.every_s)
        begins = times_s[0] + self.every_s * np.arange(count)
        begins += rng.uniform(0, self.every_s - self.length_s, count)
        return [Shot(t, t) for t in times_s if not any(begin < t < begin + self.length_s for begin in begins)]


@dataclass(frozen=True, slots=True)
class Repeated(_RightClock):
    """Some pictures carry the stamp of the one before: the camera's clock ticks too rarely, or it sends twice."""

    share: float

    def shots(self, times_s: Sequence[float], rng: np.random.Generator) -> list[Shot]:
        """All of them, some with the stamp before."""
        wrong = rng.random(len(times_s)) < self.share
        wrong[0] = False
        shots = [Shot(times_s[0], times_s[0])]
        for t, is_wrong in zip(times_s[1:], wrong[1:], strict=True):
            shots.append(Shot(t, shots[-1].stamp_s if is_wrong else t))
        return shots


@dataclass(frozen=True, slots=True)
class OutOfOrder(_RightClock):
    """Some pictures arrive after up to `by` later ones."""

    share: float
    by: int = 3

    def shots(self, times_s: Sequence[float], rng: np.random.Generator) -> list[Shot]:
        """All of them, with the right stamp, in another order."""
        late = rng.random(len(times_s)) < self.share
        places = np.arange(len(times_s)) + late * (rng.integers(1, self.by + 1, len(times_s)) + 0.5)
        return [Shot(times_s[i], times_s[i]) for i in np.argsort(places, kind="stable")]


@dataclass(frozen=True, slots=True)
class Jumping:
    """The camera's clock is set: at each (time, seconds) it shows so much more or less than is right from then on."""

    offsets: tuple[tuple[float, float], ...]

    @property
    def jumps_s(self) -> tuple[float, ...]:
        """When its clock jumps."""
        return tuple(at_s for at_s, _ in self.offsets)

    def stamp_s(self, scene_s: float) -> float:
        """What the camera's clock says at a time."""
        offset_s = 0.0
        for at_s, by_s in self.offsets:
            offset_s = by_s if scene_s >= at_s else offset_s
        return scene_s + offset_s

    def shots(self, times_s: Sequence[float], rng: np.random.Generator) -> list[Shot]:  # noqa: ARG002
        """All of them, as the clock stamps them."""
        return [Shot(t, self.stamp_s(t)) for t in times_s]
