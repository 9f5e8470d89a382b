"""Has the whole picture changed at once? A cheap test of every picture: then the view is checked without waiting."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_SIZE = (80, 60)
_EDGE_LEVELS = 10.0  # grey levels between neighbours that make an edge
_CHANGE_LEVELS = 7.0  # grey levels by which an edge must change
_MIN_SHARE = 0.5  # of all edges: people cover fewer
_MOVED = 0.006  # of the picture's width: 4 px of 640


class SuddenChange:
    """Compares each picture with the one before, at the edges, where a moved camera changes everything.

    Attributes:
        has_moved: the last sudden change looks like a step aside, and not like a lamp.
    """

    def __init__(self) -> None:
        self._before: NDArray[np.float32] | None = None
        self.has_moved = False

    def update(self, image_bgr: NDArray[np.uint8]) -> bool:
        """Whether most edges of the picture (height, width, 3) have changed since the last one."""
        thinned = np.ascontiguousarray(image_bgr[::2, ::2, 1])
        now = np.asarray(cv2.resize(thinned, _SIZE, interpolation=cv2.INTER_AREA), np.float32)
        before, self._before = self._before, now
        if before is None:
            return False
        edges = np.zeros(now.shape, bool)
        edges[:, 1:] |= np.abs(np.diff(before, axis=1)) > _EDGE_LEVELS
        edges[1:] |= np.abs(np.diff(before, axis=0)) > _EDGE_LEVELS
        if not edges.any():
            return False
        change = now - before
        changed = np.abs(change - np.median(change)) > _CHANGE_LEVELS
        if changed[edges].mean() <= _MIN_SHARE:
            return False
        self.has_moved = _moved_by(before, now) >= _MOVED * now.shape[1]
        return True


def _moved_by(before: NDArray[np.float32], now: NDArray[np.float32]) -> float:
    """How far everything lies beside where it was, pixels of these pictures (height, width), by phase correlation."""
    window = cv2.createHanningWindow((now.shape[1], now.shape[0]), cv2.CV_32F)
    (right, down), _ = cv2.phaseCorrelate(_edges(before), _edges(now), window)
    return float(np.hypot(right, down))


def _edges(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return np.asarray(np.sqrt(cv2.magnitude(across, down)), np.float32)
