"""One picture compared with the background, and the picture operations that this takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.detectors.boxes import Array
from lbzf_ros.detectors.masks import Mask

Image = NDArray[np.uint8]
Number = TypeVar("Number", np.uint8, np.float32)
_BLACK_LEVEL = 8.0  # mean grey level
_SHADOW = (0.5, 1.3)  # brightness of a shadow, or of a light spot, relative to the background
_SHADOW_COLOUR = 12.0  # grey levels by which its colour may differ besides


@dataclass(slots=True, eq=False)
class View:
    """A picture and what differs in it, at working size (height, width).

    Attributes:
        image: uint8 (h, w, 3), smoothed.
        difference: float32 (h, w) from the background, the largest of the three channels, grey levels.
        limit: float32 (h, w), above which a difference is foreground.
        foreground: uint8 (h, w), 1 where the picture differs from the background.
        solid: uint8 (h, w), foreground that is not merely the background a little darker or brighter.
        moving: uint8 (h, w), 1 where it differs from the picture before.
        doubtful: uint8 (h, w), 1 where the background may show a person: it became background lately.
        elapsed_s: seconds since the picture before, 0 for the first.
        scale: picture pixels in one working pixel, in x and in y.
        relit: the light was switched: everything but people was learnt anew, `moving` says nothing.
        left_known: and the background until then had been known for long.
        returned: such a background is back, as it was when it was left.
        settling: the light is being switched, and the camera's exposure has not followed yet: nothing in the picture
            can be compared with the background.
        shift_px: right and down, working pixels: by how much the camera was knocked aside just now.
    """

    image: Image
    difference: Array
    limit: Array
    foreground: Mask
    solid: Mask
    moving: Mask
    doubtful: Mask
    elapsed_s: float
    scale: int
    relit: bool = False
    left_known: bool = False
    returned: bool = False
    settling: bool = False
    shift_px: tuple[float, float] = (0.0, 0.0)

    @property
    def is_black(self) -> bool:
        """Whether nothing can be seen: the lens is covered, or there is no light."""
        return float(self.image.mean()) < _BLACK_LEVEL

    @property
    def share(self) -> float:
        """Share 0..1 of the picture that is foreground."""
        return float(np.count_nonzero(self.foreground)) / self.foreground.size


_SHARED: ContextVar[dict[tuple[int, int], tuple[Image, Image, int]] | None] = ContextVar(
    "shrunk", default=None
)
"""By a picture's identity and the size: the picture, so that its identity stays its own, and what it was shrunk to."""


@contextmanager
def shrunk_once() -> Iterator[None]:
    """Within it, a picture that several steps look at (the same array, unchanged) is shrunk once to each size."""
    token = _SHARED.set({})
    try:
        yield
    finally:
        _SHARED.reset(token)


def shrunk(image_bgr: Image, side_px: int) -> tuple[Image, int]:
    """A picture (height, width, 3) whose shorter side is about `side_px` long, smoothed, and the factor between.

    The factor is whole and the sides divide by it (the last rows and columns are left out), because any other ratio
    costs OpenCV ten times as long. Pictures are never enlarged. The result is not to be changed.
    """
    shared, key = _SHARED.get(), (id(image_bgr), side_px)
    if shared is not None and key in shared:
        return shared[key][1:]
    factor = max(1, round(min(image_bgr.shape[:2]) / side_px))
    height, width = (side - side % factor for side in image_bgr.shape[:2])
    size = width // factor, height // factor
    small = cv2.resize(image_bgr[:height, :width], size, interpolation=cv2.INTER_AREA)
    found = np.asarray(cv2.GaussianBlur(small, (3, 3), 0), np.uint8), factor
    if shared is not None:
        shared[key] = image_bgr, *found
    return found


def largest_difference(a: NDArray[Number], b: NDArray[Number]) -> Array:
    """The largest of the three channels' differences of two pictures (h, w, 3) of one type: float32 (h, w)."""
    blue, green, red = cv2.split(cv2.absdiff(a, b))
    return np.asarray(cv2.max(cv2.max(blue, green), red), np.float32)


def smoothed(mask: NDArray[np.bool_], side_px: int) -> Mask:
    """The mask without specks and pinholes smaller than half a square."""
    return np.asarray(cv2.medianBlur(mask.astype(np.uint8), side_px), np.uint8)


def without_shadows(image: Image, background: Array, foreground: Mask) -> Mask:
    """Take away the foreground that keeps the background's colour: shadows, reflections, light spots.

    A shirt in the wall's colour goes too, so this is for the outline of a person, not for his presence.
    """
    x, y, width, height = cv2.boundingRect(foreground)
    if width == 0:
        return foreground
    part = np.s_[y : y + height, x : x + width]
    now, model = image[part].astype(np.float32), np.ascontiguousarray(background[part])
    # The brightness b at which b * model is nearest to now, and how far away that still is.
    ones = np.ones((1, 3), np.float32)
    along = np.asarray(cv2.transform(now * model, ones), np.float32).reshape(height, width)
    length = np.asarray(cv2.transform(model * model, ones), np.float32).reshape(height, width)
    brightness = along / np.maximum(length, 1)
    shaded = np.asarray(model * brightness[..., None], np.float32)
    colour = largest_difference(now, shaded)
    shadow = (brightness > _SHADOW[0]) & (brightness < _SHADOW[1]) & (colour < _SHADOW_COLOUR)
    solid = np.zeros(foreground.shape, bool)
    solid[part] = (foreground[part] > 0) & ~shadow
    return smoothed(solid, 3)
