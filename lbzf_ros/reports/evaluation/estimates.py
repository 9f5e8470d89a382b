"""Values that figures are made of. None means that a figure is not known; it is never 0 instead."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lbzf_ros.reports.evaluation.parameters import MIN_COUNT


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its confidence interval, as far as they are known."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


UNKNOWN = Estimate()


def known(value: float) -> float | None:
    """A float of Python; None for what is no finite number."""
    value = float(value)
    return value if math.isfinite(value) else None


def estimate(value: float, low: float, high: float) -> Estimate:
    """An estimate whose parts may be NaN or infinite."""
    return Estimate(known(value), known(low), known(high))


def enough(count: int) -> bool:
    """Whether so many cycles can give a figure."""
    return count >= MIN_COUNT
