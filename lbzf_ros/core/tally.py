"""What was seen at a station over a span of pictures, although the span is only known afterwards."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from lbzf_ros.core.model import UNKNOWN, Drift


@dataclass(slots=True)
class Picture:
    """What one picture said about a station. Not frozen: that would cost as much as filling it.

    Attributes:
        gap_ns: time since the latest picture before that said anything.
        known: it said something; False: the view was not clear.
        occupied: somebody was at the station.
        operator: its operator was.
        tracked: people at the station had track numbers.
        confidence: 0 when nobody was seen.
    """

    stamp_ns: int
    gap_ns: int
    known: bool = True
    occupied: bool = False
    operator: bool = False
    tracked: bool = False
    confidence: float = 0.0
    drift: Drift = Drift.UNCHECKED


@dataclass(slots=True)
class Tally:
    """Sums over pictures: constant memory however long the span."""

    pictures: int = 0
    known: int = 0
    with_person: int = 0
    with_operator: int = 0
    tracked: int = 0
    confidence_sum: float = 0.0
    longest_gap_ns: int = 0
    by_drift: Counter[Drift] = field(default_factory=Counter)

    def add(self, picture: Picture) -> None:
        """Take one picture."""
        self.pictures += 1
        self.by_drift[picture.drift] += 1
        if not picture.known:
            return
        self.known += 1
        self.longest_gap_ns = max(self.longest_gap_ns, picture.gap_ns)
        self.with_operator += picture.operator
        self.tracked += picture.tracked
        if picture.occupied:
            self.with_person += 1
            self.confidence_sum += picture.confidence

    @property
    def mean_confidence(self) -> float:
        """Mean over the pictures with a person, 0..1; NaN without any, or when a detector gave no proper figure."""
        mean = self.confidence_sum / self.with_person if self.with_person else UNKNOWN
        return mean if math.isfinite(mean) else UNKNOWN

    @property
    def primary_dwell_ratio(self) -> float:
        """Share of the pictures with the operator, 0..1; NaN when nobody was tracked."""
        return self.with_operator / self.known if self.tracked else UNKNOWN

    @property
    def second_person_ratio(self) -> float:
        """Share of the pictures with somebody at the station, but not the operator, 0..1; NaN without any picture."""
        return max(self.with_person - self.with_operator, 0) / self.known if self.known else UNKNOWN

    @property
    def drift_unknown_ratio(self) -> float:
        """Share of the pictures whose view could not be recognised, 0..1."""
        return self.by_drift[Drift.UNKNOWN] / self.pictures if self.pictures else 0.0

    @property
    def drift(self) -> Drift:
        """The worst that was known of the camera's view."""
        worst = (Drift.DRIFTED, Drift.UNKNOWN, Drift.UNCHECKED)
        return next((drift for drift in worst if self.by_drift[drift]), Drift.OK)


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
