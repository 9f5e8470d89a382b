"""OpenCV's HOG people detector, looked at one size of person at a time so that its results have one order.

`detectMultiScale` collects its results from several threads in any order and groups them in that order; here each
size is a call of its own and the strongest box wins, so the same picture gives the same boxes, bit for bit. That
holds for any number of threads too: sizes know nothing of each other, and what they give is taken in their order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.detectors.boxes import Array, keep_strongest

WINDOW_PX = (64, 128)
PERSON_PX = (44, 96)  # a person fills this middle part of the window
SURE_MARGIN = 0.5  # asked where nothing but HOG says that there is somebody
_STEP = 1.09  # from one height that is looked for to the next

_Found = tuple[NDArray[np.float64], Array]


class _Threads:
    """Threads that look at sizes of person at the same time; OpenCV lets go of Python's lock meanwhile."""

    def __init__(self) -> None:
        self._count = 1
        self._pool: ThreadPoolExecutor | None = None

    def use(self, count: int) -> None:
        """How many at most, 1 and more; 1: the caller's own, and no other."""
        if count == self._count:
            return
        if self._pool is not None:
            self._pool.shutdown()
        self._count = count
        self._pool = ThreadPoolExecutor(count, "hog") if count > 1 else None

    def at_heights(self, look: Callable[[float], _Found], heights_px: Sequence[float]) -> list[_Found]:
        """What is found at each height, in their order."""
        if self._pool is None or len(heights_px) == 1:
            return [look(height) for height in heights_px]
        return list(self._pool.map(look, heights_px))


_THREADS = _Threads()


def use_threads(count: int) -> None:
    """Let this process look for people with so many threads: the cores that nobody else needs.

    Like `cv2.setNumThreads` it is the process's and not a detector's: it can change no result, only the time it takes.
    Not to be called while somebody looks.
    """
    _THREADS.use(count)


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """People found: `xyxy` float32 (n, 4) picture pixels, `weight` float32 (n,), the SVM's margin."""

    xyxy: Array
    weight: Array

    def __len__(self) -> int:
        return len(self.weight)


class PeopleHog:
    """Looks for standing people in a part of a picture."""

    def __init__(self, threshold: float, stride_px: int = 8) -> None:
        self._hog = cv2.HOGDescriptor()
        self._hog.setSVMDetector(np.asarray(cv2.HOGDescriptor.getDefaultPeopleDetector()))
        self._threshold = threshold
        self._stride = (stride_px, stride_px)

    def find(
        self,
        image_bgr: NDArray[np.uint8],
        region: tuple[float, float, float, float],
        heights_px: tuple[float, float],
    ) -> Hits:
        """Look for people.

        Args:
            image_bgr: uint8 (height, width, 3).
            region: x_min, y_min, x_max, y_max within which people are expected, picture pixels.
            heights_px: least and greatest height of a person, picture pixels.

        Returns:
            At most one hit a person, strongest first; boxes may reach beyond the picture.
        """
        low, high = heights_px
        steps = max(1, math.ceil(math.log(high / low) / math.log(_STEP)) + 1)
        part = _cut(image_bgr, region, margin_px=high / 6, least=(high * 2 / 3, high * 4 / 3))
        reduced, factor = _reduced(part.pixels, low / PERSON_PX[1])
        heights = [low * (high / low) ** (i / max(1, steps - 1)) for i in range(steps)]
        found = _THREADS.at_heights(lambda height: self._at_height(reduced, height / factor), heights)
        corner = np.tile(part.corner, 2)
        boxes = np.concatenate(
            [places * factor + corner for places, _ in found], dtype=np.float32, casting="same_kind"
        )
        weights = np.concatenate([weights for _, weights in found])
        best = keep_strongest(boxes, weights, max_iou=0.4, max_inside=0.7)
        return Hits(boxes[best], weights[best])

    def _at_height(self, image: NDArray[np.uint8], height_px: float) -> _Found:
        """Boxes float64 (n, 4) in the pixels of `image` and margins float32 (n,) for people of one height."""
        scale = PERSON_PX[1] / height_px
        height, width = image.shape[:2]
        size = max(WINDOW_PX[0], round(width * scale)), max(WINDOW_PX[1], round(height * scale))
        small = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        corners, weights = self._hog.detect(small, self._threshold, self._stride, (0, 0))
        if len(corners) == 0:
            return np.zeros((0, 4)), np.zeros(0, np.float32)
        inset = np.subtract(WINDOW_PX, PERSON_PX) / 2
        first = np.asarray(corners, np.float64).reshape(-1, 2) + inset
        boxes = np.hstack([first, first + PERSON_PX]) * np.tile([width / size[0], height / size[1]], 2)
        return boxes, np.asarray(weights, np.float32).reshape(-1)


class _Part(NamedTuple):
    pixels: NDArray[np.uint8]
    corner: tuple[int, int]


def _reduced(image: NDArray[np.uint8], reduction: float) -> tuple[NDArray[np.uint8], int]:
    """Shrink by the whole part of `reduction` (averaging, so that the later linear steps do not alias)."""
    factor = max(1, math.floor(reduction))
    if factor == 1:
        return image, 1
    height, width = (side - side % factor for side in image.shape[:2])
    size = width // factor, height // factor
    small = cv2.resize(image[:height, :width], size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), factor


def _cut(
    image: NDArray[np.uint8],
    region: tuple[float, float, float, float],
    margin_px: float,
    least: tuple[float, float],
) -> _Part:
    """The region with a margin, at least so large; beyond the picture's edge its last pixels are repeated."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = region
    grow_x = max(margin_px, (least[0] - (x1 - x0)) / 2)
    grow_y = max(margin_px, (least[1] - (y1 - y0)) / 2)
    left, top = math.floor(x0 - grow_x), math.floor(y0 - grow_y)
    right, bottom = math.ceil(x1 + grow_x), math.ceil(y1 + grow_y)
    inner = image[max(0, top) : min(height, bottom), max(0, left) : min(width, right)]
    pads = max(0, -top), max(0, bottom - height), max(0, -left), max(0, right - width)
    if any(pads):
        inner = np.asarray(cv2.copyMakeBorder(inner, *pads, cv2.BORDER_REPLICATE), np.uint8)
    return _Part(inner, (left, top))
