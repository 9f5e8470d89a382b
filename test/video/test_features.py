"""The features of a view: found, kept as bytes, and enough to find the view again."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.video.features import features_from_bytes, features_to_bytes, find_features


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
