"""How surely a moved camera is noticed, how seldom one that stood still is said to have moved, and what it costs.

    python -m bench.drift [--part recall|false_alarms|cost] [--hours 200]

Only `lbzf_ros.drift` is judged: it gets the pictures and, in the simulation, every second camera the boxes of its
people; the others and the real footage (LBZF_VIDEO names the file) get none, which is harder.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench import report
from lbzf_ros.config.drift import DriftSettings
from lbzf_ros.config.load import load_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.model import NS_PER_S, Drift, RoiSet, ViewShift
from lbzf_ros.drift.estimate import Matrix, corners_px, moved
from lbzf_ros.drift.watch import DriftWatch
from lbzf_ros.resources import resource_path
from lbzf_ros.simulator.model import stations_of
from lbzf_ros.simulator.scene import Scene
from lbzf_ros.store.plant import roi_sets

Picture = NDArray[np.uint8]
FPS = 5
FOUND_WITHIN_S = 60.0
KINDS = ("shift", "turn", "zoom", "pan")
SIZE = (640, 480)
_NOBODY = np.zeros((0, 4), np.float32)


def movement(kind: str, px: float, size: tuple[int, int], rng: np.random.Generator) -> Matrix:
    """A movement of the camera whose largest shift at a corner (pan: in the middle) is `px`."""
    width, height = size
    middle, reach = (width / 2, height / 2), float(np.hypot(*size)) / 2
    sign = float(rng.choice((-1, 1)))
    if kind == "shift":
        angle = rng.uniform(0, 2 * np.pi)
        return np.array([[1, 0, px * np.cos(angle)], [0, 1, px * np.sin(angle)], [0, 0, 1]])
    if kind == "pan":  # about its own axes: about 53 degrees wide
        angle = rng.uniform(0, 2 * np.pi)
        turn = np.array([px * np.sin(angle) / width, px * np.cos(angle) / width, 0.0])
        lens = np.array([[width, 0, middle[0]], [0, width, middle[1]], [0, 0, 1]], float)
        matrix = lens @ np.asarray(cv2.Rodrigues(turn)[0]) @ np.linalg.inv(lens)
        return np.asarray(matrix / matrix[2, 2])
    degrees, factor = (np.degrees(sign * px / reach), 1.0) if kind == "turn" else (0.0, 1 + sign * px / reach)
    return np.vstack([cv2.getRotationMatrix2D(middle, degrees, factor), (0, 0, 1)])


def seen_after(picture: Picture, matrix: Matrix) -> Picture:
    """What the camera shows after a movement; what was not in the picture is made up by reflection."""
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(cv2.warpPerspective(picture, matrix, size, borderMode=cv2.BORDER_REFLECT), np.uint8)


class Room:
    """One simulated camera in light that changes much more than the simulator's own."""

    def __init__(self, plant: Plant, camera: str, seed: int) -> None:
        self.rois = roi_sets(plant)[camera]
        found = next(other for other in plant.cameras if other.label == camera)
        self._scene = Scene(
            camera=camera, stations=stations_of(plant, found), width_px=SIZE[0], height_px=SIZE[1], seed=seed
        )
        self._rng = np.random.default_rng(seed)
        self._lamps = self._rng.uniform(0.35, 1.25, 200)
        self._x, self._slant = np.arange(SIZE[0], dtype=np.float32), self._rng.uniform(-0.6, 0.6)
        self._y = np.arange(SIZE[1], dtype=np.float32)[:, None]

    def picture(self, t_s: float) -> Picture:
        """Lamps change every ten minutes; a bright stripe of sun with hard edges crosses the hall each hour."""
        lamps = self._lamps[int(t_s / 600) % len(self._lamps)]
        middle = (t_s / 3600 % 1) * 1.6 * SIZE[0] - 0.3 * SIZE[0]
        stripe = np.abs(self._x + self._slant * self._y - middle) < 50
        gain = np.where(stripe, np.float32(min(1.5, 1.35 * lamps + 0.2)), np.float32(lamps))
        picture = self._scene.render(t_s)
        return np.asarray(cv2.multiply(picture, cv2.merge([gain] * 3), dtype=cv2.CV_8U), np.uint8)

    def people(self, t_s: float) -> NDArray[np.float32]:
        """Boxes (n, 4) of the people who are mostly in the picture."""
        boxes = [box.xyxy for box in self._scene.true_boxes(t_s) if box.visible_share > 0.3]
        return np.array(boxes, np.float32).reshape(-1, 4)


def recall_simulated(plant: Plant, trials: int) -> Iterator[dict[str, Any]]:
    """Moved by 15 and 40 px at some time of the first eight hours after the reference was taken."""
    rng = np.random.default_rng(1)
    for trial in range(trials):
        px, kind = (15.0, 40.0)[trial % 4 == 3], KINDS[trial // 4 % len(KINDS)]
        room = Room(plant, ("cam1", "cam2")[trial % 2], seed=100 + trial % 12)
        watch, matrix = DriftWatch(DriftSettings(), room.rois), movement(kind, px, SIZE, rng)
        for t_s in (0.0, 1.2):
            watch.update(room.picture(t_s), round(t_s * NS_PER_S), _NOBODY)
        bump_s = float(rng.uniform(60, 8 * 3600))
        for t_s in np.arange(max(2, bump_s - 15), bump_s, 1 / FPS):
            watch.update(room.picture(t_s), round(t_s * NS_PER_S), room.people(t_s))
        yield {"px": px, "kind": kind} | _found(watch, room, matrix, bump_s, gradual_s=20 * (trial % 3 == 0))


def _found(
    watch: DriftWatch, room: Room, matrix: Matrix, bump_s: float, *, gradual_s: float
) -> dict[str, Any]:
    """When the movement was noticed, and how well it is known."""
    still = np.eye(3)
    for t_s in np.arange(bump_s, bump_s + gradual_s + FOUND_WITHIN_S, 1 / FPS):
        done = min(1.0, (t_s - bump_s + 1 / FPS) / gradual_s) if gradual_s else 1.0
        picture = seen_after(room.picture(t_s), still + done * (matrix - still))
        shift = watch.update(picture, round(t_s * NS_PER_S), _NOBODY)[0]
        if shift.drift is Drift.DRIFTED and done == 1:
            return {"after_s": t_s - bump_s - gradual_s, "error_px": _error_px(shift, matrix, SIZE)}
    return {"after_s": None, "error_px": None}


def _error_px(shift: ViewShift, matrix: Matrix, size: tuple[int, int]) -> float | None:
    """Largest distance, in the picture's inner nine tenths, of where zones are put from where they are."""
    if shift.homography is None:
        return None
    points = (corners_px(*size) - np.array(size) / 2) * 0.9 + np.array(size) / 2
    known = np.array(shift.homography).reshape(3, 3)
    return float(np.linalg.norm(moved(known, points) - moved(matrix, points), axis=1).max())


def recall_real() -> list[dict[str, Any]]:
    """The station footage, moved in 36 ways at 36 times; one pass over the video."""
    rois = roi_sets(load_plant(resource_path("config", "station_visits.yaml")))["cam1"]
    size, rng = (rois.width_px, rois.height_px), np.random.default_rng(2)
    trials = []
    for i in range(36):
        px, kind = (15.0, 15.0, 40.0)[i % 3], KINDS[i // 3 % len(KINDS)]
        matrix = movement(kind, px * size[0] / 640, size, rng)
        trials.append(
            {"px": px, "kind": kind, "bump_s": float(rng.uniform(10, 75)), "matrix": matrix}
            | {"watch": DriftWatch(DriftSettings(), rois), "after_s": None, "error_px": None, "false": 0}
        )
    for t_s, picture in _footage():
        for trial in trials:
            _step(trial, t_s, picture, size)
    keys = ("px", "kind", "after_s", "error_px", "false")
    return [{key: trial[key] for key in keys} for trial in trials]


def _step(trial: dict[str, Any], t_s: float, picture: Picture, size: tuple[int, int]) -> None:
    bumped = t_s >= trial["bump_s"]
    if trial["after_s"] is not None:
        return
    shown = seen_after(picture, trial["matrix"]) if bumped else picture
    shift = trial["watch"].update(shown, round(t_s * NS_PER_S), _NOBODY)[0]
    if shift.drift is Drift.DRIFTED and bumped:
        trial["after_s"] = t_s - trial["bump_s"]
        trial["error_px"] = _error_px(shift, trial["matrix"], size)
    trial["false"] += not bumped and shift.drift is not Drift.OK


def _footage() -> Iterator[tuple[float, Picture]]:
    video = cv2.VideoCapture(os.environ["LBZF_VIDEO"])
    every = round(video.get(cv2.CAP_PROP_FPS) / FPS)
    number = 0
    while video.grab():
        if number % every == 0:
            yield number / every / FPS, np.asarray(video.retrieve()[1], np.uint8)
        number += 1


def false_alarms(plant: Plant, hours: float, hours_a_camera: float) -> dict[str, Any]:
    """Cameras that stand still. Only the pictures that are checked are drawn: regular ones and, after doubt, a row."""
    alarms, unknown, checks, settings = [], 0, 0, DriftSettings()
    cameras = round(hours / hours_a_camera)
    for number in range(cameras):
        room = Room(plant, ("cam1", "cam2")[number % 2], seed=1000 + number)
        watch, t_s, before = DriftWatch(settings, room.rois), 0.0, Drift.OK
        while t_s < hours_a_camera * 3600:
            people = room.people(t_s) if number % 2 else _NOBODY
            shifts = watch.update(room.picture(t_s), round(t_s * NS_PER_S), people)
            drift = shifts[0].drift if shifts else Drift.UNCHECKED
            checks += 1
            unknown += drift is Drift.UNKNOWN
            if drift is Drift.DRIFTED and before is not drift:
                alarms.append({"camera": number, "t_s": round(t_s, 1), "px": round(shifts[0].shift_px, 1)})
            before = drift
            t_s += 0.6 if watch.is_hurried else settings.check_s
        print(
            f"{(number + 1) * hours_a_camera:g} h: {len(alarms)} false, {unknown} unknown of {checks}",
            flush=True,
        )
    return {
        "camera_hours": cameras * hours_a_camera,
        "cameras": cameras,
        "pictures_checked": checks,
        "false_alarms": alarms,
        "checks_with_view_unknown": unknown,
    }


def cost(plant: Plant) -> dict[str, Any]:
    """CPU of one camera at 5 fps for two minutes, and the same with a lamp that flickers at every picture."""
    cv2.setNumThreads(1)
    room = Room(plant, "cam1", seed=22)
    pictures = [room.picture(t_s) for t_s in np.arange(0, 120, 1 / FPS)]
    result = {"calm": _share(room.rois, pictures)}
    flicker = [np.asarray(p if i % 2 else p // 2, np.uint8) for i, p in enumerate(pictures)]
    return result | {"flickering": _share(room.rois, flicker)}


def _share(rois: RoiSet, pictures: list[Picture]) -> dict[str, float]:
    watch, spent = DriftWatch(DriftSettings(), rois), []
    for i, picture in enumerate(pictures):
        began_s = time.process_time()
        watch.update(picture, round(i / FPS * NS_PER_S), _NOBODY)
        spent.append(time.process_time() - began_s)
    share = sum(spent) / (len(pictures) / FPS)
    return {
        "core_percent": round(100 * share, 2),
        "ms_a_check": round(1000 * report.percentile(spent, 0.995), 1),
        "ms_otherwise": round(1000 * report.percentile(spent, 0.5), 2),
    }


def _summary(trials: list[dict[str, Any]]) -> dict[str, Any]:
    table = {}
    for px in sorted({trial["px"] for trial in trials}):
        for kind in (*KINDS, "all"):
            chosen = [t for t in trials if t["px"] == px and kind in (t["kind"], "all")]
            times = [t["after_s"] for t in chosen if t["after_s"] is not None]
            errors = [t["error_px"] for t in chosen if t["error_px"] is not None]
            table[f"{px:g} px {kind}"] = {
                "trials": len(chosen),
                "recall": round(len(times) / len(chosen), 3),
                "after_s": report.spread(times, 1) if times else None,
                "error_px": report.spread(errors, 1) if errors else None,
            }
    return table


def main() -> None:
    """Measure, and keep what other parts had measured before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("recall", "false_alarms", "cost"), action="append")
    parser.add_argument("--hours", type=float, default=200.0)
    parser.add_argument("--trials", type=int, default=160)
    arguments = parser.parse_args()
    parts = arguments.part or ["recall", "false_alarms", "cost"]
    plant = load_plant(resource_path("config", "plant.yaml"))
    file = report.RESULTS / "drift.json"
    figures: dict[str, Any] = {}
    cv2.setNumThreads(1)
    if "recall" in parts:
        figures["recall_simulated"] = _summary(list(recall_simulated(plant, arguments.trials)))
        real = recall_real()
        figures["recall_real"] = _summary(real) | {"pictures_wrong_before": sum(t["false"] for t in real)}
    if "false_alarms" in parts:
        figures["false_alarms"] = false_alarms(plant, arguments.hours, hours_a_camera=4.0)
    if "cost" in parts:
        figures["cost"] = cost(plant)
    before = json.loads(file.read_text("utf-8"))["figures"] if file.exists() else {}
    report.write("drift", before | figures)


if __name__ == "__main__":
    main()
