"""What must not be on disk is not in the pixels."""

from __future__ import annotations

import numpy as np
import pytest

from lbzf_ros.config.streams import PrivacySettings
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.video.privacy import Privacy, Waiting
from lbzf_ros.video.sources import Frame

NOISE = np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)
PERSON = np.array([[200, 90, 300, 390]], np.float32)


def detail(image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> float:
    """Mean difference of neighbours: 80 or so in noise, next to nothing in blocks of one colour."""
    return float(np.abs(np.diff(image.astype(float), axis=1)).mean())


def test_a_mask_is_black_and_nothing_else_changes() -> None:
    given = NOISE.copy()
    masked = Privacy(PrivacySettings(masks_px=[[(100, 50), (200, 50), (200, 150), (100, 150)]])).applied(
        given, None
    )
    assert not masked[50:151, 100:201].any()
    outside = np.ones((480, 640), bool)
    outside[50:151, 100:201] = False
    assert np.array_equal(masked[outside], NOISE[outside])
    assert np.array_equal(given, NOISE)


def test_a_head_becomes_blocks_and_hands_stay_as_they_are() -> None:
    blurred = Privacy(PrivacySettings(blur_heads=True)).applied(NOISE, PERSON)
    head, below = blurred[70:189, 195:305], blurred[195:390, 200:300]
    assert detail(head) < 0.1 * detail(NOISE)
    assert len(np.unique(head.reshape(-1, 3), axis=0)) <= 9
    assert np.array_equal(below, NOISE[195:390, 200:300])


def test_when_nobody_knows_where_people_are_the_whole_picture_is_blurred() -> None:
    blurred = Privacy(PrivacySettings(blur_heads=True)).applied(NOISE, None)
    assert detail(blurred) < 0.1 * detail(NOISE)


def test_by_default_a_picture_is_written_as_it_is() -> None:
    assert Privacy(PrivacySettings()).applied(NOISE, PERSON) is NOISE


def test_a_head_at_the_edge_is_no_trouble() -> None:
    outside = np.array([[-50, -20, 30, 200], [630, 470, 700, 600], [900, 900, 950, 990]], np.float32)
    Privacy(PrivacySettings(blur_heads=True)).applied(NOISE, outside)


def test_a_picture_that_the_detector_left_out_gets_the_people_before_and_after_it() -> None:
    waiting = Waiting()
    for number in range(4):
        waiting.add(Frame(NOISE, number * NS_PER_S // 5), float(number))
    waiting.found(0, PERSON)
    assert [(f.stamp_ns, len(p)) for f, p in waiting.ready() if p is not None] == [(0, 1)]
    waiting.found(2 * NS_PER_S // 5, PERSON + 10)
    later = list(waiting.ready())
    assert [0 if p is None else len(p) for _, p in later] == [2, 1]
    assert waiting.holds(3 * NS_PER_S // 5)
    # The next look comes three seconds later: where people were in between, nobody knows.
    waiting.found(4 * NS_PER_S, PERSON)
    assert [p for _, p in waiting.ready()] == [None]


def test_people_may_be_known_before_the_picture_arrives() -> None:
    waiting = Waiting()
    waiting.found(5, PERSON)
    waiting.add(Frame(NOISE, 5), 1.0)
    assert [len(p) for _, p in waiting.ready() if p is not None] == [1]


def test_a_picture_does_not_wait_for_ever() -> None:
    waiting = Waiting()
    waiting.add(Frame(NOISE, 0), 10.0)
    waiting.add(Frame(NOISE, 1), 13.0)
    assert [f.stamp_ns for f, _ in waiting.overdue(12.0)] == [0]
    assert waiting.holds(1)


@pytest.mark.parametrize("mask", [[], [(0, 0), (1, 1)]])
def test_a_mask_needs_three_corners(mask: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="three corners"):
        PrivacySettings(masks_px=[mask])
