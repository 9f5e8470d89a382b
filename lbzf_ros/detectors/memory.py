"""What a camera's background model knows of each pixel, and how it goes along when the view moves."""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.detectors.boxes import Array
from lbzf_ros.detectors.masks import Mask
from lbzf_ros.detectors.view import Image, Number


@dataclass(slots=True, eq=False)
class Memory:
    """What is remembered of each pixel; (h, w) and (h, w, 3) arrays.

    Attributes:
        mean: colours of the background in the light of when they were learnt.
        expected: the same in the light of the last picture.
        variance: of the difference, squared grey levels.
        different_s: for how long the pixel has been different without a person there.
        doubt_s: for how long it may still be a person who was taken for background.
        people, foreground, image: of the last picture.
    """

    mean: Array
    expected: Array
    variance: Array
    different_s: Array
    doubt_s: Array
    people: Mask
    foreground: Mask
    image: Image

    def moved(self, matrix: NDArray[np.float64]) -> Memory:
        """The same, seen by a camera that was knocked aside; what comes in at the edge repeats the edge."""
        return Memory(*(_warped_whole(getattr(self, field.name), matrix) for field in fields(self)))

    def copy(self) -> Memory:
        """The same, to be kept."""
        return Memory(*(getattr(self, field.name).copy() for field in fields(self)))

    @classmethod
    def of(cls, image: Image, doubt_s: float) -> Memory:
        """Begin with a picture."""
        shape = image.shape[:2]
        mean = image.astype(np.float32)
        zeros, none = np.zeros(shape, np.float32), np.zeros(shape, np.uint8)
        return cls(mean, mean, zeros, zeros.copy(), np.full(shape, doubt_s, np.float32), none, none, image)


def warped(values: Array, matrix: NDArray[np.float64], beyond: Array) -> Array:
    """Values of each pixel (h, w) or (h, w, 3) where they are after a movement; `beyond` where none come from."""
    size = values.shape[1::-1]
    moved = cv2.warpPerspective(
        values, matrix, size, dst=beyond.copy(), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
    )
    return np.asarray(moved, np.float32)


def _warped_whole(values: NDArray[Number], matrix: NDArray[np.float64]) -> NDArray[Number]:
    nearest = values.dtype == np.uint8 and values.ndim == 2
    size = values.shape[1], values.shape[0]
    how = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    moved = cv2.warpPerspective(values, matrix, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, values.dtype)
