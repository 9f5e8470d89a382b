"""The smaller parts of the detectors."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lbzf_ros.detectors.blobs import find_blobs
from lbzf_ros.detectors.boxes import clip, iou, keep_strongest, shared_part
from lbzf_ros.detectors.ghosts import find_ghosts
from lbzf_ros.detectors.light import LightCurve
from lbzf_ros.detectors.masks import Mask, fill, recentred, refined
from lbzf_ros.detectors.people_hog import PeopleHog
from lbzf_ros.detectors.view import Image, View
from test.detectors.drawing import noisy, person, room


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Boxes as an array."""
    return np.array(rows, np.float32).reshape(-1, 4)


def view_of(image: Image, foreground: Mask) -> View:
    """A picture of which the foreground is known."""
    none, zero = np.zeros_like(foreground), np.zeros(foreground.shape, np.float32)
    return View(image, zero, zero, foreground, foreground, none, none, 0.2, 1)


def test_overlaps() -> None:
    a, b = boxes((0, 0, 10, 10)), boxes((5, 0, 15, 10), (20, 20, 30, 30), (0, 0, 10, 10))
    assert iou(a, b)[0] == pytest.approx([1 / 3, 0, 1])
    assert shared_part(a[0], boxes((2, 2, 4, 4))[0]) == pytest.approx(1)


def test_the_strongest_stay_whatever_the_order() -> None:
    rows = boxes((0, 0, 10, 20), (1, 0, 11, 20), (30, 0, 40, 20), (31, 5, 36, 15), (30, 0, 40, 20))
    weights = np.array([1, 2, 1.5, 0.2, 1.5], np.float32)
    expected = rows[[1, 2]]
    rng = np.random.default_rng(0)
    for _ in range(10):
        order = rng.permutation(len(rows))
        kept = keep_strongest(rows[order], weights[order], max_iou=0.4, max_inside=0.7)
        assert np.array_equal(rows[order][kept], expected)


def test_no_boxes_are_none() -> None:
    none = np.zeros(0, np.float32)
    assert len(keep_strongest(boxes(), none, max_iou=0.4, max_inside=0.7)) == 0
    assert clip(boxes(), 10, 10).shape == (0, 4)


def test_a_box_is_drawn_tight_and_moved() -> None:
    mask = np.zeros((100, 100), np.uint8)
    mask[20:80, 40:60] = 1
    mask[50, 60:66] = 1  # a finger
    assert refined(boxes((35, 15, 60, 90))[0], mask).tolist() == [40, 20, 60, 80]
    assert recentred(boxes((36, 20, 56, 80))[0], mask) == pytest.approx([40, 20, 60, 80], abs=0.5)
    assert fill(mask, boxes((40, 20, 60, 80))[0]) == 1
    assert fill(mask, boxes((-30, -30, -10, -10))[0]) == 0


def test_blobs_join_what_a_belt_parts_and_leave_out_what_is_small() -> None:
    foreground = np.zeros((240, 320), np.uint8)
    foreground[60:120, 100:140] = foreground[126:200, 102:138] = 1
    foreground[200:220, 250:270] = 1
    foreground[10:150, 200:202] = 1
    found = find_blobs(view_of(np.zeros((240, 320, 3), np.uint8), foreground), min_height_px=48)
    assert found.xyxy[0].tolist() == [100, 60, 140, 200]
    assert len(find_blobs(view_of(np.zeros((240, 320, 3), np.uint8), foreground * 0), 48)) == 0


@pytest.mark.parametrize(("shown", "is_ghost"), [("thing", False), ("hole", True)])
def test_a_ghost_has_its_edge_in_the_background(shown: str, is_ghost: bool) -> None:
    bare = cv2.GaussianBlur(room(320, 240), (3, 3), 0)
    furnished = bare.copy()
    furnished[80:200, 100:150] = (30, 40, 30)
    foreground = np.zeros((240, 320), np.uint8)
    foreground[80:200, 100:150] = 1
    image, background = (furnished, bare) if shown == "thing" else (bare, furnished)
    view = view_of(np.asarray(image, np.uint8), foreground)
    ghosts = find_ghosts(view, np.asarray(background, np.uint8), find_blobs(view, 48), [0])
    assert bool(ghosts.any()) is is_ghost


@pytest.mark.parametrize(("gain", "gamma"), [(0.5, 1.0), (1.4, 1.0), (1.0, 1.5), (1.2, 0.7)])
def test_the_light_curve_finds_the_tone_although_a_third_is_somebody(gain: float, gamma: float) -> None:
    rng = np.random.default_rng(1)
    levels = rng.uniform(20, 230, (3000, 1)).repeat(3, axis=1).astype(np.float32)
    lit = np.clip(255 * (levels / 255) ** gamma * gain, 0, 255).astype(np.float32)
    seen = lit.copy()
    seen[:1000] = (30, 40, 60)
    curve = LightCurve()
    for _ in range(5):
        curve.update(levels, seen)
    expected = curve.apply(levels[None].copy())[0]
    wrong = np.abs(expected - lit)[1000:]
    assert np.median(wrong) < 3
    assert np.percentile(wrong, 95) < 8
    assert np.abs(curve.undo(expected[1000:]) - levels[1000:])[lit[1000:, 0] < 240].max() < 12


@pytest.mark.parametrize("height_px", [160, 240, 320, 400])
def test_hog_finds_people_of_any_size_where_they_are(height_px: float) -> None:
    picture = noisy(person(room(), 320, 450, height_px), 0)
    hits = PeopleHog(0.0).find(picture, (0, 0, 640, 480), (140, 480))
    assert len(hits) == 1
    x0, y0, x1, y1 = hits.xyxy[0]
    assert (x0 + x1) / 2 == pytest.approx(320, abs=0.06 * height_px)
    assert y1 - y0 == pytest.approx(height_px, rel=0.25)
    assert (y0 + y1) / 2 == pytest.approx(450 - height_px / 2, abs=0.12 * height_px)


def test_hog_looks_beyond_the_edge() -> None:
    picture = noisy(person(room(), 30, 470, 300), 0)
    assert len(PeopleHog(0.0).find(picture, (0, 100, 120, 480), (240, 360))) == 1
