"""Has somebody knocked against the camera? Then the whole background lies a little beside itself.

Evangelidis and Psarakis, Parametric Image Alignment using Enhanced Correlation Coefficient Maximization, PAMI 2008.
"""

from __future__ import annotations

from contextlib import suppress

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.detectors.boxes import Array
from lbzf_ros.detectors.masks import Mask
from lbzf_ros.detectors.view import Image

_LEAST_PX = 0.7  # working pixels; less does not matter
_FARTHEST = 0.15  # of the picture's width; more is another view
_UNTIL = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-3)
_ECC_BLUR_PX = 5
_MOST_TURNED = 0.1  # radians, and as a factor: more is not the same view


def movement_between(
    background: Array, picture: Image, free: Mask, *, swings: bool
) -> NDArray[np.float64] | None:
    """How a picture (h, w, 3) lies beside the background (h, w, 3): turned and stretched a little, too.

    First by the edges of all, which finds a large shift; from there by what is `free` (h, w) of people, exactly. The
    light does not matter to either.

    Args:
        background: float32 (h, w, 3).
        picture: uint8 (h, w, 3).
        free: uint8 (h, w), 0 where people stand.
        swings: somebody has knocked against it lately: a small movement too is one.

    Returns:
        (3, 3): takes a working pixel of the background to where it is now. None: nothing has moved, or it is
        something else.
    """
    shift_px = _shift_between(background, picture)
    if shift_px is None and not swings:
        return None
    before, now = (
        np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
        for image in (cv2.convertScaleAbs(background), picture)
    )
    right, down = shift_px or (0.0, 0.0)
    matrix = np.array([[1, 0, right], [0, 1, down]], np.float32)
    with suppress(cv2.error):  # it does not converge: then the shift must do
        start = matrix.copy()
        _, found = cv2.findTransformECC(before, now, start, cv2.MOTION_AFFINE, _UNTIL, free, _ECC_BLUR_PX)
        if np.abs(found[:, :2] - np.eye(2)).max() < _MOST_TURNED:
            matrix = np.asarray(found, np.float32)
    return np.vstack([matrix, [0, 0, 1]]).astype(np.float64)


def _shift_between(background: Array, picture: Image) -> tuple[float, float] | None:
    """By how much: right and down, working pixels. None: it does not, or it is something else."""
    before, now = _edges(np.asarray(cv2.convertScaleAbs(background), np.uint8)), _edges(picture)
    window = cv2.createHanningWindow((now.shape[1], now.shape[0]), cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(before, now, window)
    longest = max(abs(dx), abs(dy))
    if not _LEAST_PX <= longest <= _FARTHEST * now.shape[1]:
        return None
    return float(dx), float(dy)


def _edges(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    # The root keeps a few strong edges (a person's) from deciding for all.
    return np.asarray(np.sqrt(cv2.magnitude(across, down)), np.float32)
