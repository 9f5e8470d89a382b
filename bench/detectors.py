"""Milliseconds a frame of the backends, at 1, 4 and 8 at once, and how far those with a model are from onnx on the CPU.

    python -m bench.detectors [--weights MODEL.onnx] [--rounds 50] [--cpu-rounds 5]

Without a model it makes one of YOLOv8n's shape and work (8 GFLOP at 640x640) with random weights. What this machine
lacks (a GPU, TensorRT) is said in the result. An engine is built anew, beside the model, the first time (minutes).
Backends without a model see somebody who walks through a drawn room, at 5 pictures a second; with several cameras each
has a detector of its own.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench import report
from lbzf_ros.config.detectors import DetectorSettings, NetworkSettings
from lbzf_ros.core.errors import DetectorError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.detectors import onnx, tensorrt
from lbzf_ros.detectors.base import create, detect_together
from lbzf_ros.detectors.network import PeopleModel
from test.detectors.drawing import noisy, person, room
from test.detectors.tiny_yolo import Graph, Shape

BATCHES = (1, 4, 8)
PICTURE_PX = (640, 480)
WITHOUT_MODEL = ("hog_background", "background", "hog")
_VISIT = 40  # pictures
_CHANNELS, _REPEATS = (16, 32, 64, 128, 256), (0, 2, 4, 4, 3)
_CLASSES = 80
WAYS: dict[str, dict[str, str]] = {
    "onnx cpu": {"provider": "cpu"},
    "onnx cuda": {"provider": "cuda"},
    "onnx tensorrt": {"provider": "tensorrt"},
    "tensorrt as the model": {"precision": "model"},
    "tensorrt fp16": {"precision": "fp16"},
}


def yolo_shaped(path: Path) -> Path:
    """Write a model with the levels, outputs and about the work of YOLOv8n; its weights are random."""
    graph, rng = Graph(), np.random.default_rng(1)

    def convolve(source: str, inputs: int, outputs: int, side: int, stride: int, *, gain: float = 1.6) -> str:
        kernel = rng.normal(0, gain / np.sqrt(inputs * side * side), (outputs, inputs, side, side))
        pads, strides = [side // 2] * 4, [stride] * 2
        return graph.add(
            "Conv", source, graph.constant(kernel), kernel_shape=[side] * 2, pads=pads, strides=strides
        )

    def active(maps: str) -> str:
        return graph.add("Mul", maps, graph.add("Sigmoid", maps))

    maps, channels, levels = graph.add("Cast", "images", to=1), 3, []
    for level, (wanted, repeats) in enumerate(zip(_CHANNELS, _REPEATS, strict=True)):
        maps, channels = active(convolve(maps, channels, wanted, 3, 2)), wanted
        for _ in range(repeats):
            maps = active(convolve(maps, channels, channels, 3, 1))
        if level >= 2:
            levels.append(
                _head(graph, convolve, active(convolve(maps, channels, 64, 3, 1)), 2 ** (level + 1))
            )
    return graph.save(path, graph.add("Concat", *levels, axis=2), Shape(None, 640, 640))


def _head(graph: Graph, convolve: Any, features: str, stride: int) -> str:
    maps = convolve(features, 64, 4 + _CLASSES, 1, 1)
    offset = graph.add("Tanh", graph.part(maps, 0, 2))
    centre = graph.add("Mul", graph.add("Add", graph.grid(maps), offset), graph.constant(float(stride)))
    share = graph.add("Sigmoid", graph.part(maps, 2, 4))
    size = graph.add("Mul", share, graph.constant(8.0 * stride))
    logits = graph.add("Sub", graph.part(maps, 4, 4 + _CLASSES), graph.constant(4.0))
    return graph.flat(graph.add("Concat", centre, size, graph.add("Sigmoid", logits), axis=1))


def main() -> None:
    """Measure every way that this machine has."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--cpu-rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        weights = arguments.weights or yolo_shaped(Path(folder) / "yolo_shaped.onnx")
        rounds = {"onnx cpu": arguments.cpu_rounds}
        figures = {name: _measure(name, weights, rounds.get(name, arguments.rounds)) for name in WAYS}
    what = f"{weights.name}, pictures of {PICTURE_PX[0]}x{PICTURE_PX[1]}: fitting in, model and suppression together"
    own = {name: {f"batch {count}": _visit(name, count) for count in BATCHES} for name in WITHOUT_MODEL}
    others = round(os.getloadavg()[1] - 1, 1)  # in the last five minutes; this is one itself
    figures_of_all = {"what": what, "other_load": others, "ways": figures, "without_model_ms_a_frame": own}
    report.write("detectors", figures_of_all)


def _visit(name: str, cameras: int) -> dict[str, float]:
    """Milliseconds a frame of so many cameras, each with somebody who walks through; without the first second."""
    empty = room(*PICTURE_PX)
    steps = [empty if i < 10 else person(empty, 16 * (i - 10) + 40) for i in range(_VISIT)]
    pictures = [noisy(step, i) for i, step in enumerate(steps)]
    detectors = [create(DetectorSettings(backend=name)) for _ in range(cameras)]
    times_ms = []
    for i, picture in enumerate(pictures):
        began_s = time.perf_counter()
        detect_together([(detector, picture, i * NS_PER_S // 5) for detector in detectors])
        times_ms.append((time.perf_counter() - began_s) * 1000 / cameras)
    return report.spread(times_ms[5:])


def _measure(name: str, weights: Path, rounds: int) -> dict[str, Any]:
    settings = NetworkSettings.model_validate({"weights": str(weights), "batch": max(BATCHES), **WAYS[name]})
    load = tensorrt.load if name.startswith("tensorrt") else onnx.load
    began_s = time.perf_counter()
    try:
        model = load(settings)
    except DetectorError as error:
        return {"not_here": str(error)}
    loaded_s = time.perf_counter() - began_s
    return {
        "framework": model.info.framework,
        "load_s": round(loaded_s, 1),
        "difference_from_onnx_cpu": _difference(model, settings),
        "ms_a_frame": {f"batch {count}": report.spread(_times(model, count, rounds)) for count in BATCHES},
    }


def _difference(model: PeopleModel, settings: NetworkSettings) -> dict[str, float]:
    reference = onnx.load(settings.model_copy(update={"provider": "cpu"}))
    entry = reference.network.input
    size = (entry.width_px or settings.input_px[0], entry.height_px or settings.input_px[1])
    found = tensorrt.compare(reference.network, model.network, model.head, size, settings.batch)
    return {"score": round(found.score, 6), "box_px": round(found.box_share * max(size), 4)}


def _times(model: PeopleModel, count: int, rounds: int) -> list[float]:
    """Milliseconds a frame of each round, after two that do not count."""
    rng = np.random.default_rng(count)
    width, height = PICTURE_PX
    pictures = [rng.integers(0, 256, (height, width, 3), np.uint8) for _ in range(count)]
    times_ms = []
    for _ in range(rounds + 2):
        began_s = time.perf_counter()
        model.find(pictures)
        times_ms.append((time.perf_counter() - began_s) * 1000 / count)
    return times_ms[2:]


if __name__ == "__main__":
    main()
