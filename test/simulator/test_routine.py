"""The work of an operator, and the truth about it."""

from __future__ import annotations

import itertools
import statistics

import numpy as np
import pytest

from lbzf_ros.core import geometry
from lbzf_ros.core.model import ZoneKind
from lbzf_ros.simulator.actors import Operator, body, crew
from lbzf_ros.simulator.figure import Pose
from lbzf_ros.simulator.layout import Layout, lay_out
from lbzf_ros.simulator.model import Point, SceneStation, SceneZone
from lbzf_ros.simulator.randomness import generator
from lbzf_ros.simulator.routine import Routine, anchor_px

HOUR_S = 3600.0
CODES = ["PUESTO_01", "PUESTO_02", "PUESTO_03", "PUESTO_04", "PUESTO_05"]
TOLERANCE_S = 0.06
"""The truth takes the operator's mean posture; he sways by some pixels."""


class Case:
    """One operator of the demo."""

    def __init__(self, stations: dict[str, SceneStation], code: str, *, seed: int = 22) -> None:
        camera = "cam1" if code in CODES[:3] else "cam2"
        shown = [stations[c] for c in (CODES[:3] if camera == "cam1" else CODES[3:])]
        self.layout: Layout = lay_out(shown, 640, 480)
        self.station = stations[code]
        place = next(place for place in self.layout.places if place.station is self.station)
        self.routine = Routine(place, self.layout, seed=seed, camera=camera, break_chance=0.55)
        dressed = crew(generator(seed, camera, "clothes"), 1)[0]
        who = body(dressed, seed=seed, camera=camera, place=place)
        self.operator = Operator(self.routine, self.layout, {code: who})

    def pose(self, t_s: float) -> Pose | None:
        found = self.operator.at(t_s)
        return None if found is None else found[1]

    def anchor(self, zone: SceneZone, t_s: float) -> Point | None:
        pose = self.pose(t_s)
        return None if pose is None else anchor_px(zone.anchor, pose.feet_px, self.layout.stature_px)

    def a_hand_is_in(self, zone: SceneZone, t_s: float) -> bool:
        pose = self.pose(t_s)
        return pose is not None and any(hand is not None and holds(zone, hand) for hand in pose.hands_px)


@pytest.fixture(params=CODES)
def case(request: pytest.FixtureRequest, stations: dict[str, SceneStation]) -> Case:
    return Case(stations, request.param)


def holds(zone: SceneZone, point: Point | None) -> bool:
    return point is not None and bool(geometry.inside(zone.polygon_px, np.asarray([point], np.float32))[0])


def test_cycles_of_a_station_never_overlap(case: Case) -> None:
    cycles = case.routine.cycles(0.0, 3 * HOUR_S)
    assert len(cycles) > 200
    assert all(a.start_s < a.end_s <= b.start_s for a, b in itertools.pairwise(cycles))


def test_cycles_take_about_the_standard_time_and_vary(case: Case) -> None:
    durations = [c.end_s - c.start_s for c in case.routine.cycles(0.0, 3 * HOUR_S) if not c.interrupted]
    assert 0.75 < statistics.mean(durations) / case.station.cycle_s < 1.4
    assert 0.08 < statistics.stdev(durations) / statistics.mean(durations) < 0.35


def test_a_break_is_longer_than_any_cycle_that_counts(case: Case) -> None:
    interrupted = [cycle for cycle in case.routine.cycles(0.0, 6 * HOUR_S) if cycle.interrupted]
    assert bool(interrupted) == (case.station.rule == "trigger")
    assert all(cycle.end_s - cycle.start_s > 4 * case.station.cycle_s for cycle in interrupted)


def test_operators_take_breaks_but_not_in_the_first_minutes(case: Case) -> None:
    def away(t_s: float) -> bool:
        return all(case.pose(t_s + ahead) is None for ahead in range(0, 30, 5))

    assert not any(away(t) for t in range(0, 400, 5))
    assert any(away(t) for t in range(400, 7200, 5))


def test_any_window_gives_the_same_cycles_as_the_whole(case: Case) -> None:
    whole = case.routine.cycles(0.0, HOUR_S)
    edges = [0.0, 1.0, whole[9].end_s, 417.3, 2000.0, HOUR_S]
    pieces = [cycle for a, b in itertools.pairwise(edges) for cycle in case.routine.cycles(a, b)]
    assert pieces == whole


def test_blocks_join_without_a_seam(case: Case) -> None:
    for index in range(1, 8):
        edge_s = index * case.routine.block_s
        before, after = case.pose(edge_s - 0.001), case.pose(edge_s + 0.001)
        if case.station.rule == "presence":
            assert before is None
            assert after is None or not -20 < after.feet_px[0] < 660
        else:
            assert before is not None
            assert after is not None
            assert before.feet_px == pytest.approx(after.feet_px, abs=0.5)
            assert before.lean_px == pytest.approx(after.lean_px, abs=0.5)


def test_a_presence_cycle_is_the_time_in_the_work_zone(stations: dict[str, SceneStation]) -> None:
    for code in ("PUESTO_01", "PUESTO_05"):
        case = Case(stations, code)
        work = case.station.zone(ZoneKind.WORK)
        for cycle in case.routine.cycles(0.0, HOUR_S):
            times = (cycle.start_s - 0.05, cycle.start_s + 0.05, cycle.end_s - 0.05, cycle.end_s + 0.05)
            assert [holds(work, case.anchor(work, t)) for t in times] == [False, True, True, False]
            middle = np.linspace(cycle.start_s + 0.05, cycle.end_s - 0.05, 20)
            assert all(holds(work, case.anchor(work, float(t))) for t in middle)


def test_a_trigger_cycle_goes_from_reach_to_reach(stations: dict[str, SceneStation]) -> None:
    for code in ("PUESTO_02", "PUESTO_04"):
        case = Case(stations, code)
        bin_zone = case.station.zone(ZoneKind.TRIGGER)
        for cycle in case.routine.cycles(0.0, HOUR_S):
            for t_s in (cycle.start_s, cycle.end_s):
                assert not case.a_hand_is_in(bin_zone, t_s - TOLERANCE_S)
                assert case.a_hand_is_in(bin_zone, t_s + TOLERANCE_S)
            between = np.arange(cycle.start_s + 2.5, cycle.end_s - 0.5, 0.5)
            assert not any(case.a_hand_is_in(bin_zone, float(t)) for t in between)


def test_a_pick_drop_cycle_goes_from_the_pick_to_the_drop(stations: dict[str, SceneStation]) -> None:
    case = Case(stations, "PUESTO_03")
    pick, drop = case.station.zone(ZoneKind.PICK), case.station.zone(ZoneKind.DROP)
    for cycle in case.routine.cycles(0.0, HOUR_S):
        for zone, t_s in ((pick, cycle.start_s), (drop, cycle.end_s)):
            assert not case.a_hand_is_in(zone, t_s - TOLERANCE_S)
            assert case.a_hand_is_in(zone, t_s + TOLERANCE_S)


def test_hands_reach_their_bins(stations: dict[str, SceneStation]) -> None:
    for code in ("PUESTO_02", "PUESTO_03", "PUESTO_04"):
        case = Case(stations, code)
        place = case.routine.place
        arm_px = 0.36 * case.layout.stature_px(place.spot_px[1])
        for zone in case.station.hand_zones:
            side = 1 if zone.middle_px[0] > place.spot_px[0] else -1
            shoulder_x = place.spot_px[0] + side * 0.1 * case.layout.stature_px(place.spot_px[1])
            assert abs(zone.middle_px[0] - shoulder_x) < arm_px
