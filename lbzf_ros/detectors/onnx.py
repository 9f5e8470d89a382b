"""People by a YOLO model in ONNX format, run by onnxruntime (optional: it is imported when this backend is chosen)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.detectors import DetectorSettings, NetworkSettings
from lbzf_ros.core.errors import DetectorError
from lbzf_ros.core.model import ModelInfo
from lbzf_ros.detectors.boxes import Array
from lbzf_ros.detectors.network import Input, NetworkDetector, PeopleModel, shared
from lbzf_ros.detectors.weights import Weights, need, read_weights

_PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
_INPUT_TYPES = {"tensor(float)": False, "tensor(float16)": True}
_ERRORS_ONLY = 3


class OnnxDetector(NetworkDetector):
    """Finds people with an ONNX model, each picture by itself."""

    def __init__(self, settings: DetectorSettings) -> None:
        super().__init__(shared(load, settings.network))


def load(settings: NetworkSettings) -> PeopleModel:
    """Load the model that the settings name.

    Raises:
        DetectorError: file, package or device are missing, or the file is no such model.
    """
    return PeopleModel(OnnxNetwork(read_weights(settings.weights, "onnx", (".onnx",)), settings), settings)


class OnnxNetwork:
    """A session of onnxruntime."""

    def __init__(self, weights: Weights, settings: NetworkSettings) -> None:
        """Make the session.

        Raises:
            DetectorError: see `load`.
        """
        runtime = need("onnxruntime", "onnx")
        self._path = weights.path
        self._session = _session(runtime, weights, settings)
        self._name, self.input = self._only_input()
        self._output = self._session.get_outputs()[0].name
        self.metadata: Mapping[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        framework = f"onnxruntime {runtime.__version__} {settings.provider}"
        self.info = ModelInfo("onnx", weights.path.stem, framework, weights.sha256)

    def _only_input(self) -> tuple[str, Input]:
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        shape = tuple(inputs[0].shape) if inputs else ()
        proper = len(inputs) == 1 and len(outputs) == 1 and len(shape) == 4 and shape[1] == 3
        if not proper or inputs[0].type not in _INPUT_TYPES:
            found = ", ".join(f"{item.name} {item.type} {item.shape}" for item in inputs)
            raise DetectorError(
                f"{self._path}: its inputs are {found or 'none'}, its outputs {len(outputs)}; allowed: one input "
                "(batch, 3, height, width) of float or float16, and one output; export a YOLO detection model"
            )
        batch, _, height, width = (side if isinstance(side, int) else None for side in shape)
        return inputs[0].name, Input(batch, None, width, height, _INPUT_TYPES[inputs[0].type])

    def run(self, pictures: NDArray[Any]) -> Array:
        """The answer to float (n, 3, height, width).

        Raises:
            DetectorError: onnxruntime failed.
        """
        try:
            answer = self._session.run([self._output], {self._name: pictures})[0]
        except Exception as error:  # onnxruntime's errors have no common family
            raise DetectorError(f"{self._path}: onnxruntime failed: {error}") from error
        return np.asarray(answer, np.float32)


def _session(runtime: Any, weights: Weights, settings: NetworkSettings) -> Any:
    provider = _PROVIDERS[settings.provider]
    available = runtime.get_available_providers()
    if provider not in available:
        raise DetectorError(
            f"detector.network.provider is {settings.provider!r}, but this onnxruntime {runtime.__version__} has only "
            f"{', '.join(available)}; install onnxruntime-gpu (on a Jetson NVIDIA's own build) or set it to 'cpu'"
        )
    options = runtime.SessionOptions()
    options.intra_op_num_threads = settings.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # Its threads would otherwise burn a core each while they wait for the next picture.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = runtime.InferenceSession(
            weights.content, options, providers=_with_options(settings, weights)
        )
    except Exception as error:  # onnxruntime's errors have no common family
        raise DetectorError(
            f"{weights.path}: {len(weights.content)} bytes that cannot be loaded as an ONNX model ({error}); is it "
            "whole? Copy or export it again"
        ) from error
    if (
        provider not in session.get_providers()
    ):  # it goes on without a provider that does not start, and only logs
        raise DetectorError(
            f"detector.network.provider is {settings.provider!r}, but it does not start here (no GPU, or CUDA, cuDNN "
            "or TensorRT of another version); see onnxruntime's message above, or set it to 'cpu'"
        )
    session.disable_fallback()
    return session


def _with_options(settings: NetworkSettings, weights: Weights) -> list[Any]:
    """The provider, and those that take what it cannot."""
    cpu, cuda = _PROVIDERS["cpu"], _PROVIDERS["cuda"]
    if settings.provider == "cpu":
        return [cpu]
    if settings.provider == "cuda":
        return [cuda, cpu]
    engines = settings.engine_folder or str(weights.path.parent)
    half = settings.precision == "fp16"
    options = {"trt_engine_cache_enable": True, "trt_engine_cache_path": engines, "trt_fp16_enable": half}
    return [(_PROVIDERS["tensorrt"], options), cuda, cpu]
