"""Models with weights: pictures of several cameras go through one copy of the model together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.detectors import NetworkSettings
from lbzf_ros.core.errors import DetectorError
from lbzf_ros.core.model import Boxes, ModelInfo
from lbzf_ros.detectors.boxes import Array
from lbzf_ros.detectors.letterbox import Fit, Image, blob
from lbzf_ros.detectors.yolo import Head, head_of, people, scores_of

_DEFAULT_STRIDE = 32
_SCORE_ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class Input:
    """What a model takes; None: any.

    Attributes:
        batch: pictures, exactly.
        most: pictures, at most, where `batch` is None.
        width_px: of its input.
        height_px: of its input.
        half: float16 instead of float32.
    """

    batch: int | None
    most: int | None
    width_px: int | None
    height_px: int | None
    half: bool


class Network(Protocol):
    """A loaded model that knows nothing of pictures and people."""

    info: ModelInfo
    input: Input
    metadata: Mapping[str, str]

    def run(self, pictures: NDArray[Any]) -> Array:
        """The answer, float32 (n, …), to float (n, 3, height, width), n as its input allows."""
        ...


class BatchModel(Protocol):
    """Finds people in several pictures at once; remembers nothing between them."""

    info: ModelInfo

    def find(self, images_bgr: Sequence[Image]) -> list[Boxes]:
        """The people of each picture (height, width, 3); sizes may differ."""
        ...


class PeopleModel:
    """A network with everything around it: fitting pictures in, batches, heads, suppression."""

    def __init__(self, network: Network, settings: NetworkSettings) -> None:
        """Try the network once.

        Raises:
            DetectorError: its answer is not that of a detection model.
        """
        self.info = network.info
        self.network, self._settings = network, settings
        size = network.input
        self._input_px = (size.width_px or settings.input_px[0], size.height_px or settings.input_px[1])
        # Only an input without a size of its own can be cut to what a picture needs.
        free = size.width_px is None and size.height_px is None
        self._stride = int(network.metadata.get("stride", _DEFAULT_STRIDE)) if free else None
        self._most = size.batch or min(settings.batch, size.most or settings.batch)
        try:
            self.head = self._try()
        except DetectorError as error:
            raise DetectorError(f"{settings.weights}: {error}") from error.__cause__

    def _try(self) -> Head:
        task = self.network.metadata.get("task", "detect")
        if task != "detect":
            raise DetectorError(f"is a model for the task {task!r}; allowed: 'detect'")
        sample = sample_pictures(1, *self._input_px)
        answer = self._run(sample)
        head = head_of(answer.shape, self._settings)
        scores = scores_of(answer, head)
        if (
            not np.isfinite(answer).all()
            or scores.min() < -_SCORE_ROUNDING
            or scores.max() > 1 + _SCORE_ROUNDING
        ):
            raise DetectorError(
                f"the model's scores are {scores.min():.3g} to {scores.max():.3g}, allowed: 0 to 1; export it with "
                "its sigmoid"
            )
        return head

    def find(self, images_bgr: Sequence[Image]) -> list[Boxes]:
        """The people of each picture (height, width, 3); sizes may differ."""
        fits = [
            Fit.of((image.shape[1], image.shape[0]), self._input_px, self._stride) for image in images_bgr
        ]
        found = [Boxes.empty()] * len(fits)
        # Which pictures come together must not change what is found, so each keeps the input size it has alone.
        by_size: dict[tuple[int, int], list[int]] = {}
        for i, fit in enumerate(fits):
            by_size.setdefault(fit.input_px, []).append(i)
        for same in by_size.values():
            for start in range(0, len(same), self._most):
                some = same[start : start + self._most]
                answers = self._run(blob([fits[i].place(images_bgr[i]) for i in some]))
                for i, answer in zip(some, answers, strict=True):
                    found[i] = _in_picture(people(answer, self.head, self._settings), fits[i])
        return found

    def _run(self, pictures: Array) -> Array:
        """Run at most as many pictures as go in at once; a fixed batch is filled up."""
        count, batch = len(pictures), self.network.input.batch
        if batch is not None and count < batch:
            rest = np.zeros((batch - count, *pictures.shape[1:]), pictures.dtype)
            pictures = np.concatenate([pictures, rest])
        answer = self.network.run(pictures.astype(np.float16) if self.network.input.half else pictures)
        if len(answer) != len(pictures):
            raise DetectorError(
                f"the model's answer to {len(pictures)} pictures has the shape {answer.shape}"
            )
        return answer[:count]


def _in_picture(found: Boxes, fit: Fit) -> Boxes:
    boxes = fit.back(found.xyxy)
    real = (boxes[:, :2] < boxes[:, 2:]).all(axis=1)
    return Boxes(boxes[real], found.confidence[real])


def sample_pictures(count: int, width_px: int, height_px: int) -> Array:
    """Pictures to try a model with, the same every time: float32 (count, 3, height, width), 0..1, blocks and noise."""
    rng = np.random.default_rng(11)
    coarse = rng.random((count, 3, -(-height_px // 16), -(-width_px // 16)), np.float32)
    blocks = coarse.repeat(16, axis=2).repeat(16, axis=3)[:, :, :height_px, :width_px]
    noise = rng.random(blocks.shape, np.float32)
    return np.asarray(0.8 * blocks + 0.2 * noise, np.float32)


class NetworkDetector:
    """A camera's view of a model that it shares with the other cameras."""

    def __init__(self, model: BatchModel) -> None:
        self.model = model

    @property
    def info(self) -> ModelInfo:
        """What finds the people."""
        return self.model.info

    def detect(self, image_bgr: Image, stamp_ns: int) -> Boxes:  # noqa: ARG002  # the same for all detectors
        """Find the people of a picture: uint8 (height, width, 3)."""
        return self.model.find([image_bgr])[0]


_models: dict[tuple[object, ...], BatchModel | DetectorError] = {}


def shared(load: Callable[[NetworkSettings], BatchModel], settings: NetworkSettings) -> BatchModel:
    """The one copy of a model in this process; one that cannot be loaded is not tried again.

    Raises:
        DetectorError: it cannot be loaded.
    """
    key = (load, settings.model_dump_json(), _changed(settings.weights))
    if key not in _models:
        try:
            _models[key] = load(settings)
        except DetectorError as error:
            _models[key] = error
    model = _models[key]
    if isinstance(model, DetectorError):
        raise model
    return model


def _changed(file: str) -> tuple[int, int]:
    try:
        status = Path(file).stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size
