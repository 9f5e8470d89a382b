"""Heads and suppression: against a second, slow computation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lbzf_ros.config.detectors import NetworkSettings
from lbzf_ros.core.errors import DetectorError
from lbzf_ros.detectors.yolo import Head, head_of, people, suppress

SETTINGS = NetworkSettings()


def overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return float(width * height / (both - width * height))


def slow_suppression(
    boxes: NDArray[np.float64], scores: NDArray[np.float64], max_iou: float, most: int
) -> list[int]:
    """Box by box, from the strongest."""
    kept: list[int] = []
    for i in sorted(range(len(boxes)), key=lambda i: -scores[i]):
        if len(kept) < most and all(overlap(boxes[i], boxes[k]) <= max_iou for k in kept):
            kept.append(i)
    return kept


def some_boxes(count: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Boxes that overlap a lot, with scores that all differ."""
    rng = np.random.default_rng(seed)
    corner, size = rng.uniform(0, 100, (count, 2)), rng.uniform(10, 60, (count, 2))
    scores = rng.permutation(np.linspace(0.1, 0.9, count))
    return np.hstack([corner, corner + size]).astype(np.float32), scores.astype(np.float32)


@given(st.integers(0, 60), st.integers(0, 10**6), st.sampled_from([0.3, 0.5, 0.7]), st.sampled_from([3, 300]))
def test_suppression_is_the_slow_one(count: int, seed: int, max_iou: float, most: int) -> None:
    boxes, scores = some_boxes(count, seed)
    expected = slow_suppression(boxes.astype(np.float64), scores.astype(np.float64), max_iou, most)
    assert suppress(boxes, scores, max_iou, most).tolist() == expected


def test_suppression_does_not_depend_on_the_order() -> None:
    boxes, scores = some_boxes(50, 1)
    scores[:] = 0.5
    shuffled = np.random.default_rng(0).permutation(50)
    a = boxes[suppress(boxes, scores, 0.5, 300)]
    b = boxes[shuffled][suppress(boxes[shuffled], scores, 0.5, 300)]
    assert np.array_equal(a, b)


@pytest.mark.parametrize(
    ("shape", "head"),
    [
        ((1, 84, 8400), Head.YOLO),
        ((4, 5, 2100), Head.YOLO),
        ((1, 6, 8400), Head.YOLO),
        ((1, 300, 6), Head.END_TO_END),
    ],
    ids=str,
)
def test_heads_are_known_by_their_shape(shape: tuple[int, ...], head: Head) -> None:
    assert head_of(shape, SETTINGS) is head


@pytest.mark.parametrize("shape", [(1, 25200, 85), (1, 1000), (1, 4, 8400), (1, 32, 160, 160)], ids=str)
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DetectorError, match=r"allowed: .*4 \+ classes"):
        head_of(shape, SETTINGS)


def test_a_class_that_the_model_lacks_is_refused() -> None:
    with pytest.raises(DetectorError, match=r"person_class is 7, the model has 3 classes \(0 to 2\)"):
        head_of((1, 7, 2100), NetworkSettings(person_class=7))


def test_only_the_strongest_class_of_an_anchor_counts() -> None:
    # columns: a person; more of a bag than a person; a weak person
    answer = np.array(
        [[50, 150, 250], [50, 50, 50], [20, 20, 20], [40, 40, 40], [0.9, 0.5, 0.2], [0.1, 0.6, 0.1]],
        np.float32,
    )
    found = people(answer, Head.YOLO, SETTINGS)
    assert found.xyxy.tolist() == [[40, 30, 60, 70]]
    assert found.confidence.tolist() == pytest.approx([0.9])
    bags = people(answer, Head.YOLO, NetworkSettings(person_class=1))
    assert bags.xyxy.tolist() == [[140, 30, 160, 70]]


def test_end_to_end_rows_are_taken_as_they_are() -> None:
    rows = np.zeros((300, 6), np.float32)
    rows[:4] = [
        [10, 20, 30, 60, 0.6, 0],
        [11, 20, 30, 60, 0.9, 0],  # overlaps the first: the model has decided that they are two
        [50, 50, 90, 90, 0.8, 1],  # of another class
        [70, 20, 90, 60, 0.2, 0],  # too weak
    ]
    found = people(rows, Head.END_TO_END, SETTINGS)
    assert found.xyxy.tolist() == [[11, 20, 30, 60], [10, 20, 30, 60]]
    assert found.confidence.tolist() == pytest.approx([0.9, 0.6])


def test_what_is_no_number_is_nobody() -> None:
    answer = np.full((5, 3), np.nan, np.float32)
    answer[:, 1] = [np.inf, 50, 20, 20, 0.9]
    answer[:, 2] = [60, 50, 20, 20, 0.8]
    assert people(answer, Head.YOLO, SETTINGS).xyxy.tolist() == [[50, 40, 70, 60]]
