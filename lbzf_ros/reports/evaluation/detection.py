"""Were the cycles found? Precision, recall and F1 with their intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from lbzf_ros.reports.evaluation.estimates import UNKNOWN, Estimate, enough, estimate
from lbzf_ros.reports.evaluation.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Counts:
    """How many pairs there are, cycles without a label, and labels without a cycle. None: it has no meaning here."""

    matched: int
    extra: int
    missed: int | None


@dataclass(frozen=True, slots=True)
class Share:
    """A share of cycles with two intervals.

    Attributes:
        bootstrap: value and percentile interval; cycles and labels are drawn singly, as if independent.
        exact: value and Clopper-Pearson interval. Where every cycle is right the bootstrap has nothing to vary and
            gives an interval without width; this one does not.
    """

    bootstrap: Estimate = UNKNOWN
    exact: Estimate = UNKNOWN

    @property
    def value(self) -> float | None:
        """The share itself."""
        return self.bootstrap.value


@dataclass(frozen=True, slots=True)
class Detection:
    """How well cycles were found."""

    counts: Counts
    precision: Share
    recall: Share
    f1: Share


def detection(counts: Counts, parameters: Parameters) -> Detection:
    """Precision, recall and F1 of some counts; with fewer than three cycles to divide by, none."""
    if counts.missed is None:
        samples = _samples(counts.matched, counts.extra, 0, parameters)
        precision = _share(counts.matched, counts.extra, samples[:, 0], samples[:, 1], parameters)
        return Detection(counts, precision, Share(), Share())
    samples = _samples(counts.matched, counts.extra, counts.missed, parameters)
    matched, extra, missed = samples.T
    return Detection(
        counts,
        _share(counts.matched, counts.extra, matched, extra, parameters),
        _share(counts.matched, counts.missed, matched, missed, parameters),
        _f1(_share(counts.matched, counts.extra + counts.missed, matched, extra + missed, parameters)),
    )


def _samples(
    matched: int, extra: int, missed: int, parameters: Parameters
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Counts of resamples (resamples, 3). To draw n outcomes with replacement is one draw of a multinomial."""
    total = matched + extra + missed
    if total == 0:
        return np.zeros((parameters.resamples, 3), np.int64)
    shares = np.array([matched, extra, missed]) / total
    return np.random.default_rng(parameters.seed).multinomial(total, shares, size=parameters.resamples)


def _share(
    hits: int,
    others: int,
    hit_samples: np.ndarray[tuple[int], np.dtype[np.int64]],
    other_samples: np.ndarray[tuple[int], np.dtype[np.int64]],
    parameters: Parameters,
) -> Share:
    if not enough(hits + others):
        return Share()
    value = hits / (hits + others)
    sizes = hit_samples + other_samples
    drawn = hit_samples[sizes > 0] / sizes[sizes > 0]
    tail = (1 - parameters.confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail]) if len(drawn) else (np.nan, np.nan)
    exact = stats.binomtest(hits, hits + others).proportion_ci(parameters.confidence, method="exact")
    return Share(estimate(value, low, high), estimate(value, exact.low, exact.high))


def _f1(jaccard: Share) -> Share:
    """F1 is 2J / (1 + J) of J = matched / (matched + extra + missed), which grows with J: so do its bounds."""
    return Share(_f1_of(jaccard.bootstrap), _f1_of(jaccard.exact))


def _f1_of(jaccard: Estimate) -> Estimate:
    parts = (jaccard.value, jaccard.low, jaccard.high)
    return Estimate(*(None if part is None else 2 * part / (1 + part) for part in parts))
