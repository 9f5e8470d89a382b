"""The default detector with one thread and with two: milliseconds a picture, in turn, on the same pictures.

The beginning of the labelled footage (LBZF_VIDEO names the file), decoded before. Rounds alternate, so that whatever
else runs on the machine hits both; the CPU time says what it costs in all.
"""

from __future__ import annotations

import os
import time

import cv2

from bench import report
from lbzf_ros.config.load import load_plant
from lbzf_ros.detectors.finder import PeopleFinder
from lbzf_ros.detectors.people_hog import use_threads
from lbzf_ros.resources import resource_path
from lbzf_ros.store.plant import roi_sets
from lbzf_ros.video.sources import FileSource, Frame

ROUNDS = 4
SECONDS = 40.0
THREADS = (1, 2)


def main() -> None:
    """Time both in turn."""
    cv2.setNumThreads(1)
    plant = load_plant(resource_path("config", "station_visits.yaml"))
    camera = plant.cameras[0]
    source = FileSource(camera).frames()
    frames = [frame for frame, _ in zip(source, range(round(SECONDS * camera.fps)), strict=False)]
    wall: dict[int, list[float]] = {threads: [] for threads in THREADS}
    cpu: dict[int, list[float]] = {threads: [] for threads in THREADS}
    for _ in range(ROUNDS):
        for threads in THREADS:
            use_threads(threads)
            wall_s, cpu_s = _took_s(frames)
            wall[threads].append(1000 * wall_s / len(frames))
            cpu[threads].append(1000 * cpu_s / len(frames))
    report.write(
        "threads",
        {
            "what": "detect, track, motion: milliseconds a picture of 768x432 at 5 fps, one station",
            "pictures": len(frames),
            "machine_load": [round(x, 1) for x in os.getloadavg()],
            "threads": {
                str(threads): {
                    "ms_a_picture": report.spread(wall[threads]),
                    "cpu_ms": report.spread(cpu[threads]),
                }
                for threads in THREADS
            },
            "times_as_fast_with_two": report.spread([a / b for a, b in zip(wall[1], wall[2], strict=True)]),
        },
    )


def _took_s(frames: list[Frame]) -> tuple[float, float]:
    """Wall and processor seconds of looking at all pictures."""
    plant = load_plant(resource_path("config", "station_visits.yaml"))
    finder = PeopleFinder(plant.detector, roi_sets(plant)[plant.cameras[0].label])
    began_s, cpu_s = time.perf_counter(), time.process_time()
    for frame in frames:
        finder(frame.image_bgr, frame.stamp_ns)
    return time.perf_counter() - began_s, time.process_time() - cpu_s


if __name__ == "__main__":
    main()
