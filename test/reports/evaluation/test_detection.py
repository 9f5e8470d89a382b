"""Precision, recall and F1 with intervals that hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lbzf_ros.reports.evaluation.detection import Counts, Share, detection
from lbzf_ros.reports.evaluation.parameters import Parameters

PARAMETERS = Parameters()


def test_the_three_figures() -> None:
    found = detection(Counts(matched=90, extra=10, missed=20), PARAMETERS)
    assert found.precision.value == 0.9
    assert found.recall.value == pytest.approx(90 / 110)
    assert found.f1.value == pytest.approx(180 / 210)


def test_the_exact_interval_is_that_of_clopper_and_pearson() -> None:
    """Bounds as quantiles of the beta distribution (Clopper and Pearson 1934)."""
    exact = detection(Counts(90, 10, 20), PARAMETERS).precision.exact
    assert exact.low == pytest.approx(stats.beta.ppf(0.025, 90, 11))
    assert exact.high == pytest.approx(stats.beta.ppf(0.975, 91, 10))


def test_without_an_error_only_the_exact_interval_has_width() -> None:
    """Six of six: the rule of three in its exact form, 0.025 ** (1/6)."""
    share = detection(Counts(6, 0, 0), PARAMETERS).precision
    assert (share.bootstrap.low, share.bootstrap.high) == (1.0, 1.0)
    assert share.exact.low == pytest.approx(0.025 ** (1 / 6))


def test_the_bootstrap_agrees_with_resampling_one_by_one() -> None:
    found = detection(Counts(400, 60, 90), Parameters(resamples=20_000)).f1.bootstrap
    random = np.random.default_rng(5)
    outcomes = np.repeat([0, 1, 2], [400, 60, 90])
    drawn = random.choice(outcomes, (20_000, len(outcomes)))
    matched, wrong = (drawn == 0).sum(axis=1), (drawn != 0).sum(axis=1)
    low, high = np.quantile(2 * matched / (2 * matched + wrong), [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.006)


def test_the_same_seed_gives_the_same_interval() -> None:
    counts = Counts(40, 6, 9)
    assert detection(counts, PARAMETERS) == detection(counts, Parameters())
    assert detection(counts, PARAMETERS) != detection(counts, Parameters(seed=2))


@pytest.mark.parametrize(
    ("counts", "precision", "recall", "f1"),
    [
        (Counts(0, 0, 0), None, None, None),
        (Counts(2, 0, 0), None, None, None),
        (Counts(0, 0, 5), None, 0.0, 0.0),
        (Counts(0, 5, 0), 0.0, None, 0.0),
        (Counts(1, 1, 1), None, None, 0.5),
    ],
)
def test_fewer_than_three_give_no_figure(
    counts: Counts, precision: float | None, recall: float | None, f1: float | None
) -> None:
    found = detection(counts, PARAMETERS)
    assert (found.precision.value, found.recall.value, found.f1.value) == (precision, recall, f1)


def test_a_quality_band_has_precision_only() -> None:
    found = detection(Counts(9, 1, None), PARAMETERS)
    assert found.precision.value == 0.9
    assert (found.recall, found.f1) == (Share(), Share())


@settings(deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_figures_lie_inside_their_intervals(matched: int, extra: int, missed: int) -> None:
    found = detection(Counts(matched, extra, missed), Parameters(resamples=200))
    for share in (found.precision, found.recall, found.f1):
        if share.value is not None:
            assert share.exact.low is not None
            assert share.exact.high is not None
            assert 0 <= share.exact.low <= share.value <= share.exact.high <= 1
