"""A stand-in for TensorRT and the GPU, for machines that have neither.

It has the names and calls of the real bindings (looked up in the wheels of 8.6.1 and 11.4.0), but an "engine" is the
ONNX file in a wrapper, run by onnxruntime, and "GPU memory" is ordinary memory. So the tests that use it show that
building, keeping, loading, comparing and the two ways of binding work together; not that TensorRT does
what they expect.
"""

from __future__ import annotations

import ctypes
import json
from enum import IntEnum
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

MAGIC = b"ftrt"
_TYPES = {"tensor(float)": 0, "tensor(float16)": 1}


class Gpu:
    """In place of `lbzf_ros.detectors.cuda.Cuda`."""

    name = "Stand-in GPU"
    stream = 7

    def __init__(self) -> None:
        self.memory: dict[int, Any] = {}

    def allocate(self, size_bytes: int) -> int:
        block = ctypes.create_string_buffer(size_bytes)
        address = ctypes.addressof(block)
        self.memory[address] = block
        return address

    def free(self, address: int) -> None:
        del self.memory[address]

    def upload(self, address: int, array: NDArray[Any]) -> None:
        ctypes.memmove(address, array.ctypes.data, array.nbytes)

    def download(self, array: NDArray[Any], address: int) -> None:
        ctypes.memmove(array.ctypes.data, address, array.nbytes)

    def wait(self) -> None:
        pass


class DataType(IntEnum):
    FLOAT = 0
    HALF = 1


class _Flags8(IntEnum):
    EXPLICIT_BATCH = 0


class _Flags11(IntEnum):
    STRONGLY_TYPED = 1


class _Half(IntEnum):
    FP16 = 3


class _NoHalf(IntEnum):
    REFIT = 2


class TensorIOMode(IntEnum):
    NONE = 0
    INPUT = 1
    OUTPUT = 2


class _Logger:
    WARNING = 1

    def __init__(self, level: int) -> None:
        self.level = level


class _Plan:
    """What a stand-in engine file says."""

    def __init__(self, version: str, gpu: str, most: list[int], onnx: bytes, error: float) -> None:
        self.version, self.gpu, self.most, self.onnx, self.error = version, gpu, most, onnx, error

    def pack(self) -> bytes:
        head = json.dumps([self.version, self.gpu, self.most, self.error]).encode()
        return MAGIC + len(head).to_bytes(4, "little") + head + self.onnx

    @classmethod
    def unpack(cls, content: bytes) -> _Plan | None:
        if content[:4] != MAGIC:
            return None
        end = 8 + int.from_bytes(content[4:8], "little")
        version, gpu, most, error = json.loads(content[8:end])
        return cls(version, gpu, most, content[end:], error)


class _Context:
    def __init__(self, engine: _Engine) -> None:
        self._engine = engine
        self._shape: tuple[int, ...] = ()
        self._addresses: dict[str, int] = {}

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        assert name == self._engine.names[0]
        self._shape = tuple(shape)
        return all(side <= most for side, most in zip(shape, self._engine.most, strict=True))

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        assert name == self._engine.names[1]
        return self._engine.run(np.zeros(self._shape, self._engine.kind)).shape

    def set_tensor_address(self, name: str, address: int) -> None:
        self._addresses[name] = address

    def execute_async_v3(self, stream: int) -> bool:
        assert stream == Gpu.stream
        source, target = (self._addresses[name] for name in self._engine.names)
        return self._execute(source, target)

    def set_binding_shape(self, index: int, shape: tuple[int, ...]) -> bool:
        return self.set_input_shape(self._engine.names[index], shape)

    def get_binding_shape(self, index: int) -> tuple[int, ...]:
        return self.get_tensor_shape(self._engine.names[index])

    def execute_async_v2(self, bindings: list[int], stream_handle: int) -> bool:
        assert stream_handle == Gpu.stream
        return self._execute(*bindings)

    def _execute(self, source: int, target: int) -> bool:
        pictures = np.empty(self._shape, self._engine.kind)
        ctypes.memmove(pictures.ctypes.data, source, pictures.nbytes)
        answer = np.ascontiguousarray(self._engine.run(pictures))
        ctypes.memmove(target, answer.ctypes.data, answer.nbytes)
        return True


class _Engine:
    """The part that all versions have."""

    def __init__(self, plan: _Plan) -> None:
        self._session = onnxruntime.InferenceSession(plan.onnx, providers=["CPUExecutionProvider"])
        entry = self._session.get_inputs()[0]
        self.names = [entry.name, self._session.get_outputs()[0].name]
        self.shape = tuple(side if isinstance(side, int) else -1 for side in entry.shape)
        self.most = plan.most
        self.type = DataType(_TYPES[entry.type])
        self.kind = np.float16 if self.type is DataType.HALF else np.float32
        self._error = plan.error

    def run(self, pictures: NDArray[Any]) -> NDArray[Any]:
        answer = self._session.run([self.names[1]], {self.names[0]: pictures})[0]
        return np.asarray(answer + np.asarray(self._error, answer.dtype))

    def create_execution_context(self) -> _Context:
        return _Context(self)


class _EngineByName(_Engine):
    num_io_tensors = 2

    def get_tensor_name(self, index: int) -> str:
        return str(self.names[index])

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return TensorIOMode.INPUT if name == self.names[0] else TensorIOMode.OUTPUT

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self.shape if name == self.names[0] else (-1, -1, -1)

    def get_tensor_profile_shape(self, name: str, profile_index: int) -> list[tuple[int, ...]]:
        assert (name, profile_index) == (self.names[0], 0)
        return [(1, *self.most[1:]), tuple(self.most), tuple(self.most)]

    def get_tensor_dtype(self, name: str) -> DataType:
        assert name in self.names
        return self.type


class _Engine8(_EngineByName):
    """8.6 has both ways."""

    num_bindings = 2

    def binding_is_input(self, index: int) -> bool:
        return index == 0

    def get_binding_shape(self, index: int) -> tuple[int, ...]:
        return self.get_tensor_shape(self.names[index])

    def get_profile_shape(self, profile_index: int, binding: int) -> list[tuple[int, ...]]:
        return self.get_tensor_profile_shape(self.names[binding], profile_index)

    def get_binding_dtype(self, index: int) -> DataType:
        return self.get_tensor_dtype(self.names[index])


class _Tensor:
    def __init__(self, name: str, shape: tuple[int, ...]) -> None:
        self.name, self.shape = name, shape


class _NetworkDefinition:
    onnx = b""

    def get_input(self, index: int) -> _Tensor:
        assert index == 0
        session = onnxruntime.InferenceSession(self.onnx, providers=["CPUExecutionProvider"])
        entry = session.get_inputs()[0]
        return _Tensor(entry.name, tuple(side if isinstance(side, int) else -1 for side in entry.shape))


class _ParserError:
    def desc(self) -> str:
        return "no model"


class _OnnxParser:
    num_errors = 0

    def __init__(self, network: _NetworkDefinition, logger: _Logger) -> None:
        self._network = network

    def parse(self, model: bytes) -> bool:
        self._network.onnx = model
        return True

    def get_error(self, index: int) -> _ParserError:
        return _ParserError()


class _Profile:
    most: list[int]

    def set_shape(self, input: str, min: Any, opt: Any, max: Any) -> None:  # noqa: A002  # the real names
        assert min[0] == 1
        assert len(min) == len(opt) == len(max) == 4
        self.most = list(max)


class _Config:
    def __init__(self) -> None:
        self.flags: list[int] = []
        self.profiles: list[_Profile] = []

    def set_memory_pool_limit(self, pool: int, pool_size: int) -> None:
        assert pool_size > 0

    def set_flag(self, flag: int) -> None:
        self.flags.append(flag)

    def add_optimization_profile(self, profile: _Profile) -> int:
        self.profiles.append(profile)
        return 0


def module(version: str, *, error: float = 0.0) -> ModuleType:
    """A module `tensorrt` of a version; `error` is added to everything that its engines give."""
    major = int(version.split(".", maxsplit=1)[0])
    trt = ModuleType("tensorrt")
    built: list[bytes] = []

    class Builder:
        def __init__(self, logger: _Logger) -> None:
            pass

        def create_network(self, flags: int = 0) -> _NetworkDefinition:
            assert flags == (1 if major < 11 else 0)
            return _NetworkDefinition()

        def create_builder_config(self) -> _Config:
            return _Config()

        def create_optimization_profile(self) -> _Profile:
            return _Profile()

        def build_serialized_network(self, network: _NetworkDefinition, config: _Config) -> bytes:
            most = config.profiles[0].most if config.profiles else list(network.get_input(0).shape)
            built.append(network.onnx)
            return _Plan(version, Gpu.name, most, network.onnx, error).pack()

    class Runtime:
        def __init__(self, logger: _Logger) -> None:
            pass

        def deserialize_cuda_engine(self, serialized_engine: bytes) -> _Engine | None:
            plan = _Plan.unpack(serialized_engine)
            if plan is None or (plan.version, plan.gpu) != (version, Gpu.name):
                return None
            return _Engine8(plan) if major < 10 else _EngineByName(plan)

    names: dict[str, object] = {
        "__version__": version,
        "built": built,
        "Logger": _Logger,
        "Builder": Builder,
        "Runtime": Runtime,
        "OnnxParser": _OnnxParser,
        "DataType": DataType,
        "TensorIOMode": TensorIOMode,
        "MemoryPoolType": IntEnum("MemoryPoolType", ["WORKSPACE"]),
        "NetworkDefinitionCreationFlag": _Flags8 if major < 11 else _Flags11,
        "BuilderFlag": _Half if major < 11 else _NoHalf,
        "init_libnvinfer_plugins": lambda logger, namespace: True,
    }
    for name, value in names.items():
        setattr(trt, name, value)
    return trt
