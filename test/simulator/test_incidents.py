"""What people do beside their work: the truth is that of what is drawn, and everybody keeps his name."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbzf_ros.config.schema import Plant
from lbzf_ros.core import geometry
from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import ZoneKind
from lbzf_ros.simulator.figure import Pose, box_px, outlines
from lbzf_ros.simulator.incidents import (
    Dress,
    Incident,
    LeanBack,
    RunsAlone,
    Seated,
    ShiftChange,
    StandStill,
    Stay,
    Swap,
    Talk,
    Times,
    WalkThrough,
)
from lbzf_ros.simulator.incidents.plan import StationPlan
from lbzf_ros.simulator.model import Point, SceneZone, TrueCycle
from lbzf_ros.simulator.routine import anchor_px
from lbzf_ros.simulator.scene import Scene
from test.simulator.conftest import QUIET, demo_scene

STEP_S = 0.1
TOLERANCE_S = 0.16
"""A step of the scan, and the sway of who is scanned."""
FASTEST_PX_S = 220.0
ONCE = Times(40.0)
Spans = list[tuple[float, float]]


def scene_with(plant: Plant, label: str, *incidents: Incident, seed: int = 22, breaks: float = 0.0) -> Scene:
    script = replace(QUIET, incidents=incidents, break_chance=breaks)
    return demo_scene(plant, label, seed=seed, script=script)


def cycles_at(scene: Scene, code: str, until_s: float = 600.0) -> list[TrueCycle]:
    return [cycle for cycle in scene.true_cycles(until_s) if cycle.workstation == code]


def lengths(cycles: list[TrueCycle]) -> list[float]:
    return [cycle.end_s - cycle.start_s for cycle in cycles]


def plan_of(scene: Scene, code: str) -> StationPlan:
    return next(plan for plan in scene._plans if plan.place.station.code == code)


def poses(scene: Scene, t_s: float) -> dict[str, Pose]:
    found = scene._people(t_s)
    assert len({name for name, _ in found}) == len(found), "two people have one name"
    return dict(found)


def holds(zone: SceneZone, point: Point) -> bool:
    return bool(geometry.inside(zone.polygon_px, np.asarray([point], np.float32))[0])


def stature(feet_y_px: float) -> float:
    return (feet_y_px + 0.583 * 480) / 3


def drawn_cycles(scene: Scene, code: str, until_s: float) -> Spans:
    """Cycles of a station as somebody sees them who watches the drawn people, not the plan of marks."""
    plan = plan_of(scene, code)
    station = plan.place.station
    if station.rule == "presence":
        return _drawn_visits(scene, plan, until_s)
    kinds = (
        (ZoneKind.TRIGGER, ZoneKind.TRIGGER) if station.rule == "trigger" else (ZoneKind.PICK, ZoneKind.DROP)
    )
    opens, closes = (_drawn_reaches(scene, plan, station.zone(kind), until_s) for kind in kinds)
    if opens == closes:
        return list(itertools.pairwise(opens))
    return list(zip(opens, closes, strict=False))


def _drawn_reaches(scene: Scene, plan: StationPlan, zone: SceneZone, until_s: float) -> list[float]:
    """When a hand comes into a zone; hands that reach for nothing stay at the machine (see test_routine)."""
    starts, was_in = [], False
    for t_s in map(float, np.arange(0.0, until_s, STEP_S)):
        moment = plan.moment(t_s)
        hands = poses(scene, t_s)[moment.person].hands_px if moment.reach else ()
        is_in = any(hand is not None and holds(zone, hand) for hand in hands)
        if is_in and not was_in:
            starts.append(t_s)
        was_in = is_in
    return starts


def _drawn_visits(scene: Scene, plan: StationPlan, until_s: float) -> Spans:
    """From when somebody comes in who then works there, until he is out and no longer works there."""
    zone = plan.place.station.zone(ZoneKind.WORK)
    spans: Spans = []
    current, since_s, worked = "", 0.0, False
    for t_s in map(float, np.arange(0.0, until_s, STEP_S)):
        moments = [other.moment(t_s) for other in scene._plans]
        feet = {now.person: now.leg.feet_px(now.work_s) for now in moments if now.leg}
        inside = {who for who, at in feet.items() if holds(zone, anchor_px(zone.anchor, at, stature))}
        moment = plan.moment(t_s)
        works = moment.person if moment.leg is not None and moment.leg.working else ""
        if current and current not in inside and works != current:
            spans += [(since_s, t_s)] if worked else []
            current = ""
        if not current and moment.person in inside:
            current, since_s, worked = moment.person, t_s, False
        worked = worked or (bool(current) and works == current)
    return spans


def assert_truth_is_drawn(scene: Scene, until_s: float) -> None:
    for station in scene.stations:
        drawn = drawn_cycles(scene, station.code, until_s)
        true = [(c.start_s, c.end_s) for c in cycles_at(scene, station.code, until_s - 2 * STEP_S)]
        drawn = drawn[: len(true)] if len(drawn) == len(true) + 1 else drawn  # one that ends just now
        assert len(drawn) == len(true), (station.code, drawn, true)
        assert np.asarray(drawn) == pytest.approx(np.asarray(true), abs=TOLERANCE_S), station.code


ON_CAM1: dict[str, tuple[Incident, ...]] = {
    "none": (),
    "lean": tuple(LeanBack(station=code, times=Times(20.0, 45.0, 4)) for code in ("PUESTO_01", "PUESTO_02")),
    "talk": (Talk(visitor="PUESTO_02", visited="PUESTO_01", times=Times(20.0, 70.0, 3)),),
    "talk-presence-visits": (Talk(visitor="PUESTO_01", visited="PUESTO_02", times=Times(20.0, 70.0, 3)),),
    "talk-round-bins": (Talk(visitor="PUESTO_03", visited="PUESTO_02", times=ONCE, inside=False),),
    "walk": (WalkThrough(stations=("PUESTO_01", "PUESTO_02", "PUESTO_03"), times=Times(10.0, 40.0, 5)),),
    "stay": (Stay(station="PUESTO_01", times=ONCE),),
    "alone": (
        RunsAlone(station="PUESTO_02", zone=ZoneKind.TRIGGER, times=ONCE),
        RunsAlone(station="PUESTO_03", zone=ZoneKind.DROP, times=ONCE),
        RunsAlone(station="PUESTO_01", zone=ZoneKind.WORK, times=ONCE, thing="fan"),
    ),
    "vest": tuple(
        Dress(station=code, times=Times(30.0, 80.0, 3)) for code in ("PUESTO_01", "PUESTO_02", "PUESTO_03")
    ),
    "clothes": tuple(
        Dress(station=code, times=ONCE, vest=False) for code in ("PUESTO_01", "PUESTO_02", "PUESTO_03")
    ),
    "swap": (Swap(first="PUESTO_01", second="PUESTO_02", times=Times(40.0, 90.0, 3)),),
    "swap-round-bins": (Swap(first="PUESTO_02", second="PUESTO_03", times=ONCE),),
    "still": tuple(StandStill(station=code, times=ONCE) for code in ("PUESTO_01", "PUESTO_02", "PUESTO_03")),
    "seated": (Seated(station="PUESTO_02"), Seated(station="PUESTO_03")),
    "shifts": (ShiftChange(times=Times(40.0, 120.0, 2)),),
}


@pytest.mark.parametrize("name", ON_CAM1)
def test_the_truth_is_what_is_drawn(plant: Plant, name: str) -> None:
    assert_truth_is_drawn(scene_with(plant, "cam1", *ON_CAM1[name]), 320.0)


def _incident(draw: Any) -> Incident:
    times = Times(draw(st.floats(0.0, 150.0)), draw(st.floats(30.0, 120.0)), draw(st.integers(1, 3)))
    one, other = draw(st.permutations(["PUESTO_04", "PUESTO_05"]))
    inside = draw(st.booleans())
    return draw(  # type: ignore[no-any-return]
        st.sampled_from(
            [
                LeanBack(station=one, times=times),
                Talk(visitor=one, visited=other, times=times, inside=inside, passes=draw(st.booleans())),
                WalkThrough(stations=(one, other), times=times, in_front=inside),
                Stay(station=one, times=times, inside=inside),
                RunsAlone(station=one, zone=ZoneKind.WORK, times=times),
                Dress(station=one, times=times, vest=inside),
                Swap(first=one, second=other, times=times),
                StandStill(station=one, times=times, for_s=(20.0, 60.0)),
                ShiftChange(times=times),
            ]
        )
    )


@st.composite
def scripts(draw: Any) -> list[Incident]:
    """Some incidents at once, at the two stations of cam2."""
    return [_incident(draw) for _ in range(draw(st.integers(1, 4)))]


@settings(max_examples=12, deadline=None)
@given(incidents=scripts(), seed=st.integers(0, 50))
def test_whatever_comes_together_the_truth_is_what_is_drawn(
    plant: Plant, incidents: list[Incident], seed: int
) -> None:
    scene = scene_with(plant, "cam2", *incidents, seed=seed, breaks=0.5)
    assert_truth_is_drawn(scene, 250.0)


@settings(max_examples=6, deadline=None)
@given(incidents=scripts(), seed=st.integers(0, 50))
def test_nobody_jumps_and_no_two_people_have_one_name(
    plant: Plant, incidents: list[Incident], seed: int
) -> None:
    scene = scene_with(plant, "cam2", *incidents, seed=seed)
    before = poses(scene, 0.0)
    for t_s in np.arange(STEP_S, 200.0, STEP_S):
        now = poses(scene, float(t_s))
        for name in now.keys() & before.keys():
            assert math.dist(now[name].feet_px, before[name].feet_px) < FASTEST_PX_S * STEP_S, (name, t_s)
        before = now


@settings(max_examples=8, deadline=None)
@given(incidents=scripts(), cut_s=st.floats(1.0, 599.0))
def test_any_window_gives_the_same_cycles_as_the_whole(
    plant: Plant, incidents: list[Incident], cut_s: float
) -> None:
    scene = scene_with(plant, "cam2", *incidents)
    whole = scene.true_cycles(600.0)
    assert scene.true_cycles(cut_s) + scene.true_cycles(600.0, from_s=cut_s) == whole
    for code in ("PUESTO_04", "PUESTO_05"):
        assert all(a.end_s <= b.start_s for a, b in itertools.pairwise(cycles_at(scene, code)))


@pytest.mark.parametrize("name", ["walk", "stay", "seated"])
def test_what_others_do_and_how_he_sits_changes_nothing(plant: Plant, name: str) -> None:
    assert scene_with(plant, "cam1", *ON_CAM1[name]).true_cycles(600.0) == (
        scene_with(plant, "cam1").true_cycles(600.0)
    )


def test_a_visited_station_goes_on_as_if_nobody_had_come(plant: Plant) -> None:
    scene = scene_with(plant, "cam1", *ON_CAM1["talk"])
    assert cycles_at(scene, "PUESTO_01") == cycles_at(scene_with(plant, "cam1"), "PUESTO_01")


@pytest.mark.parametrize(
    ("incident", "held_s"),
    [
        pytest.param(LeanBack(station="PUESTO_01", times=ONCE), (1.0, 6.4), id="lean"),
        pytest.param(Talk(visitor="PUESTO_02", visited="PUESTO_01", times=ONCE), (10.0, 30.0), id="talk"),
        pytest.param(
            StandStill(station="PUESTO_01", times=ONCE, for_s=(240.0, 240.0)), (239.9, 240.1), id="still"
        ),
        pytest.param(Dress(station="PUESTO_02", times=ONCE), (5.9, 6.1), id="vest-at-his-place"),
    ],
)
def test_a_cycle_goes_on_and_takes_longer_by_what_came_between(
    plant: Plant, incident: Incident, held_s: tuple[float, float]
) -> None:
    code = incident.visitor if isinstance(incident, Talk) else incident.station  # type: ignore[union-attr]
    with_it = lengths(cycles_at(scene_with(plant, "cam1", incident), code))
    without = lengths(cycles_at(scene_with(plant, "cam1"), code))
    count = min(len(with_it), len(without))
    longer_s = np.asarray(with_it[:count]) - np.asarray(without[:count])
    assert (longer_s > 0.01).sum() == 1
    assert held_s[0] < longer_s.max() < held_s[1]
    assert longer_s[longer_s < 0.01] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("code", ["PUESTO_01", "PUESTO_02"])
def test_who_leans_back_has_his_middle_out_of_the_zone_for_a_while_and_his_box_still_over_it(
    plant: Plant, code: str
) -> None:
    scene = scene_with(plant, "cam1", LeanBack(station=code, times=Times(20.0, 45.0, 3)))
    left, _, right, _ = plan_of(scene, code).place.station.zone(ZoneKind.WORK).bounds_px
    outs = 0
    for cycle in cycles_at(scene, code, 170.0):
        times = np.arange(cycle.start_s + 2.0, cycle.end_s - 2.0, STEP_S)
        boxes = [box for t in times for box in scene.true_boxes(float(t)) if box.person == code]
        out = [box for box in boxes if not left < (box.xyxy[0] + box.xyxy[2]) / 2 < right]
        if out and plan_of(scene, code).place.station.rule == "presence":
            assert 0.8 <= STEP_S * len(out) <= 5.7
        assert all(box.xyxy[0] < right and box.xyxy[2] > left for box in out)
        outs += bool(out)
    assert outs == 3


def test_a_visitor_and_a_supervisor_stand_in_the_zone_of_somebody_else(plant: Plant) -> None:
    scene = scene_with(plant, "cam1", Stay(station="PUESTO_01", times=Times(20.0)), *ON_CAM1["talk"])
    zone = plan_of(scene, "PUESTO_01").place.station.zone(ZoneKind.WORK)
    seen: dict[str, float] = {}
    alone_s = 0.0
    for t_s in np.arange(0.0, 300.0, STEP_S):
        inside = {
            name
            for name, pose in poses(scene, t_s).items()
            if holds(zone, anchor_px(zone.anchor, pose.feet_px, stature))
        }
        for name in inside:
            seen[name] = seen.get(name, 0.0) + STEP_S
        alone_s += STEP_S * (inside == {"beside_PUESTO_01_0/0"})
    assert seen["beside_PUESTO_01_0/0"] > 119
    assert seen["PUESTO_02"] > 30
    assert alone_s > 10, "the operator comes and goes meanwhile"


def test_tracks_cross_when_a_visitor_passes_the_operators_back(plant: Plant) -> None:
    scene = scene_with(plant, "cam2", Talk(visitor="PUESTO_04", visited="PUESTO_05", times=ONCE))
    beside = {
        people["PUESTO_04"].feet_px[0] > people["PUESTO_05"].feet_px[0]
        for t_s in np.arange(40.0, 90.0, STEP_S)
        if (people := poses(scene, t_s)).keys() >= {"PUESTO_04", "PUESTO_05"}
    }
    assert beside == {True, False}


@pytest.mark.parametrize("in_front", [False, True])
def test_who_walks_through_covers_no_bin_and_does_not_stop(plant: Plant, in_front: bool) -> None:
    stations = ("PUESTO_03", "PUESTO_02", "PUESTO_01")
    walk = WalkThrough(stations=stations, times=Times(20.0), in_front=in_front)
    scene = scene_with(plant, "cam1", walk)
    entered: set[str] = set()
    before: Point | None = None
    for t_s in map(float, np.arange(20.1, 60.0, STEP_S)):
        walker = next((pose for name, pose in poses(scene, t_s).items() if "through" in name), None)
        if walker is None:
            continue
        assert walker.feet_px != before
        before = walker.feet_px
        parts = [box_px([part]) for part in outlines(walker)]
        for station in scene.stations:
            assert not any(overlap(part, zone.bounds_px) for part in parts for zone in station.hand_zones)
            zone = station.zone(ZoneKind.WORK)
            if holds(zone, anchor_px(zone.anchor, walker.feet_px, stature)):
                entered.add(station.code)
    assert entered == set(stations)


def overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    """Whether two boxes overlap by more than a pixel."""
    return min(a[2], b[2]) - max(a[0], b[0]) > 1 and min(a[3], b[3]) - max(a[1], b[1]) > 1


def test_a_machine_that_runs_alone_moves_in_its_zone_and_nobody_is_there(plant: Plant) -> None:
    alone = RunsAlone(station="PUESTO_02", zone=ZoneKind.TRIGGER, times=ONCE)
    scene = scene_with(plant, "cam1", alone)
    thing = scene._things[0]
    assert all("PUESTO_02" not in poses(scene, t) for t in np.arange(thing.start_s + 0.1, thing.end_s, 1.0))
    x0, y0, x1, y1 = (round(edge) for edge in thing.bounds_px)

    def moving(t_s: float) -> float:
        a, b = (
            cv2.GaussianBlur(scene.render(t)[y0:y1, x0:x1], (3, 3), 0).astype(int) for t in (t_s, t_s + 0.2)
        )
        return float((np.abs(a - b).max(axis=2) > 22).mean())

    runs = [moving(thing.start_s + 0.3 * i + 0.1) for i in range(15)]
    rests = [moving(thing.start_s + alone.on_s + 0.3 * i + 0.1) for i in range(15)]
    assert np.median(runs) > 0.1
    assert max(rests) < 0.03
    spoilt = [c for c in cycles_at(scene, "PUESTO_02") if c.start_s < thing.start_s < c.end_s]
    assert [cycle.unmeasurable for cycle in spoilt] == ["break"]


def test_a_vest_is_put_on_and_off_and_other_clothes_stay(plant: Plant) -> None:
    vest = Dress(station="PUESTO_02", times=Times(30.0, 100.0, 2))
    clothes = Dress(station="PUESTO_03", times=Times(30.0), vest=False)
    scene = scene_with(plant, "cam1", vest, clothes)
    worn = {t: poses(scene, t)["PUESTO_02"].look for t in (20.0, 110.0, 250.0)}
    assert [look.vest is not None for look in worn.values()] == [False, True, False]
    assert worn[20.0] == worn[250.0] == replace(worn[110.0], vest=None)
    before, after = poses(scene, 20.0)["PUESTO_03"].look, poses(scene, 250.0)["PUESTO_03"].look
    assert before.top != after.top
    assert before.legs != after.legs
    assert (before.skin, before.hair, before.stature) == (after.skin, after.hair, after.stature)


def test_two_people_swap_and_keep_their_names(plant: Plant) -> None:
    scene = scene_with(plant, "cam2", Swap(first="PUESTO_04", second="PUESTO_05", times=ONCE))
    spots = {plan.place.station.code: plan.place.spot_px for plan in scene._plans}
    assert poses(scene, 35.0)["PUESTO_04"].feet_px == spots["PUESTO_04"]
    assert poses(scene, 120.0)["PUESTO_05"].feet_px == spots["PUESTO_04"]
    swapped = [c.unmeasurable for c in cycles_at(scene, "PUESTO_04") if c.unmeasurable]
    assert swapped == ["swap"], "one has begun it, the other ended it"
    assert not any(cycle.unmeasurable for cycle in cycles_at(scene, "PUESTO_05"))


def test_who_stands_still_does_not_move_at_all(plant: Plant) -> None:
    scene = scene_with(plant, "cam1", StandStill(station="PUESTO_01", times=ONCE))
    long = max(cycles_at(scene, "PUESTO_01"), key=lambda cycle: cycle.end_s - cycle.start_s)
    middle_s = (long.start_s + long.end_s) / 2
    figures = {repr(poses(scene, middle_s + ahead)["PUESTO_01"]) for ahead in range(-100, 100, 7)}
    assert len(figures) == 1


def test_who_sits_is_lower_and_never_leaves_his_zone(plant: Plant) -> None:
    sitting, standing = scene_with(plant, "cam1", *ON_CAM1["seated"]), scene_with(plant, "cam1")
    for code in ("PUESTO_02", "PUESTO_03"):
        zone = plan_of(sitting, code).place.station.zone(ZoneKind.WORK)
        for t_s in np.arange(0.5, 120.0, 2.7):
            low, high = (
                next(box.xyxy for box in scene.true_boxes(t_s) if box.person == code)
                for scene in (sitting, standing)
            )
            assert low[1] > high[1] + 30
            assert holds(zone, (plan_of(sitting, code).place.spot_px[0], (low[1] + low[3]) / 2))


def test_at_a_shift_change_everybody_leaves_and_others_come(plant: Plant) -> None:
    scene = scene_with(plant, "cam1", ShiftChange(times=Times(60.0), empty_s=(60.0, 120.0)))
    visible = [set(poses(scene, t_s)) for t_s in np.arange(0.0, 400.0, STEP_S)]
    gone = [i for i, now in enumerate(visible) if not now]
    longest = max(
        len(list(run)) for empty, run in itertools.groupby(visible, key=lambda now: not now) if empty
    )
    assert 60.0 <= longest * STEP_S <= 121.0
    assert set().union(*visible[: gone[0]]) == {"PUESTO_01", "PUESTO_02", "PUESTO_03"}
    assert set().union(*visible[gone[-1] :]) == {"PUESTO_01-2", "PUESTO_02-2", "PUESTO_03-2"}
    looks = [poses(scene, t)[name].look for t, name in ((40.0, "PUESTO_02"), (390.0, "PUESTO_02-2"))]
    assert looks[0].top != looks[1].top
    assert [c.unmeasurable for c in cycles_at(scene, "PUESTO_02") if c.unmeasurable] == ["shift_change"]


def test_cycles_that_are_open_at_start_or_stop_are_marked(plant: Plant) -> None:
    scene = scene_with(plant, "cam1")
    whole = scene.true_cycles(400.0)
    from_s, until_s = 130.0, 210.0
    for cycle in scene.cycles_seen(from_s, until_s):
        original = next(c for c in whole if (c.workstation, c.start_s) == (cycle.workstation, cycle.start_s))
        why = "open_at_start" if cycle.start_s < from_s else "open_at_stop" if cycle.end_s > until_s else ""
        assert cycle == replace(original, unmeasurable=why)
    seen = scene.cycles_seen(from_s, until_s)
    assert {c.unmeasurable for c in seen} == {"", "open_at_start", "open_at_stop"}
    assert len(seen) == sum(c.end_s > from_s and c.start_s < until_s for c in whole)


@pytest.mark.parametrize(
    ("incident", "said"),
    [
        pytest.param(LeanBack(station="PUESTO_99", times=ONCE), "cam1 shows PUESTO_01", id="no-such-station"),
        pytest.param(LeanBack(station="PUESTO_03", times=ONCE), "cannot step out", id="bins-on-both-sides"),
        pytest.param(Seated(station="PUESTO_01"), "does not sit", id="comes-and-goes-seated"),
        pytest.param(
            RunsAlone(station="PUESTO_02", zone=ZoneKind.DROP, times=ONCE), "it has none", id="no-such-zone"
        ),
    ],
)
def test_an_incident_that_cannot_happen_is_refused(plant: Plant, incident: Incident, said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        scene_with(plant, "cam1", incident)


@pytest.mark.parametrize(
    "figures",
    [
        {"first_s": -1.0},
        {"first_s": 0.0, "count": 2},
        {"first_s": 0.0, "count": 0},
        {"first_s": math.nan},
    ],
    ids=str,
)
def test_times_that_make_no_sense_are_refused(figures: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match="allowed are first_s from 0"):
        Times(**figures)
