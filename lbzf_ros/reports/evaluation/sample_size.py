"""How many cycles a time study needs (Niebel and Freivalds, Methods, Standards, and Work Design)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from lbzf_ros.reports.evaluation.estimates import enough


@dataclass(frozen=True, slots=True)
class Advice:
    """Cycles of a station and how many it takes.

    Attributes:
        n: cycles measured.
        mean_s: their mean.
        sd_s: their standard deviation.
        precision_reached: half width of the mean's interval, as a share of the mean.
        needed: cycles in all for the precision that is wanted.
        more: those that are still missing.
    """

    n: int
    mean_s: float | None = None
    sd_s: float | None = None
    precision_reached: float | None = None
    needed: int | None = None
    more: int | None = None


def advice(durations_s: Sequence[float], *, precision: float, confidence: float) -> Advice:
    """How many cycles are needed: n = (t·s / (k·x̄))², with Student's t of the cycles at hand.

    Args:
        durations_s: of the cycles measured, each above 0.
        precision: k, half width over mean.
        confidence: of t, two-sided.
    """
    n = len(durations_s)
    if not enough(n):
        return Advice(n)
    values = np.asarray(durations_s, np.float64)
    mean, sd = float(values.mean()), float(values.std(ddof=1))
    t = float(stats.t.ppf((1 + confidence) / 2, n - 1))
    needed = max(math.ceil((t * sd / (precision * mean)) ** 2), 1)
    return Advice(n, mean, sd, t * sd / (math.sqrt(n) * mean), needed, max(0, needed - n))
