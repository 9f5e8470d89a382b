"""How much of a zone moves: for hands that reach into a bin, where no box of a person says anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.model import UNKNOWN

_BLUR_PX = 5
_MIN_STEP = 12.0
"""Grey levels that a pixel must change beyond the noise of its zone to have moved."""
_NOISE_FACTOR = 4.0
_MAX_RELIGHT = 25.0
"""Grey levels: when the middle pixel of a zone changes by more, the light was switched and motion is unknown."""


class ZoneMotion:
    """Compares each zone of one camera with the picture before.

    What the whole zone has in common (the light) is taken out by its median, what single pixels do by themselves
    (the sensor's noise) by a threshold above the zone's median deviation.
    """

    def __init__(self, polygons_px: Mapping[str, Sequence[tuple[float, float]]]) -> None:
        self._parts = {name: _Part(polygon) for name, polygon in polygons_px.items()}

    def update(self, image_bgr: NDArray[np.uint8]) -> dict[str, float]:
        """Share 0..1 of each zone's pixels that moved since the last picture; NaN where that is not known."""
        return {name: part.update(image_bgr) for name, part in self._parts.items()}


class _Part:
    def __init__(self, polygon_px: Sequence[tuple[float, float]]) -> None:
        corners = np.rint(np.asarray(polygon_px)).astype(np.int32)
        self._x, self._y, self._width, self._height = cv2.boundingRect(corners)
        mask = np.zeros((self._height, self._width), np.uint8)
        cv2.fillPoly(mask, [corners - (self._x, self._y)], 1)
        self._mask = mask.astype(bool)
        self._before: NDArray[np.float32] | None = None

    def update(self, image_bgr: NDArray[np.uint8]) -> float:
        part = image_bgr[self._y : self._y + self._height, self._x : self._x + self._width]
        grey = cv2.cvtColor(cv2.blur(part, (_BLUR_PX, _BLUR_PX)), cv2.COLOR_BGR2GRAY)
        now = grey[self._mask[: grey.shape[0], : grey.shape[1]]].astype(np.float32)
        before, self._before = self._before, now
        if before is None:
            return UNKNOWN
        change = now - before
        light = float(np.median(change))
        if abs(light) > _MAX_RELIGHT:
            return UNKNOWN
        apart = np.abs(change - light)
        # 1.48 times the median deviation is the standard deviation of normal noise.
        threshold = max(_MIN_STEP, _NOISE_FACTOR * 1.48 * float(np.median(apart)))
        return float(np.count_nonzero(apart > threshold) / len(apart))
