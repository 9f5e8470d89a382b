"""How the default detector behaves where people work: it finds, holds and lets go."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lbzf_ros.config.detectors import DetectorSettings
from lbzf_ros.detectors.base import Detector, create
from lbzf_ros.detectors.people_hog import Hits, PeopleHog
from test.detectors.drawing import RED, Image, middles, person, room, watch

ROOM = room()


@pytest.fixture
def detector() -> Detector:
    """The default detector, which has seen nothing yet."""
    return create(DetectorSettings())


def arrival(t_s: float, place_px: float = 320) -> float:
    """Where somebody is who comes in from the left at second 2 and stops; he sways a little."""
    return min(-60 + 150 * max(t_s - 2, 0), place_px) + float(2 * np.sin(3 * t_s))


def test_who_stands_still_for_four_minutes_is_seen_all_the_time(detector: Detector) -> None:
    found = [
        (t, boxes) for t, boxes in watch(detector, lambda t: person(ROOM, arrival(t)), 250, fps=2) if t > 6
    ]
    assert all(len(boxes) == 1 for _, boxes in found)
    assert all(abs(middles(boxes)[0] - 320) < 15 for _, boxes in found)


def test_who_leaves_is_gone_at_once(detector: Detector) -> None:
    def paint(t_s: float) -> Image:
        return person(ROOM, arrival(t_s) if t_s < 30 else 320 + 200 * (t_s - 30))

    found = {round(t, 1): boxes for t, boxes in watch(detector, paint, 40)}
    assert len(found[29.8]) == 1
    assert len(found[31.0]) == 1
    assert middles(found[31.0])[0] > 450
    assert not any(len(boxes) for t, boxes in found.items() if t > 33)


def test_the_box_is_the_person(detector: Detector) -> None:
    *_, (_, boxes) = watch(detector, lambda t: person(ROOM, arrival(t)), 8)
    # The figure stands from 440 up to 260 px above, and is 0.36 of that wide.
    assert np.abs(boxes.xyxy[0] - [273, 180, 367, 440]).max() < 20


def test_somebody_who_is_already_there_is_found_and_let_go(detector: Detector) -> None:
    def paint(t_s: float) -> Image:
        return person(ROOM, arrival(t_s + 20) if t_s < 10 else 320 + 200 * (t_s - 10))

    found = list(watch(detector, paint, 18))
    assert all(len(boxes) == 1 for t, boxes in found if 2 < t < 10)
    assert not any(len(boxes) for t, boxes in found if t > 14)


def test_whom_the_background_shows_is_not_lost_when_somebody_stands_before_him(detector: Detector) -> None:
    def paint(t_s: float) -> Image:
        there = person(ROOM, arrival(t_s + 20))
        # Somebody else comes after 80 s, when the background is in doubt no more, and stands before him for 10 s.
        x = 700 - 90 * max(t_s - 80, 0) if t_s < 84.2 else max(322 - 90 * max(t_s - 94, 0), -100)
        return person(there, x, feet_px=460, height_px=290, shirt=RED)

    found = list(watch(detector, paint, 98, fps=3))
    assert all(len(boxes) == 1 for t, boxes in found if 3 < t < 79)
    # At once, when the other one is beside him: he has been there all the time.
    after = [middles(boxes) for t, boxes in found if t > 95.3]
    assert all(any(abs(x - 320) < 25 for x in xs) for xs in after)


def test_two_people_who_pass_each_other_are_two(detector: Detector) -> None:
    def paint(t_s: float) -> Image:
        far = person(ROOM, 80 + 45 * t_s, feet_px=410, height_px=240)
        return person(far, 560 - 45 * t_s, shirt=RED) if t_s > 1 else ROOM

    counts = {round(t, 1): len(boxes) for t, boxes in watch(detector, paint, 10)}
    apart = [n for t, n in counts.items() if 2.5 < t < 4 or 8 < t < 9.5]
    assert np.mean([n == 2 for n in apart]) >= 0.9
    assert max(counts.values()) == 2
    assert min(n for t, n in counts.items() if t > 3) >= 1


@pytest.mark.parametrize("leaves_s", [None, 60.0], ids=["stays", "is-taken-away"])
def test_a_box_that_is_left_behind_is_nobody(detector: Detector, leaves_s: float | None) -> None:
    def paint(t_s: float) -> Image:
        picture: Image = ROOM.copy()
        if t_s > 4 and (leaves_s is None or t_s < leaves_s):
            cv2.rectangle(picture, (400, 250), (500, 440), (60, 90, 60), -1)
        return picture

    assert not any(len(boxes) for _, boxes in watch(detector, paint, 80, fps=3))


def test_a_machine_that_trembles_is_nobody(detector: Detector) -> None:
    def paint(t_s: float) -> Image:
        picture: Image = ROOM.copy()
        x = 380 + round(5 * np.sin(17 * t_s))
        cv2.rectangle(picture, (x, 300), (x + 160, 430), (70, 70, 60), -1)
        cv2.rectangle(picture, (x + 20, 320), (x + 90, 370), (190, 190, 190), -1)
        return picture

    assert not any(len(boxes) for _, boxes in watch(detector, paint, 60))


@pytest.mark.parametrize("sigma", [0.0, 8.0, 15.0])
def test_an_empty_room_shows_nobody_in_any_light(detector: Detector, sigma: float) -> None:
    def paint(t_s: float) -> Image:
        gain = (0.7 + 0.3 * np.cos(t_s / 10)) * (0.5 if int(t_s / 25) % 2 else 1.0)
        return np.asarray(cv2.convertScaleAbs(ROOM, alpha=gain), np.uint8)

    shown = watch(detector, paint, 100, fps=3, sigma=sigma)
    assert not any(len(boxes) for _, boxes in shown)


@pytest.mark.parametrize(
    ("gain_left", "gain_right"), [(0.5, 0.5), (0.5, 0.85), (1.3, 1.1)], ids=["all", "uneven", "brighter"]
)
def test_a_light_switch_neither_hides_nor_makes_people(
    detector: Detector, gain_left: float, gain_right: float
) -> None:
    lamp = np.linspace(gain_left, gain_right, ROOM.shape[1])[None, :, None]

    def paint(t_s: float) -> Image:
        picture = person(ROOM, arrival(t_s) if t_s < 30 else 320 + 200 * (t_s - 30))
        return np.clip(picture * lamp, 0, 255).astype(np.uint8) if 15 < t_s < 25 else picture

    found = list(watch(detector, paint, 36))
    assert all(len(boxes) == 1 for t, boxes in found if 6 < t < 30)
    assert not any(len(boxes) for t, boxes in found if t > 33)


def test_a_shadow_does_not_stretch_the_box(detector: Detector) -> None:
    def paint(t_s: float) -> Image:
        picture, x = ROOM.copy(), arrival(t_s)
        floor = np.zeros(ROOM.shape[:2], np.uint8)
        cv2.ellipse(floor, (round(x) + 70, 446), (110, 16), 0, 0, 360, (1,), -1)
        picture[floor > 0] = (picture[floor > 0] * 0.72).astype(np.uint8)
        return person(picture, x)

    found = [boxes for t, boxes in watch(detector, paint, 15) if t > 7]
    assert all(len(boxes) == 1 for boxes in found)
    assert all(abs(middles(boxes)[0] - 320) < 20 for boxes in found)


@pytest.mark.parametrize("fps", [3.0, 5.0, 10.0])
def test_seconds_count_not_pictures(fps: float) -> None:
    detector = create(DetectorSettings())
    shown = watch(detector, lambda t: person(ROOM, arrival(t)), 10, fps=fps)
    first_s = next(t for t, boxes in shown if len(boxes))
    assert 2.0 < first_s < 4.0


def test_a_quiet_scene_is_not_searched(detector: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Hits:
        raise AssertionError("HOG looked although nothing moved")

    monkeypatch.setattr(PeopleHog, "find", refuse)
    assert not any(len(boxes) for _, boxes in watch(detector, lambda _: ROOM, 60))
