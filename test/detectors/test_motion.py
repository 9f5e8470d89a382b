"""The moving share of a zone: hands count, light and noise do not."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from lbzf_ros.detectors.motion import ZoneMotion
from test.detectors.drawing import Image, noisy, room

ROOM = room()
BIN = [(300.0, 200.0), (380.0, 200.0), (380.0, 260.0), (300.0, 260.0)]
SHELF = [(20.0, 80.0), (60.0, 80.0), (60.0, 140.0)]


@pytest.fixture
def motion() -> ZoneMotion:
    """Two zones, of which the first picture has been seen."""
    motion = ZoneMotion({"bin": BIN, "shelf": SHELF})
    first = motion.update(noisy(ROOM, 0))
    assert all(math.isnan(share) for share in first.values())
    return motion


def with_hand(picture: Image, left: int, right: int) -> Image:
    """The picture with a sleeve across the bin from one column to another."""
    drawn: Image = picture.copy()
    cv2.rectangle(drawn, (left, 150), (right, 300), (60, 60, 140), -1)
    return drawn


@pytest.mark.parametrize(
    ("right", "share"), [(320, 0.25), (340, 0.5), (400, 1.0)], ids=["quarter", "half", "whole"]
)
def test_the_share_that_a_hand_covers(motion: ZoneMotion, right: int, share: float) -> None:
    shares = motion.update(noisy(with_hand(ROOM, 300, right), 1))
    assert shares["bin"] == pytest.approx(share, abs=0.06)
    assert shares["shelf"] == 0


def test_a_hand_that_rests_does_not_move(motion: ZoneMotion) -> None:
    motion.update(noisy(with_hand(ROOM, 300, 340), 1))
    assert motion.update(noisy(with_hand(ROOM, 300, 340), 2))["bin"] == 0


@pytest.mark.parametrize("sigma", [0.0, 5.0, 15.0, 25.0])
def test_noise_does_not_move(sigma: float) -> None:
    motion = ZoneMotion({"bin": BIN})
    shares = [motion.update(noisy(ROOM, i, sigma))["bin"] for i in range(20)]
    assert max(shares[1:]) < 0.01


def test_slow_light_does_not_move(motion: ZoneMotion) -> None:
    for i in range(1, 40):
        lit = cv2.convertScaleAbs(ROOM, alpha=1 - 0.4 * i / 40)
        assert motion.update(noisy(np.asarray(lit, np.uint8), i))["bin"] < 0.01


def test_a_light_switch_is_not_known_and_then_over(motion: ZoneMotion) -> None:
    dark = np.asarray(cv2.convertScaleAbs(ROOM, alpha=0.5), np.uint8)
    assert math.isnan(motion.update(noisy(dark, 1))["bin"])
    assert motion.update(noisy(dark, 2))["bin"] == 0


def test_a_picture_of_another_size_is_a_new_beginning(motion: ZoneMotion) -> None:
    small = room(320, 240)
    assert math.isnan(motion.update(small)["bin"])


def test_zones_at_the_edge_and_smaller_than_a_pixel_have_a_share() -> None:
    motion = ZoneMotion(
        {"corner": [(600, 440), (640, 440), (640, 480)], "dot": [(10, 10), (10.4, 10), (10, 10.4)]}
    )
    motion.update(ROOM)
    assert motion.update(ROOM) == {"corner": 0.0, "dot": 0.0}


def test_no_zones_cost_nothing() -> None:
    assert ZoneMotion({}).update(ROOM) == {}
