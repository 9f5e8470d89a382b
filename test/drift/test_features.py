"""The features of a view: found, kept as bytes, and enough to find the view again."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.drift.features import (
    features_from_bytes,
    features_to_bytes,
    find_features,
    is_recognisable,
)


@pytest.fixture
def view() -> NDArray[np.uint8]:
    """Blurred noise: full of corners."""
    noise = np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 3), np.uint8) * 2


def test_features_come_back_as_they_were(view: NDArray[np.uint8]) -> None:
    found = find_features(view)
    assert len(found.points_px) > 100
    kept = features_from_bytes(features_to_bytes(found))
    np.testing.assert_array_equal(kept.points_px, found.points_px)
    np.testing.assert_array_equal(kept.descriptors, found.descriptors)


def test_a_shifted_view_has_the_same_features_elsewhere(view: NDArray[np.uint8]) -> None:
    before, after = find_features(view), find_features(np.roll(view, 15, axis=1))
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(before.descriptors, after.descriptors)
    shifts = [after.points_px[m.trainIdx][0] - before.points_px[m.queryIdx][0] for m in matches]
    assert np.median(shifts) == pytest.approx(15, abs=1)


def test_a_blank_wall_has_none() -> None:
    found = find_features(np.full((480, 640, 3), 128, np.uint8))
    assert found.points_px.shape == (0, 2)
    assert found.descriptors.shape == (0, 32)


@pytest.mark.parametrize("blob", [b"", b"nonsense", b"PK\x03\x04broken"])
def test_what_holds_no_features_is_an_error(blob: bytes) -> None:
    with pytest.raises(InvalidValue, match="cannot be read"):
        features_from_bytes(blob)


def test_features_are_spread_and_those_of_people_can_be_left_out(view: NDArray[np.uint8]) -> None:
    found = find_features(view)
    rows = np.histogram(found.points_px[:, 1], bins=6, range=(0, 480))[0]
    assert rows.min() > 0.5 * rows.max()
    left_out = found.outside(np.array([[0, 0, 320, 480]], np.float32), margin=0.1)
    assert left_out.points_px[:, 0].min() > 350
    assert 0 < len(left_out.descriptors) == len(left_out.points_px) < len(found.points_px)


def test_a_view_is_recognisable_by_enough_features_that_are_not_all_in_one_place(
    view: NDArray[np.uint8],
) -> None:
    assert is_recognisable(find_features(view), 640, 480)
    half = np.full_like(view, 128)
    half[:, :320] = view[:, :320]
    assert not is_recognisable(find_features(half), 640, 480)
    assert not is_recognisable(find_features(np.full_like(view, 128)), 640, 480)
