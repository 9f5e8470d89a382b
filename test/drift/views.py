"""A hall to look at: fixed corners everywhere, in any light, moved as a camera that was knocked shows it."""

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
SIZE = (640, 480)
_SPARE = 64


def hall(seed: int = 1, size: tuple[int, int] = SIZE) -> Image:
    """Boxes of many sizes and greys on a floor, always the same for a seed."""
    rng = np.random.default_rng(seed)
    picture = np.full((size[1], size[0], 3), 150, np.uint8)
    for _ in range(150):
        x, y = (int(rng.integers(0, side)) for side in size)
        wide, high = (int(value) for value in rng.integers(10, 70, 2))
        grey = [int(value) for value in rng.integers(40, 220, 3)]
        cv2.rectangle(picture, (x, y), (x + wide, y + high), grey, -1)
    return picture


def seen(picture: Image, number: int, *, light: float = 1.0, sigma: float = 3.0) -> Image:
    """A picture as a camera takes it: with its light and its own noise."""
    lit = np.asarray(cv2.convertScaleAbs(picture, alpha=light), np.uint8)
    height, width = lit.shape[:2]
    y, x = (number * 37 % _SPARE, number * 23 % _SPARE)
    noise = _noise(sigma)[:, y : y + height, x : x + width]
    return np.asarray(cv2.subtract(cv2.add(lit, noise[0]), noise[1]), np.uint8)


@functools.cache
def _noise(sigma: float) -> Image:
    """What the sensor adds and what it takes away, (2, h, w, 3), somewhat larger than a picture."""
    noise = np.random.default_rng(0).normal(0, sigma, (SIZE[1] + _SPARE, SIZE[0] + _SPARE, 3))
    return np.clip([noise, -noise], 0, 255).astype(np.uint8)


def shift(right_px: float, down_px: float = 0.0) -> NDArray[np.float64]:
    """The matrix of a picture whose content has moved so."""
    return np.array([[1, 0, right_px], [0, 1, down_px], [0, 0, 1]], np.float64)


def turn(degrees: float, zoom: float = 1.0, size: tuple[int, int] = SIZE) -> NDArray[np.float64]:
    """The matrix of a picture turned about its middle."""
    rotation = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), degrees, zoom)
    return np.vstack([np.asarray(rotation, np.float64), (0, 0, 1)])


def knocked(picture: Image, matrix: NDArray[np.float64]) -> Image:
    """What the camera shows after the movement; the edges are made up by reflection."""
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(cv2.warpPerspective(picture, matrix, size, borderMode=cv2.BORDER_REFLECT), np.uint8)
