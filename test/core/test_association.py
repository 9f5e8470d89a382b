"""Association: who stands in which zone."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbzf_ros.core.association import MARGIN_WIDTHS, MEMORY_NS, NEAR_SHARE, Associator
from lbzf_ros.core.model import (
    NS_PER_S,
    Anchor,
    Boxes,
    Drift,
    Evidence,
    FrameDetections,
    FrameOccupancy,
    Homography,
    ViewShift,
    ZoneOccupancy,
)
from test.support.occupancy import MODEL, rois, station, zone

LEFT = ((0.0, 0.0), (110.0, 0.0), (110.0, 200.0), (0.0, 200.0))
RIGHT = ((90.0, 0.0), (200.0, 0.0), (200.0, 200.0), (90.0, 200.0))


BoxPx = tuple[float, float, float, float]


def people(
    *boxes: BoxPx,
    motion: dict[str, float] | None = None,
    at_s: float = 0.0,
    tracks: list[int] | None = None,
    view_clear: bool = True,
    shifts: tuple[ViewShift, ...] = (),
) -> FrameDetections:
    """Boxes with tracks 1, 2, …, or those that are given."""
    xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    ids = np.array(range(1, len(boxes) + 1) if tracks is None else tracks, np.int32)
    found = Boxes(xyxy, np.full(len(boxes), 0.5, np.float32))
    stamp_ns = round(at_s * NS_PER_S)
    return FrameDetections("cam1", stamp_ns, 640, 480, MODEL, found, ids, motion or {}, view_clear, shifts)


def standing(middle_x: float) -> BoxPx:
    """A box of 40 x 100 px around a column."""
    return middle_x - 20, 50, middle_x + 20, 150


def seen(frame: FrameOccupancy) -> dict[str, tuple[Evidence, tuple[int, ...], tuple[int, ...]]]:
    """By station: evidence of its first zone, who is in it, who is beside it."""
    zones = {station.workstation: station.zones[0] for station in frame.stations}
    return {code: (zone.evidence, zone.track_ids, zone.near_track_ids) for code, zone in zones.items()}


def two_neighbours() -> Associator:
    return Associator(
        rois(
            station(code="LEFT", zones=[zone("work", polygon_px=LEFT)]),
            station(code="RIGHT", zones=[zone("work", polygon_px=RIGHT)]),
        )
    )


def test_who_vanishes_behind_somebody_is_beside_his_zone_until_that_one_goes() -> None:
    line = two_neighbours()
    line.update(people(standing(50), standing(75), tracks=[1, 2]))
    for i in range(1, 30):  # longer than members are remembered
        behind = seen(line.update(people(standing(58), tracks=[2], at_s=0.2 * i)))
    assert behind["LEFT"] == (Evidence.PRESENT, (2,), (1,))
    gone = seen(line.update(people(standing(85), tracks=[2], at_s=6.2)))
    assert gone["LEFT"] == (Evidence.PRESENT, (2,), ())


def test_who_vanishes_with_nobody_before_him_has_gone() -> None:
    line = two_neighbours()
    line.update(people(standing(30), standing(75), tracks=[1, 2]))
    assert seen(line.update(people(standing(75), tracks=[2], at_s=0.2)))["LEFT"][2] == ()


def test_who_was_last_seen_elsewhere_is_not_hidden_in_his_zone() -> None:
    line = two_neighbours()
    line.update(people(standing(50), tracks=[1]))
    line.update(people(standing(400), tracks=[1], at_s=0.2))
    assert seen(line.update(people(standing(50), tracks=[2], at_s=0.4)))["LEFT"] == (
        Evidence.PRESENT,
        (2,),
        (),
    )


@pytest.mark.parametrize(
    ("middle_x", "expected"),
    [
        pytest.param(50, {"LEFT": True, "RIGHT": False}, id="left"),
        pytest.param(150, {"LEFT": False, "RIGHT": True}, id="right"),
        pytest.param(95, {"LEFT": True, "RIGHT": False}, id="in-both-nearer-to-the-left"),
        pytest.param(105, {"LEFT": False, "RIGHT": True}, id="in-both-nearer-to-the-right"),
        pytest.param(300, {"LEFT": False, "RIGHT": False}, id="in-none"),
    ],
)
def test_a_person_counts_in_one_station_only(middle_x: float, expected: dict[str, bool]) -> None:
    frame = two_neighbours().update(people((middle_x - 20, 50, middle_x + 20, 150)))
    found = {s.workstation: s.zones[0].evidence is Evidence.PRESENT for s in frame.stations}
    assert found == expected


def test_two_people_are_given_to_their_own_stations_with_their_tracks() -> None:
    frame = two_neighbours().update(people((30, 50, 70, 150), (130, 50, 170, 150)))
    assert [s.zones[0].track_ids for s in frame.stations] == [(1,), (2,)]
    assert frame.stations[0].zones[0].confidence == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("anchor", "expected"), [(Anchor.BODY, Evidence.PRESENT), (Anchor.FEET, Evidence.ABSENT)]
)
def test_the_anchor_decides(anchor: Anchor, expected: Evidence) -> None:
    work = replace(zone("work", polygon_px=LEFT), anchor=anchor)
    frame = Associator(rois(station(zones=[work]))).update(people((30, 50, 70, 250)))
    assert frame.stations[0].zones[0].evidence is expected


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.2, Evidence.PRESENT),
        (0.1, Evidence.PRESENT),
        (0.09, Evidence.NEAR),
        (0.05, Evidence.NEAR),
        (0.049, Evidence.ABSENT),
        (math.nan, Evidence.UNKNOWN),
        (None, Evidence.UNKNOWN),
    ],
)
def test_motion_is_compared_with_its_threshold_and_may_be_unknown(
    share: float | None, expected: Evidence
) -> None:
    motion = {} if share is None else {"ANGELA/PUESTO_01/trigger": share}
    frame = Associator(rois(station("trigger"))).update(people(motion=motion))
    assert frame.stations[0].zones[0].evidence is expected


def test_nobody_has_no_confidence() -> None:
    occupied: ZoneOccupancy = two_neighbours().update(people()).stations[0].zones[0]
    assert occupied.evidence is Evidence.ABSENT
    assert math.isnan(occupied.confidence)


IN, BESIDE, NOBODY = (
    (Evidence.PRESENT, (1,), ()),
    (Evidence.NEAR, (), (1,)),
    (Evidence.ABSENT, (), ()),
)


@pytest.mark.parametrize(
    ("middles_x", "expected"),
    [
        pytest.param([60, 128], BESIDE, id="leans-out-with-a-twentieth-of-his-box-in-the-zone"),
        pytest.param([60, 128, 60], IN, id="and-comes-back"),
        pytest.param([60, 129], NOBODY, id="is-out"),
        pytest.param([129, 128], NOBODY, id="comes-near-without-having-been-in-it"),
        pytest.param([60, 160, 128], BESIDE, id="was-away-for-a-moment"),
    ],
)
def test_who_was_in_a_zone_is_beside_it_while_enough_of_his_box_overlaps_it(
    middles_x: list[float], expected: object
) -> None:
    associator = Associator(rois(station(code="LEFT", zones=[zone("work", polygon_px=LEFT)])))
    # LEFT ends at 110: of a box of 40 px around 128 there are 2 px in it.
    assert pytest.approx(0.05) == NEAR_SHARE
    for i, x in enumerate(middles_x):
        frame = associator.update(people(standing(x), at_s=i / 5))
    assert seen(frame)["LEFT"] == expected


def test_where_feet_count_the_lowest_quarter_of_the_box_must_overlap() -> None:
    floor = replace(zone("work", polygon_px=((0, 140), (110, 140), (110, 200), (0, 200))), anchor=Anchor.FEET)
    associator = Associator(rois(station(zones=[floor])))
    associator.update(people(standing(60)))
    assert seen(associator.update(people((100, 50, 140, 144), at_s=0.2)))["PUESTO_01"] == NOBODY
    assert seen(associator.update(people((100, 60, 140, 160), at_s=0.4)))["PUESTO_01"] == BESIDE


def test_somebody_beside_a_zone_is_not_hidden_by_whoever_is_in_it() -> None:
    associator = Associator(rois(station(code="LEFT", zones=[zone("work", polygon_px=LEFT)])))
    associator.update(people(standing(60)))
    frame = associator.update(people(standing(115), standing(50), at_s=0.2))
    assert seen(frame)["LEFT"] == (Evidence.PRESENT, (2,), (1,))


def test_who_has_no_track_has_no_past() -> None:
    associator = Associator(rois(station(code="LEFT", zones=[zone("work", polygon_px=LEFT)])))
    assert seen(associator.update(people(standing(60), tracks=[-1])))["LEFT"] == (Evidence.PRESENT, (), ())
    assert seen(associator.update(people(standing(115), tracks=[-1], at_s=0.2)))["LEFT"] == NOBODY


@pytest.mark.parametrize(
    ("start_x", "expected"),
    [
        pytest.param(50, {"LEFT": IN, "RIGHT": NOBODY}, id="came-from-the-left"),
        pytest.param(150, {"LEFT": NOBODY, "RIGHT": IN}, id="came-from-the-right"),
    ],
)
@pytest.mark.parametrize("then_x", [[96], [104], [96, 104, 96, 104]])
def test_between_two_stations_the_one_he_is_in_keeps_him(
    start_x: float, then_x: list[float], expected: object
) -> None:
    associator = two_neighbours()
    for i, x in enumerate([start_x, *then_x]):
        frame = associator.update(people(standing(x), at_s=i / 5))
    assert seen(frame) == expected


def test_another_station_has_him_once_it_is_nearer_by_a_quarter_of_his_width() -> None:
    associator = (
        two_neighbours()
    )  # their middles are at 55 and 145: at 105 one is 10 px nearer, of a box of 40
    assert pytest.approx(0.25) == MARGIN_WIDTHS
    associator.update(people(standing(60)))
    assert seen(associator.update(people(standing(104), at_s=0.2)))["RIGHT"] == NOBODY
    assert seen(associator.update(people(standing(106), at_s=0.4))) == {"LEFT": NOBODY, "RIGHT": IN}
    assert seen(associator.update(people(standing(96), at_s=0.6))) == {"LEFT": NOBODY, "RIGHT": IN}
    assert seen(associator.update(people(standing(94), at_s=0.8))) == {"LEFT": IN, "RIGHT": NOBODY}


def test_at_the_border_of_zones_that_only_touch_he_is_beside_his_own_until_the_other_is_nearer() -> None:
    right = ((110.0, 0.0), (220.0, 0.0), (220.0, 200.0), (110.0, 200.0))
    associator = Associator(
        rois(
            station(code="LEFT", zones=[zone("work", polygon_px=LEFT)]),
            station(code="RIGHT", zones=[zone("work", polygon_px=right)]),
        )
    )
    associator.update(people(standing(60)))
    assert seen(associator.update(people(standing(113), at_s=0.2))) == {"LEFT": BESIDE, "RIGHT": NOBODY}
    assert seen(associator.update(people(standing(117), at_s=0.4))) == {"LEFT": NOBODY, "RIGHT": IN}


@pytest.mark.parametrize(("away_s", "expected"), [(2.9, BESIDE), (3.3, NOBODY)])
def test_who_is_not_seen_for_three_seconds_is_forgotten(away_s: float, expected: object) -> None:
    associator = Associator(rois(station(code="LEFT", zones=[zone("work", polygon_px=LEFT)])))
    associator.update(people(standing(60)))
    for i in range(1, round(away_s * 5)):
        associator.update(people(at_s=i / 5))
    assert seen(associator.update(people(standing(115), at_s=away_s)))["LEFT"] == expected


def test_memory_does_not_grow_with_the_number_of_people_who_have_passed() -> None:
    associator = Associator(rois(station(code="LEFT", zones=[zone("work", polygon_px=LEFT)])))
    for i in range(500):
        associator.update(people(standing(60), tracks=[i], at_s=i / 5))
    assert len(associator._members) <= MEMORY_NS / NS_PER_S * 5 + 1


def test_a_picture_that_is_not_clear_is_no_evidence_of_anything() -> None:
    associator = Associator(rois(station("trigger")))
    frame = associator.update(
        people(standing(60), motion={"ANGELA/PUESTO_01/trigger": 0.9}, view_clear=False)
    )
    assert [zone.evidence for zone in frame.stations[0].zones] == [Evidence.UNKNOWN]
    assert frame.visible_track_ids == ()


def test_a_blocked_view_does_not_end_a_membership() -> None:
    associator = Associator(rois(station(code="LEFT", zones=[zone("work", polygon_px=LEFT)])))
    associator.update(people(standing(60)))
    assert seen(associator.update(people(at_s=1, view_clear=False)))["LEFT"][0] is Evidence.UNKNOWN
    assert seen(associator.update(people(standing(115), at_s=2)))["LEFT"] == BESIDE


def test_everybody_with_a_track_is_visible_at_a_station_or_not() -> None:
    frame = two_neighbours().update(people(standing(60), standing(500), standing(300), tracks=[9, 4, -1]))
    assert frame.visible_track_ids == (4, 9)


def shift(drift: Drift, *versions: int, homography: Homography | None = None) -> ViewShift:
    return ViewShift(versions, drift, homography=homography)


@pytest.mark.parametrize(
    ("shifts", "expected"),
    [
        pytest.param((), Drift.UNCHECKED, id="nothing-is-known"),
        pytest.param((shift(Drift.OK, 1),), Drift.UNCHECKED, id="of-one-zone-nothing-is-known"),
        pytest.param((shift(Drift.OK, 1, 2),), Drift.OK, id="ok"),
        pytest.param((shift(Drift.OK, 1), shift(Drift.DRIFTED, 2)), Drift.DRIFTED, id="one-has-moved"),
        pytest.param((shift(Drift.UNKNOWN, 1), shift(Drift.DRIFTED, 2)), Drift.DRIFTED, id="moved-is-worst"),
        pytest.param((shift(Drift.UNKNOWN, 1),), Drift.UNKNOWN, id="unknown-is-worse-than-unchecked"),
        pytest.param((shift(Drift.DRIFTED, 3), shift(Drift.OK, 1, 2)), Drift.OK, id="another-station-s"),
    ],
)
def test_a_station_has_the_worst_drift_of_its_zones(shifts: tuple[ViewShift, ...], expected: Drift) -> None:
    zones = [replace(zone("trigger"), roi_version_id=1), replace(zone("work"), roi_version_id=2)]
    associator = Associator(rois(station("trigger", zones=zones)))
    assert associator.update(people(shifts=shifts)).stations[0].drift is expected
    blocked = associator.update(people(shifts=shifts, view_clear=False, at_s=0.2))
    assert blocked.stations[0].drift is expected


def test_zones_are_used_where_they_are_now_and_as_drawn_once_the_camera_is_back() -> None:
    associator = Associator(rois(station(code="LEFT", zones=[zone("work", polygon_px=LEFT)])))
    by_60 = shift(Drift.DRIFTED, 7, homography=(1, 0, 60, 0, 1, 0, 0, 0, 1))
    at_150, at_30 = people(standing(150)), people(standing(30))
    assert seen(associator.update(at_150))["LEFT"] == NOBODY
    assert seen(associator.update(replace(at_150, shifts=(by_60,), stamp_ns=1)))["LEFT"] == IN
    assert seen(associator.update(replace(at_30, shifts=(by_60,), stamp_ns=2)))["LEFT"] == NOBODY
    assert (
        seen(associator.update(replace(at_30, shifts=(shift(Drift.DRIFTED, 7),), stamp_ns=3)))["LEFT"] == IN
    )


def test_where_a_zone_has_no_place_in_the_view_nothing_is_known() -> None:
    nowhere = shift(Drift.DRIFTED, 7, homography=(1, 0, 0, 0, 1, 0, -0.1, 0, 1))
    frame = two_neighbours().update(people(standing(60), shifts=(nowhere,)))
    assert [s.zones[0].evidence for s in frame.stations] == [Evidence.UNKNOWN] * 2


walks = st.lists(
    st.lists(st.tuples(st.floats(10, 240), st.integers(-1, 3)), max_size=4, unique_by=lambda p: p[1]),
    max_size=25,
)


@given(walks)
def test_nobody_is_in_or_beside_two_stations_at_once_and_two_runs_are_equal(
    walk: list[list[tuple[float, int]]],
) -> None:
    first, second = two_neighbours(), two_neighbours()
    for i, present in enumerate(walk):
        frame = people(*(standing(x) for x, _ in present), tracks=[t for _, t in present], at_s=i / 5)
        result = seen(first.update(frame))
        counted = [track for _, inside, near in result.values() for track in inside + near]
        assert len(counted) == len(set(counted))
        assert result == seen(second.update(frame))
