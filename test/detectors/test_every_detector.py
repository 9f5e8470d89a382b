"""What every registered detector must keep to: a new backend is tested by being registered.

`backends` says with which model or recording each runs here, and which cannot.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.core.errors import ConfigError
from lbzf_ros.core.model import NS_PER_S, Boxes
from lbzf_ros.detectors.base import REGISTRY, Detector, create, detect_together
from test.detectors import backends
from test.detectors.drawing import RED, START_NS, Image, noisy, person, room

HERE = sorted(set(REGISTRY) - set(backends.ELSEWHERE))


@pytest.fixture(params=HERE)
def name(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each backend in turn, with all it needs."""
    backends.prepare(str(request.param), tmp_path, monkeypatch)
    return str(request.param)


def make(name: str) -> Detector:
    """A fresh detector."""
    return create(backends.settings(name))


def visit(pictures: int = 12, sigma: float = 3.0, walker_px: float = 60) -> list[Image]:
    """An empty room, then somebody who walks through it."""
    empty = room()
    return [noisy(empty if i < 3 else person(empty, walker_px + 40 * i), i, sigma) for i in range(pictures)]


def run(detector: Detector, pictures: list[Image]) -> list[Boxes]:
    """Show pictures at 5 a second."""
    return [detector.detect(picture, START_NS + i * NS_PER_S // 5) for i, picture in enumerate(pictures)]


def same(left: list[Boxes], right: list[Boxes]) -> bool:
    """Whether all boxes are the same, bit for bit."""
    return all(
        np.array_equal(a.xyxy, b.xyxy) and np.array_equal(a.confidence, b.confidence)
        for a, b in zip(left, right, strict=True)
    )


def assert_proper(boxes: Boxes, width_px: int, height_px: int) -> None:
    """Types, shapes, and values that can be."""
    assert boxes.xyxy.dtype == np.float32
    assert boxes.confidence.dtype == np.float32
    assert boxes.xyxy.shape == (len(boxes.confidence), 4)
    assert np.isfinite(boxes.xyxy).all()
    assert (boxes.xyxy >= 0).all()
    assert (boxes.xyxy <= [width_px, height_px, width_px, height_px]).all()
    assert (boxes.xyxy[:, :2] < boxes.xyxy[:, 2:]).all()
    assert ((boxes.confidence > 0) & (boxes.confidence <= 1)).all()


def test_finds_somebody_who_walks_through(name: str) -> None:
    found = run(make(name), visit())
    assert not any(len(boxes) for boxes in found[:3])
    assert sum(len(boxes) == 1 for boxes in found[5:]) >= 5
    for boxes in found:
        assert_proper(boxes, 640, 480)


def test_says_what_it_is(name: str) -> None:
    info = make(name).info
    assert info.name == name
    assert info.version
    framework, needs_file = backends.ORIGIN[name]
    assert info.framework.startswith(framework)
    assert len(info.weights_hash) == (64 if needs_file else 0)


def test_same_pictures_give_same_boxes_whatever_the_threads(name: str) -> None:
    pictures, before = visit(), cv2.getNumThreads()
    try:
        results = []
        for threads in (1, 4):
            cv2.setNumThreads(threads)
            results.append(run(make(name), pictures))
    finally:
        cv2.setNumThreads(before)
    assert any(len(boxes) for boxes in results[0])
    assert same(*results)


def test_two_cameras_do_not_disturb_each_other(name: str) -> None:
    mine, others = visit(), visit(walker_px=500)[::-1]
    alone = run(make(name), mine)
    first, second = make(name), make(name)
    beside = []
    for i, (picture, other) in enumerate(zip(mine, others, strict=True)):
        beside.append(first.detect(picture, START_NS + i * NS_PER_S // 5))
        second.detect(other, START_NS + i * NS_PER_S // 5)
    assert same(alone, beside)


def test_the_picture_is_not_changed(name: str) -> None:
    pictures = visit()
    copies = [picture.copy() for picture in pictures]
    run(make(name), pictures)
    assert all(np.array_equal(picture, copy) for picture, copy in zip(pictures, copies, strict=True))


@pytest.mark.parametrize(
    ("width_px", "height_px"),
    [(64, 64), (97, 131), (321, 241), (768, 432), (1281, 719), (240, 640)],
    ids=str,
)
def test_any_size_of_picture(name: str, width_px: int, height_px: int) -> None:
    detector, empty = make(name), room(width_px, height_px)
    for i in range(6):
        height = 0.6 * height_px
        shown = person(empty, (0.2 + 0.1 * i) * width_px, 0.9 * height_px, height, RED)
        assert_proper(detector.detect(noisy(shown, i), START_NS + i * NS_PER_S // 5), width_px, height_px)


def test_a_picture_of_another_size_is_a_new_beginning(name: str) -> None:
    detector = make(name)
    run(detector, visit())
    boxes = detector.detect(noisy(room(320, 240), 0), START_NS + 20 * NS_PER_S)
    assert_proper(boxes, 320, 240)


@pytest.mark.parametrize("name", [name for name in HERE if name != "recorded"], indirect=True)
@pytest.mark.parametrize("level", [0, 128, 255], ids=["black", "grey", "white"])
def test_an_even_picture_shows_nobody(name: str, level: int) -> None:
    pictures = [np.full((480, 640, 3), level, np.uint8)] * 5
    assert not any(len(boxes) for boxes in run(make(name), pictures))


def test_the_same_picture_in_two_detectors_gives_the_same(name: str) -> None:
    first, second = make(name), make(name)
    for i, picture in enumerate(visit()):
        stamp_ns = START_NS + i * NS_PER_S // 5
        assert same([first.detect(picture, stamp_ns)], [second.detect(picture, stamp_ns)])


@pytest.mark.parametrize("cameras", [1, 3, 8])
def test_cameras_together_get_what_each_gets_alone(name: str, cameras: int) -> None:
    shows = [visit(5, walker_px=40 + 50 * i)[2:] for i in range(cameras)]
    alone, together = [make(name) for _ in shows], [make(name) for _ in shows]
    for i in range(3):
        stamp_ns = START_NS + i * NS_PER_S // 5
        pictures = [show[i] for show in shows]
        wanted = [one.detect(picture, stamp_ns) for one, picture in zip(alone, pictures, strict=True)]
        found = detect_together([(one, p, stamp_ns) for one, p in zip(together, pictures, strict=True)])
        for a, b in zip(found, wanted, strict=True):
            # A model may round otherwise in a batch; what needs no model must be the same bit for bit.
            assert a.xyxy == pytest.approx(b.xyxy, abs=1e-3 if backends.ORIGIN[name][1] else 0)
            assert a.confidence == pytest.approx(b.confidence, abs=1e-4 if backends.ORIGIN[name][1] else 0)


def test_a_camera_that_turns_black_shows_nobody(name: str) -> None:
    black = np.zeros((480, 640, 3), np.uint8)
    found = run(make(name), [*visit(), *[black] * 10])
    assert not any(len(boxes) for boxes in found[-4:])


def test_frames_that_fail_to_come_do_no_harm(name: str) -> None:
    detector = make(name)
    moments_s = [0, 0.2, 0.4, 30, 30.2, 600, 600.001]
    for i, moment_s in enumerate(moments_s):
        boxes = detector.detect(noisy(person(room(), 100 + 60 * i), i), START_NS + round(moment_s * NS_PER_S))
        assert_proper(boxes, 640, 480)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        ConfigError, match=r"detector\.backend 'yolo' is not known; allowed: .*hog_background"
    ):
        create(DetectorSettings(backend="yolo"))


def test_every_backend_that_is_not_tested_here_has_tests_of_its_own() -> None:
    assert set(backends.ORIGIN) == set(REGISTRY)
    for name, file in backends.ELSEWHERE.items():
        assert name in REGISTRY
        assert Path(__file__).with_name(file).is_file()
