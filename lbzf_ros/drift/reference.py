"""The view on which zones were drawn: the first picture since they are in force that can be recognised again.

The recorder, the watch and `lbzf process` choose it by the same rule, so that a first run, in which there is no
reference yet, and a later one, which reads it from the database, compare with the same picture.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.model import NS_PER_S, ReferenceView, RoiSet
from lbzf_ros.drift.estimate import WIDTH_PX, estimate, shift_px
from lbzf_ros.drift.features import Features, find_features, is_recognisable

_LOOK_EVERY_NS = NS_PER_S
_STILL_PX = 3.0  # at 640 wide


def ids_without(rois: RoiSet, references: Iterable[ReferenceView]) -> tuple[int, ...]:
    """The zones of a set that have no reference yet, in the set's order."""
    known = {row for view in references for row in view.roi_version_ids}
    return tuple(dict.fromkeys(row for row in rois.identity[1] if row not in known))


class ReferenceChoice:
    """Chooses the reference picture: recognisable, and found again in the same place a second later.

    Attributes:
        features: of the picture that is proposed at present; None: no picture was recognisable yet.
        stamp_ns: of that picture.
        is_final: it was found again.
    """

    def __init__(self) -> None:
        self.features: Features | None = None
        self.stamp_ns = 0
        self.is_final = False
        self._looked_ns: int | None = None

    def look(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> bool:
        """Take the next picture (height, width, 3) into account.

        Returns:
            Whether another picture is proposed than before.
        """
        early = self._looked_ns is not None and abs(stamp_ns - self._looked_ns) < _LOOK_EVERY_NS
        if self.is_final or early:
            return False
        self._looked_ns = stamp_ns
        height_px, width_px = image_bgr.shape[:2]
        now = find_features(image_bgr)
        if self.features is not None and self._is_still(self.features, now, width_px, height_px):
            self.is_final = True
            return False
        self.features = now if is_recognisable(now, width_px, height_px) else None
        self.stamp_ns = stamp_ns
        return self.features is not None

    @staticmethod
    def _is_still(before: Features, now: Features, width_px: int, height_px: int) -> bool:
        found = estimate(before, now, width_px, height_px)
        if found is None:
            return False
        return shift_px(found.matrix, width_px, height_px) < _STILL_PX * max(1.0, width_px / WIDTH_PX)
