"""Boxes (4,) and masks uint8 (h, w) of 0 and 1, both in working pixels: how full, how tight, where to."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.detectors.boxes import Array

Mask = NDArray[np.uint8]
Window = tuple[slice, slice]
_NEAR = 0.1  # of a box's height: how far around it foreground is still its person's
_LEAST_FILL = 0.08  # of the fullest row or column: less is a finger or noise


def fill(mask: Mask, box: Array) -> float:
    """Share 0..1 of the part of a box in the picture that is set in a mask."""
    x0, y0, x1, y1 = (max(0, round(float(value))) for value in box)
    part = mask[y0:y1, x0:x1]
    return float(np.count_nonzero(part)) / part.size if part.size else 0.0


def fill_beside(mask: Mask, box: Array, others: list[Array]) -> tuple[float, float]:
    """How full a box (4,) is where it lies in none of some other boxes (4,), and how much of it does: shares 0..1."""
    x0, y0, x1, y1 = (max(0, round(float(value))) for value in box)
    part = mask[y0:y1, x0:x1]
    free = np.ones_like(part)
    for other in others:
        left, top, right, bottom = (
            max(0, round(float(value))) for value in other - np.array([x0, y0, x0, y0])
        )
        free[top:bottom, left:right] = 0
    left_over = int(np.count_nonzero(free))
    return (np.count_nonzero(part & free) / left_over if left_over else 0.0, left_over / max(1, part.size))


def around(box: Array, share: float) -> Window:
    """The rows and columns of a box that is grown by a share of its height on all sides."""
    grow = share * (box[3] - box[1])
    x0, y0 = (max(0, math.floor(value - grow)) for value in box[:2])
    x1, y1 = (max(0, math.ceil(value + grow)) for value in box[2:])
    return slice(y0, y1), slice(x0, x1)


def tight_box(mask: Mask, window: Window) -> Array | None:
    """Box around the rows and columns of a window of a mask that are well filled; None when it is empty."""
    part = mask[window]
    columns, rows = part.sum(axis=0, dtype=np.int64), part.sum(axis=1, dtype=np.int64)
    if not columns.any():
        return None
    xs = np.flatnonzero(columns >= max(1.0, _LEAST_FILL * columns.max()))
    ys = np.flatnonzero(rows >= max(1.0, _LEAST_FILL * rows.max()))
    top, left = window[0].start, window[1].start
    return np.array([xs[0] + left, ys[0] + top, xs[-1] + 1 + left, ys[-1] + 1 + top], np.float32)


def refined(box: Array, mask: Mask) -> Array:
    """The box drawn tight around what is set in and near it; the same box when nothing is."""
    found = tight_box(mask, around(box, _NEAR))
    return box if found is None else found


def recentred(box: Array, mask: Mask) -> Array:
    """The box in its size, moved sideways onto the middle of what is set in and near it."""
    window = around(box, _NEAR)
    columns = mask[window].sum(axis=0, dtype=np.int64)
    if not columns.any():
        return box
    middle = window[1].start + float((columns * (np.arange(len(columns)) + 0.5)).sum() / columns.sum())
    step = middle - float(box[0] + box[2]) / 2
    return np.asarray(box + np.array([step, 0, step, 0]), np.float32)
