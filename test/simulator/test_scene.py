"""The rendered picture: always the same, with people that a people detector finds."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lbzf_ros.config.schema import Plant
from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import ZoneKind
from lbzf_ros.simulator.model import Script, TrueBox
from lbzf_ros.simulator.scene import Scene
from test.simulator.conftest import DEMO_PLANT, QUIET, demo_scene

CAMERAS = ("cam1", "cam2")
_SHRUNK_PX, _BORDER_PX = (427, 320), 32
_WINDOW_MARGIN = (0.156, 0.125)
"""Share of HOG's window on each side of the person in it (44 of 64 and 96 of 128 px are the person)."""

_PRINT_DIGEST = """
import hashlib, sys
from pathlib import Path
from lbzf_ros.config.load import load_plant
from test.simulator.conftest import demo_scene
picture = demo_scene(load_plant(Path(sys.argv[1])), "cam1").render(77.2)
print(hashlib.sha256(picture.tobytes()).hexdigest())
"""


def test_a_picture_has_the_cameras_size(demo: dict[str, Scene]) -> None:
    picture = demo["cam1"].render(0.0)
    assert picture.shape == (480, 640, 3)
    assert picture.dtype == np.uint8


@pytest.mark.parametrize("label", CAMERAS)
def test_the_same_moment_looks_the_same_whatever_was_shown_before(plant: Plant, label: str) -> None:
    times = [0.0, 0.2, 31.4, 650.0, 7000.2]
    forward, backward = demo_scene(plant, label), demo_scene(plant, label)
    shown = {t: forward.render(t) for t in times}
    for t in reversed(times):
        np.testing.assert_array_equal(backward.render(t), shown[t])
        np.testing.assert_array_equal(forward.render(t), shown[t])


def test_another_process_draws_the_same_pixels(demo: dict[str, Scene]) -> None:
    digest = hashlib.sha256(demo["cam1"].render(77.2).tobytes()).hexdigest()
    elsewhere = subprocess.run(
        [sys.executable, "-c", _PRINT_DIGEST, str(DEMO_PLANT)],
        capture_output=True,
        text=True,
        check=True,
        cwd=DEMO_PLANT.parents[1],
        env={**os.environ, "PYTHONHASHSEED": "12345"},
    )
    assert elsewhere.stdout.strip() == digest


def test_a_picture_belongs_to_its_caller(demo: dict[str, Scene]) -> None:
    first = demo["cam1"].render(5.0)
    kept = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(demo["cam1"].render(5.0), kept)


def test_seeds_and_cameras_look_different(plant: Plant) -> None:
    pictures = [demo_scene(plant, "cam1", seed=seed).render(10.0) for seed in (1, 2)]
    assert np.abs(pictures[0].astype(int) - pictures[1]).mean() > 3
    one, other = (demo_scene(plant, label, seed=1).true_cycles(600.0) for label in CAMERAS)
    assert [c.start_s for c in one if c.workstation == "PUESTO_02"] != [
        c.start_s for c in other if c.workstation == "PUESTO_04"
    ]


def test_a_negative_seed_is_refused(plant: Plant) -> None:
    with pytest.raises(InvalidValue, match="allowed is 0 or more"):
        demo_scene(plant, "cam1", seed=-1)


def test_pictures_differ_by_sensor_noise_even_when_nothing_moves(plant: Plant) -> None:
    scene = demo_scene(plant, "cam1", script=QUIET)
    wall = [scene.render(t)[:40].astype(int) for t in (20.0, 20.2)]
    assert 2.0 < (wall[1] - wall[0]).std() < 10.0


def test_light_changes_over_minutes_and_not_from_picture_to_picture(demo: dict[str, Scene]) -> None:
    def level(t_s: float) -> float:
        return float(demo["cam1"].render(t_s)[:140].mean())

    levels = [level(60.0 * i) for i in range(30)]
    assert max(levels) - min(levels) > 8
    assert max(abs(level(60.0 * i + 0.2) - levels[i]) for i in range(30)) < 0.5


def test_people_pass_and_a_supervisor_stays(demo: dict[str, Scene]) -> None:
    seen: dict[str, int] = {}
    for scene in demo.values():
        for t in range(1200):
            for box in scene.true_boxes(float(t)):
                seen[box.person] = seen.get(box.person, 0) + 1
    visits = [name for name in seen if name.startswith(("far_lane/", "near_lane/"))]
    stays = [seconds for name, seconds in seen.items() if name.startswith("supervisor/")]
    assert len(visits) >= 10
    assert len(stays) >= 3
    assert max(stays) > 15


def test_a_script_without_visitors_shows_operators_only(plant: Plant) -> None:
    scene = demo_scene(plant, "cam2", script=QUIET)
    people = {box.person for t in range(0, 900, 3) for box in scene.true_boxes(float(t))}
    assert people == {"PUESTO_04", "PUESTO_05"}


def test_true_cycles_are_ordered_by_their_end_and_windows_join(demo: dict[str, Scene]) -> None:
    scene = demo["cam1"]
    whole = scene.true_cycles(1000.0)
    assert whole == sorted(whole, key=lambda cycle: cycle.end_s)
    assert scene.true_cycles(500.0) + scene.true_cycles(1000.0, from_s=500.0) == whole


@pytest.mark.parametrize("label", CAMERAS)
def test_a_true_box_holds_the_pixels_of_its_person(plant: Plant, label: str) -> None:
    scene = demo_scene(plant, label, script=QUIET)
    alone = {box.person: box for box in scene.true_boxes(12.0)}
    without = demo_scene(plant, label, script=QUIET)
    without._actors.clear()
    changed = np.abs(scene.render(12.0).astype(int) - without.render(12.0)).max(axis=2) > 0
    covered = np.zeros_like(changed)
    for box in alone.values():
        x0, y0, x1, y1 = (round(v) for v in box.xyxy)
        assert changed[max(y0, 0) : y1, max(x0, 0) : x1].mean() > 0.3
        covered[max(y0 - 3, 0) : y1 + 12, max(x0 - 30, 0) : x1 + 30] = True  # with his shadow on the floor
    assert not (changed & ~covered).any()


@pytest.mark.parametrize("label", CAMERAS)
def test_only_hands_move_in_the_zones_for_hands(plant: Plant, label: str) -> None:
    busy = demo_scene(plant, label, script=Script(passer_chance=1.0, supervisor_chance=1.0, break_chance=0.0))
    moments = _reach_times(busy, 400.0)
    quiet, reaching = [], []
    before = busy.render(30.0)
    for i in range(1, 400):
        t = 30.0 + 0.2 * i
        after = busy.render(t)
        for station in busy.stations:
            for zone in station.hand_zones:
                since = min(
                    (t - moment for moment in moments[station.code, zone.kind] if moment < t + 0.6), key=abs
                )
                share = _moving_share(before, after, zone.bounds_px)
                if -0.01 < since < 0.7:
                    reaching.append(share)
                elif not -0.6 <= since <= 2.5:
                    quiet.append(share)
        before = after
    assert max(quiet) < 0.03
    assert np.median(reaching) > 0.15


def test_people_are_found_by_a_people_detector(demo: dict[str, Scene]) -> None:
    operators: list[bool] = []
    false_boxes = pictures = 0
    for scene in demo.values():
        for i in range(12):
            t = 3.0 + 17.3 * i
            found = _hog(scene.render(t))
            people = scene.true_boxes(t)
            whole = [box for box in people if box.visible_share > 0.9 and "/" not in box.person]
            operators += [max((_iou(box.xyxy, hit) for hit in found), default=0.0) > 0.4 for box in whole]
            false_boxes += sum(_matches_nobody(hit, people) for hit in found)
            pictures += 1
    assert np.mean(operators) >= 0.9
    assert false_boxes / pictures < 0.5


def _reach_times(scene: Scene, until_s: float) -> dict[tuple[str, ZoneKind], list[float]]:
    """When a hand enters each zone for hands, by workstation and kind."""
    times: dict[tuple[str, ZoneKind], list[float]] = {}
    for cycle in scene.true_cycles(until_s):
        opens, closes = {
            "presence": (ZoneKind.WORK, ZoneKind.WORK),
            "trigger": (ZoneKind.TRIGGER, ZoneKind.TRIGGER),
            "pick_drop": (ZoneKind.PICK, ZoneKind.DROP),
        }[cycle.rule]
        times.setdefault((cycle.workstation, opens), []).append(cycle.start_s)
        times.setdefault((cycle.workstation, closes), []).append(cycle.end_s)
    return times


def _moving_share(
    before: NDArray[np.uint8], after: NDArray[np.uint8], bounds: tuple[float, float, float, float]
) -> float:
    x0, y0, x1, y1 = (round(v) for v in bounds)
    parts = [cv2.GaussianBlur(picture[y0:y1, x0:x1], (3, 3), 0).astype(int) for picture in (before, after)]
    return float((np.abs(parts[1] - parts[0]).max(axis=2) > 22).mean())


def _hog(picture: NDArray[np.uint8]) -> list[tuple[float, float, float, float]]:
    """OpenCV's default people detector on the picture as our detector sees it: smaller, with a border."""
    hog = cv2.HOGDescriptor()
    hog.setSVMDetector(np.asarray(cv2.HOGDescriptor.getDefaultPeopleDetector()))
    small = cv2.resize(picture, _SHRUNK_PX, interpolation=cv2.INTER_AREA)
    framed = cv2.copyMakeBorder(small, _BORDER_PX, _BORDER_PX, _BORDER_PX, _BORDER_PX, cv2.BORDER_REPLICATE)
    windows, _ = hog.detectMultiScale(framed, hitThreshold=0, winStride=(8, 8), padding=(8, 8), scale=1.05)
    scale = picture.shape[1] / _SHRUNK_PX[0]
    cut_x, cut_y = _WINDOW_MARGIN
    return [
        (
            (x + cut_x * w - _BORDER_PX) * scale,
            (y + cut_y * h - _BORDER_PX) * scale,
            (x + (1 - cut_x) * w - _BORDER_PX) * scale,
            (y + (1 - cut_y) * h - _BORDER_PX) * scale,
        )
        for x, y, w, h in windows
    ]


def _iou(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    width = max(min(a[2], b[2]) - max(a[0], b[0]), 0.0)
    height = max(min(a[3], b[3]) - max(a[1], b[1]), 0.0)
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return width * height / (both - width * height)


def _matches_nobody(hit: tuple[float, float, float, float], people: list[TrueBox]) -> bool:
    return all(_iou(box.xyxy, hit) < 0.25 for box in people)
