"""YOLO-shaped ONNX models, small enough to be made by the tests that use them, and what they must answer.

`random_yolo` has three levels (strides 8, 16, 32) of one random convolution each; `answer` computes in float64, without
onnxruntime, what it gives. `figure_yolo` has weights set by hand: it finds dark upright figures before a bright wall.
`replies` ignores the picture and gives what it is told to.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[np.float64]
STRIDES = (8, 16, 32)
SIDE_STRIDES = 6.0  # largest side of a box, in strides
TILT = np.array([0.0103, 0.0171], np.float32)  # of scores, by cell: no two cells of an even area are equal
_OPSET = 17
_IR_VERSION = 8  # what onnxruntime of the last years reads


@dataclass(frozen=True)
class Shape:
    """The input of a model; None: any."""

    batch: int | None = None
    height: int | None = None
    width: int | None = None
    half: bool = False


@dataclass(frozen=True)
class Weights:
    """Of `random_yolo`: a convolution (4 + classes, 3, stride, stride) and an offset (4 + classes,) a level."""

    kernels: tuple[NDArray[np.float32], ...]
    offsets: tuple[NDArray[np.float32], ...]

    @classmethod
    def random(cls, classes: int, score_offset: float, seed: int = 5) -> Weights:
        """Weights whose scores lie around sigmoid(score_offset)."""
        rng = np.random.default_rng(seed)
        kernels, offsets = [], []
        for stride in STRIDES:
            kernel = rng.normal(0, 4 / stride, (4 + classes, 3, stride, stride))
            kernel[:4] *= 0.2  # boxes are multiplied by strides later, and float32's rounding with them
            kernels.append(kernel.astype(np.float32))
            offset = rng.normal(0, 0.5, 4 + classes)
            offset[4:] += score_offset
            offsets.append(offset.astype(np.float32))
        return cls(tuple(kernels), tuple(offsets))


class Graph:
    """Nodes and constants of a model that is being made."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: object, kind: type[np.generic] = np.float32) -> str:
        """The name of a new constant."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """The name of a new node's output."""
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def part(self, tensor: str, start: int, end: int) -> str:
        """Channels of (batch, channels, height, width)."""
        bounds = [self.constant([value], np.int64) for value in (start, end, 1)]
        return self.add("Slice", tensor, *bounds)

    def grid(self, like: str) -> str:
        """The middle of each cell, in cells: (batch, 2, height, width), x first."""
        one = self.add("Add", self.add("Mul", self.part(like, 0, 1), self.constant(0.0)), self.constant(1.0))
        both = [self.add("CumSum", one, self.constant(axis, np.int64)) for axis in (3, 2)]
        return self.add("Sub", self.add("Concat", *both, axis=1), self.constant(0.5))

    def flat(self, maps: str) -> str:
        """(batch, channels, height, width) as (batch, channels, cells)."""
        return self.add("Reshape", maps, self.constant([0, 0, -1], np.int64))

    def save(
        self,
        path: Path,
        output: str,
        shape: Shape,
        metadata: dict[str, str] | None = None,
        inputs: tuple[str, ...] = ("images",),
    ) -> Path:
        """Write the model; `output` is the name of what it gives."""
        kind = TensorProto.FLOAT16 if shape.half else TensorProto.FLOAT
        sides = [shape.batch or "batch", 3, shape.height or "height", shape.width or "width"]
        named = self.add("Cast", output, to=kind) if shape.half else self.add("Identity", output)
        graph = helper.make_graph(
            self.nodes,
            "tiny",
            [helper.make_tensor_value_info(name, kind, sides) for name in inputs],
            [helper.make_tensor_value_info(named, kind, None)],
            self.constants,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
        )
        helper.set_model_props(model, metadata or {})
        onnx.save(model, str(path))
        return path


def random_yolo(
    path: Path, weights: Weights, shape: Shape | None = None, metadata: dict[str, str] | None = None
) -> Path:
    """Write a model of three levels."""
    shape, graph = shape or Shape(), Graph()
    pictures = graph.add("Cast", "images", to=TensorProto.FLOAT)
    levels = []
    for stride, kernel, offset in zip(STRIDES, weights.kernels, weights.offsets, strict=True):
        maps = graph.add(
            "Conv",
            pictures,
            graph.constant(kernel),
            graph.constant(offset),
            kernel_shape=[stride, stride],
            strides=[stride, stride],
        )
        moved = graph.add("Add", graph.grid(maps), graph.add("Tanh", graph.part(maps, 0, 2)))
        centre = graph.add("Mul", moved, graph.constant(float(stride)))
        share = graph.add("Sigmoid", graph.part(maps, 2, 4))
        size = graph.add("Mul", share, graph.constant(SIDE_STRIDES * stride))
        place = graph.add("Conv", graph.grid(maps), graph.constant(TILT.reshape(1, 2, 1, 1)))
        scores = graph.add("Sigmoid", graph.add("Add", graph.part(maps, 4, len(offset)), place))
        levels.append(graph.flat(graph.add("Concat", centre, size, scores, axis=1)))
    return graph.save(path, graph.add("Concat", *levels, axis=2), shape, metadata)


def answer(picture: Array, weights: Weights) -> Array:
    """What `random_yolo` gives for one input (3, height, width): (4 + classes, anchors), in float64."""
    levels = []
    for stride, kernel, offset in zip(STRIDES, weights.kernels, weights.offsets, strict=True):
        _, height, width = picture.shape
        patches = picture.reshape(3, height // stride, stride, width // stride, stride)
        maps = np.einsum("cyaxb,ocab->oyx", patches, kernel.astype(np.float64)) + offset[:, None, None]
        rows, columns = np.mgrid[: height // stride, : width // stride] + 0.5
        centre = (np.stack([columns, rows]) + np.tanh(maps[:2])) * stride
        size = SIDE_STRIDES * stride / (1 + np.exp(-maps[2:4]))
        place = np.tensordot(TILT.astype(np.float64), np.stack([columns, rows]), 1)
        scores = 1 / (1 + np.exp(-maps[4:] - place))
        levels.append(np.concatenate([centre, size, scores]).reshape(len(maps), -1))
    return np.concatenate(levels, axis=1)


FIGURE_PX = (24, 65)
"""Size of the figures that `figure_yolo` finds, in its input."""
FIGURE_INPUT_PX = (160, 160)
_FIGURE_STRIDE = 4


def figure_yolo(path: Path, shape: Shape | None = None) -> Path:
    """Write a model that finds what is dark in its red channel, 24x65 px large, with something bright on both sides."""
    graph = Graph()
    pictures = graph.add("Cast", "images", to=TensorProto.FLOAT)
    brightness = graph.part(pictures, 0, 1)
    dark = graph.add("Div", graph.add("Sub", graph.constant(0.36), brightness), graph.constant(0.16))
    dark = graph.add("Clip", dark, graph.constant(0.0), graph.constant(1.0))
    kernel = np.zeros((1, 1, 48, 44), np.float32)
    kernel[..., 15:29] = 1 / (48 * 14)  # the body
    kernel[..., :8] = kernel[..., -8:] = -1 / (48 * 16)  # what is beside it
    maps = graph.add(
        "Conv",
        dark,
        graph.constant(kernel),
        kernel_shape=[48, 44],
        strides=[_FIGURE_STRIDE] * 2,
        pads=[22, 20, 22, 20],
    )
    score = graph.add(
        "Sigmoid", graph.add("Mul", graph.add("Sub", maps, graph.constant(0.68)), graph.constant(40.0))
    )
    centre = graph.add("Mul", graph.grid(maps), graph.constant(float(_FIGURE_STRIDE)))
    still = graph.add("Mul", graph.grid(maps), graph.constant(0.0))
    size = graph.add("Add", still, graph.constant(np.reshape(FIGURE_PX, (1, 2, 1, 1))))
    nobody = graph.add("Mul", score, graph.constant(0.1))
    return graph.save(
        path, graph.flat(graph.add("Concat", centre, size, score, nobody, axis=1)), shape or Shape()
    )


def replies(path: Path, told: NDArray[np.float32], shape: Shape | None = None, **metadata: str) -> Path:
    """Write a model whose answer to every picture is `told` (rows, columns)."""
    graph = Graph()
    pictures = graph.add("Cast", "images", to=TensorProto.FLOAT)
    # (batch, 1, 1) of zeros: the answer has the batch of the pictures
    mean = graph.add("ReduceMean", pictures, axes=[1, 2, 3], keepdims=1)
    zero = graph.add(
        "Mul", graph.add("Reshape", mean, graph.constant([-1, 1, 1], np.int64)), graph.constant(0.0)
    )
    return graph.save(
        path, graph.add("Add", zero, graph.constant(told[None])), shape or Shape(), dict(metadata)
    )
