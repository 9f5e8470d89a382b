"""Boxes as arrays: (n, 4) x_min, y_min, x_max, y_max."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def area(boxes: Array) -> Array:
    """Area of each box (..., 4), 0 for an inverted one."""
    sides = np.maximum(boxes[..., 2:] - boxes[..., :2], 0)
    return np.asarray(sides[..., 0] * sides[..., 1])


def overlap(a: Array, b: Array) -> Array:
    """Area shared by each of `a` (n, 4) with each of `b` (m, 4): (n, m)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return area(np.concatenate([low, high], axis=-1))


def iou(a: Array, b: Array) -> Array:
    """Intersection over union of each of `a` (n, 4) with each of `b` (m, 4): (n, m)."""
    shared = overlap(a, b)
    union = area(a)[:, None] + area(b)[None, :] - shared
    return np.asarray(shared / np.maximum(union, np.float32(1e-6)), np.float32)


def shared_part(a: Array, b: Array) -> float:
    """Share 0..1 of the smaller of two boxes (4,) that lies in the other."""
    smaller = max(1e-6, float(min(area(a), area(b))))
    return float(overlap(a[None], b[None])[0, 0]) / smaller


def keep_strongest(boxes: Array, weights: Array, *, max_iou: float, max_inside: float) -> NDArray[np.intp]:
    """Non-maximum suppression whose result does not depend on the order of its input.

    Args:
        boxes: (n, 4).
        weights: (n,).
        max_iou: a box that overlaps a stronger one by more is dropped.
        max_inside: so is one whose area lies within a stronger one by more than this share, or the reverse.

    Returns:
        Indices of the boxes that stay, strongest first.
    """
    order = np.lexsort((boxes[:, 3], boxes[:, 2], boxes[:, 1], boxes[:, 0], -weights))
    kept: list[int] = []
    ious, shared, areas = iou(boxes, boxes), overlap(boxes, boxes), area(boxes)
    inside = shared / np.maximum(np.minimum(areas[:, None], areas[None, :]), 1e-6)
    for i in order:
        if all(ious[i, k] <= max_iou and inside[i, k] <= max_inside for k in kept):
            kept.append(int(i))
    return np.array(kept, np.intp)


def clip(boxes: Array, width_px: float, height_px: float) -> Array:
    """Boxes (n, 4) cut to the picture."""
    return np.clip(boxes, 0, [width_px, height_px, width_px, height_px]).astype(np.float32)
