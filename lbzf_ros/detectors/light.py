"""How the light of the whole picture has changed: a curve from the background's levels to the picture's.

Cameras adjust exposure, white balance and contrast by themselves, so a factor is not enough: the wall may get 20
grey levels brighter while the floor keeps its level. A curve for each colour channel takes all of that out.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.detectors.boxes import Array

_BINS = 16  # of 16 levels each
_NEAR = 24.0  # grey levels: what is farther from the curve is no background
_SUDDEN = 8.0  # grey levels between two pictures: then each bin is fitted on its own
_PRIOR = 8.0  # samples' worth of belief that a bin moves like the whole channel
_CENTRES = np.arange(_BINS) * 16 + 7.5


class LightCurve:
    """Follows the light from picture to picture. Before the first it changes nothing."""

    def __init__(self) -> None:
        self.step = np.zeros(3)  # how much each channel moved at the last update, grey levels
        self._shift = np.zeros((3, _BINS))
        self._table: Array | None = None

    @property
    def is_sudden(self) -> bool:
        """Whether the last picture was much brighter or darker than the one before."""
        return bool(np.abs(self.step).max() > _SUDDEN)

    def update(self, background: Array, picture: Array) -> None:
        """Fit the curve to pixels most of which are background: two float32 (n, 3)."""
        bins = np.clip(background * (1 / 16), 0, _BINS - 1).astype(np.intp)
        rest = picture - background
        for channel in range(3):
            self._fit(channel, background[:, channel], bins[:, channel], rest[:, channel])
        levels = np.arange(256)
        table = np.stack([np.interp(levels, _CENTRES, shift) for shift in self._shift], axis=1)
        self._table = None if np.abs(table).max() < 0.2 else table.astype(np.float32)[None]

    def apply(self, background: Array) -> Array:
        """What the background (h, w, 3) looks like in the present light."""
        if self._table is None:
            return background
        return np.asarray(cv2.add(background, cv2.LUT(cv2.convertScaleAbs(background), self._table)))

    def undo(self, picture: Array) -> Array:
        """Roughly what a part of the picture (n, 3) would look like in the background's light."""
        if self._table is None:
            return picture
        levels = np.arange(256)
        return np.stack(
            [np.interp(picture[:, c], levels + self._table[0, :, c], levels) for c in range(3)], axis=1
        ).astype(np.float32)

    def forget(self) -> None:
        """Change nothing from now on: the background has been brought to the present light."""
        self._shift[:] = 0
        self._table = None

    def _fit(self, channel: int, level: Array, bins: NDArray[np.intp], rest: Array) -> None:
        rest = rest - np.interp(level, _CENTRES, self._shift[channel])
        middle = float(np.median(rest))
        self.step[channel] = middle
        if abs(middle) > _SUDDEN:
            self._shift[channel] += _bin_medians(bins, rest)
            return
        near = np.abs(rest - middle) < _NEAR
        count = np.bincount(bins[near], minlength=_BINS)
        total = np.bincount(bins[near], weights=rest[near], minlength=_BINS)
        self._shift[channel] += (total + _PRIOR * middle) / (count + _PRIOR)


def _bin_medians(bins: NDArray[np.intp], rest: Array) -> NDArray[np.float64]:
    """Median change (16,) of the pixels of each bin, interpolated where there are few."""
    known = [b for b in range(_BINS) if np.count_nonzero(bins == b) >= _PRIOR]
    if not known:
        return np.full(_BINS, float(np.median(rest)))
    medians = [float(np.median(rest[bins == b])) for b in known]
    return np.asarray(np.interp(np.arange(_BINS), known, medians), np.float64)
