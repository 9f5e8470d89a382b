"""Cycles: what the three rules make of entries and exits, and what must always hold."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbzf_ros.core.cycle import CycleTracker
from lbzf_ros.core.model import (
    NS_PER_S,
    Activity,
    CycleEvent,
    Drift,
    EventKind,
    Evidence,
    FrameOccupancy,
    Quality,
    StationOccupancy,
    ZoneOccupancy,
)
from test.support.occupancy import MODEL, occupancy, rois, station, zone

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
    assert end.duration_uncertainty_s == pytest.approx(math.hypot(0.2, 0.15, 0.15))
    assert end.mean_confidence == pytest.approx(0.8)
    assert end.primary_dwell_ratio == pytest.approx(1.0)
    assert end.observed_share == pytest.approx(1.0)
    assert end.detection_count == 15
    assert end.quality is Quality.YELLOW  # 0.2 s are more than a twentieth of 3 s
    assert end.frame_path == f"frames/1970/01/01/cam1_{end.event_uid}.jpg"


def test_missing_pictures_lower_the_observed_share_and_raise_the_uncertainty() -> None:
    pictures = "aaaaaPPPPP          PPPPPPPPPP   aaaaaaaaa"
    end = play(CycleTracker(rois(station())), ("work", pictures))[-1]
    assert end.observed_share == pytest.approx(15 / 28)
    assert end.duration_uncertainty_s == pytest.approx(math.hypot(0.8, 0.15, 0.15))
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


spans = st.lists(st.tuples(st.integers(8, 40), st.integers(8, 30)), min_size=1, max_size=4)


@given(spans, st.sampled_from(["presence", "trigger", "pick_drop"]), st.data())
def test_dropping_pictures_outside_a_cycle_changes_nothing(
    worked: list[tuple[int, int]], rule: str, data: st.DataObject
) -> None:
    """All but those beside a start or an end, which say when it was."""
    tracker = CycleTracker(rois(station(rule)))
    names = sorted(z.name for z in tracker.rois.workstations[0].zones)
    pictures = "a" * 10
    for away, here in worked:
        pictures += "a" * away + ("P" * here if rule == "presence" else "P" + "a" * here)
    pictures += "a" * 20
    shifted = [pictures, ("a" * 5 + pictures)[: len(pictures)]]
    zones = list(zip(names, shifted, strict=False))
    full = play(CycleTracker(tracker.rois), *zones)
    spent = {round((x / NS_PER_S - 100.0) / PERIOD_S) for e in full for x in (e.start_ns, e.end_ns or 0)}
    inside = set(range(10))
    for event in full:
        last_ns = event.end_ns or (event.start_ns if event.decided_ns == event.start_ns else event.decided_ns)
        begin, end = (round((x / NS_PER_S - 100.0) / PERIOD_S) for x in (event.start_ns, last_ns))
        inside |= set(range(begin, end + 1))
    evidence = {i for _, letters_ in zones for i, letter in enumerate(letters_) if letter == "P"}
    beside = {i + d for i in spent | evidence for d in (-1, 0, 1)}
    free = sorted(set(range(len(pictures))) - inside - beside)
    dropped = data.draw(st.sets(st.sampled_from(free)) if free else st.just(set()))
    thinned = [
        (name, "".join(" " if i in dropped else letter for i, letter in enumerate(letters_)))
        for name, letters_ in zones
    ]
    assert [_without_decision(e) for e in play(CycleTracker(tracker.rois), *thinned)] == [
        _without_decision(e) for e in full
    ]


def _without_decision(event: CycleEvent) -> str:
    """All of an event but the picture that decided it, which may be one that was dropped."""
    return repr(replace(event, decided_ns=0))


def people(stamp_s: float, *here: int, elsewhere: tuple[int, ...] = (), **hands: bool) -> FrameOccupancy:
    """A picture with tracks in the work zone and elsewhere, and hands in other zones."""
    work = ZoneOccupancy(
        "work",
        Evidence.PRESENT if here else Evidence.ABSENT,
        track_ids=here,
        confidence=0.8 if here else math.nan,
    )
    zones = [ZoneOccupancy(n, Evidence.PRESENT if on else Evidence.ABSENT) for n, on in hands.items()]
    stations = (StationOccupancy("ANGELA", "PUESTO_01", Drift.OK, 7, (work, *zones)),)
    return FrameOccupancy("cam1", round(stamp_s * NS_PER_S), "hash", MODEL, stations, (*here, *elsewhere))


def test_a_supervisor_who_stays_neither_prolongs_a_cycle_nor_starts_one() -> None:
    tracker = CycleTracker(rois(station(zones=[zone("work", enter_s=1.0, leave_s=2.0)])))
    events: list[CycleEvent] = []
    for i in range(400):
        t = i * PERIOD_S
        operator = (1 + i // 150,) if 2 <= t % 30 < 20 else ()  # away for 12 s, then back with a new number
        supervisor = (9,) if 10 <= t < 60 else ()
        events += tracker.update(people(100 + t, *operator, *supervisor))[0]
    assert short(events) == [
        ("START", 2.0, None),
        ("END", 2.0, 20.0),
        ("START", 32.0, None),
        ("END", 32.0, 50.0),
        ("START", 62.0, None),
    ]


def test_two_people_swap_stations() -> None:
    """Both stations see one leave and the other come, a moment apart."""
    tracker = CycleTracker(rois(station(zones=[zone("work", enter_s=1.0, leave_s=2.0)])))
    events: list[CycleEvent] = []
    for i in range(150):
        here, elsewhere = (1, 2) if i < 75 else (2, 1)
        events += tracker.update(
            people(100 + i * PERIOD_S, *((here,) if i >= 5 else ()), elsewhere=(elsewhere,))
        )[0]
    assert short(events) == [("START", 1.0, None), ("END", 1.0, 15.0), ("START", 15.0, None)]


def test_a_machine_that_runs_with_nobody_there_makes_no_cycles() -> None:
    trigger = station("trigger", zones=[zone("trigger"), zone("work", enter_s=1.0, leave_s=2.0)])
    tracker = CycleTracker(rois(trigger))
    alone = [tracker.update(people(100 + i * PERIOD_S, trigger=i % 40 == 5))[0] for i in range(400)]
    assert alone == [[]] * 400
    worked = [
        event
        for i in range(150)
        for event in tracker.update(people(200 + i * PERIOD_S, 1, trigger=i % 40 == 20))[0]
    ]
    assert short(worked, 200.0) == [
        ("START", 4.0, None),
        ("END", 4.0, 12.0),
        ("START", 12.0, None),
        ("END", 12.0, 20.0),
        ("START", 20.0, None),
        ("END", 20.0, 28.0),
        ("START", 28.0, None),
    ]


def reach(tracker: CycleTracker, script: str) -> list[CycleEvent]:
    """Pictures 0.2 s apart: P he reaches, w he works, a he is not seen, m nor he but something moves, ? unclear."""
    events: list[CycleEvent] = []
    for i, letter in enumerate(script):
        frame = people(100 + i * PERIOD_S, *((1,) if letter in "Pw" else ()), trigger=letter in "Pm")
        if letter == "?":
            station_ = frame.stations[0]
            hidden = tuple(replace(z, evidence=Evidence.UNKNOWN, track_ids=()) for z in station_.zones)
            frame = replace(frame, stations=(replace(station_, zones=hidden),), visible_track_ids=())
        events += tracker.update(frame)[0]
    return events


@pytest.mark.parametrize(
    ("script", "starts_s"),
    [
        pytest.param("w" * 10 + "P" + "w" * 10, [2.0], id="his-hand"),
        pytest.param("w" * 10 + "m" + "a" + "w" * 10, [2.0], id="lost-for-a-moment-while-he-reached"),
        pytest.param("w" * 10 + "a" + "m" + "a" * 20 + "w" * 10, [], id="gone-when-it-moved"),
        pytest.param(
            "w" * 10 + "P" + "?" * 10 + "w" * 10, [], id="what-blocks-the-view-passes-through-the-zone"
        ),
    ],
)
def test_whose_hand_it_was(script: str, starts_s: list[float]) -> None:
    trigger = station("trigger", zones=[zone("trigger"), zone("work", enter_s=1.0, leave_s=2.0)])
    events = reach(CycleTracker(rois(trigger)), script)
    assert [start for kind, start, _ in short(events) if kind == "START"] == starts_s


def test_what_could_not_be_seen_for_long_does_not_count() -> None:
    close = replace(station(), max_gap_s=2.0)
    seen, hidden = ("aaaaa" + "P" * 20 + gap + "P" * 20 + "a" * 10 for gap in ("?" * 9, "?" * 11))
    assert play(CycleTracker(rois(close)), ("work", seen))[-1].kind is EventKind.END
    last = play(CycleTracker(rois(close)), ("work", hidden))[-1]
    assert (last.kind, last.reasons) == (
        EventKind.REJECT,
        {"gap_in_frames": "2.40 s not seen > max_gap_s 2.00 s"},
    )


def test_the_cost_of_a_picture_does_not_grow_with_the_cycle() -> None:
    """What is held of a running cycle is as large after an hour as after a minute."""
    tracker = CycleTracker(rois(station(max_cycle_s=10_000)))
    play(tracker, ("work", "aaaaa" + "P" * 300))
    minute = len(repr(tracker.memory))
    play(tracker, ("work", "P" * 18_000), start_s=200.0)
    assert len(repr(tracker.memory)) < 1.2 * minute
