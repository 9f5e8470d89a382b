"""A picture fitted into a model's input: scaled without changing its proportions, the rest grey.

The same numbers as ultralytics' own preparation, so that a model sees what it was trained on: bilinear scaling, the
picture in the middle, grey level 114, and its rounding when the border is odd.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.detectors.boxes import Array, clip

Image = NDArray[np.uint8]
_GREY = 114


@dataclass(frozen=True, slots=True)
class Fit:
    """Where a picture lies in the input; sizes are (width, height), pixels."""

    picture_px: tuple[int, int]
    input_px: tuple[int, int]
    scaled_px: tuple[int, int]
    corner_px: tuple[int, int]

    @classmethod
    def of(cls, picture_px: tuple[int, int], input_px: tuple[int, int], stride: int | None = None) -> Fit:
        """Fit a picture.

        Args:
            picture_px: its size.
            input_px: the input's size; with a stride the most that it may be.
            stride: the input is no larger than needed, in multiples of this; None: exactly `input_px`.
        """
        scale = min(side / own for side, own in zip(input_px, picture_px, strict=True))
        scaled = tuple(max(1, round(own * scale)) for own in picture_px)
        rest = tuple(side - used for side, used in zip(input_px, scaled, strict=True))
        if stride is not None:
            rest = tuple(side % stride for side in rest)
        corner = tuple(round(side / 2 - 0.1) for side in rest)
        return cls(
            picture_px,
            (scaled[0] + rest[0], scaled[1] + rest[1]),
            (scaled[0], scaled[1]),
            (corner[0], corner[1]),
        )

    def place(self, image_bgr: Image) -> Image:
        """The input as a picture: uint8 (height, width, 3), blue first."""
        if self.scaled_px != self.picture_px:
            image_bgr = np.asarray(
                cv2.resize(image_bgr, self.scaled_px, interpolation=cv2.INTER_LINEAR), np.uint8
            )
        width, height = self.input_px
        canvas = np.full((height, width, 3), _GREY, np.uint8)
        left, top = self.corner_px
        canvas[top : top + self.scaled_px[1], left : left + self.scaled_px[0]] = image_bgr
        return canvas

    def back(self, boxes: Array) -> Array:
        """Boxes (n, 4) of the input as boxes of the picture, cut to it."""
        # Each side was rounded to whole pixels, so each has a scale of its own.
        scale = np.divide(self.scaled_px, self.picture_px)
        return clip((boxes - np.tile(self.corner_px, 2)) / np.tile(scale, 2), *self.picture_px)


def blob(inputs: Sequence[Image]) -> Array:
    """Pictures of one size (height, width, 3), blue first, as float32 (n, 3, h, w), red first, 0..1."""
    return np.asarray(cv2.dnn.blobFromImages(list(inputs), 1 / 255, swapRB=True), np.float32)
