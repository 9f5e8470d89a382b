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
from lbzf_ros.core.model import CycleEvent, FrameDetections, RoiSet

FindPeople = Callable[[NDArray[np.uint8], int], FrameDetections]
"""The first step: a picture (height, width, 3) bgr and its stamp in ns give the people in it."""


class CameraPipeline:
    """All steps for one camera."""

    def __init__(self, find_people: FindPeople, rois: RoiSet) -> None:
        self._find_people = find_people
        self._associator = Associator(rois)
        self._tracker = CycleTracker(rois)

    def update(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> list[CycleEvent]:
        """Take the next picture; stamps must increase.

        Args:
            image_bgr: (height, width, 3), of the size that the zones refer to.
            stamp_ns: capture time.

        Returns:
            The cycles' decisions that this picture allowed.
        """
        people = self._find_people(image_bgr, stamp_ns)
        occupancy = self._associator.update(people)
        events, _ = self._tracker.update(occupancy)
        return events

    def finish(self) -> list[CycleEvent]:
        """The pictures have ended: what still runs is given up, because its end will never be known."""
        return self._tracker.abort("stopped", "the pictures ended while the cycle was running")
