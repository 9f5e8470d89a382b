"""The ultralytics backend: with a stand-in for the package, and with the package itself where it is installed.

The package is AGPL-3.0 and brings gigabytes, so it is no dependency of the tests. With it:
`pip install 'lbzf[ultralytics]' && python -m pytest test/detectors/test_ultralytics.py`
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lbzf_ros.config.detectors import DetectorSettings, NetworkSettings
from lbzf_ros.core.errors import DetectorError
from lbzf_ros.core.model import Boxes
from lbzf_ros.detectors.base import create
from lbzf_ros.detectors.onnx import load
from lbzf_ros.detectors.ultralytics import UltralyticsModel


class _Tensor:
    def __init__(self, values: NDArray[Any]) -> None:
        self._values = values

    def cpu(self) -> _Tensor:
        return self

    def numpy(self) -> NDArray[Any]:
        return self._values


class _Yolo:
    """In place of `ultralytics.YOLO`: one box a picture, 10 px inside its border, and one outside."""

    calls: list[dict[str, Any]]

    def __init__(self, model: str, task: str) -> None:
        assert task == "detect"
        if Path(model).read_bytes() != b"good":
            raise RuntimeError("invalid load key")

    def predict(self, source: list[NDArray[np.uint8]], **options: Any) -> list[Any]:
        if options["device"] != "cpu":
            raise ValueError("Invalid CUDA 'device=0' requested")
        self.calls.append({"sizes": [image.shape for image in source], **options})
        return [self._result(image.shape[1], image.shape[0]) for image in source]

    @staticmethod
    def _result(width: int, height: int) -> Any:
        boxes = np.array([[10, 10, width - 10, height - 10], [width + 5, 0, width + 9, 9]], np.float32)
        return SimpleNamespace(boxes=SimpleNamespace(xyxy=_Tensor(boxes), conf=_Tensor(np.array([0.8, 0.6]))))


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> type[_Yolo]:
    """A module `ultralytics` that is a stand-in."""
    module = ModuleType("ultralytics")
    monkeypatch.setattr(_Yolo, "calls", [], raising=False)
    module.YOLO, module.__version__ = _Yolo, "0.stand-in"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ultralytics", module)
    monkeypatch.setattr("os.environ", {})
    return _Yolo


def weights(folder: Path, content: bytes = b"good") -> Path:
    path = folder / "yolo11n.pt"
    path.write_bytes(content)
    return path


def settings(path: Path, **changes: Any) -> DetectorSettings:
    network = {"weights": str(path), "input_px": (320, 256), "batch": 2, **changes}
    return DetectorSettings.model_validate({"backend": "ultralytics", "network": network})


def test_boxes_are_taken_over_and_cut_to_the_picture(tmp_path: Path, package: type[_Yolo]) -> None:
    detector = create(settings(weights(tmp_path)))
    found = detector.detect(np.zeros((480, 640, 3), np.uint8), 1)
    assert found.xyxy.tolist() == [[10, 10, 630, 470]]
    assert found.confidence.tolist() == pytest.approx([0.8])
    assert found.xyxy.dtype == found.confidence.dtype == np.float32
    assert (detector.info.name, detector.info.version) == ("ultralytics", "yolo11n")
    assert detector.info.framework == "ultralytics 0.stand-in cpu"


def test_settings_reach_the_package(tmp_path: Path, package: type[_Yolo]) -> None:
    chosen = settings(weights(tmp_path), confidence=0.4, iou=0.5, max_people=9, person_class=3).network
    UltralyticsModel(chosen)
    (call,) = package.calls
    assert call["imgsz"] == (256, 320)  # height first
    assert (call["conf"], call["iou"], call["max_det"], call["classes"]) == (0.4, 0.5, 9, [3])


def test_only_pictures_of_one_size_go_together(tmp_path: Path, package: type[_Yolo]) -> None:
    model = UltralyticsModel(settings(weights(tmp_path)).network)
    package.calls.clear()
    sizes = [(480, 640), (480, 640), (480, 640), (240, 320), (480, 640)]
    found = model.find([np.zeros((*size, 3), np.uint8) for size in sizes])
    assert [len(call["sizes"]) for call in package.calls] == [2, 1, 1, 1]
    assert [boxes.xyxy[0].tolist() for boxes in found] == [[10, 10, w - 10, h - 10] for h, w in sizes]


@pytest.mark.parametrize(
    ("content", "changes", "text"),
    [
        pytest.param(
            b"cut",
            {},
            r"yolo11n\.pt: ultralytics 0\.stand-in cannot run it on cpu .*invalid load key",
            id="cut",
        ),
        pytest.param(b"good", {"provider": "cuda"}, "cannot run it on cuda .*Invalid CUDA", id="no-gpu"),
        pytest.param(
            b"good", {"provider": "tensorrt"}, "backend ultralytics knows: cpu, cuda", id="no-such-provider"
        ),
        pytest.param(
            b"good", {"weights": "no.pt"}, r"no\.pt: cannot be read", id="missing-is-not-downloaded"
        ),
    ],
)
def test_what_cannot_run_is_said(
    tmp_path: Path, package: type[_Yolo], content: bytes, changes: dict[str, Any], text: str
) -> None:
    with pytest.raises(DetectorError, match=text):
        create(settings(weights(tmp_path, content), **changes))


def test_a_missing_package_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    with pytest.raises(
        DetectorError, match=r"needs the package ultralytics, .*pip install 'lbzf\[ultralytics\]'"
    ):
        create(settings(weights(tmp_path)))


# With the package itself.

SIDE = 320
SIZES = [(640, 480), (321, 241), (768, 432), (1281, 719), (240, 640)]


def picture(width: int, height: int) -> NDArray[np.uint8]:
    """Blocks of noise."""
    rng = np.random.default_rng(width)
    blocks = rng.integers(0, 256, (-(-height // 9), -(-width // 7), 3), np.uint8)
    return np.ascontiguousarray(blocks.repeat(9, axis=0).repeat(7, axis=1)[:height, :width])


def untrained(yolo: Any, torch: Any) -> Any:
    """A YOLOv8n with random weights whose answers differ from place to place, which fresh ones do not."""
    torch.manual_seed(0)
    model = yolo.YOLO("yolov8n.yaml")

    def some() -> Any:
        blocks = torch.rand(2, 3, 36, 46).repeat_interleave(9, 2).repeat_interleave(7, 3)
        return blocks[:, :, :SIDE, :SIDE]

    for part in model.model.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.momentum = 0.4
    last = [branch[-1] for branch in model.model.model[-1].cv3]
    given: dict[int, Any] = {}
    hooks = [
        part.register_forward_hook(lambda _m, _i, out, k=k: given.update({k: out}))
        for k, part in enumerate(last)
    ]
    with torch.no_grad():
        model.model.train()
        for _ in range(12):
            model.model(some())
        model.model.eval()
        model.model(some())
        for k, part in enumerate(last):
            scale = 1.5 / given[k].std((0, 2, 3))
            part.weight *= scale[:, None, None, None]
            part.bias.copy_((part.bias - given[k].mean((0, 2, 3))) * scale - 3)
            part.bias[0] += 2
    for hook in hooks:
        hook.remove()
    return model


@pytest.mark.parametrize(("confidence", "iou"), [(0.25, 0.7), (0.05, 0.45)])
@pytest.mark.parametrize("fixed", [False, True], ids=["as-pt", "as-onnx"])
def test_onnx_finds_what_the_package_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fixed: bool, confidence: float, iou: float
) -> None:
    monkeypatch.setenv("YOLO_OFFLINE", "True")
    yolo = pytest.importorskip(
        "ultralytics", reason="AGPL, optional; this compares onnx with the package itself"
    )
    monkeypatch.chdir(tmp_path)
    untrained(yolo, pytest.importorskip("torch")).save("random.pt")
    yolo.YOLO("random.pt").export(format="onnx", dynamic=not fixed, imgsz=SIDE, simplify=False, opset=17)
    common = {"input_px": (SIDE, SIDE), "confidence": confidence, "iou": iou}
    theirs = UltralyticsModel(NetworkSettings(weights="random.onnx" if fixed else "random.pt", **common))  # type: ignore[arg-type]
    ours = load(NetworkSettings(weights="random.onnx", **common))  # type: ignore[arg-type]
    for size in SIZES:
        image = picture(*size)
        assert_equal(ours.find([image])[0], theirs.find([image])[0])


def assert_equal(found: Boxes, wanted: Boxes) -> None:
    assert len(found) == len(wanted) > 5
    assert found.confidence == pytest.approx(wanted.confidence, abs=1e-4)
    assert np.abs(found.xyxy - wanted.xyxy).max() < 0.02
