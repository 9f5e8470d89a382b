"""How much of a zone moves: for hands that reach into a bin, where no box of a person says anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.model import UNKNOWN
from lbzf_ros.detectors.masks import Mask
from lbzf_ros.detectors.view import shrunk

_WORKING_SIDE_PX = 240  # the picture's shorter side is shrunk to about this
_LEAST_STEP = 12.0  # grey levels that a pixel must change to have moved, however clean the picture is
_NOISE_FACTOR = 4.0  # or so many standard deviations of the noise
_MAX_RELIGHT = 25.0  # grey levels by which the picture's middle pixel changes when the light is switched
_MAX_MOVING = 0.6  # share of the picture that people can move; more is the light, or the camera
_GRID = 3  # light and noise are estimated on every third pixel of every third row


class ZoneMotion:
    """Compares the zones of one camera with the picture before.

    What the whole picture has in common (the light) is taken out by its median, what single pixels do by themselves
    (the sensor's noise) by a threshold above its median deviation. Both come from the whole picture, because a hand
    may fill a small zone.
    """

    def __init__(self, polygons_px: Mapping[str, Sequence[tuple[float, float]]]) -> None:
        """Watch some polygons, in pixels of the pictures that will come."""
        self._polygons_px = dict(polygons_px)
        self._zones: dict[str, NDArray[np.bool_]] = {}
        self._before: Mask | None = None
        self._size: tuple[int, ...] = ()

    def update(self, image_bgr: NDArray[np.uint8]) -> dict[str, float]:
        """Share 0..1 of each zone's pixels that moved since the last picture; NaN where that is not known.

        It is not known in the first picture, after a change of size, and when the light was switched.
        """
        if not self._polygons_px:
            return {}
        small, factor = shrunk(image_bgr, _WORKING_SIDE_PX)
        now = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
        before, self._before = self._before, now
        size, self._size = self._size, image_bgr.shape
        if before is None or size != image_bgr.shape:
            self._zones = {name: _inside(corners, factor, now) for name, corners in self._polygons_px.items()}
            return dict.fromkeys(self._zones, UNKNOWN)
        moved = _moved(before, now)
        if moved is None:
            return dict.fromkeys(self._zones, UNKNOWN)
        return {name: float(moved[zone].mean()) for name, zone in self._zones.items()}


def _moved(before: Mask, now: Mask) -> NDArray[np.bool_] | None:
    """Which pixels changed by more than light and noise do; None when the light was switched."""
    change = np.subtract(now, before, dtype=np.float32)
    sample = change[::_GRID, ::_GRID]
    light = float(np.median(sample))
    # 1.48 times the median deviation is the standard deviation of normal noise.
    noise = 1.48 * float(np.median(np.abs(sample - light)))
    moved = np.asarray(np.abs(change - np.float32(light)) > max(_LEAST_STEP, _NOISE_FACTOR * noise), bool)
    if abs(light) > _MAX_RELIGHT or float(moved[::_GRID, ::_GRID].mean()) > _MAX_MOVING:
        return None
    return moved


def _inside(polygon_px: Sequence[tuple[float, float]], factor: int, grey: Mask) -> NDArray[np.bool_]:
    """bool (h, w): the pixels of a polygon; the nearest one when it is smaller than a pixel or at the edge."""
    corners = np.asarray(polygon_px, np.float64) / factor
    mask = np.zeros(grey.shape, np.uint8)
    cv2.fillPoly(mask, [np.rint(corners - 0.5).astype(np.int32)], (1.0,))
    if not mask.any():
        x, y = np.clip(corners.mean(axis=0), 0, np.array(grey.shape)[::-1] - 1).astype(int)
        mask[y, x] = 1
    return mask > 0
