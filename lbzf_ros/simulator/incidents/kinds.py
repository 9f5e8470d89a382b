"""What can happen at the stations of a scene, as data: what, where, from when, how often.

Each incident begins at the first suitable moment at or after each of its times (in the middle of a cycle, between two
cycles); a supervisor sets out at just that time. What is not given is drawn from the scene's seed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import ZoneKind

Range = tuple[float, float]
"""Shortest and longest, seconds; each time another length between them."""


@dataclass(frozen=True, slots=True)
class Times:
    """When something happens: at `first_s` after the scene's start, then every `every_s`, `count` times in all."""

    first_s: float
    every_s: float = 0.0
    count: int = 1

    def __post_init__(self) -> None:
        figures = math.isfinite(self.first_s) and math.isfinite(self.every_s)
        if not figures or self.first_s < 0 or self.count < 1 or (self.count > 1 and self.every_s <= 0):
            raise InvalidValue(
                f"{self}: allowed are first_s from 0, count from 1, and every_s above 0 for more than once"
            )

    def all_s(self) -> list[float]:
        """Every time, in order."""
        return [self.first_s + i * self.every_s for i in range(self.count)]


def _check_range(owner: object, low_s: float, high_s: float) -> None:
    if not 0 < low_s <= high_s < math.inf:
        raise InvalidValue(f"{owner}: a range of seconds has 0 < shortest <= longest")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeanBack:
    """The operator takes half a step out of his zone in the middle of a cycle and leans back; then he goes on.

    The middle of his body leaves the work zone, his box still overlaps it. Truth: the cycle goes on. Not for stations
    with bins on both sides, where his body would cover one of them.

    Attributes:
        for_s: how long the middle of his body is out of the zone.
    """

    station: str
    times: Times
    for_s: Range = (1.0, 5.0)

    def __post_init__(self) -> None:
        _check_range(self, *self.for_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """An operator walks over to a neighbour who is at work, stands beside him for a while, and walks back.

    Truth: nothing changes at the visited station. The visitor's own cycle takes longer by the time that he is away;
    at a presence station he goes between two cycles, so that his next one begins later.

    Attributes:
        visitor: the station that he leaves.
        visited: the station that he goes to.
        for_s: how long he stands there.
        inside: he stands in the visited work zone, otherwise on its edge.
        passes: he walks past the neighbour's back and stands on his far side, so that their tracks cross.
    """

    visitor: str
    visited: str
    times: Times
    for_s: Range = (10.0, 20.0)
    inside: bool = True
    passes: bool = True

    def __post_init__(self) -> None:
        _check_range(self, *self.for_s)
        if self.visitor == self.visited:
            raise InvalidValue(f"{self}: nobody visits himself")


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkThrough:
    """A supervisor walks through the work zones of some stations without stopping. Truth: nothing changes.

    He keeps off bins: where one is in his way he walks round it, out of the picture below.

    Attributes:
        stations: in the order in which he comes to them.
        in_front: between the operators and their tables (they hide him), otherwise behind their backs.
    """

    stations: tuple[str, ...]
    times: Times
    in_front: bool = False

    def __post_init__(self) -> None:
        if not self.stations:
            raise InvalidValue(f"{self}: through no station")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A supervisor comes to an operator at work, stands in his zone, and leaves; operators come and go meanwhile.

    Truth: nothing changes.

    Attributes:
        for_s: how long he stands there.
        inside: he stands in the work zone, otherwise on its edge.
    """

    station: str
    times: Times
    for_s: Range = (120.0, 120.0)
    inside: bool = True

    def __post_init__(self) -> None:
        _check_range(self, *self.for_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsAlone:
    """The operator is away after a cycle, and something moves in one of his zones for as long as nobody is there.

    Truth: no cycle. A `trigger` cycle with it inside is unmeasurable (`break`).

    Attributes:
        zone: kind of the zone in which something moves.
        thing: a piece that the running machine shakes, or a fan.
        away_s: how long nobody is in the picture.
        on_s: it moves for so long, then rests for `off_s`, and so on.
        off_s: how long it rests; 0: it never does.
    """

    station: str
    zone: ZoneKind
    times: Times
    thing: Literal["piece", "fan"] = "piece"
    away_s: Range = (60.0, 90.0)
    on_s: float = 6.0
    off_s: float = 7.0

    def __post_init__(self) -> None:
        _check_range(self, *self.away_s)
        if not (self.on_s > 0 and self.off_s >= 0):
            raise InvalidValue(f"{self}: allowed are on_s above 0 and off_s from 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dress:
    """The operator puts on a high-visibility vest, or comes back from a break in other clothes.

    A vest is put on and taken off by turns. Truth: between two cycles nothing changes; a `trigger` cycle takes longer
    by the seconds in which he dresses, and with a break inside it is unmeasurable (`break`).

    Attributes:
        vest: a vest over what he wears, otherwise other clothes.
        away_s: how long he is out of the picture for it; None: between two cycles, without a break (at a presence
            station while he fetches the next bundle, elsewhere standing at his place; for other clothes he goes
            out of the picture).
    """

    station: str
    times: Times
    vest: bool = True
    away_s: Range | None = None

    def __post_init__(self) -> None:
        if self.away_s is not None:
            _check_range(self, *self.away_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """Two operators change places after a cycle: they walk across each other and go on at the other's station.

    Truth: cycles go on at both. A `trigger` cycle that one has begun and the other ends is unmeasurable (`swap`).
    """

    first: str
    second: str
    times: Times

    def __post_init__(self) -> None:
        if self.first == self.second:
            raise InvalidValue(f"{self}: nobody swaps with himself")


@dataclass(frozen=True, slots=True, kw_only=True)
class StandStill:
    """The operator stops in the middle of a cycle and does not move at all. Truth: the cycle goes on.

    The cycle takes longer by `for_s`: give the station a standard time of about 110 s, for the default limit of
    4 times the SAM.
    """

    station: str
    times: Times
    for_s: Range = (240.0, 240.0)

    def __post_init__(self) -> None:
        _check_range(self, *self.for_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seated:
    """The operator of a `trigger` or `pick_drop` station sits on a stool from the start to the end."""

    station: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftChange:
    """Everybody leaves after the cycle that he is at; when all are gone and some time has passed, others come.

    They wear other clothes and have another pace. Truth: cycles of the two shifts; the `trigger` cycle that would go
    from the last reach to the first one of the next shift is unmeasurable (`shift_change`).

    Attributes:
        empty_s: how long nobody is at any station.
    """

    times: Times
    empty_s: Range = (60.0, 120.0)

    def __post_init__(self) -> None:
        _check_range(self, *self.empty_s)


Incident = LeanBack | Talk | WalkThrough | Stay | RunsAlone | Dress | Swap | StandStill | Seated | ShiftChange
