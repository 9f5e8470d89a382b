"""What is drawn, looked at pixel by pixel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest

from lbzf_ros.annotate import colours
from lbzf_ros.annotate.colours import Rgb
from lbzf_ros.annotate.drawing import Image, annotated, jpeg_of
from lbzf_ros.annotate.look import Look
from lbzf_ros.core.model import (
    NS_PER_S,
    Activity,
    Boxes,
    Drift,
    FrameDetections,
    Homography,
    StationState,
    ViewShift,
)
from test.support.occupancy import MODEL, occupancy, rois, station, zone

FLOOR = 150
STAMP_NS = 1_784_122_251 * NS_PER_S
ZONE = ((200.0, 200.0), (300.0, 200.0), (300.0, 400.0), (200.0, 400.0))
TO_THE_RIGHT: Homography = (1, 0, 250, 0, 1, 0, 0, 0, 1)
BEHIND: Homography = (1, 0, 0, 0, 1, 0, -1, 0, 1)
STATION = replace(station(zones=[zone("work", polygon_px=ZONE)]), display_name="Módulo")
ROIS = replace(rois(STATION), time_zone="America/Bogota")


@pytest.fixture
def floor() -> Iterator[Image]:
    """A grey picture, which must stay as it is."""
    picture = np.full((480, 640, 3), FLOOR, np.uint8)
    yield picture
    assert (picture == FLOOR).all()


def people(*boxes: tuple[float, float, float, float], shifts: tuple[ViewShift, ...] = ()) -> FrameDetections:
    found = Boxes(np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 0.9, np.float32))
    tracks = np.arange(len(boxes), dtype=np.int32)
    return FrameDetections("cam1", STAMP_NS, 640, 480, MODEL, found, tracks, shifts=shifts)


def look(found: FrameDetections, *, there: bool | None = False, states: bool = False) -> Look:
    seen = replace(occupancy(0, {"work": there}), stamp_ns=STAMP_NS)
    running = StationState("ANGELA", "PUESTO_01", Activity.IN_CYCLE, True, "uid", STAMP_NS - 12 * NS_PER_S)
    return Look(ROIS, found, seen, (running,) if states else None)


def share_of(picture: Image, colour: Rgb, left: int, top: int, right: int, bottom: int) -> float:
    """Share of the pixels of a part of the picture that have exactly this colour."""
    same = (picture[top:bottom, left:right] == colour[::-1]).all(axis=2)
    return float(same.mean())


def test_a_zone_is_outlined_and_tinted_where_it_shows_evidence(floor: Image) -> None:
    empty, there = (annotated(floor, look(people(), there=there)) for there in (False, True))
    assert share_of(empty, colours.GREY, 220, 198, 280, 202) > 0.2
    assert (empty[300, 250] == FLOOR).all()
    assert share_of(there, colours.GREEN, 220, 198, 280, 202) > 0.2
    green = np.array(colours.GREEN[::-1])
    assert there[300, 250] == pytest.approx(0.25 * green + 0.75 * FLOOR, abs=1)
    assert (there[300, 350] == FLOOR).all()


def test_what_nobody_has_said_is_drawn_as_unknown(floor: Image) -> None:
    unknown = annotated(floor, look(people(), there=None))
    silent = annotated(floor, Look(ROIS, people()))
    other = annotated(floor, replace_hash(look(people(), there=True)))
    for picture in (unknown, silent, other):
        assert share_of(picture, colours.PURPLE, 220, 198, 280, 202) > 0.2


def replace_hash(seen: Look) -> Look:
    assert seen.occupancy
    return Look(seen.rois, seen.people, replace(seen.occupancy, parameter_hash="of other zones"), seen.states)


def test_zones_are_where_they_are_now(floor: Image) -> None:
    moved = ViewShift((7,), Drift.DRIFTED, 250.0, TO_THE_RIGHT)
    picture = annotated(floor, look(people(shifts=(moved,)), there=True))
    assert share_of(picture, colours.GREEN, 470, 198, 530, 202) > 0.2
    assert (picture[198:402, 190:310] == FLOOR).all()
    assert share_of(picture, colours.WARNING, 0, 18, 60, 34) > 0.3  # "camera moved 250 px"


def test_a_zone_without_a_place_in_the_view_is_left_out(floor: Image) -> None:
    lost = look(people(shifts=(ViewShift((7,), Drift.DRIFTED, 9.0, BEHIND),)), states=True)
    picture = annotated(floor, lost)
    assert (picture[60:] == FLOOR).all()


def test_people_have_boxes_and_names(floor: Image) -> None:
    picture = annotated(floor, look(people((400, 100, 480, 300))))
    for part in ((400, 150, 401, 250), (479, 150, 480, 250), (430, 299, 450, 300)):
        assert share_of(picture, colours.PERSON, *part) == 1
    assert share_of(picture, colours.PERSON, 402, 86, 440, 98) > 0.4
    assert (picture[150:250, 410:470] == FLOOR).all()


def test_a_running_cycle_is_green_with_its_time(floor: Image) -> None:
    caption = next(look(people(), states=True).captions())
    assert (caption.text, caption.at_px) == ("Módulo 12.0 s", (200, 200))
    running, unknown = (annotated(floor, look(people(), states=states)) for states in (True, False))
    assert share_of(running, colours.GREEN, 200, 184, 290, 196) > 0.4
    assert share_of(unknown, colours.PURPLE, 200, 184, 250, 196) > 0.4


def test_the_heading_is_in_the_plants_time(floor: Image) -> None:
    assert look(people()).heading() == "cam1  2026-07-15 08:30:51.0"
    assert share_of(annotated(floor, look(people())), colours.DARK, 0, 0, 150, 14) > 0.5


@pytest.mark.parametrize("box", [(-50, -50, 900, 700), (630, 470, 640, 480), (0, 0, 1, 1)])
def test_what_sticks_out_of_the_picture_is_cut(floor: Image, box: tuple[float, float, float, float]) -> None:
    assert annotated(floor, look(people(box), states=True)).shape == floor.shape


def test_a_jpeg_shows_the_same(floor: Image) -> None:
    picture = annotated(floor, look(people((400, 100, 480, 300)), there=True, states=True))
    back = cv2.imdecode(jpeg_of(picture, 90), cv2.IMREAD_COLOR)
    assert back is not None
    assert np.abs(back.astype(int) - picture).mean() < 3
