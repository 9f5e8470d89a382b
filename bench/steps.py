"""Pictures a second and core of each step, on the labelled footage at 5 fps (LBZF_VIDEO names the file).

Each step is timed on its own over the whole footage with OpenCV on one thread; three rounds, the median counts.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import cv2

from bench import report
from lbzf_ros.config.load import load_plant
from lbzf_ros.core.association import Associator
from lbzf_ros.core.cycle import CycleTracker
from lbzf_ros.detectors.finder import PeopleFinder
from lbzf_ros.resources import resource_path
from lbzf_ros.store.plant import roi_sets
from lbzf_ros.video.pictures import PictureMemory
from lbzf_ros.video.sources import FileSource

ROUNDS = 3


def main() -> None:
    """Time every step."""
    cv2.setNumThreads(1)
    rounds: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for name, milliseconds in _round().items():
            rounds[name].append(milliseconds)
    figures = {
        name: {
            "ms_a_picture": report.spread(values, 4),
            "pictures_per_second_and_core": round(1000 / report.spread(values, 6)["median"]),
        }
        for name, values in rounds.items()
    }
    report.write("steps", {"what": "one thread, footage of 768x432 at 5 fps, one station", "steps": figures})


def _round() -> dict[str, float]:
    plant = load_plant(resource_path("config", "station_visits.yaml"))
    camera = plant.cameras[0]
    rois = roi_sets(plant)[camera.label]
    finder, associator, tracker = PeopleFinder(plant.detector, rois), Associator(rois), CycleTracker(rois)
    memory = PictureMemory(20 * 10**9, 2 * 10**8, plant.recorder.jpeg_quality)
    total_s: dict[str, float] = defaultdict(float)
    frames = FileSource(camera).frames()
    count = 0

    def timed(name: str, step: Callable[..., Any], *arguments: Any) -> Any:
        began_s = time.perf_counter()
        result = step(*arguments)
        total_s[name] += time.perf_counter() - began_s
        return result

    while (frame := timed("decode and scale", next, frames, None)) is not None:
        count += 1
        people = timed("detect, track, motion", finder, frame.image_bgr, frame.stamp_ns)
        occupancy = timed("associate", associator.update, people)
        timed("cycle", tracker.update, occupancy)
        timed("hold as JPEG", memory.add, frame.image_bgr, frame.stamp_ns)
    return {name: seconds / count * 1000 for name, seconds in total_s.items()}


if __name__ == "__main__":
    main()
