"""What a detector is, and the table of all of them: one backend a file, chosen by name."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.schema import DetectorSettings
from lbzf_ros.core.errors import ConfigError, DetectorError
from lbzf_ros.core.model import Boxes, ModelInfo
from lbzf_ros.detectors.network import BatchModel, NetworkDetector

REGISTRY = {
    "hog_background": "lbzf_ros.detectors.hog_background:HogBackgroundDetector",
    "background": "lbzf_ros.detectors.background:BackgroundDetector",
    "hog": "lbzf_ros.detectors.hog:HogDetector",
    "onnx": "lbzf_ros.detectors.onnx:OnnxDetector",
    "tensorrt": "lbzf_ros.detectors.tensorrt:TensorRtDetector",
    "ultralytics": "lbzf_ros.detectors.ultralytics:UltralyticsDetector",
    "recorded": "lbzf_ros.detectors.recorded:RecordedDetector",
}
"""Backends by name; a module is imported when its backend is chosen, so that none pays for another's libraries."""
_log = logging.getLogger(__name__)


class Detector(Protocol):
    """Finds people in the pictures of one camera; what it remembers is that camera's."""

    @property
    def info(self) -> ModelInfo:
        """What finds the people: for the provenance of every row."""
        ...

    def detect(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> Boxes:
        """Find the people of the next picture (height, width, 3); stamps must increase."""
        ...


class Fallback:
    """A detector that stands in for the one that was chosen; `info` says which one it is."""

    def __init__(self, detector: Detector, notice: str) -> None:
        self.detector, self.notice = detector, notice

    @property
    def info(self) -> ModelInfo:
        """What really finds the people."""
        return self.detector.info

    def detect(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> Boxes:
        """Find the people of the next picture (height, width, 3); stamps must increase."""
        return self.detector.detect(image_bgr, stamp_ns)


def create(settings: DetectorSettings, camera: str = "") -> Detector:
    """Make a detector for one camera (its label), or the fallback that the settings name.

    Raises:
        ConfigError: no backend has that name.
        DetectorError: its file, library or device is missing or wrong, and there is no fallback.
    """
    settings = settings.of_camera(camera)
    try:
        return _make(settings.backend, "backend", settings)
    except DetectorError as error:
        if not settings.fallback:
            raise
        notice = f"detector {settings.backend} cannot be used, {settings.fallback} stands in for it: {error}"
        _log.error("%s", notice)
        return Fallback(_make(settings.fallback, "fallback", settings), notice)


def notice_of(detector: Detector) -> str:
    """What people must know about a detector: that it is not the one they chose, and why. Empty: nothing."""
    return detector.notice if isinstance(detector, Fallback) else ""


def detect_together(asked: Sequence[tuple[Detector, NDArray[np.uint8], int]]) -> list[Boxes]:
    """Find the people in the next pictures of several cameras: detector, picture and stamp of each.

    Cameras that share a model are looked at in one go; the others one after the other.
    """
    found = [Boxes.empty()] * len(asked)
    sharing: dict[BatchModel, list[int]] = {}
    for i, (detector, image, stamp_ns) in enumerate(asked):
        if isinstance(detector, NetworkDetector):
            sharing.setdefault(detector.model, []).append(i)
        else:
            found[i] = detector.detect(image, stamp_ns)
    for model, together in sharing.items():
        for i, boxes in zip(together, model.find([asked[i][1] for i in together]), strict=True):
            found[i] = boxes
    return found


def _make(name: str, setting: str, settings: DetectorSettings) -> Detector:
    place = REGISTRY.get(name)
    if place is None:
        raise ConfigError(f"detector.{setting} {name!r} is not known; allowed: {', '.join(REGISTRY)}")
    module, _, kind = place.partition(":")
    detector: Detector = getattr(importlib.import_module(module), kind)(settings)
    return detector
