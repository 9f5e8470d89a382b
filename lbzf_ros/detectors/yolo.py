"""What YOLO models give, and how people come out of it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.detectors import NetworkSettings
from lbzf_ros.core.errors import DetectorError
from lbzf_ros.core.model import Boxes
from lbzf_ros.detectors.boxes import Array

_BOX = 4
_END_TO_END_COLUMNS = 6
_MOST_CANDIDATES = 30_000
"""The strongest so many boxes are compared with each other, as ultralytics does."""


class Head(Enum):
    """The shape of a model's answer for one picture."""

    YOLO = "yolo"
    """(4 + classes, anchors): centre, size, a score 0..1 for each class. YOLOv8, YOLO11."""
    END_TO_END = "end_to_end"
    """(boxes, 6): corners, score, class; overlaps are gone already. YOLOv10, or exported with nms=True."""


def head_of(shape: Sequence[int], settings: NetworkSettings) -> Head:
    """The head of a model whose answer has this shape (batch included).

    Raises:
        DetectorError: it is none that is known, or it has no such class.
    """
    head = _recognise(shape) if settings.head == "auto" else Head(settings.head)
    if len(shape) != 3 or head is None or not _fits(shape, head):
        raise DetectorError(
            f"the model's answer has the shape {tuple(shape)}; allowed: (batch, 4 + classes, anchors) as of YOLOv8 and "
            "YOLO11, or (batch, boxes, 6) as of end-to-end models; export a detection model with one output"
        )
    if head is Head.YOLO and settings.person_class >= shape[1] - _BOX:
        raise DetectorError(
            f"detector.network.person_class is {settings.person_class}, the model has {shape[1] - _BOX} classes "
            f"(0 to {shape[1] - _BOX - 1})"
        )
    return head


def _recognise(shape: Sequence[int]) -> Head | None:
    if len(shape) != 3:
        return None
    if shape[2] == _END_TO_END_COLUMNS:
        return Head.END_TO_END
    return Head.YOLO if shape[1] < shape[2] else None  # (batch, anchors, 5 + classes) is YOLOv5's


def _fits(shape: Sequence[int], head: Head) -> bool:
    return shape[2] == _END_TO_END_COLUMNS if head is Head.END_TO_END else shape[1] > _BOX


def scores_of(output: Array, head: Head) -> Array:
    """All scores of an answer (batch, …): (batch, n)."""
    scores = output[:, :, 4] if head is Head.END_TO_END else output[:, _BOX:].reshape(len(output), -1)
    return np.asarray(scores, np.float32)


def people(answer: Array, head: Head, settings: NetworkSettings) -> Boxes:
    """The people in a model's answer for one picture, strongest first, in pixels of its input."""
    boxes, confidence = (_end_to_end if head is Head.END_TO_END else _yolo)(answer, settings)
    return Boxes(boxes.astype(np.float32), np.minimum(confidence, 1).astype(np.float32))


def _yolo(answer: Array, settings: NetworkSettings) -> tuple[Array, Array]:
    # An anchor is of its strongest class only: a coat hanger that is a little like a person is none.
    scores = answer[_BOX:]
    candidates = np.flatnonzero(scores[settings.person_class] > settings.confidence)
    strongest = scores[:, candidates].argmax(axis=0) == settings.person_class
    candidates = candidates[strongest & np.isfinite(answer[:_BOX, candidates]).all(axis=0)]
    confidence = scores[settings.person_class, candidates]
    centre, half = answer[:2, candidates].T, answer[2:_BOX, candidates].T / 2
    boxes = np.hstack([centre - half, centre + half])
    kept = suppress(boxes, confidence, settings.iou, settings.max_people)
    return boxes[kept], confidence[kept]


def _end_to_end(answer: Array, settings: NetworkSettings) -> tuple[Array, Array]:
    wanted = (answer[:, 4] > settings.confidence) & (answer[:, 5] == settings.person_class)
    wanted &= np.isfinite(answer).all(axis=1)
    rows = answer[wanted]
    rows = rows[np.argsort(-rows[:, 4], kind="stable")][: settings.max_people]
    return rows[:, :4], rows[:, 4]


def suppress(boxes: Array, confidence: Array, max_iou: float, most: int) -> NDArray[np.intp]:
    """Non-maximum suppression: indices of the boxes (n, 4) that no stronger one overlaps by more, strongest first.

    OpenCV's; sorted before, so that equal confidences do not make it depend on the order.
    """
    order = np.lexsort((*boxes.T[::-1], -confidence))[:_MOST_CANDIDATES]
    corner_and_size = boxes[order].astype(np.float64)
    corner_and_size[:, 2:] -= corner_and_size[:, :2]
    kept = cv2.dnn.NMSBoxes(corner_and_size, confidence[order], 0.0, max_iou)  # type: ignore[arg-type]  # takes arrays
    return np.asarray(order[np.asarray(kept, np.intp)][:most])
