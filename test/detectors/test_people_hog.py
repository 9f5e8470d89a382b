"""HOG with several threads: what it gives with one, bit for bit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.detectors.base import create
from lbzf_ros.detectors.people_hog import PeopleHog, use_threads
from test.detectors.drawing import START_NS, noisy, person, room

Picture = NDArray[np.uint8]


@pytest.fixture(autouse=True)
def _one_thread_afterwards() -> Iterator[None]:
    yield
    use_threads(1)


def pictures() -> list[Picture]:
    """An empty room, into which two people of different height come."""
    empty = [noisy(room(), number) for number in range(8)]
    return empty + [
        noisy(person(person(room(), 60 + 25 * step, 460, 330), 600 - 20 * step, 440, 230), 8 + step)
        for step in range(16)
    ]


def raw() -> list[bytes]:
    """Hits, as they are in memory."""
    hog = PeopleHog(-0.5)
    found = [hog.find(picture, (0, 0, 640, 480), (120, 480)) for picture in pictures()[6:14]]
    assert sum(map(len, found)) > 8
    return [hits.xyxy.tobytes() + hits.weight.tobytes() for hits in found]


def detected() -> list[bytes]:
    """Boxes of the default detector, which remembers: one bit, and the rest would be another."""
    detector = create(DetectorSettings())
    found = [
        detector.detect(picture, START_NS + number * NS_PER_S // 5)
        for number, picture in enumerate(pictures())
    ]
    assert sum(map(len, found)) > 8
    return [boxes.xyxy.tobytes() + boxes.confidence.tobytes() for boxes in found]


@pytest.mark.parametrize("look", [raw, detected])
def test_any_number_of_threads_gives_the_same_bits(look: Callable[[], list[bytes]]) -> None:
    expected = look()
    for threads in (2, 3):
        use_threads(threads)
        assert look() == expected


def test_threads_are_used_and_go_when_they_are_not_wanted() -> None:
    def running() -> int:
        return sum(thread.name.startswith("hog") for thread in threading.enumerate())

    use_threads(3)
    raw()
    assert 1 <= running() <= 3
    use_threads(1)
    assert running() == 0
