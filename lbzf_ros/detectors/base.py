"""What a detector is, and the table of all of them: one backend a file, chosen by name."""

from __future__ import annotations

import importlib
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.schema import DetectorSettings
from lbzf_ros.core.errors import ConfigError
from lbzf_ros.core.model import Boxes, ModelInfo

REGISTRY = {
    "hog_background": "lbzf_ros.detectors.hog_background:HogBackgroundDetector",
    "background": "lbzf_ros.detectors.background:BackgroundDetector",
    "hog": "lbzf_ros.detectors.hog:HogDetector",
}
"""Backends by name; a module is imported when its backend is chosen, so that none pays for another's libraries."""


class Detector(Protocol):
    """Finds people in the pictures of one camera; what it remembers is that camera's."""

    @property
    def info(self) -> ModelInfo:
        """What finds the people: for the provenance of every row."""
        ...

    def detect(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> Boxes:
        """Find the people of the next picture (height, width, 3); stamps must increase."""
        ...


def create(settings: DetectorSettings) -> Detector:
    """Make a detector for one camera.

    Raises:
        ConfigError: no backend has that name.
    """
    place = REGISTRY.get(settings.backend)
    if place is None:
        raise ConfigError(
            f"detector.backend {settings.backend!r} is not known; allowed: {', '.join(REGISTRY)}"
        )
    module, _, name = place.partition(":")
    detector: Detector = getattr(importlib.import_module(module), name)(settings)
    return detector
