"""Connected pieces of foreground that are large enough to be a person."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.detectors.boxes import Array
from lbzf_ros.detectors.masks import Mask, around, tight_box
from lbzf_ros.detectors.view import View

_JOIN_SHARE = (0.012, 0.05)  # gaps of this width and height (of the picture's height) are closed
_MIN_FILL = 0.2  # of its box; less is an edge or a frame
_MIN_SLIMNESS = 0.12  # width by height; thinner is a cable or a streak of light


@dataclass(slots=True, eq=False)
class Blobs:
    """The pieces of one picture.

    Attributes:
        xyxy: float32 (n, 4) working pixels.
        area_px: float32 (n,) foreground pixels.
        moving: float32 (n,) share 0..1 of its pixels that moved.
        labels: int32 (h, w), 1 + index of the piece, 0 elsewhere.
    """

    xyxy: Array
    area_px: Array
    moving: Array
    labels: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.area_px)


def find_blobs(view: View, min_height_px: float) -> Blobs:
    """Join foreground that a narrow gap separates (a belt in the wall's colour) and keep what is tall enough."""
    height = view.foreground.shape[0]
    if cv2.countNonZero(view.foreground) < min_height_px:
        none = np.zeros(0, np.float32)
        return Blobs(np.zeros((0, 4), np.float32), none, none, np.zeros(view.foreground.shape, np.int32))
    kernel = np.ones([max(3, round(share * height) | 1) for share in reversed(_JOIN_SHARE)], np.uint8)
    joined = cv2.morphologyEx(view.foreground, cv2.MORPH_CLOSE, kernel)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8, ltype=cv2.CV_32S)
    sides = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    large = (sides[:, 1] >= min_height_px) & (stats[:, cv2.CC_STAT_AREA] >= _MIN_FILL * sides.prod(axis=1))
    large &= sides[:, 0] >= _MIN_SLIMNESS * sides[:, 1]
    large[0] = False
    renumber = np.where(large, np.cumsum(large), 0).astype(np.int32)
    labels = renumber[labels]
    corner = stats[large][:, [cv2.CC_STAT_LEFT, cv2.CC_STAT_TOP]]
    moved = np.bincount(labels[view.moving > 0], minlength=large.sum() + 1)[1:]
    area = stats[large, cv2.CC_STAT_AREA]
    boxes = np.hstack([corner, corner + sides[large]]).astype(np.float32)
    return Blobs(
        np.array(
            [_outline(box, labels, i + 1, view.solid) for i, box in enumerate(boxes)], np.float32
        ).reshape(-1, 4),
        area.astype(np.float32),
        (moved / np.maximum(area, 1)).astype(np.float32),
        labels,
    )


def _outline(box: Array, labels: NDArray[np.int32], label: int, solid: Mask) -> Array:
    """The box (4,) of a piece without its shadow, unless nearly all of it could be shadow."""
    window = around(box, 0)
    part = ((labels[window] == label) & (solid[window] > 0)).astype(np.uint8)
    found = tight_box(part, (slice(0, part.shape[0]), slice(0, part.shape[1])))
    if found is None or found[3] - found[1] <= 0.5 * (box[3] - box[1]):
        return box
    return (found + np.tile(box[:2], 2)).astype(np.float32)
