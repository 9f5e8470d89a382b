"""Offline, pictures with wrong stamps have the same effect as in the nodes."""

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.model import NS_PER_S, Boxes, CycleEvent, EventKind, FrameDetections
from lbzf_ros.core.pipeline import CameraPipeline
from test.support.occupancy import MODEL, rois, station

PICTURE = np.zeros((480, 640, 3), np.uint8)


class OnePerson:
    """Finds somebody in the zone of `station()` from second 2 of each 10 to 8, and remembers what it was shown."""

    def __init__(self) -> None:
        self.stamps_s: list[float] = []

    def __call__(self, image_bgr: NDArray[np.uint8], stamp_ns: int) -> FrameDetections:
        self.stamps_s.append(stamp_ns / NS_PER_S)
        there = 2 <= stamp_ns / NS_PER_S % 10 < 8
        xyxy = np.array([[40, 20, 60, 80]] if there else [], np.float32).reshape(-1, 4)
        boxes = Boxes(xyxy, np.ones(len(xyxy), np.float32))
        return FrameDetections("cam1", stamp_ns, 640, 480, MODEL, boxes, np.ones(len(xyxy), np.int32))


def run(stamps_s: list[float]) -> tuple[list[CycleEvent], list[OnePerson]]:
    finders: list[OnePerson] = []

    def new_finder() -> OnePerson:
        finders.append(OnePerson())
        return finders[-1]

    pipeline = CameraPipeline(new_finder, rois(station()))
    return [e for s in stamps_s for e in pipeline.update(PICTURE, round(s * NS_PER_S))], finders


EVEN_S = [10_000 + i / 5 for i in range(150)]


def test_repeated_and_late_pictures_change_nothing() -> None:
    disturbed = [t for i, s in enumerate(EVEN_S) for t in ([s, s, s - 0.3] if i % 5 == 4 else [s])]
    events, finders = run(disturbed)
    assert events == run(EVEN_S)[0]
    assert [e.kind for e in events].count(EventKind.END) == 3
    assert finders[0].stamps_s == EVEN_S


def test_a_clock_set_back_gives_up_what_runs_and_begins_anew() -> None:
    first, later = EVEN_S[:25], [s - 3600 for s in EVEN_S[25:]]
    events, finders = run(first + later)
    kinds = [event.kind for event in events]
    assert kinds == [EventKind.START, EventKind.ABORT, *[EventKind.START, EventKind.END] * 2]
    assert list(events[1].reasons) == ["clock_set_back"]
    assert [len(finder.stamps_s) for finder in finders] == [25, 125]
