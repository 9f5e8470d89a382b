"""The tensorrt backend with a stand-in for TensorRT and GPU (see `tensorrt_stand_in`): the real ones need a GPU.

`bench/detectors.py` runs the real thing where it is there.
"""

from __future__ import annotations

import ctypes
import json
import logging
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import lbzf_ros.detectors.tensorrt as backend
from lbzf_ros.config.detectors import DetectorSettings, NetworkSettings
from lbzf_ros.core.errors import DetectorError
from lbzf_ros.detectors import onnx
from lbzf_ros.detectors.base import create
from lbzf_ros.detectors.cuda import Cuda
from lbzf_ros.detectors.tensorrt_engine import join, split
from test.detectors import tensorrt_stand_in as stand_in
from test.detectors.test_onnx import FEW, SIDE, assert_same, picture
from test.detectors.tiny_yolo import Shape, Weights, random_yolo, replies

VERSIONS = ["8.6.1", "10.3.0", "11.4.0"]


def install(monkeypatch: pytest.MonkeyPatch, version: str, **changes: Any) -> ModuleType:
    """Put the stand-in where TensorRT and the GPU would be."""
    trt = stand_in.module(version, **changes)
    monkeypatch.setitem(sys.modules, "tensorrt", trt)
    monkeypatch.setattr(backend, "Cuda", stand_in.Gpu)
    return trt


def settings(path: Path, **changes: Any) -> NetworkSettings:
    return NetworkSettings.model_validate(
        {"weights": str(path), "input_px": (SIDE, SIDE), "batch": 4, **changes}
    )


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return random_yolo(
        tmp_path / "tiny.onnx", Weights.random(2, FEW), metadata={"task": "detect", "stride": "32"}
    )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "shape", [Shape(), Shape(2, SIDE, SIDE), Shape(half=True)], ids=["free", "fixed", "half"]
)
def test_it_finds_what_onnx_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, shape: Shape
) -> None:
    install(monkeypatch, version)
    path = random_yolo(tmp_path / "tiny.onnx", Weights.random(2, FEW), shape)
    # TensorRT's input has one size; the ONNX model is asked with the same.
    fixed = random_yolo(tmp_path / "fixed.onnx", Weights.random(2, FEW), Shape(1, SIDE, SIDE, shape.half))
    model, reference = backend.load(settings(path)), onnx.load(settings(fixed))
    images = [picture(640, 480, i) if i % 2 else picture(97, 131, i) for i in range(7)]
    for image, found in zip(images, model.find(images), strict=True):
        assert_same(found, reference.find([image])[0], 1e-3)
    assert model.info.name == "tensorrt"
    assert model.info.framework == f"tensorrt {version} Stand-in GPU"
    assert model.info.version == "tiny"
    assert len(model.info.weights_hash) == 64


def test_an_engine_is_built_once(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trt = install(monkeypatch, "10.3.0")
    backend.load(settings(weights))
    backend.load(settings(weights))
    assert len(trt.built) == 1
    (engine,) = weights.parent.glob("*.engine")
    header, plan = split(engine.read_bytes())
    assert plan.startswith(stand_in.MAGIC)
    assert (header["task"], header["stride"]) == ("detect", "32")  # as ultralytics writes and wants them
    assert header["lbzf"]["recipe"]["gpu"] == "Stand-in GPU"


def other_weights(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random_yolo(path, Weights.random(2, FEW, seed=6))


def other_tensorrt(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "10.3.1")


def other_gpu(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stand_in.Gpu, "name", "Other GPU")


def damage(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (engine,) = path.parent.glob("*.engine")
    content = bytearray(engine.read_bytes())
    content[-5] ^= 1
    engine.write_bytes(content)


def cut(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (engine,) = path.parent.glob("*.engine")
    engine.write_bytes(engine.read_bytes()[:900])


@pytest.mark.parametrize("change", [other_weights, other_tensorrt, other_gpu, damage, cut])
def test_an_engine_that_fits_no_longer_is_built_anew(
    weights: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, change: Any
) -> None:
    install(monkeypatch, "10.3.0")
    backend.load(settings(weights))
    before = next(weights.parent.glob("*.engine")).read_bytes()
    change(weights, monkeypatch)
    model = backend.load(settings(weights))
    assert "building it anew" in caplog.text
    (engine,) = weights.parent.glob("*.engine")
    assert (engine.read_bytes() == before) is (change in (damage, cut))
    assert len(model.find([picture(640, 480)])[0]) > 3


def test_a_folder_that_cannot_be_written_is_said_and_does_no_harm(
    weights: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    install(monkeypatch, "10.3.0")
    blocked = weights.parent / "file"
    blocked.write_text("a file, no folder")
    model = backend.load(settings(weights, engine_folder=str(blocked)))
    assert "cannot be kept" in caplog.text
    assert len(model.find([picture(640, 480)])[0]) > 3


@pytest.mark.parametrize("error", [0.02, float("nan")])
def test_an_engine_that_gives_something_else_is_refused(
    weights: Path, monkeypatch: pytest.MonkeyPatch, error: float
) -> None:
    install(monkeypatch, "10.3.0", error=error)
    with pytest.raises(DetectorError, match=r"differ by|allowed: 0 to 1"):
        backend.load(settings(weights))


def test_a_small_difference_is_allowed(
    weights: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    install(monkeypatch, "10.3.0", error=0.0005)
    backend.load(settings(weights))
    assert "differ by 0.0005 in score" in caplog.text


def test_an_end_to_end_engine_is_compared_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.zeros((30, 6), np.float32)
    rows[:2] = [[40, 20, 80, 100, 0.8, 0], [42, 20, 82, 100, 0.7, 0]]
    path = replies(tmp_path / "e2e.onnx", rows)
    install(monkeypatch, "10.3.0")
    assert len(backend.load(settings(path)).find([picture(320, 240)])[0]) == 2
    install(monkeypatch, "10.3.2", error=0.1)
    with pytest.raises(DetectorError, match=r"differ by 0\.1"):
        backend.load(settings(path))


@pytest.mark.parametrize("header", [None, {"task": "detect", "stride": 32, "names": {"0": "person"}}])
def test_an_engine_file_of_ultralytics_is_read(
    weights: Path, monkeypatch: pytest.MonkeyPatch, header: dict[str, Any] | None
) -> None:
    install(monkeypatch, "8.6.1")
    backend.load(settings(weights))
    (kept,) = weights.parent.glob("*.engine")
    _, plan = split(kept.read_bytes())
    path = weights.parent / "own.engine"
    path.write_bytes(join(header, plan) if header else plan)
    assert split(path.read_bytes()) == (header or {}, plan)
    found = backend.load(settings(path)).find([picture(640, 480)])[0]
    assert_same(found, backend.load(settings(weights)).find([picture(640, 480)])[0], 1e-3)


def test_an_engine_of_another_tensorrt_is_refused(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "8.6.1")
    backend.load(settings(weights))
    (kept,) = weights.parent.glob("*.engine")
    path = kept.rename(weights.parent / "old.engine")
    install(monkeypatch, "10.3.0")
    with pytest.raises(
        DetectorError, match=r"no engine for TensorRT 10\.3\.0 on Stand-in GPU; .* to the ONNX file"
    ):
        backend.load(settings(path))


def test_half_precision_is_asked_for_where_it_can_be(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "10.3.0")
    backend.load(settings(weights, precision="fp16"))
    install(monkeypatch, "11.4.0")
    with pytest.raises(DetectorError, match=r"TensorRT 11\.4\.0 takes the precision from the ONNX file"):
        backend.load(settings(weights, precision="fp16"))


def test_a_missing_package_is_said(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(DetectorError, match=r"needs the package tensorrt, .*pip install 'lbzf\[tensorrt\]'"):
        create(DetectorSettings(backend="tensorrt", network=settings(weights)))


def test_a_missing_gpu_is_said(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        pass
    else:
        pytest.skip("this machine has the NVIDIA driver")
    monkeypatch.setitem(sys.modules, "tensorrt", stand_in.module("10.3.0"))
    with pytest.raises(
        DetectorError, match=r"no GPU here: the NVIDIA driver's libcuda\.so\.1 cannot be loaded"
    ):
        create(DetectorSettings(backend="tensorrt", network=settings(weights)))


class NoDevice:
    """A driver without a GPU: what the real one answers then."""

    def cuInit(self, flags: object) -> int:  # noqa: N802  # the driver's name
        return 100

    def cuGetErrorString(self, status: object, text: Any) -> int:  # noqa: N802
        text._obj.value = b"no CUDA-capable device is detected"
        return 0


def test_a_driver_without_a_gpu_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: NoDevice())
    with pytest.raises(
        DetectorError, match=r"cuInit: no CUDA-capable device is detected \(100\); nvidia-smi"
    ):
        Cuda()


def test_a_plan_without_a_header_stays_as_it_is() -> None:
    for content in (b"", b"ftrt", b"ftrt" + bytes(100), (5).to_bytes(4, "little") + b"{nojs" + b"plan"):
        assert split(content) == ({}, content)
    assert split(join({"a": 1}, b"plan")) == ({"a": 1}, b"plan")
    assert json.dumps({"a": 1}).encode() in join({"a": 1}, b"")
