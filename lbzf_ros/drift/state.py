"""From single checks to what is known: checks must agree, states have hysteresis, followed zones do not tremble."""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np

from lbzf_ros.config.drift import DriftSettings
from lbzf_ros.core.model import NS_PER_S, UNKNOWN, Drift, Homography
from lbzf_ros.drift.estimate import WIDTH_PX, Matrix, corners_px, moved

_AGREE_PX = 5.0  # at 640 wide, at the picture's corners
_TREMBLE_PX = 1.5  # a change that is not taken over
_CONFIRMS = 2  # checks in a row: one that swings passes every place
_BACK = 0.7  # of drifted_px: below it, a camera that had moved is back in its place


class ViewState:
    """What is known about one reference view.

    Attributes:
        drift: the state.
        is_in_doubt: the last check contradicts it.
        step: how the view has moved since it was held to be elsewhere, if the last check has found that out.
    """

    def __init__(self, settings: DriftSettings, width_px: int, height_px: int) -> None:
        self.drift = Drift.UNKNOWN
        self.is_in_doubt = True
        self.step: Homography | None = None
        self._corners = corners_px(width_px, height_px)
        self._scale = max(1.0, width_px / WIDTH_PX)
        self._settings = settings
        self._recent: deque[Matrix] = deque(maxlen=settings.confirm_checks)
        self._held: Matrix | None = None
        self._last: Matrix | None = None  # held last, also after nothing was known for a while
        self._confirmed_ns: int | None = None

    @property
    def shift_px(self) -> float:
        """How far the corner that moved most has moved; NaN: not known."""
        return UNKNOWN if self._held is None or self.drift is Drift.UNKNOWN else _largest(self._held)

    @property
    def homography(self) -> Homography | None:
        """Takes the zones to where they are now; None: they are used as they were drawn."""
        settings = self._settings
        far = self.shift_px > settings.follow_limit_px * self._scale
        if self._held is None or self.drift is not Drift.DRIFTED or not settings.follow or far:
            return None
        return _homography(self._corners, self._corners + self._held)

    def observe(self, matrix: Matrix, stamp_ns: int) -> bool:
        """A check has found the view.

        Returns:
            Whether its place is certain: it is the one that is held.
        """
        shift = moved(matrix, self._corners) - self._corners
        self._recent.append(shift)
        self.step = None
        agreed = self._agreed()
        if agreed is not None:
            self._settle(agreed)
        elif self._is_first(shift):
            self._settle(shift)  # that it has not moved needs no confirmation
        near = [self._is_held(other) for other in self._recent]
        self.is_in_doubt = not near[-1]
        certain = all(near[-_CONFIRMS:])
        if certain:
            self._confirmed_ns = stamp_ns
        return certain

    def pass_time(self, stamp_ns: int) -> None:
        """Without confirmation for too long, nothing is known."""
        limit_ns = self._settings.unknown_after_s * NS_PER_S
        if self._confirmed_ns is not None and stamp_ns - self._confirmed_ns > limit_ns:
            self.drift, self._held = Drift.UNKNOWN, None
            self._confirmed_ns = None
            self._recent.clear()

    def _is_held(self, shift: Matrix) -> bool:
        return self._held is not None and _largest(shift - self._held) <= _AGREE_PX * self._scale

    def _is_first(self, shift: Matrix) -> bool:
        """Whether it is the first that is known of the view, and the view is in its place."""
        in_place = _largest(shift) < self._settings.drifted_px * self._scale
        return self.drift is Drift.UNKNOWN and len(self._recent) == 1 and in_place

    def _agreed(self) -> Matrix | None:
        """Mean of the last checks; None: they do not agree, or are too few."""
        if len(self._recent) < self._settings.confirm_checks:
            return None
        mean = np.mean(self._recent, axis=0)
        apart = max(_largest(shift - mean) for shift in self._recent)
        return None if apart > _AGREE_PX / 2 * self._scale else np.asarray(mean, np.float64)

    def _settle(self, shift: Matrix) -> None:
        limit = self._settings.drifted_px * self._scale
        if self.drift is Drift.DRIFTED:
            limit *= _BACK
        drift = Drift.DRIFTED if _largest(shift) >= limit else Drift.OK
        tremble_px = _TREMBLE_PX * self._scale
        if self._held is not None and drift is self.drift and _largest(shift - self._held) <= tremble_px:
            return
        self.drift, self._held = drift, shift
        if self._last is not None and _largest(shift - self._last) > tremble_px:
            self.step = _homography(self._corners + self._last, self._corners + shift)
        self._last = shift


def _homography(before: Matrix, after: Matrix) -> Homography:
    """What takes four points (4, 2) to four others."""
    matrix = cv2.getPerspectiveTransform(before.astype(np.float32), after.astype(np.float32))
    a, b, c, d, e, f, g, h, i = (float(value) for value in (matrix / matrix[2, 2]).ravel())
    return a, b, c, d, e, f, g, h, i


def _largest(shift: Matrix) -> float:
    """Length of the longest of some shifts (4, 2)."""
    return float(np.linalg.norm(shift, axis=1).max())
