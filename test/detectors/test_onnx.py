"""The onnx backend from picture to boxes, against another computation in float64; and everything that can be wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lbzf_ros.config.detectors import DetectorSettings, NetworkSettings
from lbzf_ros.core.errors import DetectorError
from lbzf_ros.core.model import Boxes
from lbzf_ros.detectors.base import create, detect_together
from lbzf_ros.detectors.onnx import load
from test.detectors import tiny_yolo
from test.detectors.test_yolo import slow_suppression
from test.detectors.tiny_yolo import Shape, Weights, random_yolo, replies

Image = NDArray[np.uint8]
SIZES = [(64, 64), (97, 131), (321, 241), (768, 432), (640, 480), (1281, 719), (240, 640), (63, 1)]
SIDE = 160
FEW, MANY, NONE = -2.5, 0.5, -30.0


def picture(width: int, height: int, seed: int = 0) -> Image:
    """Noise in blocks."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 256, (-(-height // 9), -(-width // 7), 3), np.uint8)
    return np.ascontiguousarray(blocks.repeat(9, axis=0).repeat(7, axis=1)[:height, :width])


def prepared(
    image: Image, *, rectangle: bool, side: int = SIDE
) -> tuple[NDArray[np.float64], tuple[float, float], int, int]:
    """The input (3, h, w) worked out anew; the scaling itself is OpenCV's (test_letterbox checks it)."""
    import cv2

    height, width = image.shape[:2]
    scale = min(side / width, side / height)
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    pad_x, pad_y = side - new_width, side - new_height
    if rectangle:
        pad_x, pad_y = pad_x % 32, pad_y % 32
    left, top = (
        (pad_x + 1) // 2 if pad_x % 2 == 0 else pad_x // 2,
        (pad_y + 1) // 2 if pad_y % 2 == 0 else pad_y // 2,
    )
    if (new_width, new_height) != (width, height):
        image = np.asarray(
            cv2.resize(image, (new_width, new_height), interpolation=cv2.INTER_LINEAR), np.uint8
        )
    padding = ((top, pad_y - top), (left, pad_x - left), (0, 0))
    whole = np.pad(image, padding, constant_values=114)
    return whole[:, :, ::-1].transpose(2, 0, 1) / 255.0, (new_width / width, new_height / height), left, top


def expected(image: Image, weights: Weights, settings: NetworkSettings, *, rectangle: bool) -> Boxes:
    """People of a picture, in float64 and box by box."""
    values, scale, left, top = prepared(image, rectangle=rectangle)
    answer = tiny_yolo.answer(values, weights)
    boxes, scores = [], []
    for column in answer.T:
        score = column[4 + settings.person_class]
        if score > settings.confidence and score == column[4:].max():
            x, y, width, height = column[:4]
            boxes.append([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
            scores.append(score)
    found, confidence = np.array(boxes).reshape(-1, 4), np.array(scores)
    kept = slow_suppression(found, confidence, settings.iou, settings.max_people)
    found = (found[kept] - [left, top, left, top]) / [*scale, *scale]
    found = np.clip(found, 0, [image.shape[1], image.shape[0]] * 2)
    real = (found[:, 2] > found[:, 0]) & (found[:, 3] > found[:, 1])
    return Boxes(found[real].astype(np.float32), confidence[kept][real].astype(np.float32))


def assert_same(found: Boxes, wanted: Boxes, pixels: float) -> None:
    """Boxes to 1e-4 of the input's pixels, scores to 1e-4."""
    assert len(found) == len(wanted)
    assert np.abs(found.confidence - wanted.confidence).max(initial=0) < 1e-4
    assert np.abs(found.xyxy - wanted.xyxy).max(initial=0) < pixels


def settings_for(path: Path, **changes: Any) -> NetworkSettings:
    """Settings of a small input."""
    return NetworkSettings.model_validate({"weights": str(path), "input_px": (SIDE, SIDE), **changes})


@pytest.mark.parametrize(("width", "height"), SIZES, ids=str)
@pytest.mark.parametrize("fixed", [False, True], ids=["free-size", "fixed-size"])
def test_people_are_those_of_the_other_computation(
    tmp_path: Path, width: int, height: int, fixed: bool
) -> None:
    weights = Weights.random(3, FEW)
    shape = Shape(1, SIDE, SIDE) if fixed else Shape()
    settings = settings_for(random_yolo(tmp_path / "tiny.onnx", weights, shape))
    image = picture(width, height)
    found = load(settings).find([image])[0]
    wanted = expected(image, weights, settings, rectangle=not fixed)
    assert height == 1 or len(wanted) > 3
    # A float32 coordinate around 160 has steps of 1.5e-5; back in the picture errors grow with its size.
    assert_same(found, wanted, 1e-4 * max(1.0, max(width, height) / SIDE))


@pytest.mark.parametrize("own_batch", [None, 1, 3, 8])
@pytest.mark.parametrize("count", range(1, 9))
def test_a_batch_gives_what_each_picture_gives_alone(
    tmp_path: Path, own_batch: int | None, count: int
) -> None:
    weights = Weights.random(2, FEW)
    model = load(settings_for(random_yolo(tmp_path / "tiny.onnx", weights, Shape(own_batch)), batch=4))
    images = [picture(*SIZES[i % 5], seed=i) for i in range(count)]
    together = model.find(images)
    assert len(together) == count
    for image, found in zip(images, together, strict=True):
        assert_same(found, model.find([image])[0], 1e-3)


def test_no_pictures_no_answer(tmp_path: Path) -> None:
    assert load(settings_for(random_yolo(tmp_path / "tiny.onnx", Weights.random(1, FEW)))).find([]) == []


def test_nobody(tmp_path: Path) -> None:
    model = load(settings_for(random_yolo(tmp_path / "tiny.onnx", Weights.random(80, NONE))))
    for boxes in model.find([picture(640, 480), picture(97, 131)]):
        assert boxes.xyxy.shape == (0, 4)
        assert boxes.confidence.shape == (0,)


@pytest.mark.parametrize("most", [300, 37])
def test_a_crowd_is_cut_to_the_strongest(tmp_path: Path, most: int) -> None:
    weights = Weights.random(1, MANY)
    path = random_yolo(tmp_path / "tiny.onnx", weights, Shape(None, SIDE, SIDE))
    settings = settings_for(path, iou=0.9, confidence=0.05, max_people=most)
    image = picture(640, 480, 4)
    found = load(settings).find([image])[0]
    # What lies in the grey bars is no box in the picture any more: so a few less than the most can be left.
    wanted = expected(image, weights, settings, rectangle=False)
    assert most * 0.6 < len(found) <= most
    assert_same(found, wanted, 4e-4)


def test_300_detections_are_300(tmp_path: Path) -> None:
    across, down = np.meshgrid(np.arange(20) * 8 + 4, np.arange(15) * 8 + 8)
    told = np.zeros((5, 400), np.float32)
    told[:4, :300] = [across.ravel(), down.ravel(), np.full(300, 6), np.full(300, 7)]
    told[4, :300] = np.linspace(0.3, 0.9, 300)
    boxes = load(settings_for(replies(tmp_path / "told.onnx", told))).find(
        [np.zeros((120, 160, 3), np.uint8)]
    )[0]
    assert len(boxes) == 300
    assert boxes.confidence[[0, -1]] == pytest.approx([0.9, 0.3])
    # The picture lies 4 px below the input's upper edge (160x128).
    assert boxes.xyxy[-1] == pytest.approx([1, 4.5 - 4, 7, 11.5 - 4])


def test_half_precision_input(tmp_path: Path) -> None:
    weights = Weights.random(1, FEW)
    model = load(settings_for(random_yolo(tmp_path / "half.onnx", weights, Shape(half=True))))
    full = load(settings_for(random_yolo(tmp_path / "full.onnx", weights)))
    image = picture(640, 480)
    half_boxes, boxes = model.find([image])[0], full.find([image])[0]
    assert len(boxes) > 3
    # Half precision has steps of 1/8 px at 160 px, and 1/2048 below 1: some boxes may cross a limit, most may not.
    matched = [(np.abs(half_boxes.xyxy - box).max(axis=1) < 2).any() for box in boxes.xyxy]
    assert np.mean(matched) > 0.9
    assert len(half_boxes) == pytest.approx(len(boxes), rel=0.1)


def test_end_to_end_model(tmp_path: Path) -> None:
    rows = np.zeros((50, 6), np.float32)
    rows[:2] = [[40, 20, 80, 100, 0.8, 0], [42, 20, 82, 100, 0.7, 0]]
    model = load(settings_for(replies(tmp_path / "e2e.onnx", rows, Shape(None, SIDE, SIDE))))
    found = model.find([np.zeros((240, 320, 3), np.uint8)])[0]
    # Twice as large as the input, which has 20 px of grey above.
    assert found.xyxy.tolist() == [[80, 0, 160, 160], [84, 0, 164, 160]]


def detector_settings(path: Path, **changes: Any) -> DetectorSettings:
    """The onnx backend with a file."""
    return DetectorSettings(backend="onnx", network=settings_for(path, **changes))


def test_cameras_share_one_model_and_are_looked_at_together(tmp_path: Path) -> None:
    settings = detector_settings(random_yolo(tmp_path / "tiny.onnx", Weights.random(1, FEW)))
    first, second, other = create(settings), create(settings), create(DetectorSettings(backend="hog"))
    assert first.model is second.model  # type: ignore[attr-defined]
    images = [picture(640, 480, seed) for seed in range(3)]
    found = detect_together([(first, images[0], 1), (other, images[1], 1), (second, images[2], 1)])
    assert_same(found[0], first.detect(images[0], 2), 1e-3)
    assert_same(found[2], second.detect(images[2], 2), 1e-3)
    assert len(found[0]) > 3


def test_it_says_which_model_it_is(tmp_path: Path) -> None:
    import hashlib

    import onnxruntime

    path = random_yolo(tmp_path / "yolo11n.onnx", Weights.random(1, FEW))
    info = create(detector_settings(path)).info
    assert (info.name, info.version) == ("onnx", "yolo11n")
    assert info.framework == f"onnxruntime {onnxruntime.__version__} cpu"
    assert info.weights_hash == hashlib.sha256(path.read_bytes()).hexdigest()


def two_inputs(path: Path) -> Path:
    """Write a model that adds two pictures."""
    graph = tiny_yolo.Graph()
    return graph.save(path, graph.add("Add", "images", "more"), Shape(), inputs=("images", "more"))


WRONG: dict[str, tuple[Callable[[Path], Path], str]] = {
    "yolov5": (lambda path: replies(path, np.zeros((2000, 85), np.float32)), r"shape \(1, 2000, 85\)"),
    "no-boxes": (lambda path: replies(path, np.zeros((3, 100), np.float32)), r"shape \(1, 3, 100\)"),
    "two-inputs": (two_inputs, "its inputs are images .*, more"),
    "logits": (
        lambda path: replies(path, np.full((6, 99), 7, np.float32)),
        "scores are 7 to 7, allowed: 0 to 1",
    ),
    "segments": (
        lambda path: replies(path, np.zeros((40, 99), np.float32), task="segment"),
        "task 'segment'; allowed: 'detect'",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_model_of_another_shape_is_refused(tmp_path: Path, name: str) -> None:
    make, text = WRONG[name]
    path = make(tmp_path / f"{name}.onnx")
    with pytest.raises(DetectorError, match=text) as raised:
        create(detector_settings(path))
    assert str(path) in str(raised.value)


def cut(path: Path, length: int) -> Path:
    path.write_bytes(path.read_bytes()[:length])
    return path


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.999])
def test_a_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    path = random_yolo(tmp_path / "tiny.onnx", Weights.random(2, FEW))
    cut(path, round(path.stat().st_size * share))
    with pytest.raises(
        DetectorError, match=r"tiny\.onnx: \d+ bytes that cannot be loaded .* Copy or export it"
    ):
        create(detector_settings(path))


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("make", "text"),
    [
        pytest.param(
            lambda folder: folder / "no.onnx",
            r"cannot be read: No such file .* set detector\.network",
            id="missing",
        ),
        pytest.param(lambda folder: folder, "backend onnx reads .onnx files", id="folder"),
        pytest.param(lambda folder: write(folder / "a.onnx", b""), "is empty; copy it again", id="empty"),
        pytest.param(
            lambda folder: write(folder / "a.onnx", b"<html>not found</html>"), "cannot be loaded", id="page"
        ),
        pytest.param(
            lambda folder: write(folder / "a.onnx", b"version https://git-lfs.github.com/spec/v1\n"),
            "git-lfs pointer",
            id="pointer",
        ),
        pytest.param(
            lambda folder: write(folder / "a.pt", b"x"), "backend onnx reads .onnx files", id="other-format"
        ),
    ],
)
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, make: Any, text: str) -> None:
    with pytest.raises(DetectorError, match=text):
        create(detector_settings(make(tmp_path)))


def test_no_file_is_named() -> None:
    with pytest.raises(DetectorError, match=r"set detector\.network\.weights"):
        create(DetectorSettings(backend="onnx"))


@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_a_gpu_that_is_not_there_is_said(tmp_path: Path, provider: str) -> None:
    import onnxruntime

    if any(name.startswith(("CUDA", "Tensorrt")) for name in onnxruntime.get_available_providers()):
        pytest.skip("this onnxruntime has GPU providers")
    path = random_yolo(tmp_path / "tiny.onnx", Weights.random(1, FEW))
    with pytest.raises(
        DetectorError, match=f"provider is '{provider}', but this onnxruntime .* set it to 'cpu'"
    ):
        create(detector_settings(path, provider=provider))


def test_a_gpu_that_does_not_start_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # onnxruntime with CUDA built in but no GPU only logs, and goes on with the CPU. Here it cannot be had: only the
    # list of what is built in is made up, the session is a real one.
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    path = random_yolo(tmp_path / "tiny.onnx", Weights.random(1, FEW))
    with pytest.raises(DetectorError, match="'cuda', but it does not start here"):
        create(detector_settings(path, provider="cuda"))


def test_a_missing_package_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = random_yolo(tmp_path / "tiny.onnx", Weights.random(1, FEW))
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(DetectorError, match=r"needs the package onnxruntime, .*pip install 'lbzf\[onnx\]'"):
        create(detector_settings(path))


def test_a_model_that_cannot_be_loaded_is_not_tried_for_every_camera(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, opened = write(tmp_path / "bad.onnx", b"bad"), []
    read = Path.read_bytes

    def counted(self: Path) -> bytes:
        opened.append(self)
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", counted)
    for _ in range(3):
        with pytest.raises(DetectorError, match="cannot be loaded"):
            create(detector_settings(path))
    assert opened == [path]
