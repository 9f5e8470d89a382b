"""Numbers stay with people, also when pictures come late or somebody is hidden for a moment."""

from __future__ import annotations

import numpy as np
import pytest

from lbzf_ros.core.model import NS_PER_S, Boxes
from lbzf_ros.detectors.tracking import Tracker
from test.detectors.drawing import START_NS


def people(*middles_px: float) -> Boxes:
    """Boxes 80 px wide and 240 px high around some columns."""
    boxes = [(x - 40, 200, x + 40, 440) for x in middles_px]
    return Boxes(np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 0.7, np.float32))


def at(t_s: float) -> int:
    """The stamp of a moment."""
    return START_NS + round(t_s * NS_PER_S)


@pytest.mark.parametrize("fps", [3.0, 5.0, 10.0])
def test_a_walker_keeps_his_number(fps: float) -> None:
    tracker = Tracker(fps)
    ids = {int(tracker.update(people(40 + 150 * i / fps), at(i / fps))[0]) for i in range(round(4 * fps))}
    assert len(ids - {-1}) == 1


def test_two_people_keep_two_numbers_in_any_order() -> None:
    tracker = Tracker(5.0)
    for i in range(5):
        first = tracker.update(people(100 + 10 * i, 500 - 10 * i), at(i / 5))
    second = tracker.update(people(450, 150), at(1.0))
    assert first.dtype == np.int32
    assert len(set(first.tolist())) == 2
    assert second.tolist() == first.tolist()[::-1]


def test_numbers_survive_uneven_pictures_and_a_short_absence() -> None:
    tracker = Tracker(5.0)
    moments_s = [0, 0.2, 0.4, 0.9, 1.0, 1.6, 1.8]
    before = [int(tracker.update(people(300), at(t))[0]) for t in moments_s]
    for t in (2.0, 2.2, 2.4, 2.6, 3.2):
        assert tracker.update(people(), at(t)).shape == (0,)
    after = int(tracker.update(people(305), at(3.5))[0])
    assert set(before) - {-1} == {after}


def test_who_comes_after_a_long_while_is_somebody_else() -> None:
    tracker = Tracker(5.0)
    first = [int(tracker.update(people(300), at(i / 5))[0]) for i in range(5)][-1]
    later = [int(tracker.update(people(300), at(60 + i / 5))[0]) for i in range(5)][-1]
    assert later not in (first, -1)


def test_two_cameras_count_by_themselves() -> None:
    left, right = Tracker(5.0), Tracker(5.0)
    for i in range(3):
        a, b = left.update(people(300), at(i / 5)), right.update(people(300), at(i / 5))
    assert a.tolist() == b.tolist()
