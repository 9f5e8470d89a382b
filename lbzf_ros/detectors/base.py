"""What a detector is, and the table of all of them: one backend a file, chosen by name."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.core.errors import ConfigError, DetectorError
from lbzf_ros.core.model import Boxes, Homography, ModelInfo
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


@runtime_checkable
class RemembersView(Protocol):
    """A detector that remembers what the view looks like, and so must know when the camera has moved."""

    def follow(self, step: Homography) -> None:
        """The view has moved: the homography takes a point of earlier pictures to where it is now."""
        ...


def follow(detector: Detector, step: Homography) -> None:
    """Tell a detector that the view has moved."""
    used = detector.detector if isinstance(detector, Fallback) else detector
    if isinstance(used, RemembersView):
        used.follow(step)


def most_at_once(detector: Detector, settings: DetectorSettings) -> int:
    """How many cameras' pictures to give it together: one where each camera has a detector of its own."""
    return settings.network.batch if _model_of(detector) else 1


def detect_together(asked: Sequence[tuple[Detector, NDArray[np.uint8], int]]) -> list[Boxes]:
    """Find the people in the next pictures of several cameras: detector, picture and stamp of each.

    Cameras that share a model are looked at in one go; the others one after the other.
    """
    found = [Boxes.empty()] * len(asked)
    sharing: dict[BatchModel, list[int]] = {}
    for i, (detector, image, stamp_ns) in enumerate(asked):
        if model := _model_of(detector):
            sharing.setdefault(model, []).append(i)
        else:
            found[i] = detector.detect(image, stamp_ns)
    for model, together in sharing.items():
        for i, boxes in zip(together, model.find([asked[i][1] for i in together]), strict=True):
            found[i] = boxes
    return found


def _model_of(detector: Detector) -> BatchModel | None:
    """The model that a detector shares with those of other cameras."""
    used = detector.detector if isinstance(detector, Fallback) else detector
    return used.model if isinstance(used, NetworkDetector) else None


def _make(name: str, setting: str, settings: DetectorSettings) -> Detector:
    place = REGISTRY.get(name)
    if place is None:
        raise ConfigError(f"detector.{setting} {name!r} is not known; allowed: {', '.join(REGISTRY)}")
    module, _, kind = place.partition(":")
    detector: Detector = getattr(importlib.import_module(module), kind)(settings)
    return detector
