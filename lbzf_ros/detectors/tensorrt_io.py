"""The two ways to give an engine its memory: bindings by index (TensorRT 8), tensors by name (10 and later)."""

from __future__ import annotations

from typing import Any, Protocol

from lbzf_ros.core.errors import DetectorError

Shape = tuple[int, ...]


class EngineIo(Protocol):
    """An engine with one input and one output.

    Attributes:
        shape: of the input, -1 where it may vary.
        most: the largest it may be.
        types: TensorRT's types of input and output.
    """

    shape: Shape
    most: Shape
    types: tuple[Any, Any]

    def prepare(self, shape: Shape) -> Shape:
        """Say how large the next input is; gives the output's shape."""
        ...

    def execute(self, source: int, target: int, stream: int) -> bool:
        """Begin to run, from one address to the other; False: it could not."""
        ...


def io_of(trt: Any, engine: Any, context: Any) -> EngineIo:
    """The way that this TensorRT has.

    Raises:
        DetectorError: the engine has not one input and one output.
    """
    return ByIndex(engine, context) if hasattr(engine, "num_bindings") else ByName(trt, engine, context)


class ByIndex:
    """Bindings by index, gone since TensorRT 10."""

    def __init__(self, engine: Any, context: Any) -> None:
        self._context = context
        every = range(engine.num_bindings)
        inputs = [i for i in every if engine.binding_is_input(i)]
        self._input, self._output = _one_of_each(inputs, [i for i in every if i not in inputs])
        self.shape: Shape = tuple(engine.get_binding_shape(self._input))
        varies = -1 in self.shape
        self.most: Shape = tuple(engine.get_profile_shape(0, self._input)[2]) if varies else self.shape
        self.types = (engine.get_binding_dtype(self._input), engine.get_binding_dtype(self._output))

    def prepare(self, shape: Shape) -> Shape:
        """See EngineIo."""
        _accepted(self._context.set_binding_shape(self._input, shape), shape)
        return tuple(self._context.get_binding_shape(self._output))

    def execute(self, source: int, target: int, stream: int) -> bool:
        """See EngineIo."""
        addresses = [0, 0]
        addresses[self._input], addresses[self._output] = source, target
        return bool(self._context.execute_async_v2(addresses, stream))


class ByName:
    """Tensors by name, since TensorRT 8.5; the only way since 10."""

    def __init__(self, trt: Any, engine: Any, context: Any) -> None:
        self._context = context
        names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
        inputs = [name for name in names if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT]
        self._input, self._output = _one_of_each(inputs, [name for name in names if name not in inputs])
        self.shape: Shape = tuple(engine.get_tensor_shape(self._input))
        varies = -1 in self.shape
        self.most: Shape = tuple(engine.get_tensor_profile_shape(self._input, 0)[2]) if varies else self.shape
        self.types = (engine.get_tensor_dtype(self._input), engine.get_tensor_dtype(self._output))

    def prepare(self, shape: Shape) -> Shape:
        """See EngineIo."""
        _accepted(self._context.set_input_shape(self._input, shape), shape)
        return tuple(self._context.get_tensor_shape(self._output))

    def execute(self, source: int, target: int, stream: int) -> bool:
        """See EngineIo."""
        self._context.set_tensor_address(self._input, source)
        self._context.set_tensor_address(self._output, target)
        return bool(self._context.execute_async_v3(stream))


def _one_of_each(inputs: list[Any], outputs: list[Any]) -> tuple[Any, Any]:
    if len(inputs) != 1 or len(outputs) != 1:
        raise DetectorError(
            f"the engine has {len(inputs)} inputs and {len(outputs)} outputs; allowed: one of each, as of a YOLO "
            "detection model"
        )
    return inputs[0], outputs[0]


def _accepted(answer: bool, shape: Shape) -> None:
    if not answer:
        raise DetectorError(f"the engine does not take an input of {shape}; build it anew from the ONNX file")
