"""Why a cycle was decided as it was: what is kept, that it is true, and that it stays small."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbzf_ros.core import rejection
from lbzf_ros.core.cycle import CycleTracker
from lbzf_ros.core.explanation import Explanation, PictureSpan, ZoneDecision
from lbzf_ros.core.figures import figures
from lbzf_ros.core.model import (
    NS_PER_S,
    CycleEvent,
    Drift,
    EventKind,
    Evidence,
    RoiSet,
    ShiftHours,
    Workstation,
)
from lbzf_ros.core.quality import quality
from lbzf_ros.core.rejection import Finished
from lbzf_ros.core.trace import LEAD_S, MAX_DECISIONS, MAX_GAPS, MAX_PEOPLE, MAX_SPANS
from lbzf_ros.store.explanation_json import explanation_values
from lbzf_ros.store.tracker_state import TrackerState, state_to_bytes
from test.core.test_resume import reborn
from test.support.occupancy import rois, station, zone
from test.support.plays import (
    BEGIN_NS,
    OPERATOR,
    PERIOD_S,
    VISITOR,
    Picture,
    eventful,
    pictures,
    play,
    reach,
)

LINGER_S = 8.0


def hands() -> RoiSet:
    """A station of hands beside a work zone."""
    work = replace(zone("work", enter_s=1.0, leave_s=2.0), linger_s=LINGER_S)
    return rois(station("trigger", zones=[work, replace(zone("trigger"), name="bin")], max_cycle_s=1000.0))


def presence() -> RoiSet:
    """A station where the operator comes and goes."""
    work = replace(zone("work", enter_s=1.0, leave_s=2.0), linger_s=LINGER_S)
    return rois(station(zones=[work], max_cycle_s=1000.0))


def why(event: CycleEvent) -> Explanation:
    assert event.explanation is not None
    return event.explanation


def second(stamp_ns: int) -> float:
    """After the first picture."""
    return round((stamp_ns - BEGIN_NS) / NS_PER_S, 3)


def told(one: ZoneDecision) -> tuple[str, str, float, float, str, float]:
    """Zone, what, since when, decided when, by which timer, how long it ran."""
    what = "entered" if one.entered else "left"
    return one.zone, what, second(one.since_ns), second(one.decided_ns), one.timer, one.lasted_ns / NS_PER_S


def of_zone(explanation: Explanation, name: str) -> list[tuple[Evidence, float, int]]:
    """Evidence, begin and number of pictures of each span."""
    (zone_,) = (zone_ for zone_ in explanation.zones if zone_.zone == name)
    return [(Evidence(span.value), second(span.start_ns), sum(span.pictures)) for span in zone_.spans]


def test_an_end_says_what_was_seen_and_which_timers_decided() -> None:
    script = [*pictures(3, here=()), *pictures(12), *pictures(4, here=())]
    start, end = play(presence(), script)
    assert told(why(start).opened_by) == ("work", "entered", 3.0, 4.0, "enter_s", 1.0)
    assert (why(start).closed_by, why(start).figures) == (None, ())
    explanation = why(end)
    assert explanation.opened_by == why(start).opened_by
    assert explanation.closed_by is not None
    assert told(explanation.closed_by) == ("work", "left", 15.0, 16.8, "leave_s", 2.0)
    assert (explanation.opens_on, explanation.closes_on) == ("work entered", "work left")
    assert of_zone(explanation, "work") == [
        (Evidence.ABSENT, 0.0, 15),
        (Evidence.PRESENT, 3.0, 60),
        (Evidence.ABSENT, 15.0, 10),
    ]
    (person,) = explanation.people
    assert (person.track_id, person.operator, person.inside) == (OPERATOR, True, 60)
    assert person.mean_confidence == pytest.approx(0.8)
    assert (explanation.others, explanation.gaps, explanation.merged_below_s) == ((), (), 0.0)


def test_whoever_lingers_has_left_when_that_has_lasted() -> None:
    script = [*pictures(3, here=()), *pictures(9), *pictures(10, here=(), near=(OPERATOR,))]
    explanation = why(play(presence(), script)[-1])
    assert explanation.closed_by is not None
    assert told(explanation.closed_by) == ("work", "left", 12.0, 19.8, "linger_s", LINGER_S)
    assert of_zone(explanation, "work")[-1] == (Evidence.NEAR, 12.0, 40)


def test_leaning_back_is_kept_though_it_decides_nothing() -> None:
    beside = pictures(4, here=(), near=(OPERATOR,))
    script = [*pictures(3, here=()), *pictures(9), *beside, *pictures(9), *pictures(3, here=())]
    explanation = why(play(presence(), script)[-1])
    assert (Evidence.NEAR, 12.0, 20) in of_zone(explanation, "work")
    assert explanation.people[0].beside == 20


def test_a_hand_where_nobody_is_is_ignored_and_that_is_said() -> None:
    away = [*pictures(7, here=()), *pictures(0.6, here=(), hand=True), *pictures(3, here=())]
    script = [*pictures(3, here=()), *pictures(5), *reach(), *pictures(9), *away, *pictures(4), *reach()]
    end = next(event for event in play(hands(), script) if event.kind is not EventKind.START)
    ignored = [one for one in why(end).others if not one.attended]
    assert [(one.zone, one.entered, one.alone_ns) for one in ignored] == [
        ("bin", True, 7_200_000_000),
        ("bin", False, 7_800_000_000),
    ]


def test_a_successor_is_said_to_be_one() -> None:
    script = [
        *pictures(3, here=()),
        *pictures(9),
        *pictures(12, here=(VISITOR,), elsewhere=(OPERATOR,)),
    ]
    _, end, start = play(presence(), script)
    closed, opened = why(end).closed_by, why(start).opened_by
    assert closed is not None
    assert opened is not None
    assert (closed.timer, opened.timer) == ("leave_s", "successor_s")
    assert closed.since_ns == opened.since_ns
    assert opened.lasted_ns >= opened.limit_ns >= 2 * NS_PER_S
    assert [(person.track_id, person.operator) for person in why(start).people][-1] == (VISITOR, True)


def test_what_could_not_be_seen_is_said() -> None:
    explanation = why(next(event for event in play(hands(), eventful()) if event.kind is EventKind.END))
    assert [round((gap.end_ns - gap.start_ns) / NS_PER_S, 1) for gap in explanation.gaps] == [1.8]
    assert (Evidence.UNKNOWN, 29.6, 7) in of_zone(explanation, "bin")
    assert [Drift(span.value) for span in explanation.drift] == [Drift.OK, Drift.DRIFTED]
    assert [person.track_id for person in explanation.people if not person.operator] == [VISITOR]


def test_a_cycle_that_is_given_up_says_what_was_known_of_it() -> None:
    tracker = CycleTracker(presence())
    play(presence(), [*pictures(3, here=()), *pictures(9)], tracker)
    (abort,) = tracker.abort("stopped", "the pictures ended")
    assert why(abort).closed_by is None
    assert of_zone(why(abort), "work")[-1] == (Evidence.PRESENT, 3.0, 45)


def test_an_explanation_begins_seconds_before_the_start() -> None:
    visits = [*pictures(10), *pictures(15, here=())] * 3
    *_, start, end = play(presence(), [*pictures(5, here=()), *visits])
    for event in (start, end):
        earliest = min(span.end_ns for zone_ in why(event).zones for span in zone_.spans)
        assert earliest >= event.start_ns - round((LEAD_S + 1) * NS_PER_S)
        assert why(event).others == ()


letters = st.lists(
    st.tuples(st.sampled_from("PPPaan?- "), st.booleans(), st.integers(1, 15)), min_size=2, max_size=40
)


def scripted(parts: list[tuple[str, bool, int]]) -> list[Picture]:
    """P: in it, a: away, n: beside it, ?: view not clear, -: somebody else, a space: no picture."""
    kinds: dict[str, Picture] = {
        "P": {"here": (OPERATOR,)},
        "a": {"here": ()},
        "n": {"here": (), "near": (OPERATOR,)},
        "?": {"here": (), "clear": False},
        "-": {"here": (VISITOR,)},
        " ": {"here": (), "missing": True},
    }
    return [{**kinds[letter], "hand": hand} for letter, hand, number in parts for _ in range(number)]


@given(letters, st.sampled_from([hands(), presence()]))
def test_every_timer_that_decided_has_run_out(parts: list[tuple[str, bool, int]], zones: RoiSet) -> None:
    for event in play(zones, scripted(parts)):
        explanation = why(event)
        ends = () if explanation.closed_by is None else (explanation.closed_by,)
        for one in (explanation.opened_by, *ends, *explanation.others):
            assert one.lasted_ns >= one.limit_ns
            assert one.since_ns <= one.decided_ns <= explanation.decided_ns == event.decided_ns
        assert explanation.opened_by.since_ns <= event.start_ns
        assert [one.since_ns for one in ends] == ([] if event.end_ns is None else [event.end_ns])


@given(letters, st.sampled_from([hands(), presence()]))
def test_every_picture_is_in_one_span_of_each_zone(parts: list[tuple[str, bool, int]], zones: RoiSet) -> None:
    script = scripted(parts)
    seen_ns = [
        BEGIN_NS + round(number * PERIOD_S * NS_PER_S)
        for number, picture in enumerate(script)
        if not picture.get("missing")
    ]
    for event in play(zones, script):
        for spans in (*(zone_.spans for zone_ in why(event).zones), why(event).drift):
            within = [ns for ns in seen_ns if spans[0].start_ns <= ns <= event.decided_ns]
            assert sum(sum(span.pictures) for span in spans) == len(within)
            assert all(one.end_ns < two.start_ns for one, two in pairwise(spans))


@given(letters, st.data())
def test_kills_between_pictures_change_no_explanation(
    parts: list[tuple[str, bool, int]], data: st.DataObject
) -> None:
    script = scripted(parts)
    expected = play(hands(), script)
    kills = set(data.draw(st.lists(st.integers(1, len(script)), max_size=4)))
    tracker, found = CycleTracker(hands()), list[CycleEvent]()
    for number in range(len(script)):
        if number in kills:
            tracker = reborn(tracker)
        found += play(hands(), script[: number + 1], tracker, begin=number)
    assert [event.explanation for event in found] == [event.explanation for event in expected]


def flicker(seconds: float) -> list[Picture]:
    """Evidence, people, hands and pictures that come and go all the time, with a new track each time."""
    rng = random.Random(1)
    script: list[Picture] = []
    track = 100
    while len(script) * PERIOD_S < seconds:
        track += 1
        here = rng.choice([(OPERATOR,), (OPERATOR, track), (OPERATOR, track)])
        script += pictures(0.2, here=here, hand=rng.random() < 0.5)
        script += pictures(0.2, here=(), near=(OPERATOR,), hand=rng.random() < 0.5)
        script += pictures(0.6, missing=True) if rng.random() < 0.1 else []
    return script


def test_it_stays_small_however_long_a_cycle_lasts_and_says_what_is_left_out() -> None:
    sizes, states = [], []
    for minutes in (1, 4, 16):
        tracker = CycleTracker(presence_with_hands())
        script = [*pictures(3, here=()), *pictures(3), *flicker(60 * minutes)]
        play(tracker.rois, script, tracker)
        state = TrackerState("1", tracker.rois.identity, tracker.memory)
        states.append(len(state_to_bytes(state)))
        (abort,) = tracker.abort("stopped", "")
        sizes.append(len(repr(explanation_values(why(abort)))))
    explanation = why(abort)
    assert all(len(zone_.spans) <= MAX_SPANS for zone_ in explanation.zones)
    assert len(explanation.people) <= MAX_PEOPLE
    assert len(explanation.gaps) <= MAX_GAPS
    assert len(explanation.others) <= MAX_DECISIONS
    assert min(explanation.people_left_out, explanation.gaps_left_out, explanation.others_left_out) > 100
    assert explanation.merged_below_s >= 0.5
    assert max(sizes) < 12_000
    assert max(states) < 30_000
    assert max(states[1:]) < 1.2 * states[1]


def presence_with_hands() -> RoiSet:
    """Cycles by presence, and a bin that decides nothing."""
    work = replace(zone("work", enter_s=1.0, leave_s=2.0), linger_s=LINGER_S)
    return rois(station(zones=[work, replace(zone("trigger", leave_s=0.0), name="bin")]))


def test_merged_runs_keep_their_pictures() -> None:
    tracker = CycleTracker(presence_with_hands())
    script = [*pictures(3, here=()), *pictures(3), *flicker(120)]
    play(tracker.rois, script, tracker)
    (abort,) = tracker.abort("stopped", "")
    (spans,) = (zone_.spans for zone_ in why(abort).zones if zone_.zone == "work")
    absent, present, unknown, near = (
        sum(counts) for counts in zip(*(s.pictures for s in spans), strict=True)
    )
    shown = [picture for picture in script if not picture.get("missing")]
    assert present == sum(bool(picture["here"]) for picture in shown)
    assert near == sum(bool(picture.get("near")) for picture in shown)
    assert (absent, unknown) == (15, 0)


def test_a_mixed_span_says_what_most_of_it_was() -> None:
    span = PictureSpan(0, 9, (1, 7, 0, 2))
    assert (span.value, span.is_mixed) == (Evidence.PRESENT, True)
    assert not PictureSpan(0, 9, (0, 7, 0, 0)).is_mixed


shares = st.floats(0, 1) | st.just(math.nan)
HOURS = (ShiftHours("jornada_1", (0, 1, 2, 3, 4, 5), 360, 840),)


@given(
    st.builds(
        Finished,
        start_ns=st.integers(BEGIN_NS, BEGIN_NS + 7 * 86_400 * NS_PER_S),
        time_zone=st.just("America/Bogota"),
        duration_s=st.floats(0.2, 2000),
        primary_dwell_ratio=shares,
        second_person_ratio=shares,
        mean_confidence=shares,
        longest_gap_s=st.floats(0, 120),
        drift_unknown_ratio=st.floats(0, 1),
    ),
    st.floats(0, 1),
    st.sampled_from(Drift),
    st.sampled_from([(), HOURS]),
)
def test_the_verdicts_are_those_that_decided(
    cycle: Finished, observed_share: float, drift: Drift, hours: tuple[ShiftHours, ...]
) -> None:
    place: Workstation = replace(station(), shift_hours=hours)
    uncertainty_s = 0.4
    found = figures(
        cycle,
        place,
        start_slack_s=0.2,
        place_error_s=0.2,
        end_slack_s=uncertainty_s,
        uncertainty_s=uncertainty_s,
        observed_share=observed_share,
        drift=drift,
    )
    verdicts = [one.verdict for one in found]
    assert {verdict for verdict in verdicts if verdict in rejection.RULES} == set(
        rejection.reasons(cycle, place)
    )
    band = quality(
        observed_share=observed_share,
        primary_dwell_ratio=cycle.primary_dwell_ratio,
        uncertainty_share=uncertainty_s / cycle.duration_s,
        drift=drift,
    )
    assert next(colour for colour in ("red", "yellow", "green") if colour in verdicts) == band.value
