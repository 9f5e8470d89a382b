"""TensorRT engines: built here from ONNX, kept in a file, thrown away when they fit no longer.

An engine file of ultralytics begins with the length of a JSON text (4 bytes, little end first) and that text; the plan
follows. Ours are written the same way, with what they were built from in the JSON, under `lbzf`.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lbzf_ros.config.detectors import NetworkSettings
from lbzf_ros.core.errors import DetectorError
from lbzf_ros.disk import write_whole

_log = logging.getLogger(__name__)
_LENGTH_BYTES = 4
_WORKSPACE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an engine depends on: when any of it differs, it is built anew."""

    tensorrt: str
    gpu: str
    weights_sha256: str
    precision: str
    input_px: tuple[int, int]
    batch: int

    def path(self, weights: Path, folder: str) -> Path:
        """Where the engine is kept."""
        width, height = self.input_px
        name = f"{weights.stem}.{width}x{height}.batch{self.batch}.{self.precision}.engine"
        return (Path(folder) if folder else weights.parent) / name

    def as_json(self) -> dict[str, Any]:
        """As it stands in the file."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]  # tuples become lists


def split(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON before a plan (empty: there is none) and the plan."""
    length = int.from_bytes(content[:_LENGTH_BYTES], "little")
    end = _LENGTH_BYTES + length
    if length and end <= len(content) and content[_LENGTH_BYTES : _LENGTH_BYTES + 1] == b"{":
        try:
            header = json.loads(content[_LENGTH_BYTES:end])
        except ValueError:
            return {}, content
        return header, content[end:]
    return {}, content


def join(header: Mapping[str, Any], plan: bytes) -> bytes:
    """A file of both."""
    text = json.dumps(header).encode()
    return len(text).to_bytes(_LENGTH_BYTES, "little") + text + plan


def kept_plan(path: Path, recipe: Recipe) -> bytes | None:
    """The plan in a file if it is whole and was built from the same; None: build it."""
    try:
        header, plan = split(path.read_bytes())
    except OSError:
        return None
    ours = header.get("lbzf", {})
    if ours.get("recipe") != recipe.as_json():
        _log.warning("%s: was built from something else; building it anew, which takes minutes", path)
        return None
    if ours.get("plan_sha256") != hashlib.sha256(plan).hexdigest():
        _log.warning("%s: is damaged; building it anew, which takes minutes", path)
        return None
    return plan


def keep_plan(path: Path, recipe: Recipe, plan: bytes, metadata: Mapping[str, str]) -> None:
    """Write an engine file, whole or not at all; where it cannot be written, the next start builds again."""
    ours = {"recipe": recipe.as_json(), "plan_sha256": hashlib.sha256(plan).hexdigest()}
    try:
        write_whole(path, join({**metadata, "lbzf": ours}, plan))
    except OSError as error:
        _log.error(
            "%s: the engine cannot be kept (%s), so that every start builds it again; set "
            "detector.network.engine_folder to a folder that can be written",
            path,
            error.strerror,
        )


def build(trt: Any, logger: Any, onnx: bytes, recipe: Recipe, settings: NetworkSettings) -> bytes:
    """Build a plan from an ONNX model; takes minutes.

    Raises:
        DetectorError: TensorRT cannot read the model, or cannot build it for this GPU.
    """
    trt.init_libnvinfer_plugins(logger, "")
    builder = trt.Builder(logger)
    # 8.6 must be asked for what 10 does anyway; 11 does not know the flag.
    explicit = getattr(trt.NetworkDefinitionCreationFlag, "EXPLICIT_BATCH", None)
    network = builder.create_network(0 if explicit is None else 1 << int(explicit))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(onnx):
        reasons = "; ".join(parser.get_error(i).desc() for i in range(parser.num_errors))
        raise DetectorError(
            f"{settings.weights}: TensorRT {recipe.tensorrt} cannot read the model: {reasons}"
        )
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, _WORKSPACE_BYTES)
    if recipe.precision == "fp16":
        _allow_half(trt, config, recipe)
    entry = network.get_input(0)
    if -1 in tuple(entry.shape):
        profile = builder.create_optimization_profile()
        profile.set_shape(
            entry.name, *(_shape(tuple(entry.shape), recipe, batch) for batch in _batches(recipe))
        )
        config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise DetectorError(
            f"{settings.weights}: TensorRT {recipe.tensorrt} cannot build an engine for {recipe.gpu}; "
            "its reason is above"
        )
    return bytes(plan)


def _batches(recipe: Recipe) -> tuple[int, int, int]:
    """Smallest, most usual and largest number of pictures."""
    return 1, recipe.batch, recipe.batch


def _shape(shape: tuple[int, ...], recipe: Recipe, batch: int) -> tuple[int, ...]:
    width, height = recipe.input_px
    wanted = (batch, 3, height, width)
    return tuple(want if side == -1 else side for side, want in zip(shape, wanted, strict=True))


def _allow_half(trt: Any, config: Any, recipe: Recipe) -> None:
    flag = getattr(trt.BuilderFlag, "FP16", None)
    if flag is None:
        raise DetectorError(
            f"detector.network.precision is 'fp16', but TensorRT {recipe.tensorrt} takes the precision from the ONNX "
            "file; export the model in half precision and set it to 'model'"
        )
    config.set_flag(flag)
