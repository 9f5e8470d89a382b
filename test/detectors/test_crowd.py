"""Two people who are one piece of foreground stay two, each in his own place."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.detectors.base import create
from lbzf_ros.detectors.heads import find_heads
from test.detectors.drawing import RED, Image, middles, person, room, watch


def silhouette(*people: tuple[int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """People of 120 px who stand at x with their feet at y, all in one mask."""
    blank = np.zeros((160, 200, 3), np.uint8)
    for x, feet in people:
        blank = person(blank, x, feet_px=feet, height_px=120)
    return np.asarray(blank.any(axis=2), np.uint8)


@pytest.mark.parametrize(
    ("people", "heads"),
    [(((60, 150),), [60]), (((60, 150), (90, 150)), [60, 90]), (((60, 145), (84, 155)), [60, 84])],
    ids=["one", "two", "one-before-the-other"],
)
def test_every_head_in_an_outline_is_found(people: tuple[tuple[int, int], ...], heads: list[int]) -> None:
    found = find_heads(silhouette(*people), 120)
    assert found[:, 0] == pytest.approx(heads, abs=3)


def test_a_raised_arm_is_no_head() -> None:
    mask = silhouette((60, 150))
    cv2.line(mask, (75, 70), (80, 25), 1, 6)
    assert find_heads(mask, 120)[:, 0] == pytest.approx([60], abs=3)


def test_of_two_who_stand_together_the_one_who_goes_is_gone_and_the_other_stays() -> None:
    def paint(t_s: float) -> Image:
        operator = -60 + 150 * max(t_s - 2, 0) if t_s < 4.4 else 300 - 150 * max(t_s - 20, 0)
        behind = person(room(), operator + 2 * np.sin(3 * t_s), feet_px=430, height_px=250)
        visitor = max(700 - 150 * max(t_s - 6, 0), 345) + 2 * np.cos(2 * t_s)
        return person(behind, visitor, feet_px=455, height_px=260, shirt=RED)

    found = {round(t, 1): boxes for t, boxes in watch(create(DetectorSettings()), paint, 25, fps=3)}
    together = [sorted(middles(boxes)) for t, boxes in found.items() if 10 < t < 19.5]
    both = [len(xs) == 2 and abs(xs[0] - 300) < 20 and abs(xs[1] - 345) < 20 for xs in together]
    assert np.mean(both) >= 0.9
    alone = [middles(boxes) for t, boxes in found.items() if t > 23.5]
    assert all(len(xs) == 1 and abs(xs[0] - 345) < 15 for xs in alone)
