"""The floor is derived from the zones."""

from __future__ import annotations

import itertools

import pytest

from lbzf_ros.core.model import ZoneKind
from lbzf_ros.simulator.layout import Layout, lay_out
from lbzf_ros.simulator.model import SceneStation


@pytest.fixture
def cam1(stations: dict[str, SceneStation]) -> Layout:
    return lay_out([stations[code] for code in ("PUESTO_01", "PUESTO_02", "PUESTO_03")], 640, 480)


def test_operators_are_of_a_size_that_detectors_know(cam1: Layout) -> None:
    for place in cam1.places:
        assert 160 <= cam1.stature_px(place.spot_px[1]) <= 320


def test_whoever_is_nearer_is_taller(cam1: Layout) -> None:
    assert cam1.stature_px(460) > cam1.stature_px(220) > 0


def test_operators_have_room_for_boxes_of_their_own(cam1: Layout) -> None:
    xs = sorted(place.spot_px[0] for place in cam1.places)
    shoulders_px = 0.3 * cam1.stature_px(cam1.places[0].spot_px[1])
    assert min(right - left for left, right in itertools.pairwise(xs)) > 2 * shoulders_px


def test_the_outermost_leaves_by_the_side_and_who_has_a_bin_there_leaves_below(cam1: Layout) -> None:
    first, second, third = (place.exit_px for place in cam1.places)
    assert first[0] < 0
    for place, (x, y) in ((cam1.places[1], second), (cam1.places[2], third)):
        assert x == place.spot_px[0]
        assert y > 480


def test_gaps_between_tables_are_off_every_work_zone(cam1: Layout) -> None:
    assert cam1.gaps
    for gap in cam1.gaps:
        for place in cam1.places:
            left, _, right, _ = place.station.zone(ZoneKind.WORK).bounds_px
            assert not left < gap.middle_px < right


def test_the_floor_scales_with_the_picture(stations: dict[str, SceneStation]) -> None:
    small, large = lay_out([stations["PUESTO_05"]], 640, 480), lay_out([stations["PUESTO_05"]], 1280, 960)
    assert large.stature_px(900) == pytest.approx(2 * small.stature_px(450))
