"""Heads in a silhouette: where the upper outline of a piece of foreground has a peak as wide as a head.

Two people who touch are one piece of foreground, but have two heads. After Haritaoglu et al., W4: Real-Time
Surveillance of People and Their Activities, PAMI 2000, and Zhao and Nevatia, Tracking Multiple Humans in Complex
Situations, PAMI 2004.
"""

from __future__ import annotations

import cv2
import numpy as np

from lbzf_ros.detectors.boxes import Array
from lbzf_ros.detectors.masks import Mask

_SPIKE = 0.035  # of a person's height: what is narrower and sticks out is noise
_LEAST_DROP = 0.025  # of it, by which the outline falls between two heads
_FINE_DROP = 0.01  # the same, where several people are known to be
_LEAST_WIDTH = 0.06  # of it, a little below the top; a narrower peak is a raised arm or a tool
_BELOW = 0.025  # of it: so little
_LEAST_UP = 0.25  # of it, above the piece's lowest row; what is lower is a foot


def find_heads(piece: Mask, tall_px: float, *, fine: bool = False) -> Array:
    """The heads of people about so tall.

    Args:
        piece: uint8 (h, w), 1 on the silhouette.
        tall_px: height of a person there.
        fine: it is known that there are several: what hardly falls between two heads is enough.

    Returns:
        float32 (n, 2), middle and top of each, from left to right.
    """
    filled = piece.any(axis=0)
    up = np.where(filled, len(piece) - piece.argmax(axis=0), 0).astype(np.float32)
    side = max(3, round(_SPIKE * tall_px) | 1)
    up = np.asarray(cv2.morphologyEx(up[None], cv2.MORPH_OPEN, np.ones((1, side), np.uint8))[0], np.float32)
    drop = max(1.0, (_FINE_DROP if fine else _LEAST_DROP) * tall_px)
    heads: list[tuple[float, float]] = []
    for start, peak, end in _peaks(up, drop):
        high = start + np.flatnonzero(up[start:end] >= up[peak] - max(1.0, _BELOW * tall_px))
        if up[peak] >= _LEAST_UP * tall_px and len(high) >= _LEAST_WIDTH * tall_px:
            heads.append(((high[0] + high[-1] + 1) / 2, len(piece) - float(up[peak])))
    return np.array(heads, np.float32).reshape(-1, 2)


def _peaks(up: Array, drop: float) -> list[tuple[int, int, int]]:
    """Maxima of an outline (w,) that fall by `drop` on both sides: the valley before, the peak, the valley after."""
    found: list[tuple[int, int, int]] = []
    start = best = lowest = 0
    rising = True
    for x, level in enumerate(up):
        if rising and level > up[best]:
            best = x
        elif rising and level < up[best] - drop:
            found.append((start, best, len(up)))
            lowest, rising = x, False
        elif not rising and level < up[lowest]:
            lowest = x
        elif not rising and level > up[lowest] + drop:
            found[-1] = (*found[-1][:2], lowest + 1)
            start, best, rising = lowest, x, True
    return [*found, (start, best, len(up))] if rising else found
