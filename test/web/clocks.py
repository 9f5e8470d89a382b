"""Time as the tests want it."""

from __future__ import annotations

from dataclasses import dataclass

from lbzf_ros.core.model import NS_PER_S
from test.web.factory import MORNING_NS


@dataclass
class Clocks:
    """A wall clock and a monotonic clock that go together."""

    elapsed_s: float = 0.0

    def clock_ns(self) -> int:
        """The wall clock; far from the capture times of the tests, as with an old recording."""
        return MORNING_NS + 100 * 86_400 * NS_PER_S + round(self.elapsed_s * NS_PER_S)

    def now_s(self) -> float:
        """The monotonic clock."""
        return 1000.0 + self.elapsed_s

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.elapsed_s += seconds
