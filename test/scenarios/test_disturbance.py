"""What happens to pictures on their way."""

import numpy as np
import pytest

from lbzf_ros.scenarios.disturbance import (
    Disturbance,
    Dropped,
    Gaps,
    Jumping,
    OutOfOrder,
    Repeated,
    Shot,
    Undisturbed,
)

TIMES_S = [i / 5 for i in range(1000)]


def shots(disturbance: Disturbance, seed: int = 1) -> list[Shot]:
    return disturbance.shots(TIMES_S, np.random.default_rng(seed))


@pytest.mark.parametrize(
    "disturbance", [Undisturbed(), Dropped(0.1), Gaps(3.0, 30.0), Repeated(0.1), OutOfOrder(0.1)]
)
def test_the_same_seed_gives_the_same_pictures_and_none_twice(disturbance: Disturbance) -> None:
    arrived = shots(disturbance)
    assert arrived == shots(disturbance)
    shown = [shot.scene_s for shot in arrived]
    assert len(set(shown)) == len(shown)
    assert set(shown) <= set(TIMES_S)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_about_so_many_pictures_are_lost(share: float) -> None:
    assert len(shots(Dropped(share))) == pytest.approx((1 - share) * len(TIMES_S), rel=0.05)


def test_gaps_are_as_long_as_they_are_said_to_be() -> None:
    stamps = [shot.stamp_s for shot in shots(Gaps(3.0, 30.0))]
    steps = np.diff(stamps)
    gaps = steps[steps > 0.3]
    assert len(gaps) == 6
    assert gaps.min() >= 2.99
    assert gaps.max() <= 3.41


def test_a_repeated_stamp_is_that_of_the_picture_before() -> None:
    arrived = shots(Repeated(0.1))
    wrong = [i for i, shot in enumerate(arrived) if shot.stamp_s != shot.scene_s]
    assert 60 < len(wrong) < 140
    assert all(arrived[i].stamp_s == arrived[i - 1].stamp_s for i in wrong)


def test_late_pictures_keep_their_stamps_and_come_after_at_most_three_later_ones() -> None:
    arrived = [shot.stamp_s for shot in shots(OutOfOrder(0.1))]
    assert sorted(arrived) == TIMES_S
    assert arrived != TIMES_S
    places = {stamp_s: place for place, stamp_s in enumerate(arrived)}
    assert max(places[t] - i for i, t in enumerate(TIMES_S)) <= 3


def test_a_clock_that_jumps_is_right_in_between() -> None:
    clock = Jumping(((10.0, 3600.0), (20.0, 0.0), (30.0, -3600.0)))
    assert [clock.stamp_s(t) for t in (9.0, 10.0, 19.9, 20.0, 31.0)] == [9.0, 3610.0, 3619.9, 20.0, -3569.0]
    assert clock.jumps_s == (10.0, 20.0, 30.0)
    assert shots(clock)[75] == Shot(15.0, 3615.0)
