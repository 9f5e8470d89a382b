"""The steps in order: a camera's pictures become people, occupied zones, and cycles. Read this first.

The graph runs each step in its own node, with a message between; `lbzf process` runs this. Both give the same
cycles, because the steps are the same objects and know no clock but the stamp of the picture.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.association import Associator
from lbzf_ros.core.cycle import CycleTracker
from lbzf_ros.core.model import CycleEvent, FrameDetections, FrameOccupancy, RoiSet
from lbzf_ros.core.order import Order, Turn

FindPeople = Callable[[NDArray[np.uint8], int], FrameDetections]
"""The first step: a picture (height, width, 3) bgr and its stamp in ns give the people in it."""

STOPPED = ("stopped", "the system was stopped while the cycle was running")
"""Code and words for cycles that run when a recording ends, or a system."""
CLOCK_SET_BACK = ("clock_set_back", "the camera's clock went back while the cycle was running")
"""Code and words for cycles that are given up because stamps begin anew."""


class CameraPipeline:
    """All steps for one camera. Each judges the order of the pictures for itself, as the nodes do.

    Attributes:
        occupancy: what the latest picture that was taken said about the zones; None before the first.
    """

    def __init__(self, new_finder: Callable[[], FindPeople], rois: RoiSet) -> None:
        """Begin.

        Args:
            new_finder: makes the first step, also when stamps begin anew.
            rois: the camera's zones.
        """
        self._new_finder, self._rois = new_finder, rois
        self._find_people = new_finder()
        self._associator = Associator(rois)
        self._tracker = CycleTracker(rois)
        self._finding, self._associating, self._tracking = Order(), Order(), Order()
        self.occupancy: FrameOccupancy | None = None

    def update(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> list[CycleEvent]:
        """Take the next picture. One that came before, or comes too late, changes nothing.

        Args:
            image_bgr: (height, width, 3), of the size that the zones refer to.
            stamp_ns: capture time.

        Returns:
            The cycles' decisions that this picture allowed.
        """
        turn = self._finding.judge(stamp_ns)
        if turn in (Turn.AGAIN, Turn.OLD):
            return []
        if turn is Turn.RESTART:
            self._find_people = self._new_finder()
        people = self._find_people(image_bgr, stamp_ns)
        self._finding.took(stamp_ns)
        return self._associate(people)

    def finish(self) -> list[CycleEvent]:
        """The pictures have ended: what still runs is given up, because its end will never be known."""
        return self._tracker.abort(*STOPPED)

    def _associate(self, people: FrameDetections) -> list[CycleEvent]:
        turn = self._associating.judge(people.stamp_ns)
        if turn in (Turn.AGAIN, Turn.OLD):
            return []
        if turn is Turn.RESTART:
            self._associator = Associator(self._rois)
        occupancy = self._associator.update(people)
        self._associating.took(people.stamp_ns)
        return self._track(occupancy)

    def _track(self, occupancy: FrameOccupancy) -> list[CycleEvent]:
        turn = self._tracking.judge(occupancy.stamp_ns)
        if turn in (Turn.AGAIN, Turn.OLD):
            return []
        given_up: list[CycleEvent] = []
        if turn is Turn.RESTART:
            given_up = self._tracker.abort(*CLOCK_SET_BACK)
            self._tracker = CycleTracker(self._rois)
        events, _ = self._tracker.update(occupancy)
        self._tracking.took(occupancy.stamp_ns)
        self.occupancy = occupancy
        return given_up + events
