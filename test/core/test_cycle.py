"""Cycles: what the three rules make of entries and exits, and what must always hold."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbzf_ros.core.cycle import CycleTracker
from lbzf_ros.core.model import NS_PER_S, Activity, CycleEvent, EventKind, Quality
from test.support.occupancy import occupancy, rois, station, zone

PERIOD_S = 0.2
Played = list[tuple[str, float, float | None]]


def play(tracker: CycleTracker, *zones: tuple[str, str], start_s: float = 100.0) -> list[CycleEvent]:
    """Play pictures 0.2 s apart: for each zone a string of P (evidence), a (none), ? (unknown)."""
    values = {"P": True, "a": False, "?": None}
    events: list[CycleEvent] = []
    for i in range(max(len(pictures) for _, pictures in zones)):
        evidence = {name: values[pictures[i]] for name, pictures in zones if pictures[i] != " "}
        if evidence:
            events += tracker.update(occupancy(start_s + i * PERIOD_S, evidence))[0]
    return events


def short(events: list[CycleEvent], start_s: float = 100.0) -> Played:
    """Kind, start and end of each event in seconds after the first picture."""
    return [
        (
            e.kind.value,
            round(e.start_ns / NS_PER_S - start_s, 3),
            None if e.end_ns is None else round(e.end_ns / NS_PER_S - start_s, 3),
        )
        for e in events
    ]


VISIT = "a" * 5 + "P" * 15 + "a" * 10


def test_presence_runs_from_arriving_to_leaving() -> None:
    events = play(CycleTracker(rois(station())), ("work", VISIT))
    assert short(events) == [("START", 1.0, None), ("END", 1.0, 4.0)]


def test_trigger_runs_from_reach_to_reach() -> None:
    reaches = "aaaaaPPaaaaaaaaaaaaaaaPaaaaaaaaaaaaaaaaaaPPPaaaaaaaaaa"
    events = play(CycleTracker(rois(station("trigger"))), ("trigger", reaches))
    assert short(events) == [
        ("START", 1.0, None),
        ("END", 1.0, 4.4),
        ("START", 4.4, None),
        ("END", 4.4, 8.2),
        ("START", 8.2, None),
    ]


def test_pick_drop_runs_from_pick_to_drop() -> None:
    pick = "aaaaaPPaaaaaaaPaaaaaaaaaaaaaaaaaaaaaaaaPaaaaaa"
    drop = "aaaaaaaaaaaaaaaaaaaaaaaaaPPaaaaaaaaaaaaaaaaaaa"
    events = play(CycleTracker(rois(station("pick_drop"))), ("pick", pick), ("drop", drop))
    assert short(events) == [("START", 1.0, None), ("END", 1.0, 5.0), ("START", 7.8, None)]


def test_an_end_carries_its_figures() -> None:
    end = play(CycleTracker(rois(station())), ("work", VISIT))[-1]
    assert end.kind is EventKind.END
    assert end.duration_s == pytest.approx(3.0)
    assert end.duration_uncertainty_s == pytest.approx(0.2)
    assert end.mean_confidence == pytest.approx(0.8)
    assert end.primary_dwell_ratio == pytest.approx(1.0)
    assert end.observed_share == pytest.approx(1.0)
    assert end.detection_count == 15
    assert end.quality is Quality.GREEN
    assert end.frame_path == f"frames/1970/01/01/cam1_{end.event_uid}.jpg"


def test_missing_pictures_lower_the_observed_share_and_raise_the_uncertainty() -> None:
    pictures = "aaaaaPPPPP          PPPPPPPPPP   aaaaaaaaa"
    end = play(CycleTracker(rois(station())), ("work", pictures))[-1]
    assert end.observed_share == pytest.approx(15 / 28)
    assert end.duration_uncertainty_s == pytest.approx((0.2 + 0.8) / 2)
    assert end.quality is Quality.RED


def test_the_figures_do_not_count_pictures_outside_the_cycle() -> None:
    """The exit is decided a second after the end: those pictures belong to no cycle."""
    work = zone("work", enter_s=1.0, leave_s=2.0)
    end = play(CycleTracker(rois(station(zones=[work]))), ("work", "a" * 9 + "P" * 40 + "a" * 20))[-1]
    assert end.detection_count == 40
    assert end.observed_share == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("limits_s", "pictures", "reasons"),
    [
        pytest.param((3.5, 100), VISIT, {"too_short"}, id="too-short"),
        pytest.param((2.0, 2.5), VISIT, {"too_long"}, id="too-long"),
        pytest.param((2.0, 100), "a" * 5 + "PaaPaaPaaPaaPaaPaaPaa" + "a" * 9, {"low_dwell"}, id="low-dwell"),
        pytest.param(
            (9.0, 100),
            "a" * 5 + "PaaPaaPaaPaa" + "a" * 9,
            {"too_short", "low_dwell"},
            id="all-that-apply",
        ),
    ],
)
def test_what_does_not_count_is_rejected_with_every_reason(
    limits_s: tuple[float, float], pictures: str, reasons: set[str]
) -> None:
    last = play(
        CycleTracker(rois(station(min_cycle_s=limits_s[0], max_cycle_s=limits_s[1]))), ("work", pictures)
    )[-1]
    assert (last.kind, set(last.reasons)) == (EventKind.REJECT, reasons)


def test_a_cycle_without_a_person_zone_is_not_rejected_for_what_is_unknown() -> None:
    events = play(CycleTracker(rois(station("trigger"))), ("trigger", "aaaPaaaaaaaaaaaaaaaaaPaaa"))
    assert events[1].kind is EventKind.END
    assert math.isnan(events[1].primary_dwell_ratio)
    assert events[1].quality is Quality.YELLOW


def test_stopping_gives_up_what_runs() -> None:
    tracker = CycleTracker(rois(station()))
    play(tracker, ("work", "aaaaaPPPPPPPP"))
    (abort,) = tracker.abort("stopped", "the pictures ended")
    assert (abort.kind, abort.end_ns, dict(abort.reasons)) == (
        EventKind.ABORT,
        None,
        {"stopped": "the pictures ended"},
    )
    assert tracker.abort("stopped", "again") == []


def test_the_state_follows_the_cycle() -> None:
    tracker = CycleTracker(rois(station()))
    assert [state.activity for state in tracker.states] == [Activity.UNKNOWN]
    play(tracker, ("work", "aaa"))
    assert [state.activity for state in tracker.states] == [Activity.IDLE]
    (start,) = play(tracker, ("work", "PPP"), start_s=200)
    state = tracker.states[0]
    assert (state.activity, state.event_uid, state.occupied) == (Activity.IN_CYCLE, start.event_uid, True)


def test_an_entry_dated_back_does_not_reach_into_the_cycle_before() -> None:
    pick, drop = zone("pick", enter_s=1.0), zone("drop")
    tracker = CycleTracker(rois(station("pick_drop", zones=[pick, drop])))
    events = play(
        tracker,
        ("pick", "aaPPPPPPPPPaaaaaaaPPPPPPPPaaaaaaaaaa"),
        ("drop", "aaaaaaaaaaaaaaaaaaaaPaaaaaaaaaaaaaaa"),
    )
    assert short(events) == [("START", 0.4, None), ("END", 0.4, 4.0), ("START", 4.0, None)]


letters = st.text("PPPaaa? ", min_size=1, max_size=150)


@given(letters, letters, st.sampled_from(["presence", "trigger", "pick_drop"]))
def test_cycles_never_overlap_and_every_start_is_answered_once(one: str, two: str, rule: str) -> None:
    tracker = CycleTracker(rois(station(rule)))
    names = sorted(z.name for z in tracker.rois.workstations[0].zones)
    length = min(len(one), len(two)) if len(names) > 1 else len(one)
    zones = [(name, pictures[:length]) for name, pictures in zip(names, (one, two), strict=False)]
    events = play(tracker, *zones) + tracker.abort("stopped", "end of test")
    spans = [(e.start_ns, e.end_ns) for e in events if e.end_ns is not None]
    assert all(end is not None and end > start for start, end in spans)
    assert all(one_[1] <= two_[0] for one_, two_ in pairwise(spans) if one_[1] is not None)
    kinds = [e.kind is EventKind.START for e in events]
    assert kinds == [i % 2 == 0 for i in range(len(kinds))]
    assert [e.event_uid for e in events[::2]] == [e.event_uid for e in events[1::2]]


@given(letters, st.integers(1, 10**9))
def test_shifting_all_stamps_shifts_all_events(pictures: str, shift_s: int) -> None:
    plain = short(play(CycleTracker(rois(station())), ("work", pictures)))
    moved = play(CycleTracker(rois(station())), ("work", pictures), start_s=100.0 + shift_s)
    assert short(moved, 100.0 + shift_s) == plain


@given(letters)
def test_two_runs_are_equal(pictures: str) -> None:
    runs = [repr(play(CycleTracker(rois(station())), ("work", pictures))) for _ in range(2)]
    assert runs[0] == runs[1]
