"""When the view is checked, and how much a flickering lamp can cost."""

import itertools

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.drift.schedule import CheckTimes

PERIOD_NS = NS_PER_S // 5


def checked(times: CheckTimes, seconds: int, *, from_s: int = 0, flicker: bool = False) -> list[int]:
    """Which pictures are checked, five a second."""
    found = []
    for number in range(from_s * 5, (from_s + seconds) * 5):
        if flicker:
            times.hurry()
        if times.is_due(number * PERIOD_NS):
            times.done(number * PERIOD_NS)
            found.append(number)
    return found


def test_the_first_picture_and_then_regularly() -> None:
    found = checked(CheckTimes(10, "cam1"), 61)
    assert found[0] == 0
    assert 25 <= found[1] <= 50
    assert [b - a for a, b in itertools.pairwise(found[1:])] == [50] * (len(found) - 2)


def test_cameras_that_begin_together_are_not_checked_together() -> None:
    pictures = [checked(CheckTimes(10, f"cam{i}"), 11)[1] for i in range(1, 21)]
    assert len(set(pictures)) > 10


def test_several_in_a_row_when_something_may_have_happened() -> None:
    times = CheckTimes(10, "cam1")
    checked(times, 1)
    times.hurry()
    found = checked(times, 4, from_s=1)
    assert len(found) == 6
    assert min(b - a for a, b in itertools.pairwise(found)) == 3
    assert not times.is_hurried


def test_what_never_stops_is_checked_every_two_seconds() -> None:
    found = checked(CheckTimes(10, "cam1"), 300, flicker=True)
    assert 150 <= len(found) <= 200
