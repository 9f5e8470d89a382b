"""What makes a view recognisable: ORB key points and descriptors, spread over the picture, as a blob and back.

Source: E. Rublee et al., "ORB: an efficient alternative to SIFT or SURF", ICCV 2011; as in OpenCV. The strongest
points of a picture sit close together (a shelf, a window); taking the strongest of each cell of a grid holds down
what a shift looks like at the picture's other end.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.errors import InvalidValue

_GRID = (6, 8)  # rows and columns of cells
_A_CELL = 14  # features kept in each
_CANDIDATES = 2000
_FAST_THRESHOLD = 7  # grey levels; OpenCV's 20 finds too little in the dark
_NOISE_SIGMA_PX = 0.8
_LEAST_FEATURES, _LEAST_QUARTERS = 80, 3


class Features(NamedTuple):
    """Key points of a picture.

    Attributes:
        points_px: float32 (n, 2), x and y.
        descriptors: uint8 (n, 32).
    """

    points_px: NDArray[np.float32]
    descriptors: NDArray[np.uint8]

    def outside(self, boxes_px: NDArray[np.float32], margin: float = 0.0) -> Features:
        """Those that lie in none of some boxes (m, 4), each widened by a share of its size."""
        if not len(boxes_px) or not len(self.points_px):
            return self
        grow = margin * (boxes_px[:, 2:] - boxes_px[:, :2])
        low, high = boxes_px[:, :2] - grow, boxes_px[:, 2:] + grow
        point = self.points_px[:, None]
        within = np.all((point >= low) & (point <= high), axis=2).any(axis=1)
        return Features(self.points_px[~within], self.descriptors[~within])


def find_features(image_bgr: NDArray[np.uint8]) -> Features:
    """The features of a picture (height, width, 3); a picture without any contrast has none."""
    grey = cv2.GaussianBlur(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY), (0, 0), _NOISE_SIGMA_PX)
    orb = cv2.ORB.create(nfeatures=_CANDIDATES, fastThreshold=_FAST_THRESHOLD)
    points, descriptors = orb.compute(grey, _spread(orb.detect(grey), grey.shape))
    if not points or descriptors is None:
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8))
    return Features(np.array([point.pt for point in points], np.float32), descriptors.astype(np.uint8))


def is_recognisable(features: Features, width_px: int, height_px: int) -> bool:
    """Whether a view can be found again: enough features, and not all in one corner."""
    x, y = features.points_px[:, 0], features.points_px[:, 1]
    quarters = np.unique((x > width_px / 2) * 2 + (y > height_px / 2))
    return len(x) >= _LEAST_FEATURES and len(quarters) >= _LEAST_QUARTERS


def _spread(points: Sequence[cv2.KeyPoint], shape: Sequence[int]) -> list[cv2.KeyPoint]:
    """The strongest of each cell of the grid."""
    if not points:
        return []
    x, y, response = np.array([(*point.pt, point.response) for point in points]).T
    row = np.minimum(y * _GRID[0] / shape[0], _GRID[0] - 1).astype(int)
    column = np.minimum(x * _GRID[1] / shape[1], _GRID[1] - 1).astype(int)
    cell = row * _GRID[1] + column
    order = np.lexsort((x, y, -response, cell))
    rank = np.arange(len(order)) - np.searchsorted(cell[order], cell[order])
    return [points[i] for i in order[rank < _A_CELL]]


def features_to_bytes(features: Features) -> bytes:
    """As NumPy's compressed archive: readable without LBZF."""
    blob = io.BytesIO()
    np.savez_compressed(blob, points_px=features.points_px, descriptors=features.descriptors)
    return blob.getvalue()


def features_from_bytes(blob: bytes) -> Features:
    """The features that `features_to_bytes` wrote.

    Raises:
        InvalidValue: the blob holds none.
    """
    try:
        with np.load(io.BytesIO(blob), allow_pickle=False) as archive:
            return Features(archive["points_px"], archive["descriptors"])
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise InvalidValue(f"features of {len(blob)} bytes: cannot be read: {error}") from error
