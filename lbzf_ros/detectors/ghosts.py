"""Foreground that shows where something WAS: an object that is part of the background has been taken away.

Along the border of a real object the picture has an edge and the background has none; along the border of a hole
that was left behind it is the other way round.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.detectors.blobs import Blobs
from lbzf_ros.detectors.masks import Mask
from lbzf_ros.detectors.view import Image, View

_RATIO = 1.5  # how much stronger the background's edge must be
_MOVING = 0.03  # a blob of which more moves is somebody


def find_ghosts(view: View, background: NDArray[np.uint8], blobs: Blobs, candidates: list[int]) -> Mask:
    """uint8 (h, w), 1 on the candidate blobs that are ghosts."""
    ghosts = np.zeros_like(view.foreground)
    for i in candidates:
        if blobs.moving[i] <= _MOVING and _is_ghost(view, background, blobs, i):
            ghosts[blobs.labels == i + 1] = 1
    return ghosts


def _is_ghost(view: View, background: NDArray[np.uint8], blobs: Blobs, index: int) -> bool:
    height, width = view.foreground.shape
    x0, y0, x1, y1 = (int(v) for v in blobs.xyxy[index])
    window = np.s_[max(0, y0 - 3) : min(height, y1 + 3), max(0, x0 - 3) : min(width, x1 + 3)]
    blob = (blobs.labels[window] == index + 1).astype(np.uint8)
    return is_hole(view.image[window], background[window], blob)


def is_hole(image: Image, background: Image, piece: Mask) -> bool:
    """Whether what a piece (h, w) of the picture (h, w, 3) differs by was in the background and has gone."""
    border = cv2.morphologyEx(piece, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    return _edge(background, border) > _RATIO * _edge(image, border)


def _edge(image: NDArray[np.uint8], where: NDArray[np.bool_]) -> float:
    """Mean strength of the grey picture's edges at some pixels, grey levels."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return float((np.abs(across) + np.abs(down))[where].mean()) if where.any() else 0.0
