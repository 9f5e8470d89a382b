"""People by OpenCV's HOG detector alone, in the whole of every picture.

It remembers nothing, so it needs no fixed camera; but it misses whoever bends, is cut by the picture's edge or
wears the wall's colour, and costs several times as much as the default detector.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.core.model import Boxes, ModelInfo
from lbzf_ros.detectors.boxes import area, clip
from lbzf_ros.detectors.people_hog import SURE_MARGIN, PeopleHog

_VERSION = "1"


class HogDetector:
    """Finds people who stand upright, each picture by itself."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._least_height = settings.search_height_share
        self._hog = PeopleHog(SURE_MARGIN)

    @property
    def info(self) -> ModelInfo:
        """What found the people."""
        return ModelInfo("hog", _VERSION, f"opencv {cv2.__version__}")

    def detect(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> Boxes:  # noqa: ARG002  # the same for all
        """Find the people of a picture: uint8 (height, width, 3)."""
        height, width = image_bgr.shape[:2]
        hits = self._hog.find(image_bgr, (0, 0, width, height), (self._least_height * height, 1.1 * height))
        boxes = clip(hits.xyxy, width, height)
        inside = area(boxes) > 0.5 * area(hits.xyxy)
        confidence = 1 / (1 + np.exp(-2 * hits.weight[inside]))
        return Boxes(boxes[inside], confidence.astype(np.float32))
