"""The statistics give the figures that were published."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from lbzf_ros.reports.evaluation.agreement import (
    BlandAltman,
    Errors,
    bland_altman,
    concordance,
    concordance_error,
    errors,
    icc_2_1,
    limit_factors,
)
from lbzf_ros.reports.evaluation.estimates import UNKNOWN, Estimate

# Bland and Altman, Lancet 1986;327:307-310, table 1: peak expiratory flow, l/min, first readings of two meters.
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
DIFFERENCES = [one - two for one, two in zip(WRIGHT, MINI, strict=True)]

# Shrout and Fleiss, Psychological Bulletin 1979;86:420-428, table 2: six targets, four judges.
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def parts(found: Estimate) -> tuple[float, float, float]:
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    return found.value, found.low, found.high


def test_bland_altman_1986() -> None:
    """Mean -2.1, SD 38.8, interval of the mean -22.0 to 17.8; limits with 2 SD -79.7 and 75.5 as printed."""
    found = bland_altman(DIFFERENCES, 0.95)
    assert parts(found.bias) == pytest.approx((-2.1, -22.0, 17.8), abs=0.05)
    assert found.sd == pytest.approx(38.8, abs=0.05)
    assert (found.bias.value, found.sd) == pytest.approx(((75.5 - 79.7) / 2, (75.5 + 79.7) / 4), abs=0.05)
    assert found.lower.value == pytest.approx(-2.1176 - 1.95996 * 38.7651, abs=1e-3)
    assert found.upper.value == pytest.approx(-2.1176 + 1.95996 * 38.7651, abs=1e-3)


@pytest.mark.parametrize(
    ("n", "covered", "factor"),
    [(3, 0.90, 6.157), (5, 0.90, 3.408), (10, 0.90, 2.355), (20, 0.90, 1.927), (43, 0.90, 1.680),
     (3, 0.99, 10.553), (5, 0.99, 5.741), (10, 0.99, 3.981), (20, 0.99, 3.295), (43, 0.99, 2.914)],
)  # fmt: skip
def test_intervals_of_limits_are_tolerance_factors(n: int, covered: float, factor: float) -> None:
    """One-sided tolerance factors of confidence 0.95: tables kB and kA of CMH-17-1G.

    As the tests of R's cmstatr quote them. They are up to 0.002 off the exact figures; cmstatr allows that too.
    """
    _, far = limit_factors(n, float(stats.norm.ppf(covered)), 0.90)
    assert far == pytest.approx(factor, abs=2e-3)


@pytest.mark.parametrize("n", [3, 6, 17, 200])
def test_factors_follow_from_the_definition(n: int) -> None:
    """P(mean + k·s < mu + z·sigma), by integration over s: (n-1)·s² is chi-square, the mean is normal."""
    z = 1.96

    def share_below(factor: float) -> float:
        def density(s: float) -> float:
            below = float(stats.norm.cdf(np.sqrt(n) * (z - factor * s)))
            return below * float(stats.chi.pdf(s * np.sqrt(n - 1), n - 1)) * math.sqrt(n - 1)

        return float(quad(density, 0, np.inf, limit=200)[0])

    near, far = limit_factors(n, z, 0.95)
    assert share_below(near) == pytest.approx(0.975, abs=1e-6)
    assert share_below(far) == pytest.approx(0.025, abs=1e-6)


@pytest.mark.parametrize("n", [3, 6, 30])
def test_the_interval_of_a_limit_covers_it_as_often_as_it_says(n: int) -> None:
    z = float(stats.norm.ppf(0.975))
    near, far = limit_factors(n, z, 0.95)
    samples = np.random.default_rng(7).normal(0.4, 1.3, (20_000, n))
    mean, sd = samples.mean(axis=1), samples.std(axis=1, ddof=1)
    limit = 0.4 + z * 1.3
    covered = np.mean((mean + near * sd <= limit) & (limit <= mean + far * sd))
    assert covered == pytest.approx(0.95, abs=0.005)


def test_limits_are_wider_on_the_outside() -> None:
    found = bland_altman(DIFFERENCES, 0.95)
    value, low, high = parts(found.upper)
    assert high - value > value - low
    # The approximation of 1986 gives 40.9 to 110.1 around 75.5.
    assert high - low == pytest.approx(110.1 - 40.9, rel=0.05)


def test_icc_of_shrout_and_fleiss() -> None:
    """0.29 in the paper; the interval after McGraw and Wong, which pingouin 0.7.0 rounds to 0.02 and 0.76."""
    assert parts(icc_2_1(SHROUT_FLEISS, 0.95)) == pytest.approx((0.290, 0.019, 0.761), abs=5e-4)


def test_icc_as_pingouin_has_it() -> None:
    """pingouin 0.7.0, ICC(A,1): 0.94592840557731, interval rounded to 0.86 and 0.98."""
    value, low, high = parts(icc_2_1(list(zip(WRIGHT, MINI, strict=True)), 0.95))
    assert value == pytest.approx(0.9459284055773102, abs=1e-12)
    assert (round(low, 2), round(high, 2)) == (0.86, 0.98)


def test_concordance_of_the_flow_meters() -> None:
    """The data of the example of epi.ccc (R's epiR) and CCC (DescTools); the interval by the same formulas."""
    assert parts(concordance(WRIGHT, MINI, 0.95)) == pytest.approx((0.9427, 0.8505, 0.9787), abs=5e-5)


@pytest.mark.parametrize(
    ("correlation", "sd_ratio", "shift"), [(0.9, 1.0, 0.0), (0.95, 1.3, 0.4), (0.5, 0.7, -1.1)]
)
def test_the_error_of_concordance_follows_from_the_moments(
    correlation: float, sd_ratio: float, shift: float
) -> None:
    """Lin's corrected variance (Biometrics 2000;56:324) is the delta method on the moments of normal pairs."""
    sd_x, sd_y, n = 1.0, sd_ratio, 50
    moments = np.array([0.0, shift, sd_x**2, sd_y**2, correlation * sd_x * sd_y])

    def coefficient(m: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        return float(2 * m[4] / (m[2] + m[3] + (m[0] - m[1]) ** 2))

    step = 1e-6
    gradient = np.array(
        [(coefficient(moments + e) - coefficient(moments - e)) / (2 * step) for e in np.eye(5) * step]
    )
    xx, yy, xy = moments[2:]
    covariance = np.zeros((5, 5))
    covariance[:2, :2] = [[xx, xy], [xy, yy]]
    covariance[2:, 2:] = [
        [2 * xx**2, 2 * xy**2, 2 * xx * xy],
        [2 * xy**2, 2 * yy**2, 2 * yy * xy],
        [2 * xx * xy, 2 * yy * xy, xx * yy + xy**2],
    ]
    expected = math.sqrt(float(gradient @ covariance @ gradient) / (n - 2))
    value = coefficient(moments)
    assert concordance_error(value, correlation, shift**2 / (sd_x * sd_y), n) == pytest.approx(
        expected, rel=1e-6
    )


def test_errors_are_summed_up() -> None:
    found = errors([-1.0, 0.0, 0.0, 1.0, 5.0], 0.95)
    assert (found.n, found.mean_absolute, found.median, found.largest_absolute) == (5, 1.4, 0.0, 5.0)
    assert found.bias.value == 1.0
    low, high = stats.ttest_1samp([-1.0, 0.0, 0.0, 1.0, 5.0], 0).confidence_interval(0.95)
    assert (found.bias.low, found.bias.high) == pytest.approx((low, high))
    assert (found.p5, found.p95, found.p95_absolute) == pytest.approx((-0.8, 4.2, 4.2))


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_give_no_figure(n: int) -> None:
    values = [1.0, 2.0][:n]
    assert errors(values, 0.95) == Errors(n)
    assert bland_altman(values, 0.95) == BlandAltman(n)
    assert concordance(values, values, 0.95) == UNKNOWN
    assert icc_2_1([(value, value) for value in values] or [(0.0, 0.0)], 0.95) == UNKNOWN


def test_perfect_agreement_has_no_interval() -> None:
    values = [10.0, 12.5, 17.1, 9.3]
    assert icc_2_1([(value, value) for value in values], 0.95) == Estimate(1.0)
    assert concordance(values, values, 0.95) == Estimate(1.0)


def test_cycles_of_one_length_tell_nothing_about_agreement() -> None:
    assert icc_2_1([(10.0, 10.0)] * 5, 0.95) == UNKNOWN
    assert concordance([10.0] * 5, [10.0, 11.0, 9.0, 10.0, 10.5], 0.95) == UNKNOWN


_SECONDS = st.lists(
    st.tuples(st.floats(1, 300, allow_nan=False), st.floats(1, 300, allow_nan=False)), min_size=3, max_size=20
)


@settings(deadline=None)
@given(_SECONDS)
def test_figures_are_finite_and_inside_their_intervals(pairs: list[tuple[float, float]]) -> None:
    one, two = [a for a, _ in pairs], [b for _, b in pairs]
    found = bland_altman([a - b for a, b in pairs], 0.95)
    for part in (icc_2_1(pairs, 0.95), concordance(one, two, 0.95), found.bias, found.lower, found.upper):
        for figure in (part.value, part.low, part.high):
            assert figure is None or math.isfinite(figure)
        if part.value is not None and part.low is not None and part.high is not None:
            assert part.low - 1e-9 <= part.value <= part.high + 1e-9


@settings(deadline=None)
@given(_SECONDS)
def test_agreement_does_not_depend_on_who_is_first(pairs: list[tuple[float, float]]) -> None:
    turned = [(b, a) for a, b in pairs]
    assert icc_2_1(pairs, 0.95).value == pytest.approx(icc_2_1(turned, 0.95).value, abs=1e-9)
    one, two = [a for a, _ in pairs], [b for _, b in pairs]
    assert concordance(one, two, 0.95).value == pytest.approx(concordance(two, one, 0.95).value, abs=1e-9)
