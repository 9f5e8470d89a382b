"""The moving share of a zone: hands count, light and noise do not."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from lbzf_ros.core.geometry import Polygon
from lbzf_ros.core.model import Anchor, Drift, EvidenceKind, Homography, ViewShift, Zone, ZoneKind
from lbzf_ros.detectors.motion import ZoneMotion
from test.detectors.drawing import Image, noisy, room

ROOM = room()
BIN = ((300.0, 200.0), (380.0, 200.0), (380.0, 260.0), (300.0, 260.0))
SHELF = ((20.0, 80.0), (60.0, 80.0), (60.0, 140.0))


def zone(polygon_px: Polygon, version: int = 1) -> Zone:
    """A zone for hands."""
    return Zone(
        name="bin",
        kind=ZoneKind.TRIGGER,
        evidence=EvidenceKind.MOTION,
        anchor=Anchor.BODY,
        polygon_px=polygon_px,
        motion_threshold=0.08,
        enter_s=0.2,
        leave_s=0.4,
        linger_s=0.0,
        roi_version_id=version,
    )


def shifted(version: int, across: float, down: float) -> ViewShift:
    """What the watch over the camera says when its zones lie elsewhere now."""
    place: Homography = (1, 0, across, 0, 1, down, 0, 0, 1)
    return ViewShift((version,), Drift.DRIFTED, math.hypot(across, down), place)


def moved_view(picture: Image, across: float, down: float) -> Image:
    """The picture from a camera that looks elsewhere."""
    step = np.array([[1, 0, across], [0, 1, down]], np.float32)
    size = picture.shape[1], picture.shape[0]
    return np.asarray(cv2.warpAffine(picture, step, size, borderMode=cv2.BORDER_REFLECT_101), np.uint8)


def lit(picture: Image, *, gain: float = 1.0, bands: float = 0.0, phase: float = 0.0) -> Image:
    """The picture in the light of a lamp: its brightness, and the depth of the bands over its rows."""
    rows = np.linspace(0, 5 * math.pi, len(picture))[:, None, None] + phase
    return np.clip(picture * (gain * (1 + bands * np.sin(rows))), 0, 255).astype(np.uint8)


@pytest.fixture
def motion() -> ZoneMotion:
    """Two zones, of which the first picture has been seen."""
    motion = ZoneMotion({"bin": zone(BIN, 1), "shelf": zone(SHELF, 2)})
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
    motion = ZoneMotion({"bin": zone(BIN)})
    shares = [motion.update(noisy(ROOM, i, sigma))["bin"] for i in range(20)]
    assert max(shares[1:]) < 0.01


def test_slow_light_does_not_move(motion: ZoneMotion) -> None:
    for i in range(1, 40):
        assert motion.update(noisy(lit(ROOM, gain=1 - 0.4 * i / 40), i))["bin"] < 0.01


def test_a_flickering_lamp_with_bands_does_not_move(motion: ZoneMotion) -> None:
    for i in range(1, 40):
        picture = lit(ROOM, gain=1 + 0.12 * math.sin(2.3 * i), bands=0.08, phase=1.7 * i)
        shares = motion.update(noisy(picture, i))
        assert max(shares.values()) < 0.02


def test_a_hand_is_seen_in_the_light_of_a_flickering_lamp(motion: ZoneMotion) -> None:
    picture = lit(with_hand(ROOM, 300, 340), gain=0.85, bands=0.08)
    assert motion.update(noisy(picture, 1))["bin"] == pytest.approx(0.5, abs=0.1)


def test_a_light_switch_is_not_known_and_then_over(motion: ZoneMotion) -> None:
    dark = lit(ROOM, gain=0.5)
    assert math.isnan(motion.update(noisy(dark, 1))["bin"])
    assert motion.update(noisy(dark, 2))["bin"] == 0


def test_a_zone_that_is_as_bright_as_the_sensor_can_is_not_known_while_the_light_changes() -> None:
    motion = ZoneMotion({"wall": zone(BIN), "floor": zone(((300, 400), (380, 400), (380, 460), (300, 460)))})
    motion.update(noisy(lit(ROOM, gain=1.5), 0))
    shares = motion.update(noisy(lit(ROOM, gain=1.35), 1))
    assert math.isnan(shares["wall"])
    assert shares["floor"] < 0.01


@pytest.mark.parametrize("far_px", [1.0, 2.5], ids=["one-pixel", "two-and-a-half"])
def test_a_camera_that_trembles_does_not_move(motion: ZoneMotion, far_px: float) -> None:
    for i in range(1, 8):
        shares = motion.update(noisy(moved_view(ROOM, far_px * (i % 2), 0.5 * far_px * (i % 2)), i))
        assert max(shares.values()) < 0.03


def test_a_camera_that_swings_is_not_known(motion: ZoneMotion) -> None:
    assert math.isnan(motion.update(noisy(moved_view(ROOM, 15, 9), 1))["bin"])


def test_a_cart_before_the_lens_is_not_known(motion: ZoneMotion) -> None:
    cart = ROOM.copy()
    cart[:, 280:] = (90, 70, 60)
    assert math.isnan(motion.update(noisy(cart, 1))["bin"])


def test_after_a_picture_that_tells_nothing_it_begins_anew(motion: ZoneMotion) -> None:
    assert all(math.isnan(share) for share in motion.pass_over().values())
    assert math.isnan(motion.update(noisy(with_hand(ROOM, 300, 340), 2))["bin"])
    assert motion.update(noisy(with_hand(ROOM, 300, 340), 3))["bin"] == 0


def test_what_still_leaves_after_such_a_picture_is_not_known(motion: ZoneMotion) -> None:
    leaving = ROOM.copy()
    leaving[:, 500:] = (90, 70, 60)
    motion.pass_over()
    motion.update(noisy(leaving, 1))
    assert math.isnan(motion.update(noisy(ROOM, 2))["bin"])
    assert motion.update(noisy(ROOM, 3))["bin"] == 0


def test_a_picture_of_another_size_is_a_new_beginning(motion: ZoneMotion) -> None:
    small = room(320, 240)
    assert math.isnan(motion.update(small)["bin"])


def test_zones_at_the_edge_and_smaller_than_a_pixel_have_a_share() -> None:
    corner, dot = ((600.0, 440.0), (640.0, 440.0), (640.0, 480.0)), ((10.0, 10.0), (10.4, 10.0), (10.0, 10.4))
    motion = ZoneMotion({"corner": zone(corner), "dot": zone(dot)})
    motion.update(ROOM)
    assert motion.update(ROOM) == {"corner": 0.0, "dot": 0.0}


def test_zones_are_watched_where_they_are_since_the_camera_has_moved(motion: ZoneMotion) -> None:
    shifts = (shifted(1, 100, 20),)
    assert motion.update(noisy(with_hand(ROOM, 300, 380), 2), shifts) == {"bin": 0, "shelf": 0}
    shares = motion.update(noisy(with_hand(ROOM, 400, 480), 3), shifts)
    assert shares["bin"] == pytest.approx(1, abs=0.06)


def test_a_shift_is_for_the_zones_of_its_versions_only(motion: ZoneMotion) -> None:
    shares = motion.update(noisy(with_hand(ROOM, 400, 480), 1), (shifted(2, 100, 20),))
    assert shares["bin"] == 0


def test_the_motion_of_a_zone_that_has_left_the_picture_is_not_known(motion: ZoneMotion) -> None:
    shares = motion.update(noisy(ROOM, 1), (shifted(2, -70, 0),))
    assert shares["bin"] == 0
    assert math.isnan(shares["shelf"])


def test_no_zones_cost_nothing() -> None:
    assert ZoneMotion({}).update(ROOM) == {}
