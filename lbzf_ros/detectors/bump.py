"""Has somebody knocked against the camera? Then the whole background lies a little beside itself."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.detectors.boxes import Array
from lbzf_ros.detectors.view import Image, Number

_LEAST_PX = 0.7  # working pixels; less does not matter
_FARTHEST = 0.15  # of the picture's width; more is another view
_BORDER = cv2.BORDER_REPLICATE


def shift_between(background: Array, picture: Image) -> tuple[float, float] | None:
    """By how much a picture (h, w, 3) lies beside the background (h, w, 3): right and down, working pixels.

    By the edges of both, so that the light does not matter.

    Returns:
        None: it does not, or it is something else.
    """
    before, now = _edges(np.asarray(cv2.convertScaleAbs(background), np.uint8)), _edges(picture)
    window = cv2.createHanningWindow((now.shape[1], now.shape[0]), cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(before, now, window)
    longest = max(abs(dx), abs(dy))
    if not _LEAST_PX <= longest <= _FARTHEST * now.shape[1]:
        return None
    return float(dx), float(dy)


def shifted(values: NDArray[Number], shift_px: tuple[float, float]) -> NDArray[Number]:
    """A picture, mask or map (h, w, …) moved right and down; what comes in at the edge repeats the edge."""
    (dx, dy), nearest = shift_px, values.dtype == np.uint8 and values.ndim == 2
    step = np.array([[1, 0, dx], [0, 1, dy]], np.float64)
    size = values.shape[1], values.shape[0]
    how = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    return np.asarray(cv2.warpAffine(values, step, size, flags=how, borderMode=_BORDER), values.dtype)


def _edges(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    # The root keeps a few strong edges (a person's) from deciding for all.
    return np.asarray(np.sqrt(cv2.magnitude(across, down)), np.float32)
