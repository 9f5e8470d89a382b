"""The last seconds of a camera, held compressed: a cycle's start is decided seconds after its picture was taken."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.model import RoiSet

CALIBRATION = "calibration"
"""Folder of a data folder with reference pictures."""


def reference_path(rois: RoiSet) -> str:
    """Where the first picture seen with these zones lies, relative to the data folder."""
    parameters, rows = rois.identity
    name = hashlib.sha256(f"{parameters} {rows}".encode()).hexdigest()[:16]
    return f"{CALIBRATION}/{rois.camera}_{name}.jpg"


class PictureMemory:
    """Pictures of one camera by their stamp, as JPEG.

    Args:
        span_ns: how long a picture is held.
        period_ns: time between two pictures; half of it is how far a picture may be from the stamp asked for.
        jpeg_quality: 0 to 100.
    """

    def __init__(self, span_ns: int, period_ns: int, jpeg_quality: int) -> None:
        self._span_ns, self._reach_ns = span_ns, period_ns // 2
        self._parameters = [int(cv2.IMWRITE_JPEG_QUALITY), jpeg_quality]
        self._pictures: OrderedDict[int, bytes] = OrderedDict()

    def add(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> None:
        """Hold a picture and let go of those that are too old."""
        self._pictures[stamp_ns] = cv2.imencode(".jpg", image_bgr, self._parameters)[1].tobytes()
        for old in [held for held in self._pictures if abs(stamp_ns - held) > self._span_ns]:
            del self._pictures[old]

    def at(self, stamp_ns: int) -> bytes | None:
        """The picture of a stamp, or the nearest within half a period; None when there is none."""
        if (picture := self._pictures.get(stamp_ns)) is not None:
            return picture
        nearest = min(self._pictures, key=lambda held: abs(held - stamp_ns), default=None)
        if nearest is None or abs(nearest - stamp_ns) > self._reach_ns:
            return None
        return self._pictures[nearest]
