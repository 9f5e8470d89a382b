"""Messages about a picture come one after the other, and some do not come."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lbzf_ros.annotate.gathering import KEPT, Gathering
from lbzf_ros.core.model import NS_PER_S, Boxes, FrameDetections
from test.support.occupancy import MODEL, occupancy


def say(gathering: Gathering, number: int, *parts: str) -> None:
    """These parts of what there is about picture `number`; without any, all of them."""
    at = gathering.at(number * NS_PER_S)
    for part in parts or ("people", "occupancy", "states", "image"):
        setattr(at, part, value_of(part, number))


def value_of(part: str, number: int) -> object:
    nobody = np.zeros(0, np.int32)
    values = {
        "image": number,
        "people": FrameDetections("cam1", number * NS_PER_S, 640, 480, MODEL, Boxes.empty(), nobody),
        "occupancy": occupancy(number, {"work": False}),
        "states": (),
    }
    return values[part]


def taken(gathering: Gathering, *, with_image: bool = True) -> list[int]:
    """Pictures that are shown now, by their stamps."""
    numbers = []
    while parts := gathering.take(with_image=with_image):
        assert parts.people
        numbers.append(parts.people.stamp_ns // NS_PER_S)
    return numbers


def test_a_picture_is_shown_when_all_is_said_in_any_order_and_once() -> None:
    parts = ("image", "people", "occupancy", "states")
    for number, order in enumerate(itertools.permutations(parts), start=1):
        gathering = Gathering()
        for part in order[:-1]:
            say(gathering, number, part)
            assert taken(gathering) == []
        say(gathering, number, order[-1])
        assert taken(gathering) == [number]
        say(gathering, number)  # a lock-step driver sends again
        assert taken(gathering) == []


def test_without_the_need_of_a_picture_nobody_waits_for_it() -> None:
    gathering = Gathering()
    say(gathering, 1, "people", "occupancy", "states")
    assert taken(gathering, with_image=False) == [1]


def test_what_was_not_looked_at_is_not_shown() -> None:
    gathering = Gathering()
    say(gathering, 1, "image")
    say(gathering, 2)
    say(gathering, 0)
    assert taken(gathering) == [2]


def test_who_is_late_shows_the_newest_only() -> None:
    gathering = Gathering()
    for number in (1, 2, 3):
        say(gathering, number)
    assert taken(gathering) == [3]


@pytest.mark.parametrize("missing", ["image", "occupancy", "states"])
def test_without_one_step_pictures_are_shown_later(missing: str) -> None:
    gathering, shown = Gathering(), []
    for number in range(1, 8):
        say(gathering, number, *{"image", "people", "occupancy", "states"} - {missing})
        shown += taken(gathering)
    assert shown == [1, 2, 3, 4]


def test_little_is_kept_when_nothing_is_looked_at() -> None:
    gathering = Gathering()
    for number in range(10 * KEPT):
        say(gathering, number, "image")
    say(gathering, 10 * KEPT - 1)
    say(gathering, 8 * KEPT, "people", "occupancy", "states")
    assert taken(gathering) == [10 * KEPT - 1]


def test_a_file_that_begins_again_is_shown_again() -> None:
    gathering = Gathering()
    say(gathering, 1000)
    assert taken(gathering) == [1000]
    say(gathering, 3)
    assert taken(gathering) == [3]
