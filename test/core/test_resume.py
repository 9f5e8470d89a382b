"""A cycle tracker whose process was killed: another one goes on where it stopped, or says that it cannot."""

from hypothesis import given
from hypothesis import strategies as st

from lbzf_ros.core.cycle import CycleTracker
from lbzf_ros.core.model import CycleEvent, EventKind
from lbzf_ros.store.tracker_state import TrackerState, state_from_bytes, state_to_bytes
from test.core.test_cycle import PERIOD_S, play, short
from test.support.occupancy import occupancy, rois, station, zone

LEAVE_S = 1.0


def reborn(tracker: CycleTracker) -> CycleTracker:
    """The tracker of the process that comes after a kill: it has only what was saved."""
    saved = state_from_bytes(state_to_bytes(TrackerState("1", tracker.rois.identity, tracker.memory)))
    assert saved is not None
    other = CycleTracker(tracker.rois)
    other.resume(saved.memory)
    return other


letters = st.text("PPPaaa?", min_size=2, max_size=120)


@given(letters, st.sampled_from(["presence", "trigger", "pick_drop"]), st.data())
def test_kills_between_pictures_change_nothing(pictures: str, rule: str, data: st.DataObject) -> None:
    zones = rois(station(rule))
    names = sorted(zone_.name for zone_ in zones.workstations[0].zones)
    shifted = [pictures, pictures[3:] + pictures[:3]]
    played = list(zip(names, shifted, strict=False))
    expected = play(CycleTracker(zones), *played)

    kills = data.draw(st.lists(st.integers(1, len(pictures) - 1), unique=True, max_size=5).map(sorted))
    tracker, found = CycleTracker(zones), list[CycleEvent]()
    for begin, end in zip([0, *kills], [*kills, len(pictures)], strict=True):
        part = [(name, letters_[begin:end]) for name, letters_ in played]
        found += play(tracker, *part, start_s=100.0 + begin * PERIOD_S)
        tracker = reborn(tracker)
    assert repr(short(found)) == repr(short(expected))
    assert [repr(event)[:400] for event in found] == [repr(event)[:400] for event in expected]


def in_cycle() -> CycleTracker:
    """A tracker with a running cycle, whose last picture was at 107.4 s."""
    tracker = CycleTracker(rois(station(zones=[zone("work", leave_s=LEAVE_S)])))
    play(tracker, ("work", "aaaaa" + "P" * 33))
    return tracker


def test_a_pause_within_the_exit_grace_cuts_no_cycle() -> None:
    tracker = reborn(in_cycle())
    assert tracker.after_pause(round(108.4e9)) == []
    (end,) = play(tracker, ("work", "PPP" + "a" * 10), start_s=108.4)
    assert end.kind is EventKind.END
    assert short([end]) == [("END", 1.0, 9.0)]
    assert end.observed_share < 0.95  # the pictures of the pause are missing, and the row says so


def test_after_a_longer_pause_the_cycle_is_given_up_and_the_next_one_is_found() -> None:
    tracker = reborn(in_cycle())
    (abort,) = tracker.after_pause(round(108.6e9))
    assert abort.kind is EventKind.ABORT
    assert abort.reasons == {"restart": "the cycle tracker was restarted, 1.2 s were not seen"}
    events = play(tracker, ("work", "PPPP" + "a" * 10 + "P" * 20 + "a" * 10), start_s=108.6)
    assert [event.kind for event in events] == [EventKind.START, EventKind.END]


def test_a_cycle_that_has_ended_meanwhile_is_not_ended_again() -> None:
    tracker = reborn(in_cycle())
    tracker.drop_ended(lambda _uid: True)
    assert play(tracker, ("work", "a" * 20), start_s=107.6) == []


def test_a_cycle_that_has_not_ended_goes_on() -> None:
    tracker = reborn(in_cycle())
    tracker.drop_ended(lambda _uid: False)
    assert [event.kind for event in play(tracker, ("work", "a" * 20), start_s=107.6)] == [EventKind.END]


def test_what_is_no_state_is_none() -> None:
    for content in (b"", b"[]", b"{", b'[{"software_version": 1}]', b"\0" * 100):
        assert state_from_bytes(content) is None


def test_a_tracker_without_pictures_can_be_remembered() -> None:
    assert reborn(CycleTracker(rois(station()))).update(occupancy(1.0, {"work": True}))[0] == []
