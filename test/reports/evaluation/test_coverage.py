"""How many durations lie inside the uncertainty that was stated with them."""

from __future__ import annotations

import pytest
from scipy import stats

from lbzf_ros.reports.evaluation.coverage import Coverage, Stated, coverage


def test_inside_is_counted_with_its_exact_interval() -> None:
    """The edge counts as inside; what states nothing takes no part."""
    found = coverage(
        [Stated(0.1, 0.2), Stated(-0.2, 0.2), Stated(0.3, 0.2), Stated(0.0, 0.4), Stated(9.0, None)], 0.95
    )
    assert (found.n, found.inside, found.unknown, found.median_s) == (4, 3, 1, 0.2)
    assert found.share.value == 0.75
    assert found.share.low == pytest.approx(stats.beta.ppf(0.025, 3, 2))
    assert found.share.high == pytest.approx(stats.beta.ppf(0.975, 4, 1))


def test_milliseconds_as_floats_do_not_move_the_edge() -> None:
    """20.3 - 20.1 is 0.2 and a little."""
    assert coverage([Stated(20.3 - 20.1, 0.2)] * 3, 0.95).inside == 3


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_give_no_share(n: int) -> None:
    assert coverage([Stated(0.0, 0.1)] * n, 0.95) == Coverage(n, n, 0)
