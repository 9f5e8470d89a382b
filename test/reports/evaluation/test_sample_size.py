"""How many cycles a time study needs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbzf_ros.reports.evaluation.sample_size import Advice, advice


def readings(n: int, mean: float, sd: float) -> list[float]:
    """So many readings with exactly this mean and standard deviation."""
    values = np.arange(n, dtype=float)
    return list((values - values.mean()) / values.std(ddof=1) * sd + mean)


def test_an_exercise_to_niebel() -> None:
    """10 readings, mean 0.30, s 0.03, t 2.262: (2.262 · 0.03 / (0.05 · 0.30))² = 20.47, so 21.

    The exercise, solved with the t table of Niebel (13th edition), is on the web; the book's own one was not at hand.
    """
    found = advice(readings(10, 0.30, 0.03), precision=0.05, confidence=0.95)
    assert (found.n, found.needed, found.more) == (10, 21, 11)
    assert found.mean_s == pytest.approx(0.30)
    assert found.sd_s == pytest.approx(0.03)


def test_so_many_cycles_reach_the_precision_as_often_as_they_should() -> None:
    """By simulation, nothing taken from a book: of means of the advised number, 95 % lie within ±5 %."""
    found = advice(readings(400, 30.0, 6.0), precision=0.05, confidence=0.95)
    assert found.needed is not None
    means = np.random.default_rng(3).normal(30.0, 6.0, (40_000, found.needed)).mean(axis=1)
    assert np.mean(np.abs(means / 30.0 - 1) <= 0.05) == pytest.approx(0.95, abs=0.01)


def test_what_is_reached_is_the_half_width_of_the_mean() -> None:
    found = advice(readings(25, 0.30, 0.09), precision=0.05, confidence=0.95)
    assert found.precision_reached == pytest.approx(2.0639 * 0.09 / 5 / 0.30, abs=1e-4)


def test_enough_cycles_need_no_more() -> None:
    found = advice(readings(400, 40.0, 8.0), precision=0.05, confidence=0.95)
    assert found.needed is not None
    assert found.needed < 400
    assert found.more == 0


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_give_no_advice(n: int) -> None:
    assert advice([30.0] * n, precision=0.05, confidence=0.95) == Advice(n)


@settings(deadline=None)
@given(st.lists(st.floats(1, 300), min_size=3, max_size=60), st.floats(0.01, 0.2))
def test_more_are_needed_just_when_the_precision_is_not_reached(
    durations: list[float], wanted: float
) -> None:
    found = advice(durations, precision=wanted, confidence=0.95)
    assert found.precision_reached is not None
    assert found.more is not None
    if abs(found.precision_reached - wanted) > 1e-9:
        assert (found.more > 0) == (found.precision_reached > wanted)
