"""People by a YOLO model, run by TensorRT (optional: it comes with NVIDIA's JetPack or from PyPI).

An engine runs on the GPU and the TensorRT version it was built with only, so the ONNX file is what people copy
around. It is built here and kept, and compared with onnxruntime each time it is loaded.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.detectors import DetectorSettings, NetworkSettings
from lbzf_ros.core.errors import DetectorError
from lbzf_ros.core.model import ModelInfo
from lbzf_ros.detectors.boxes import Array
from lbzf_ros.detectors.cuda import Buffer, Cuda
from lbzf_ros.detectors.network import Input, Network, NetworkDetector, PeopleModel, sample_pictures, shared
from lbzf_ros.detectors.onnx import OnnxNetwork
from lbzf_ros.detectors.tensorrt_engine import Recipe, build, keep_plan, kept_plan, split
from lbzf_ros.detectors.tensorrt_io import io_of
from lbzf_ros.detectors.weights import Weights, need, read_weights
from lbzf_ros.detectors.yolo import Head

_log = logging.getLogger(__name__)
_ONNX, _ENGINE = ".onnx", ".engine"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far TensorRT's answer may be from onnxruntime's.

    Attributes:
        score: largest difference of a score.
        box_share: largest difference of a coordinate, as a share of the input's longer side.
    """

    score: float
    box_share: float


FULL, HALF = Tolerance(0.01, 0.005), Tolerance(0.05, 0.02)
"""Chosen: float32 on a GPU has 10 bits in its products (TF32), as half precision has everywhere."""


class TensorRtDetector(NetworkDetector):
    """Finds people with a TensorRT engine, each picture by itself."""

    def __init__(self, settings: DetectorSettings) -> None:
        super().__init__(shared(load, settings.network))


def load(settings: NetworkSettings) -> PeopleModel:
    """Load the model that the settings name; builds its engine where none fits.

    Raises:
        DetectorError: file, package or GPU are missing, or the engine gives something else than the ONNX model.
    """
    weights = read_weights(settings.weights, "tensorrt", (_ONNX, _ENGINE))
    trt = need("tensorrt", "tensorrt")
    cuda = Cuda()
    if weights.path.suffix.lower() == _ENGINE:
        _log.warning("%s: an engine without its ONNX file cannot be compared with onnxruntime", weights.path)
        metadata, plan = split(weights.content)
        network = TensorRtNetwork(trt, cuda, plan, weights, {k: str(v) for k, v in metadata.items()})
        return PeopleModel(network, settings)
    # The comparison runs on the CPU, so that a fault of the GPU cannot be in both.
    reference = OnnxNetwork(weights, settings.model_copy(update={"provider": "cpu"}))
    recipe = _recipe(trt, cuda, weights, reference.input, settings)
    network = _network(trt, cuda, weights, recipe, reference, settings)
    model = PeopleModel(network, settings)
    half = recipe.precision == "fp16" or reference.input.half
    difference = compare(reference, network, model.head, recipe.input_px, recipe.batch)
    _require(difference, HALF if half else FULL, weights)
    return model


def _recipe(trt: Any, cuda: Cuda, weights: Weights, entry: Input, settings: NetworkSettings) -> Recipe:
    size = (entry.width_px or settings.input_px[0], entry.height_px or settings.input_px[1])
    batch = entry.batch or settings.batch
    return Recipe(trt.__version__, cuda.name, weights.sha256, settings.precision, size, batch)


def _network(
    trt: Any, cuda: Cuda, weights: Weights, recipe: Recipe, reference: OnnxNetwork, settings: NetworkSettings
) -> TensorRtNetwork:
    path = recipe.path(weights.path, settings.engine_folder)
    plan = kept_plan(path, recipe)
    if plan is None:
        _log.warning("building %s for %s, which takes minutes", path, cuda.name)
        plan = build(trt, trt.Logger(trt.Logger.WARNING), weights.content, recipe, settings)
        keep_plan(path, recipe, plan, reference.metadata)
    return TensorRtNetwork(trt, cuda, plan, weights, reference.metadata)


class TensorRtNetwork:
    """An engine with its memory on the GPU."""

    def __init__(
        self, trt: Any, cuda: Cuda, plan: bytes, weights: Weights, metadata: Mapping[str, str]
    ) -> None:
        """Load a plan.

        Raises:
            DetectorError: it was built by another TensorRT or for another GPU, or is no detection model's.
        """
        self._cuda, self._path = cuda, weights.path
        self._logger = trt.Logger(trt.Logger.WARNING)
        trt.init_libnvinfer_plugins(self._logger, "")
        self._runtime = trt.Runtime(self._logger)
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise DetectorError(
                f"{weights.path}: is no engine for TensorRT {trt.__version__} on {cuda.name}; an engine runs "
                "only where it was built: set detector.network.weights to the ONNX file"
            )
        context = self._engine.create_execution_context()
        if context is None:
            raise DetectorError(f"{weights.path}: {cuda.name} has too little memory left for it")
        self._io = io_of(trt, self._engine, context)
        types = {trt.DataType.FLOAT: np.float32, trt.DataType.HALF: np.float16}
        if any(kind not in types for kind in self._io.types):
            raise DetectorError(f"{weights.path}: has the types {self._io.types}; allowed: float and half")
        self._out_type = types[self._io.types[1]]
        self._source, self._target = Buffer(cuda), Buffer(cuda)
        self.metadata = metadata
        self.input = _input(self._io.shape, self._io.most, half=types[self._io.types[0]] is np.float16)
        self.info = ModelInfo(
            "tensorrt", weights.path.stem, f"tensorrt {trt.__version__} {cuda.name}", weights.sha256
        )

    def run(self, pictures: NDArray[Any]) -> Array:
        """The answer to float (n, 3, height, width).

        Raises:
            DetectorError: the engine or the GPU failed.
        """
        pictures = np.ascontiguousarray(pictures)
        shape = self._io.prepare(pictures.shape)
        if min(shape) < 0:
            raise DetectorError(
                f"{self._path}: the size of its output depends on the picture; export it without NMS"
            )
        answer = np.empty(shape, self._out_type)
        source, target = self._source.of(pictures), self._target.of(answer)
        self._cuda.upload(source, pictures)
        if not self._io.execute(source, target, self._cuda.stream):
            raise DetectorError(f"{self._path}: TensorRT failed; its reason is above")
        self._cuda.download(answer, target)
        self._cuda.wait()
        return answer.astype(np.float32)


def _input(shape: tuple[int, ...], most: tuple[int, ...], *, half: bool) -> Input:
    if len(shape) != 4:
        raise DetectorError(f"the engine's input is {shape}; allowed: (batch, 3, height, width)")
    batch = None if shape[0] == -1 else shape[0]
    return Input(batch, most[0], most[3], most[2], half)


def compare(
    reference: Network, network: Network, head: Head, input_px: tuple[int, int], most: int
) -> Tolerance:
    """The largest differences between two networks' answers to the same pictures, two of them or a fixed batch."""
    batch = reference.input.batch or min(2, most)  # two, so that mixed-up pictures are seen
    pictures = sample_pictures(batch, *input_px)
    kind = np.float16 if reference.input.half else np.float32
    wanted, found = (one.run(pictures.astype(kind)) for one in (reference, network))
    if wanted.shape != found.shape:
        raise DetectorError(f"TensorRT's answer has the shape {found.shape}, onnxruntime's {wanted.shape}")
    if head is Head.YOLO:
        boxes, scores = np.abs(wanted - found)[:, :4], np.abs(wanted - found)[:, 4:]
    else:  # of nearly equal scores either may come first: only what is sorted can be compared
        scores = np.abs(np.sort(wanted[:, :, 4]) - np.sort(found[:, :, 4]))
        boxes = np.zeros(1, np.float32)
    return Tolerance(float(scores.max()), float(boxes.max()) / max(input_px))


def _require(difference: Tolerance, allowed: Tolerance, weights: Weights) -> None:
    text = (
        f"TensorRT and onnxruntime differ by {difference.score:.4f} in score and {difference.box_share:.4f} of the "
        f"input's side in a coordinate (allowed: {allowed.score} and {allowed.box_share})"
    )
    # Not a number is not smaller either.
    if not (difference.score <= allowed.score and difference.box_share <= allowed.box_share):
        raise DetectorError(f"{weights.path}: {text}; set detector.network.precision to 'model', or use onnx")
    _log.info("%s: %s", weights.path, text)
