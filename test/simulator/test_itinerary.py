"""Legs, reaches, and the search for a moment."""

from __future__ import annotations

import pytest

from lbzf_ros.simulator.itinerary import Itinerary, Leg, Reach, first_true_s, walk


def test_a_walk_goes_from_corner_to_corner_at_one_speed() -> None:
    first, second = walk(10.0, [(0.0, 0.0), (30.0, 40.0), (30.0, 140.0)], speed_px_s=50.0)
    assert (first.start_s, first.end_s, second.end_s) == (10.0, 11.0, 13.0)
    assert first.feet_px(10.5) == (15.0, 20.0)
    assert second.feet_px(12.0) == (30.0, 90.0)


def test_somebody_is_there_during_his_legs_only() -> None:
    itinerary = Itinerary((Leg(1.0, 2.0, (0.0, 0.0), (9.0, 0.0)), Leg(4.0, 5.0, (9.0, 0.0), (0.0, 0.0))))
    there = [itinerary.leg_at(t) is not None for t in (0.5, 1.0, 1.9, 2.0, 3.0, 4.5, 5.0)]
    assert there == [False, True, True, False, False, True, False]


def test_a_hand_goes_to_the_bin_stays_and_comes_back() -> None:
    reach = Reach(start_s=10.0, dwell_s=1.0, target_px=(0.0, 0.0))
    assert [
        reach.progress(t) for t in (9.0, 10.0, 10.225, 10.45, 11.0, 11.45, reach.end_s, 20.0)
    ] == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.0, 1.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("threshold_s", "expected_s"), [(0.0, 0.0), (0.777, 0.777), (1.0, 1.0), (1.5, None)], ids=str
)
def test_the_first_moment_of_a_condition_is_found_to_a_millisecond(
    threshold_s: float, expected_s: float | None
) -> None:
    found = first_true_s(lambda t: t >= threshold_s, 0.0, 1.0)
    assert found == (None if expected_s is None else pytest.approx(expected_s, abs=0.001))
