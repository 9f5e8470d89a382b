"""What was seen at a station over a span of pictures, although the span is only known afterwards."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from lbzf_ros.core.model import UNKNOWN


@dataclass(frozen=True, slots=True)
class Picture:
    """What one picture said about a station. `confidence` is 0 when nobody was seen."""

    stamp_ns: int
    occupied: bool
    confidence: float
    tracks: tuple[int, ...]


@dataclass(slots=True)
class Tally:
    """Sums over pictures: constant memory however long the span."""

    pictures: int = 0
    with_person: int = 0
    confidence_sum: float = 0.0
    by_track: Counter[int] = field(default_factory=Counter)

    def add(self, picture: Picture) -> None:
        """Take one picture."""
        self.pictures += 1
        if picture.occupied:
            self.with_person += 1
            self.confidence_sum += picture.confidence
            self.by_track.update(picture.tracks)

    @property
    def mean_confidence(self) -> float:
        """Mean over the pictures with a person, 0..1; NaN without any, or when a detector gave no proper figure."""
        mean = self.confidence_sum / self.with_person if self.with_person else UNKNOWN
        return mean if math.isfinite(mean) else UNKNOWN

    @property
    def primary_dwell_ratio(self) -> float:
        """Share of the pictures with the person who was there most, 0..1; NaN when nobody was tracked."""
        return max(self.by_track.values()) / self.pictures if self.by_track else UNKNOWN


class Recent:
    """The latest pictures of a station, held until no crossing can be dated back behind them.

    Crossings are dated back by at most `horizon_ns`; older pictures go into the tally of the running cycle, so
    that closing a cycle costs the same whether it lasted ten seconds or ten minutes.
    """

    def __init__(self, horizon_ns: int, pictures: Iterable[Picture] = ()) -> None:
        self._horizon_ns = horizon_ns
        self._pictures = deque(pictures)

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Those that are held, oldest first."""
        return tuple(self._pictures)

    def append(self, picture: Picture) -> None:
        """Hold the newest picture."""
        self._pictures.append(picture)

    def settle(self, tally: Tally | None, start_ns: int) -> None:
        """Move what has grown old into the tally of the cycle that began at `start_ns` (None: no cycle)."""
        oldest_ns = self._pictures[-1].stamp_ns - self._horizon_ns
        while self._pictures[0].stamp_ns < oldest_ns:
            picture = self._pictures.popleft()
            if tally is not None and picture.stamp_ns >= start_ns:
                tally.add(picture)

    def close(self, tally: Tally, start_ns: int, end_ns: int) -> None:
        """Add what is still held of the span [start_ns, end_ns) to a tally."""
        for picture in self._pictures:
            if start_ns <= picture.stamp_ns < end_ns:
                tally.add(picture)
