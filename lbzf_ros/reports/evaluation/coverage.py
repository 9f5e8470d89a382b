"""Does the stated uncertainty hold? The share of labelled durations that lie inside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from lbzf_ros.reports.evaluation.estimates import UNKNOWN, Estimate, enough, estimate, known

ROUNDING_S = 1e-6
"""Differences of times in whole milliseconds are exact to this."""


@dataclass(frozen=True, slots=True)
class Stated:
    """The error of a duration and the uncertainty that was stated with it, seconds; None: none was."""

    error_s: float
    uncertainty_s: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many durations lie inside their stated uncertainty.

    Attributes:
        n: durations whose uncertainty is known.
        inside: of those, with an error of at most the uncertainty.
        unknown: durations without a stated uncertainty; they take no part.
        share: inside / n with its Clopper-Pearson interval.
        median_s: half of the uncertainties are smaller: a share means little if they are large.
    """

    n: int
    inside: int
    unknown: int
    share: Estimate = UNKNOWN
    median_s: float | None = None


def coverage(found: Sequence[Stated], confidence: float) -> Coverage:
    """Share of durations inside their uncertainty; with fewer than three only how many there are."""
    stated = [(abs(one.error_s), one.uncertainty_s) for one in found if one.uncertainty_s is not None]
    n = len(stated)
    inside = sum(size <= uncertainty + ROUNDING_S for size, uncertainty in stated)
    if not enough(n):
        return Coverage(n, inside, len(found) - n)
    exact = stats.binomtest(inside, n).proportion_ci(confidence, method="exact")
    return Coverage(
        n,
        inside,
        len(found) - n,
        estimate(inside / n, exact.low, exact.high),
        known(np.median([uncertainty for _, uncertainty in stated])),
    )
