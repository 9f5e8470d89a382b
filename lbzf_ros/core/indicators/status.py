"""Good, warning or bad: a figure against the thresholds that the engineer sets. A page finds the words and the sign."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(str, Enum):
    """How a figure stands against its thresholds."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Umbrales of a module, percent. At or above `…_green`: green; at or above `…_yellow`: yellow; below it: red.

    Attributes:
        pace_green: of a station: SAM / measured median.
        pace_yellow: the same.
        target_green: of an hour, a shift or a day: real / meta.
        target_yellow: the same.
        efficiency_green: eficiencia.
        efficiency_yellow: the same.
        min_coverage: observed of scheduled minutes; a figure below it is marked as not well covered.
    """

    pace_green: float
    pace_yellow: float
    target_green: float
    target_yellow: float
    efficiency_green: float
    efficiency_yellow: float
    min_coverage: float

    def pace(self, percent: float | None) -> Status:
        """Status of a station by its pace."""
        return status_of(percent, self.pace_green, self.pace_yellow)

    def target(self, percent: float | None) -> Status:
        """Status of real against meta."""
        return status_of(percent, self.target_green, self.target_yellow)

    def efficiency(self, percent: float | None) -> Status:
        """Status of an efficiency."""
        return status_of(percent, self.efficiency_green, self.efficiency_yellow)

    def now(self, real: float, expected: float | None) -> Status:
        """Status of the hour that runs: who is less than one unit behind is not behind."""
        if expected is None:
            return Status.UNKNOWN
        if expected - real < 1:
            return Status.GREEN
        return self.target(real / expected * 100)


def status_of(percent: float | None, green: float, yellow: float) -> Status:
    """Status of a figure of which more is better; a figure that is not known has none."""
    if percent is None:
        return Status.UNKNOWN
    if percent >= green:
        return Status.GREEN
    return Status.YELLOW if percent >= yellow else Status.RED
