"""People by the ultralytics package. Its licence is AGPL-3.0: an optional extra that nothing else here imports."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from lbzf_ros.config.detectors import DetectorSettings, NetworkSettings
from lbzf_ros.core.errors import DetectorError
from lbzf_ros.core.model import Boxes, ModelInfo
from lbzf_ros.detectors.boxes import clip
from lbzf_ros.detectors.letterbox import Image
from lbzf_ros.detectors.network import NetworkDetector, shared
from lbzf_ros.detectors.weights import missing_package, read_weights

_DEVICES = {"cpu": "cpu", "cuda": "cuda:0"}
_QUIET = {"YOLO_OFFLINE": "True", "YOLO_AUTOINSTALL": "False", "YOLO_VERBOSE": "False"}
"""It would otherwise install packages, look for updates and send statistics."""


class UltralyticsDetector(NetworkDetector):
    """Finds people with a model that the ultralytics package loads, each picture by itself."""

    def __init__(self, settings: DetectorSettings) -> None:
        super().__init__(shared(UltralyticsModel, settings.network))


class UltralyticsModel:
    """The package's own preparation, model and suppression."""

    def __init__(self, settings: NetworkSettings) -> None:
        """Load the model and try it.

        Raises:
            DetectorError: file, package or device are missing, or the file is no detection model.
        """
        # Before the package is asked: it downloads what it does not find.
        weights = read_weights(settings.weights, "ultralytics")
        if settings.provider not in _DEVICES:
            raise DetectorError(
                f"detector.network.provider is {settings.provider!r}; backend ultralytics knows: {', '.join(_DEVICES)}"
            )
        os.environ.update(_QUIET)
        try:
            import ultralytics
        except Exception as error:  # torch and torchvision that do not fit each other raise anything
            raise missing_package("ultralytics", "ultralytics", error) from error
        self._settings = settings
        width, height = settings.input_px
        try:
            self._model: Any = ultralytics.YOLO(str(weights.path), task="detect")
            self.find([np.full((height, width, 3), 114, np.uint8)])
        except Exception as error:
            raise DetectorError(
                f"{weights.path}: ultralytics {ultralytics.__version__} cannot run it on {settings.provider} "
                f"({type(error).__name__}: {error}); is it a whole detection model, and is the device there?"
            ) from error
        framework = f"ultralytics {ultralytics.__version__} {settings.provider}"
        self.info = ModelInfo("ultralytics", weights.path.stem, framework, weights.sha256)

    def find(self, images_bgr: Sequence[Image]) -> list[Boxes]:
        """The people of each picture (height, width, 3); sizes may differ."""
        found: list[Boxes] = []
        # It fits pictures of several sizes in otherwise than each alone; so only equal ones go together.
        for start, end in _runs([image.shape for image in images_bgr], self._settings.batch):
            found += self._find_equal(images_bgr[start:end])
        return found

    def _find_equal(self, images_bgr: Sequence[Image]) -> list[Boxes]:
        settings = self._settings
        width, height = settings.input_px
        results = self._model.predict(
            [np.ascontiguousarray(image) for image in images_bgr],
            imgsz=(height, width),
            conf=settings.confidence,
            iou=settings.iou,
            max_det=settings.max_people,
            classes=[settings.person_class],
            device=_DEVICES[settings.provider],
            verbose=False,
        )
        return [_boxes(result, image) for result, image in zip(results, images_bgr, strict=True)]


def _runs(shapes: Sequence[tuple[int, ...]], most: int) -> list[tuple[int, int]]:
    """Beginnings and ends of neighbours of one shape, at most so many together."""
    runs: list[tuple[int, int]] = []
    for i, shape in enumerate(shapes):
        start = runs[-1][0] if runs else 0
        if runs and shapes[start] == shape and i - start < most:
            runs[-1] = (start, i + 1)
        else:
            runs.append((i, i + 1))
    return runs


def _boxes(result: Any, image: Image) -> Boxes:
    boxes = np.asarray(result.boxes.xyxy.cpu().numpy(), np.float32).reshape(-1, 4)
    confidence = np.asarray(result.boxes.conf.cpu().numpy(), np.float32).reshape(-1)
    boxes = clip(boxes, image.shape[1], image.shape[0])
    real = (boxes[:, :2] < boxes[:, 2:]).all(axis=1)
    return Boxes(boxes[real], np.clip(confidence[real], 0, 1))
