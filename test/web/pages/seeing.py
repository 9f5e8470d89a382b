"""A graph that shows a camera to whoever waits for it: a picture, and people in it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core.model import Boxes, FrameDetections, ModelInfo
from test.web.factory import Line

PEOPLE_PX = ([60.0, 180.0, 130.0, 380.0], [300.0, 150.0, 370.0, 350.0])
_PERIOD_S = 0.1


@contextmanager
def seeing(
    line: Line, image: NDArray[np.uint8], *cameras: str, people_px: Sequence[Sequence[float]] = PEOPLE_PX
) -> Iterator[None]:
    """Pictures of these cameras with people (boxes), for the length of a block."""
    stop = threading.Event()
    height_px, width_px = image.shape[:2]

    def speak() -> None:
        looking = line.context.looking
        while not stop.wait(_PERIOD_S):
            for camera in filter(looking.is_wanted, cameras):
                stamp_ns = line.context.clock_ns()
                people = FrameDetections(
                    camera=camera,
                    stamp_ns=stamp_ns,
                    width_px=width_px,
                    height_px=height_px,
                    model=ModelInfo(name="test", version="1", framework="none"),
                    boxes=Boxes(np.array(people_px, np.float32), np.full(len(people_px), 0.9, np.float32)),
                    track_ids=np.arange(len(people_px), dtype=np.int32),
                )
                looking.put(camera, image=(stamp_ns, image))
                looking.put(camera, people=people)

    thread = threading.Thread(target=speak, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
