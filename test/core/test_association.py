"""Association: who stands in which zone."""

import math
from dataclasses import replace

import numpy as np
import pytest

from lbzf_ros.core.association import Associator
from lbzf_ros.core.model import Anchor, Boxes, Evidence, FrameDetections, ZoneOccupancy
from test.support.occupancy import MODEL, rois, station, zone

LEFT = ((0.0, 0.0), (110.0, 0.0), (110.0, 200.0), (0.0, 200.0))
RIGHT = ((90.0, 0.0), (200.0, 0.0), (200.0, 200.0), (90.0, 200.0))


def people(
    *boxes: tuple[float, float, float, float], motion: dict[str, float] | None = None
) -> FrameDetections:
    xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    tracks = np.arange(1, len(boxes) + 1, dtype=np.int32)
    return FrameDetections(
        "cam1", 5, 640, 480, MODEL, Boxes(xyxy, np.full(len(boxes), 0.5, np.float32)), tracks, motion or {}
    )


def two_neighbours() -> Associator:
    return Associator(
        rois(
            station(code="LEFT", zones=[zone("work", polygon_px=LEFT)]),
            station(code="RIGHT", zones=[zone("work", polygon_px=RIGHT)]),
        )
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
        (0.09, Evidence.ABSENT),
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
