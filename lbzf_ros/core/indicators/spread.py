"""How durations are spread: median, percentiles and histogram."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MAX_BINS = 60
"""Most bars of a histogram; one far cycle among many short ones would ask for thousands."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Of n durations, seconds: half are at most `median_s`, a tenth at most `p10_s`, nine tenths at most `p90_s`."""

    n: int
    p10_s: float
    median_s: float
    p90_s: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many durations lie in each bin.

    `counts[i]` of them are in `edges_s[i]` <= duration < `edges_s[i + 1]`; the last bin has its upper edge too.
    """

    edges_s: tuple[float, ...]
    counts: tuple[int, ...]


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which a share (0 to 1) lies, between two values in proportion (numpy's "linear").

    Args:
        ordered: at least one value, ascending.
        share: e.g. 0.9.
    """
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def spread(durations_s: Sequence[float]) -> Spread | None:
    """Median, P10 and P90; None: there is no duration."""
    if not durations_s:
        return None
    ordered = sorted(durations_s)
    p10, median, p90 = (percentile(ordered, share) for share in (0.1, 0.5, 0.9))
    return Spread(len(ordered), p10, median, p90)


def histogram(durations_s: Sequence[float]) -> Histogram | None:
    """Bins by numpy's rule "auto" (the finer of Sturges and Freedman-Diaconis), `MAX_BINS` at most.

    None: there is no duration.
    """
    if not durations_s:
        return None
    edges = np.histogram_bin_edges(durations_s, bins="auto")
    if len(edges) > MAX_BINS + 1:
        edges = np.histogram_bin_edges(durations_s, bins=MAX_BINS)
    counts, edges = np.histogram(durations_s, bins=edges)
    return Histogram(tuple(map(float, edges)), tuple(map(int, counts)))
