"""The watch over one camera: how its view differs from those on which its zones were drawn, at every picture.

What it says depends on the pictures, their stamps and the people's boxes only, so a replay says the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.drift import DriftSettings
from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import NS_PER_S, Drift, Homography, ReferenceView, RoiSet, ViewShift
from lbzf_ros.drift.features import Features, features_from_bytes, find_features, is_recognisable
from lbzf_ros.drift.memory import PlaceMemory
from lbzf_ros.drift.reference import ReferenceChoice, ids_without
from lbzf_ros.drift.schedule import CheckTimes
from lbzf_ros.drift.state import ViewState
from lbzf_ros.drift.sudden import SuddenChange

_PEOPLE_STAY_NS = 2 * NS_PER_S  # a detector may miss somebody in one picture
_BOX_MARGIN = 0.15  # of a box's size: hair, hands, shadow
_MOSTLY_VIEW = 0.5  # share of all features that people leave


class _Reference:
    """One view on which zones were drawn."""

    def __init__(
        self, ids: tuple[int, ...], features: Features, settings: DriftSettings, size: tuple[int, int]
    ) -> None:
        self.ids = ids
        self.state = ViewState(settings, *size)
        self._memory = PlaceMemory(features, *size)
        self._shift = ViewShift(ids, Drift.UNKNOWN)

    def check(self, now: Features, stamp_ns: int) -> bool:
        """Whether it is certain now where the view is."""
        place = self._memory.find(now)
        self.state.step = None
        if place is None or not self.state.observe(place.matrix, stamp_ns):
            return False
        self._memory.remember(now, place, stamp_ns)
        return True

    def shift(self, stamp_ns: int) -> ViewShift:
        """What is known at a stamp; the same object while nothing changes."""
        state = self.state
        state.pass_time(stamp_ns)
        values = (state.drift, state.shift_px)
        if values != (self._shift.drift, self._shift.shift_px):
            self._shift = ViewShift(self.ids, *values, state.homography)
        return self._shift


class DriftWatch:
    """Watches one camera.

    Attributes:
        step: how the view has moved, if that has become known with the last picture; for who remembers pictures.
        is_unsure: the whole picture has stepped aside, and no check has found out yet where the zones are now.
    """

    def __init__(self, settings: DriftSettings, rois: RoiSet) -> None:
        """Begin with a set of zones and the references that it has."""
        self._settings, self._rois = settings, rois
        self._size = (rois.width_px, rois.height_px)
        self._references: list[_Reference] = []
        self._own = ReferenceChoice()
        self._own_ids = ids_without(rois, rois.references) if settings.enabled else ()
        self._sudden = SuddenChange()
        self._people: deque[tuple[int, NDArray[np.float32]]] = deque()
        self._times = CheckTimes(settings.check_s, rois.camera)
        self.step: Homography | None = None
        self.is_unsure = False
        self.use_references(rois.references)

    @property
    def is_hurried(self) -> bool:
        """Whether the view is checked more often at present."""
        return self._times.is_hurried

    def use_references(self, references: Iterable[ReferenceView]) -> None:
        """Take over references that have arrived. Zones that are compared with a picture already keep it."""
        compared = {row for reference in self._references for row in reference.ids}
        if self._own.features is not None:
            compared.update(self._own_ids)
        for view in references if self._settings.enabled else ():
            ids = tuple(row for row in view.roi_version_ids if row not in compared)
            self._own_ids = tuple(row for row in self._own_ids if row not in ids)
            features = _read(view.features)
            if ids and features is not None and is_recognisable(features, *self._size):
                self._references.append(_Reference(ids, features, self._settings, self._size))

    def update(
        self,
        image_bgr: NDArray[np.uint8],
        stamp_ns: int,
        people_px: NDArray[np.float32],
        *,
        clear: bool = True,
    ) -> tuple[ViewShift, ...]:
        """Take the next picture.

        Args:
            image_bgr: (height, width, 3), of the size that the zones refer to.
            stamp_ns: capture time; must increase.
            people_px: boxes (n, 4) of the people in it: what they wear is no part of the view.
            clear: False: blocked, dark or shaken; then it says nothing about where the camera is.

        Returns:
            What is known for each set of zones. Zones in none of them are unchecked.
        """
        if not self._settings.enabled:
            return ()
        self.step = None
        self._remember_people(people_px, stamp_ns)
        self._choose_own(image_bgr, stamp_ns)
        if self._sudden.update(image_bgr):
            self._times.hurry()
            self.is_unsure = self.is_unsure or (self._sudden.has_moved and bool(self._references))
        if clear and self._references and self._times.is_due(stamp_ns, urgent=self.is_unsure):
            self._check(image_bgr, stamp_ns)
        # Zones that no check finds are used where they were last.
        self.is_unsure = self.is_unsure and self._times.is_hurried
        return tuple(reference.shift(stamp_ns) for reference in self._references)

    def _remember_people(self, people_px: NDArray[np.float32], stamp_ns: int) -> None:
        self._people.append((stamp_ns, people_px))
        while stamp_ns - self._people[0][0] > _PEOPLE_STAY_NS:
            self._people.popleft()

    def _choose_own(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> None:
        """Zones without a reference are compared with the first picture that can be."""
        if not self._own_ids or not self._own.look(image_bgr, stamp_ns) or self._own.features is None:
            return
        self._references = [other for other in self._references if other.ids != self._own_ids]
        self._references.append(_Reference(self._own_ids, self._own.features, self._settings, self._size))
        self._times.hurry()

    def _check(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> None:
        everything = find_features(image_bgr)
        now = everything.outside(np.concatenate([boxes for _, boxes in self._people]), _BOX_MARGIN)
        if len(now.points_px) < _MOSTLY_VIEW * len(everything.points_px):
            now = everything  # so many are no people: after a knock, a detector may take everything for them
        certain = [reference.check(now, stamp_ns) for reference in self._references]
        self.is_unsure = self.is_unsure and not all(certain)
        self.step = self._references[0].state.step
        if self._times.done(stamp_ns) and any(reference.state.is_in_doubt for reference in self._references):
            self._times.hurry()


def _read(blob: bytes) -> Features | None:
    try:
        return features_from_bytes(blob)
    except InvalidValue:
        return None
