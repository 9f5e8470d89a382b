"""A reference view and what the same place looked like later: the afternoon's light is not the morning's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.drift.estimate import Estimate, Matrix, estimate
from lbzf_ros.drift.features import Features

_VIEWS = 6  # held besides the reference
_WEAK_SHARE = 0.4  # of the features are found again: less, and the present view is worth remembering
_REMEMBER_EVERY_NS = 60 * NS_PER_S


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where the view is, against the reference.

    Attributes:
        matrix: from the reference to now.
        inliers: features that say so.
    """

    matrix: Matrix
    inliers: int


@dataclass(slots=True, eq=False)
class _View:
    """A later view: its features, and the transformation that takes the reference to it."""

    features: Features
    matrix: Matrix


class PlaceMemory:
    """Finds the present view against a reference, directly, or by way of a later view that looked more like it.

    The reference always comes first, so that errors of the way do not add up while it is recognised. A later view is
    kept with the transformation that was measured, not with "nothing has moved", so that a slow sagging adds up.
    """

    def __init__(self, reference: Features, width_px: int, height_px: int) -> None:
        self._reference, self._size = reference, (width_px, height_px)
        self._views: list[_View] = []  # the last one used comes first
        self._remembered_ns: int | None = None

    def find(self, now: Features) -> Place | None:
        """Where the present view is; None: it is not recognised."""
        found = estimate(self._reference, now, *self._size)
        if found is not None:
            return Place(found.matrix, found.inliers)
        for view in self._views:
            found = estimate(view.features, now, *self._size)
            if found is not None:
                self._views.remove(view)
                self._views.insert(0, view)
                return _by_way_of(view, found)
        return None

    def remember(self, now: Features, place: Place, stamp_ns: int) -> None:
        """Keep the present view if it is hardly recognised any more. Call it only when its place is certain."""
        recent = self._remembered_ns is not None and stamp_ns - self._remembered_ns < _REMEMBER_EVERY_NS
        possible = min(len(self._reference.points_px), len(now.points_px))
        if recent or place.inliers >= _WEAK_SHARE * possible:
            return
        self._remembered_ns = stamp_ns
        self._views.insert(0, _View(now, place.matrix))
        del self._views[_VIEWS:]


def _by_way_of(view: _View, found: Estimate) -> Place:
    matrix = found.matrix @ view.matrix
    return Place(np.asarray(matrix / matrix[2, 2], np.float64), found.inliers)
