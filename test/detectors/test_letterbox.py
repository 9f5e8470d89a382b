"""Fitting pictures into a model's input: against sizes worked out by hand and a second bilinear scaling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lbzf_ros.detectors.letterbox import Fit, blob

sides = st.integers(8, 2000)


@pytest.mark.parametrize(
    ("picture", "stride", "input_px", "scaled", "corner"),
    [
        pytest.param((640, 480), None, (640, 640), (640, 480), (0, 80), id="bars-above-and-below"),
        pytest.param((480, 640), None, (640, 640), (480, 640), (80, 0), id="bars-at-the-sides"),
        pytest.param((1280, 720), None, (640, 640), (640, 360), (0, 140), id="half-size"),
        pytest.param((320, 240), None, (640, 640), (640, 480), (0, 80), id="enlarged"),
        pytest.param((640, 480), 32, (640, 480), (640, 480), (0, 0), id="no-larger-than-needed"),
        pytest.param((768, 432), 32, (640, 384), (640, 360), (0, 12), id="next-multiple-of-32"),
        # 131 px become 640, 97 px become 473.89 = 474; 166 px remain, 83 on each side.
        pytest.param((97, 131), None, (640, 640), (474, 640), (83, 0), id="odd-sides"),
        # 100x99: 634 high; 6 px remain; 1281x719: 359.2 = 359 high; 281 px remain, 140 above and 141 below.
        pytest.param((1281, 719), None, (640, 640), (640, 359), (0, 140), id="odd-border-is-larger-below"),
        pytest.param((2000, 1), None, (640, 640), (640, 1), (0, 319), id="at-least-one-pixel"),
    ],
)
def test_where_the_picture_lies(
    picture: tuple[int, int],
    stride: int | None,
    input_px: tuple[int, int],
    scaled: tuple[int, int],
    corner: tuple[int, int],
) -> None:
    fit = Fit.of(picture, (640, 640), stride)
    assert (fit.input_px, fit.scaled_px, fit.corner_px) == (input_px, scaled, corner)


def test_around_it_is_grey() -> None:
    fit = Fit.of((40, 20), (64, 64))
    placed = fit.place(np.zeros((20, 40, 3), np.uint8))
    assert placed.shape == (64, 64, 3)
    assert (placed[:16] == 114).all()
    assert (placed[16:48] == 0).all()
    assert (placed[48:] == 114).all()


def bilinear(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.float64]:
    """Scaling with pixel centres aligned and the border repeated, in float64."""
    places = []
    for new, old in ((height, image.shape[0]), (width, image.shape[1])):
        at = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
        low = np.minimum(at.astype(int), max(0, old - 2))
        places.append((low, np.minimum(low + 1, old - 1), at - low))
    (top, bottom, down), (left, right, across) = places
    value = image.astype(np.float64)
    rows = value[top] * (1 - down)[:, None, None] + value[bottom] * down[:, None, None]
    return np.asarray(rows[:, left] * (1 - across)[:, None] + rows[:, right] * across[:, None])


@pytest.mark.parametrize(("width", "height"), [(97, 131), (321, 241), (768, 432), (63, 47)], ids=str)
def test_scaling_is_bilinear(width: int, height: int) -> None:
    image = np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)
    fit = Fit.of((width, height), (160, 160))
    left, top = fit.corner_px
    part = fit.place(image)[top : top + fit.scaled_px[1], left : left + fit.scaled_px[0]]
    # OpenCV rounds its weights to 1/2048 and the result to whole levels.
    assert np.abs(part - bilinear(image, *fit.scaled_px)).max() <= 1.0


def test_the_model_gets_red_first_from_0_to_1() -> None:
    blue_picture = np.zeros((32, 32, 3), np.uint8)
    blue_picture[..., 0] = 255
    made = blob([blue_picture, blue_picture // 5])
    assert made.shape == (2, 3, 32, 32)
    assert made.dtype == np.float32
    assert made[0].max(axis=(1, 2)).tolist() == [0, 0, 1]
    assert made[1].max(axis=(1, 2)) == pytest.approx([0, 0, 51 / 255], abs=1e-6)


@given(sides, sides, st.sampled_from([None, 32]))
def test_boxes_come_back_to_where_they_were(width: int, height: int, stride: int | None) -> None:
    fit = Fit.of((width, height), (640, 480), stride)
    whole = np.array([[0, 0, width, height]], np.float32)
    left, top = fit.corner_px
    there = np.array([[left, top, left + fit.scaled_px[0], top + fit.scaled_px[1]]], np.float32)
    assert fit.back(there) == pytest.approx(whole, abs=1e-3)
    assert all(have <= most for have, most in zip(fit.input_px, (640, 480), strict=True))
    if stride:
        assert all(side % stride == 0 for side in fit.input_px)
