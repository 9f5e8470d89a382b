"""Do two measurements of the same cycles agree? Errors, Bland-Altman, ICC(2,1), Lin's concordance.

Formulas and their sources: docs/evaluation.md. The distributions are scipy's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from lbzf_ros.reports.evaluation.estimates import UNKNOWN, Estimate, enough, estimate, known

Floats = NDArray[np.float64]

LIMITS_SHARE = 0.95
"""Share of differences between the limits of agreement."""
_ROUNDING = 1e-20
"""Sums of squares below this part of the largest are rounding."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors in seconds, first minus second.

    Attributes:
        n: how many.
        bias: mean, with its interval (Student's t).
        mean_absolute: MAE.
        p5: a twentieth of the errors is below.
        median: half of them is.
        p95: all but a twentieth is.
        p95_absolute: all but a twentieth is smaller, whatever its sign.
        largest_absolute: the worst.
    """

    n: int
    bias: Estimate = UNKNOWN
    mean_absolute: float | None = None
    p5: float | None = None
    median: float | None = None
    p95: float | None = None
    p95_absolute: float | None = None
    largest_absolute: float | None = None


@dataclass(frozen=True, slots=True)
class BlandAltman:
    """Limits of agreement: bias ± 1.96 standard deviations of the differences.

    Intervals of the limits are exact for normal differences (Carkeet 2015), not the approximation of 1986, which is
    too narrow on the outside for few cycles.
    """

    n: int
    bias: Estimate = UNKNOWN
    sd: float | None = None
    lower: Estimate = UNKNOWN
    upper: Estimate = UNKNOWN


def errors(differences: Sequence[float], confidence: float) -> Errors:
    """Summary of errors; with fewer than three only their number."""
    n = len(differences)
    if not enough(n):
        return Errors(n)
    values = np.asarray(differences, np.float64)
    sizes = np.abs(values)
    p5, median, p95 = np.percentile(values, [5, 50, 95])
    return Errors(
        n,
        _mean(values, confidence),
        known(sizes.mean()),
        known(p5),
        known(median),
        known(p95),
        known(np.percentile(sizes, 95)),
        known(sizes.max()),
    )


def bland_altman(differences: Sequence[float], confidence: float) -> BlandAltman:
    """Bias and limits of agreement of differences; with fewer than three only their number."""
    n = len(differences)
    if not enough(n):
        return BlandAltman(n)
    values = np.asarray(differences, np.float64)
    mean, sd = values.mean(), values.std(ddof=1)
    z = stats.norm.ppf((1 + LIMITS_SHARE) / 2)
    near, far = limit_factors(n, z, confidence)
    return BlandAltman(
        n,
        _mean(values, confidence),
        known(sd),
        estimate(mean - z * sd, mean - far * sd, mean - near * sd),
        estimate(mean + z * sd, mean + near * sd, mean + far * sd),
    )


def limit_factors(n: int, z: float, confidence: float) -> tuple[float, float]:
    """How many standard deviations from the mean of n normal values the interval of mean + z·sd begins and ends.

    They are one-sided tolerance factors: quantiles of the noncentral t distribution over the root of n.
    """
    tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    near, far = stats.nct.ppf(tails, n - 1, z * np.sqrt(n)) / np.sqrt(n)
    return float(near), float(far)


def icc_2_1(ratings: ArrayLike, confidence: float) -> Estimate:
    """ICC(2,1): two-way random effects, absolute agreement, one rater (Shrout and Fleiss 1979).

    Args:
        ratings: (cycles, raters), without gaps.
        confidence: of the interval (McGraw and Wong 1996, ICC(A,1)).
    """
    table = np.asarray(ratings, np.float64)
    n, k = table.shape
    if not enough(n) or k < 2:
        return UNKNOWN
    rows, columns, rest = _mean_squares(table)
    if max(rows, rest) <= _ROUNDING * columns:
        return UNKNOWN  # all cycles are the same to each rater: nothing tells them apart
    if max(columns, rest) <= _ROUNDING * rows:
        return Estimate(1.0)
    value = (rows - rest) / (rows + (k - 1) * rest + k * (columns - rest) / n)
    with np.errstate(all="ignore"):  # where the interval is not known, it comes out as NaN
        a, b = k * value / (n * (1 - value)), 1 + k * value * (n - 1) / (n * (1 - value))
        freedom = (a * columns + b * rest) ** 2 / (
            (a * columns) ** 2 / (k - 1) + (b * rest) ** 2 / ((n - 1) * (k - 1))
        )
        tail = (1 + confidence) / 2
        upper_f, lower_f = stats.f.ppf(tail, n - 1, freedom), stats.f.ppf(tail, freedom, n - 1)
        mixed = k * columns + (k * n - k - n) * rest
        low = n * (rows - upper_f * rest) / (upper_f * mixed + n * rows)
        high = n * (lower_f * rows - rest) / (mixed + n * lower_f * rows)
    if not low <= value <= high:  # the approximation fails for few cycles that agree worse than by chance
        low = high = np.nan
    return estimate(value, low, high)


def concordance(one: Sequence[float], two: Sequence[float], confidence: float) -> Estimate:
    """Lin's concordance correlation coefficient (1989), interval by its z-transform with the variance of Lin (2000)."""
    n = len(one)
    if not enough(n):
        return UNKNOWN
    x, y = np.asarray(one, np.float64), np.asarray(two, np.float64)
    var_x, var_y = x.var(), y.var()
    if var_x == 0 or var_y == 0:
        return UNKNOWN
    shift2 = (x.mean() - y.mean()) ** 2
    value = 2 * np.mean((x - x.mean()) * (y - y.mean())) / (var_x + var_y + shift2)
    if np.mean((x - y) ** 2) <= _ROUNDING * var_x:
        return Estimate(1.0)
    error = concordance_error(value, float(np.corrcoef(x, y)[0, 1]), shift2 / np.sqrt(var_x * var_y), n)
    half = stats.norm.ppf((1 + confidence) / 2) * error / (1 - value**2)
    middle = np.arctanh(value)
    return estimate(value, np.tanh(middle - half), np.tanh(middle + half))


def concordance_error(value: float, correlation: float, shift2: float, n: int) -> float:
    """Standard error of a concordance coefficient.

    Args:
        value: the coefficient.
        correlation: Pearson's.
        shift2: squared difference of the means over the product of the standard deviations.
        n: cycles, above 2.
    """
    if correlation == 0:
        return float("nan")
    variance = (
        (1 - correlation**2) * value**2 * (1 - value**2) / correlation**2
        + 2 * value**3 * (1 - value) * shift2 / correlation
        - value**4 * shift2**2 / (2 * correlation**2)
    )
    return float(np.sqrt(max(variance, 0.0) / (n - 2)))


def _mean(values: Floats, confidence: float) -> Estimate:
    n = len(values)
    half = stats.t.ppf((1 + confidence) / 2, n - 1) * values.std(ddof=1) / np.sqrt(n)
    return estimate(values.mean(), values.mean() - half, values.mean() + half)


def _mean_squares(table: Floats) -> tuple[np.float64, np.float64, np.float64]:
    """Mean squares of a two-way analysis of variance: between rows, between columns, rest."""
    n, k = table.shape
    centred = table - table.mean()
    of_rows, of_columns = centred.mean(axis=1), centred.mean(axis=0)
    rest = centred - of_rows[:, None] - of_columns
    return (
        np.float64(k * np.sum(of_rows**2) / (n - 1)),
        np.float64(n * np.sum(of_columns**2) / (k - 1)),
        np.float64(np.sum(rest**2) / ((n - 1) * (k - 1))),
    )
