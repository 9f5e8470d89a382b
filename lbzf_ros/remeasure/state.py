"""All that a camera's steps remember, as bytes: to go on in another process exactly where one has stopped."""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.config.drift import DriftSettings
from lbzf_ros.core.model import RoiSet
from lbzf_ros.core.pipeline import CameraPipeline
from lbzf_ros.detectors.finder import PeopleFinder


@dataclass(frozen=True, slots=True)
class NewFinder:
    """Makes the first step of a camera. Not a lambda: it must go into the bytes."""

    detector: DetectorSettings
    rois: RoiSet
    drift: DriftSettings

    def __call__(self) -> PeopleFinder:
        """A finder that has seen nothing yet."""
        return PeopleFinder(self.detector, self.rois, self.drift)


def new_pipeline(detector: DetectorSettings, rois: RoiSet, drift: DriftSettings) -> CameraPipeline:
    """All steps of a camera, at their beginning, in a form that `packed` takes."""
    return CameraPipeline(NewFinder(detector, rois, drift), rois)


def packed(state: Any) -> bytes | None:
    """Whatever decides what comes next; None: it cannot be packed (a network on a device)."""
    file = io.BytesIO()
    try:
        _Packer(file, protocol=5).dump(state)
    except (pickle.PicklingError, TypeError, AttributeError, ValueError, RuntimeError):
        return None
    return file.getvalue()


def unpacked(content: bytes) -> Any:
    """The state that `packed` wrote. Only for files that this package wrote itself."""
    return pickle.loads(content)


def _people_hog() -> Any:
    hog = cv2.HOGDescriptor()
    hog.setSVMDetector(np.asarray(cv2.HOGDescriptor.getDefaultPeopleDetector()))
    return hog


class _Packer(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        """OpenCV's people detector has no bytes, but is always the same one."""
        return (_people_hog, ()) if isinstance(value, cv2.HOGDescriptor) else NotImplemented
