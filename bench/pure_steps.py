"""Track, associate, debounce and cycle: what the pure steps cost, how it grows, and whether a long cycle costs more.

CPU time of one thread, no pictures: people walk into their zones, sway there, and go, as boxes. All cameras take turns,
picture by picture, as in the graph, and nothing is kept that the graph would not keep. Of each figure the median over
rounds.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import supervision
from trackers import ByteTrackTracker

from bench import report
from lbzf_ros.core.association import Associator
from lbzf_ros.core.cycle import CycleTracker
from lbzf_ros.core.model import NS_PER_S, Boxes, EventKind, FrameDetections, ModelInfo, RoiSet
from lbzf_ros.detectors.tracking import Tracker
from test.support.occupancy import rois, station, zone

FPS, WIDTH_PX, HEIGHT_PX = 5, 640, 480
START_NS = 1_700_000_000 * NS_PER_S
MODEL = ModelInfo("bench", "1", "none")
CAMERAS, PEOPLE, STATIONS = 20, 4, 4
ROUNDS, SECONDS = 5, 30
GOAL_SHARE_OF_A_CORE = 0.04
PACKAGE_US = 220  # of five boxes, on the machine for which the goal was set
STEPS = ("track", "associate", "debounce and cycle")
PLOT = Path(__file__).parents[1] / "docs" / "images" / "pure_steps.png"


@dataclass(frozen=True)
class Camera:
    """What one camera sees: its zones, and the boxes of every picture."""

    zones: RoiSet
    boxes: list[Boxes]


def main() -> None:
    """Measure, write the result and the plot."""
    _one_round([_camera(0, PEOPLE, STATIONS, 5)])  # imports and caches
    growth = {
        "cameras": {n: _cost(n, PEOPLE, STATIONS) for n in (1, 5, 10, 20, 40)},
        "people": {n: _cost(2, n, STATIONS) for n in (1, 2, 4, 8, 16, 32)},
        "stations": {n: _cost(2, PEOPLE, n) for n in (1, 2, 4, 8, 16, 32)},
    }
    plant = growth["cameras"][CAMERAS]
    fits = {
        "cameras": _fit({n: sum(cost.values()) * n for n, cost in growth["cameras"].items()}),
        "people": _fit({n: sum(cost.values()) for n, cost in growth["people"].items()}),
        "stations": _fit({n: sum(cost.values()) for n, cost in growth["stations"].items()}),
    }
    figures = {
        "what": f"CPU microseconds, one thread; {SECONDS} s at {FPS} pictures a second, one zone a station, "
        f"median of {ROUNDS} rounds",
        "plant": {
            "cameras": CAMERAS,
            "people": PEOPLE,
            "stations": STATIONS,
            "us_a_picture": {name: round(us, 1) for name, us in plant.items()},
            "share_of_a_core": round(sum(plant.values()) * CAMERAS * FPS / 1e6, 4),
            **_against_the_package(),
            "goal": GOAL_SHARE_OF_A_CORE,
        },
        "machine_load_1_5_15_min": os.getloadavg(),
        "growth": fits,
        "one_cycle_of_an_hour": _long_cycle(),
    }
    report.write("pure_steps", figures)
    _plot(fits)


def _cost(cameras: int, people: int, stations: int) -> dict[str, float]:
    """Microseconds a picture of each step."""
    seen = [_camera(number, people, stations, SECONDS) for number in range(cameras)]
    rounds = [_one_round(seen) for _ in range(ROUNDS)]
    return {step: statistics.median(one[step] for one in rounds) for step in STEPS}


def _against_the_package() -> dict[str, float]:
    """All steps for the whole plant beside the package's tracker alone, in turn: a slow machine slows both.

    The goal was set where that tracker takes `PACKAGE_US` for five boxes; there all steps take `share_..._us`.
    """
    seen = [_camera(number, PEOPLE, STATIONS, SECONDS) for number in range(CAMERAS)]
    pairs = [(sum(_one_round(seen).values()), _package_us()) for _ in range(2 * ROUNDS)]
    ratio = statistics.median(ours / package for ours, package in pairs)
    return {
        "us_the_package_s_own_tracker_of_5_boxes": round(statistics.median(us for _, us in pairs), 1),
        "all_steps_to_the_package_s_tracker": round(ratio, 3),
        f"share_of_a_core_where_that_takes_{PACKAGE_US}_us": round(
            ratio * PACKAGE_US * CAMERAS * FPS / 1e6, 4
        ),
        "share_of_a_core_in_the_best_round": round(min(us for us, _ in pairs) * CAMERAS * FPS / 1e6, 4),
    }


def _one_round(cameras: Sequence[Camera]) -> dict[str, float]:
    trackers = [Tracker(FPS) for _ in cameras]
    associators = [Associator(camera.zones) for camera in cameras]
    cycles = [CycleTracker(camera.zones) for camera in cameras]
    pictures = range(len(cameras[0].boxes))
    spans_ns, events = [0, 0, 0], 0
    for i in pictures:
        stamp_ns = START_NS + i * NS_PER_S // FPS
        began_ns = time.thread_time_ns()
        ids = [t.update(c.boxes[i], stamp_ns) for t, c in zip(trackers, cameras, strict=True)]
        tracked_ns = time.thread_time_ns()
        people = [_people(c.boxes[i], found, stamp_ns) for c, found in zip(cameras, ids, strict=True)]
        made_ns = time.thread_time_ns()
        places = [a.update(found) for a, found in zip(associators, people, strict=True)]
        associated_ns = time.thread_time_ns()
        decided = [c.update(found) for c, found in zip(cycles, places, strict=True)]
        ended_ns = time.thread_time_ns()
        events += sum(len(found) for found, _ in decided)
        took_ns = (tracked_ns - began_ns, associated_ns - made_ns, ended_ns - associated_ns)
        spans_ns = [total + one for total, one in zip(spans_ns, took_ns, strict=True)]
    if len(pictures) >= SECONDS * FPS and not events:
        raise RuntimeError("nobody has begun a cycle: this measures nothing")
    count = len(cameras) * len(pictures)
    return {step: span_ns / count / 1000 for step, span_ns in zip(STEPS, spans_ns, strict=True)}


def _package_us() -> float:
    """Microseconds a picture of five boxes of the `trackers` package's own tracker, as it comes."""
    boxes = _camera(0, 5, STATIONS, SECONDS).boxes
    tracker = ByteTrackTracker(
        lost_track_buffer=90,
        frame_rate=FPS,
        track_activation_threshold=0.0,
        high_conf_det_threshold=0.0,
        minimum_consecutive_frames=1,
    )
    found = [supervision.Detections(xyxy=b.xyxy, confidence=b.confidence) for b in boxes]
    began_ns = time.thread_time_ns()
    for i, detections in enumerate(found):
        tracker.update(detections, timestamp=1.7e9 + i / FPS)
    return (time.thread_time_ns() - began_ns) / len(boxes) / 1000


def _people(boxes: Boxes, ids: Any, stamp_ns: int) -> FrameDetections:
    return FrameDetections("cam1", stamp_ns, WIDTH_PX, HEIGHT_PX, MODEL, boxes, ids)


def _camera(number: int, people: int, stations: int, seconds: int) -> Camera:
    """Zones side by side in rows, and people who stand in them in turn: 12 s there, 4 s beside."""
    rng = np.random.default_rng(number)
    across = min(stations, 8)
    width, height = WIDTH_PX / across, HEIGHT_PX / -(-stations // across)
    corners = [(width * (i % across), height * (i // across)) for i in range(stations)]
    inner, low = 0.7 * width, 0.9 * height
    zones = [
        zone("work", polygon_px=((x, y), (x + inner, y), (x + inner, y + low), (x, y + low)), enter_s=1.0)
        for x, y in corners
    ]
    own = [corners[i % stations] for i in range(people)]
    phase_s = rng.uniform(0, 16, people)
    boxes = []
    for i in range(seconds * FPS):
        away = (i / FPS + phase_s) % 16 >= 12
        middle = np.array(own) + np.array([0.35 * width, 0.5 * height])
        middle[:, 0] += np.where(away, 0.55 * width, 0.0) + np.arange(people) // stations * 7
        middle += rng.normal(0, 1.5, middle.shape)
        half = np.array([0.2 * width, 0.4 * height])
        xyxy = np.clip(np.hstack([middle - half, middle + half]), 0, [WIDTH_PX, HEIGHT_PX] * 2)
        boxes.append(Boxes(xyxy.astype(np.float32), np.full(people, 0.7, np.float32)))
    stations_ = [station(code=f"P{i}", zones=[own_zone], min_cycle_s=2.0) for i, own_zone in enumerate(zones)]
    return Camera(replace(rois(*stations_, fps=FPS), width_px=WIDTH_PX, height_px=HEIGHT_PX), boxes)


def _fit(total_us: dict[int, float]) -> dict[str, Any]:
    """A straight line through the figures, and how much of their spread it explains."""
    n, us = np.array(list(total_us)), np.array(list(total_us.values()))
    slope, intercept = np.polyfit(n, us, 1)
    left = us - (slope * n + intercept)
    return {
        "us": {int(k): round(float(v), 1) for k, v in total_us.items()},
        "us_for_one_more": round(float(slope), 2),
        "us_at_none": round(float(intercept), 1),
        "r2": round(1 - float((left**2).sum() / ((us - us.mean()) ** 2).sum()), 4),
    }


def _long_cycle() -> dict[str, Any]:
    """What a picture costs in the 1st and in the 60th minute of one cycle."""
    camera = _camera(0, 1, 1, 60)
    standing = [
        camera.boxes[i] for i in range(len(camera.boxes)) if camera.boxes[i].xyxy[0, 0] < WIDTH_PX * 0.3
    ]
    tracker, associator, cycles = Tracker(FPS), Associator(camera.zones), CycleTracker(camera.zones)
    minutes: list[list[float]] = []
    running = 0
    for i in range(60 * 60 * FPS):
        boxes = standing[i % len(standing)] if i > FPS else Boxes.empty()
        if i % (60 * FPS) == 0:
            minutes.append([])
        began_ns = time.thread_time_ns()
        stamp_ns = START_NS + i * NS_PER_S // FPS
        events, states = cycles.update(
            associator.update(_people(boxes, tracker.update(boxes, stamp_ns), stamp_ns))
        )
        minutes[-1].append((time.thread_time_ns() - began_ns) / 1000)
        running += bool(states[0].event_uid)
        if any(event.kind is not EventKind.START for event in events):
            raise RuntimeError("the cycle has ended: this measures nothing")
    if running < 60 * 59 * FPS:
        raise RuntimeError("no cycle runs: this measures nothing")
    medians = [round(statistics.median(minute), 1) for minute in minutes]
    return {"minute_2_us": medians[1], "minute_60_us": medians[-1], "us_by_minute": medians}


def _plot(growth: dict[str, dict[str, Any]]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(9, 2.6), dpi=100)
    for axis, (what, fit) in zip(axes, growth.items(), strict=True):
        n = np.array([float(key) for key in fit["us"]])
        axis.plot(n, fit["us_at_none"] + fit["us_for_one_more"] * n, color="0.7")
        axis.plot(n, list(fit["us"].values()), "o", color="tab:blue")
        axis.set_xlabel(what)
        axis.set_title(f"r² = {fit['r2']:.3f}", fontsize=9)
        axis.set_ylim(bottom=0)
    axes[0].set_ylabel("CPU µs a picture\n(first: of all cameras)")
    figure.tight_layout()
    figure.savefig(PLOT)


if __name__ == "__main__":
    main()
