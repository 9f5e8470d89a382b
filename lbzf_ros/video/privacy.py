"""What is never written to disk: masked areas, and the heads of people. Measuring uses the pictures as they are."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.streams import PrivacySettings
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.video.sources import Frame

Image = NDArray[np.uint8]
Boxes = NDArray[np.float32]
"""People, (n, 4): x and y of the upper left and the lower right corner, px."""

_HEAD_OF_PERSON = 1 / 3
"""Upper part of a person's box that is made unrecognisable; detectors give boxes with room above the head."""
_MARGIN = 0.1
_BLOCKS = 3
"""A head becomes so many blocks of one colour each way; a whole picture so many for each of its heads."""
_WHOLE_BLOCK_PX = 32
_NEIGHBOUR_NS = NS_PER_S
_KEPT = 64


class Privacy:
    """Changes the pictures of one camera as its settings want it."""

    def __init__(self, settings: PrivacySettings) -> None:
        self._blur = settings.blur_heads
        self._masks = [np.round(np.array(mask)).astype(np.int32) for mask in settings.masks_px]

    @property
    def needs_people(self) -> bool:
        """Whether a picture can only be written when it is known where people are."""
        return self._blur

    def applied(self, image_bgr: Image, people: Boxes | None) -> Image:
        """The picture as it may be written; the one given stays as it is.

        Args:
            image_bgr: (height, width, 3).
            people: where people are in it; None: not known, and the picture is blurred as a whole.
        """
        if not self._masks and not self._blur:
            return image_bgr
        image: Image = image_bgr.copy()
        if self._blur:
            height, width = image.shape[:2]
            if people is None:
                _coarsen(image, (0, 0, width, height), max(_BLOCKS, width // _WHOLE_BLOCK_PX))
            else:
                for box in people:
                    _coarsen(image, _head(box, width, height), _BLOCKS)
        if self._masks:
            cv2.fillPoly(image, self._masks, (0, 0, 0))
        return image


class Waiting:
    """Pictures that wait until it is known where people are in them.

    The detector does not look at every picture of a live camera: for one that it left out, people may be where they
    were in the picture before or after it, so both count, up to a second apart.
    """

    def __init__(self) -> None:
        self._pictures: deque[tuple[Frame, float]] = deque()
        self._looks: deque[tuple[int, Boxes]] = deque(maxlen=_KEPT)
        self._given_ns = -1

    def add(self, frame: Frame, now_s: float) -> None:
        """One more picture; stamps increase."""
        self._pictures.append((frame, now_s))

    def found(self, stamp_ns: int, people: Boxes) -> None:
        """The detector has looked at a picture, which may still be on its way here."""
        self._looks.append((stamp_ns, people))

    def holds(self, stamp_ns: int) -> bool:
        """Whether the picture of this stamp still waits, or is on its way here."""
        return stamp_ns > self._given_ns

    def ready(self) -> Iterator[tuple[Frame, Boxes | None]]:
        """Pictures that can be written now, with their people; None: nobody knows where they are in it."""
        while self._pictures and self._looks and self._pictures[0][0].stamp_ns <= self._looks[-1][0]:
            frame = self._next()
            yield frame, self._people_at(frame.stamp_ns)

    def overdue(self, before_s: float) -> Iterator[tuple[Frame, None]]:
        """Pictures that came before a time: nobody knows in time where people are in them."""
        while self._pictures and (self._pictures[0][1] < before_s or len(self._pictures) > _KEPT):
            yield self._next(), None

    def _next(self) -> Frame:
        frame, _ = self._pictures.popleft()
        self._given_ns = frame.stamp_ns
        return frame

    def _people_at(self, stamp_ns: int) -> Boxes | None:
        before = [look for look in self._looks if look[0] <= stamp_ns]
        after = [look for look in self._looks if look[0] > stamp_ns]
        if before and before[-1][0] == stamp_ns:
            return before[-1][1]
        if not before or not after or after[0][0] - before[-1][0] > _NEIGHBOUR_NS:
            return None
        return np.concatenate([before[-1][1], after[0][1]])


def _head(box: NDArray[np.float32], width: int, height: int) -> tuple[int, int, int, int]:
    x_min, y_min, x_max, y_max = (float(side) for side in box)
    aside, above = _MARGIN * (x_max - x_min), _MARGIN * (y_max - y_min)
    lower = y_min + _HEAD_OF_PERSON * (y_max - y_min)
    sides = x_min - aside, y_min - above, x_max + aside + 1, lower + 1
    low_x, low_y, high_x, high_y = (int(side) for side in sides)
    return max(0, low_x), max(0, low_y), min(width, high_x), min(height, high_y)


def _coarsen(image: Image, area: tuple[int, int, int, int], blocks: int) -> None:
    """Make blocks of one colour of an area, in place."""
    left, top, right, bottom = area
    if right <= left or bottom <= top:
        return
    part = image[top:bottom, left:right]
    small = cv2.resize(part, (blocks, max(1, min(blocks, part.shape[0]))), interpolation=cv2.INTER_AREA)
    part[:] = cv2.resize(small, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_NEAREST)
