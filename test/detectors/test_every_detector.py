"""What every registered detector must keep to: a new backend is tested by being registered."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lbzf_ros.config.schema import DetectorSettings
from lbzf_ros.core.errors import ConfigError
from lbzf_ros.core.model import NS_PER_S, Boxes
from lbzf_ros.detectors.base import REGISTRY, Detector, create
from test.detectors.drawing import RED, START_NS, Image, noisy, person, room


@pytest.fixture(params=sorted(REGISTRY))
def name(request: pytest.FixtureRequest) -> str:
    """Each backend in turn."""
    return str(request.param)


def make(name: str) -> Detector:
    """A fresh detector."""
    return create(DetectorSettings(backend=name))


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
    assert info.framework.startswith("opencv ")
    assert info.weights_hash == ""


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


@pytest.mark.parametrize("level", [0, 128, 255], ids=["black", "grey", "white"])
def test_an_even_picture_shows_nobody(name: str, level: int) -> None:
    pictures = [np.full((480, 640, 3), level, np.uint8)] * 5
    assert not any(len(boxes) for boxes in run(make(name), pictures))


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
