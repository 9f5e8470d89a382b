"""Which polygons hold a person's anchor: looked up in a picture of the zones, whatever their number.

The map has a cell for every half pixel, and every cell has a label: the name of a set of polygons. The anchor of a box
is looked up by the sums of its corners in whole pixels, so a look-up is a cast, a product and a `take`, and takes about
as long for a hundred boxes as for five. That costs half a pixel: the point that is looked up lies at most 0.5 px
from the anchor in x and in y, which is far below what any detector knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.geometry import Point
from lbzf_ros.core.model import Anchor


class ZoneMap:
    """The zones of one camera with one kind of anchor. About 5 times as many bytes as the picture has pixels.

    Attributes:
        sets: by label, the keys of the polygons there, in the order in which they were given; label 0: none.
    """

    def __init__(
        self, polygons: Mapping[int, Sequence[Point]], anchor: Anchor, width_px: int, height_px: int
    ) -> None:
        """Draw the map.

        Args:
            polygons: simple ones; keys of the caller's choice. What lies outside the picture is cut off.
            anchor: which point of a box is looked up.
            width_px: width of the picture.
            height_px: height of the picture.
        """
        # Middles up to a quarter of a picture beside it fall into the margin between two rows, not into a wrong row.
        self._stride = 2 * width_px + 2 * (width_px // 2)
        self._from_box = np.array(
            [1, 0, 1, 2 * self._stride] if anchor is Anchor.FEET else [1, self._stride, 1, self._stride],
            np.int64,
        )
        labels = np.zeros((2 * height_px + 2, self._stride), np.uint16)
        sets: list[tuple[int, ...]] = [()]
        for key, polygon in polygons.items():
            _add(labels[: 2 * height_px, : 2 * width_px], sets, key, polygon)
        # Boxes are cut at the picture's edge: what stands on its right or lower edge counts as just inside.
        labels[:, 2 * width_px - 1 : 2 * width_px + 1] = labels[:, [2 * width_px - 2]]
        labels[2 * height_px - 1 : 2 * height_px + 1] = labels[2 * height_px - 2]
        labels[0, 0] = labels[-1, -1] = 0  # where everything above and below the picture falls
        self.sets = tuple(sets)
        self._labels = labels.ravel().astype(np.uint8 if len(sets) <= 256 else np.uint16)

    def look_up(self, xyxy: NDArray[np.float32]) -> list[int]:
        """The label of each box's anchor.

        Args:
            xyxy: boxes (n, 4), pixels.
        """
        found: list[int] = self._labels.take(xyxy.astype(np.int64).dot(self._from_box), mode="clip").tolist()
        return found


def _add(labels: NDArray[np.uint16], sets: list[tuple[int, ...]], key: int, polygon: Sequence[Point]) -> None:
    """Give new labels to the cells of one more polygon; their middles lie at half of (column + 1, row + 1)."""
    corners = np.asarray(polygon, np.float64) * 2 - 1
    height, width = labels.shape
    left, top = np.clip(np.floor(corners.min(axis=0)), 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0)) + 1, 0, (width, height)).astype(int)
    if left >= right or top >= bottom:
        return
    part = labels[top:bottom, left:right]
    held = _filled(corners - (left, top), part.shape)
    new_label = np.zeros(len(sets), np.uint16)
    for old in np.flatnonzero(np.bincount(part[held], minlength=len(sets))).tolist():
        new_label[old] = len(sets)
        sets.append((*sets[old], key))
    part[held] = new_label[part[held]]


def _filled(corners: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Cells (row, column) whose middle lies in a polygon, even-odd: a side flips all that lies to the right of it."""
    height, width = shape
    flips = np.zeros((height, width + 1), np.uint8)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        low, high = min(y0, y1), max(y0, y1)
        rows = np.arange(max(0, int(np.ceil(low))), min(height, int(np.ceil(high))))
        if len(rows):
            x = x0 + (rows - y0) * (x1 - x0) / (y1 - y0)
            flips[rows, np.clip(np.ceil(x), 0, width).astype(int)] ^= 1
    return np.bitwise_xor.accumulate(flips[:, :width], axis=1).astype(bool)
