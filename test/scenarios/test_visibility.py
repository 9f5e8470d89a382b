"""What must become of a true cycle follows from the pictures that show it."""

import pytest

from lbzf_ros.core.model import Workstation
from lbzf_ros.scenarios.catalogue import scenario
from lbzf_ros.scenarios.model import CAMERA
from lbzf_ros.scenarios.visibility import Fate, Seen, fates
from lbzf_ros.simulator.model import TrueCycle
from lbzf_ros.store.plant import roi_sets

STATIONS = {
    station.rule: station for station in roi_sets(scenario("baseline").plant(5.0))[CAMERA].workstations
}


def station(rule: str) -> Workstation:
    return STATIONS[rule]


def fate(  # noqa: PLR0913
    rule: str,
    start_s: float,
    end_s: float,
    *,
    unseen: tuple[tuple[float, float], ...] = (),
    unclear: tuple[float, float] | None = None,
    breaks_s: tuple[float, ...] = (),
    next_s: float | None = None,
    unmeasurable: str = "",
    manned: float = 1.0,
) -> Fate:
    """Of a cycle in a recording from second 0 to 100 at 5 fps, of which some spans were not seen, or say nothing."""
    times_s = [i / 5 for i in range(501)]
    hidden = (*unseen, unclear) if unclear else unseen
    says_nothing = [t for t in times_s if unclear and unclear[0] < t < unclear[1]]
    seen = Seen([t for t in times_s if not any(a < t < b for a, b in hidden)], breaks_s, 0.2, says_nothing)
    cycles = [TrueCycle("ANGELA", "P", rule, start_s, end_s, unmeasurable)]
    if next_s is not None:
        cycles.append(TrueCycle("ANGELA", "P", rule, next_s, next_s + 20))
    return fates(cycles, [manned] * len(cycles), seen, station(rule))[0]


@pytest.mark.parametrize("rule", ["presence", "trigger", "pick_drop"])
def test_what_was_seen_must_be_counted(rule: str) -> None:
    assert fate(rule, 20.05, 40.05) is Fate.MUST


@pytest.mark.parametrize("rule", ["presence", "trigger", "pick_drop"])
def test_what_lies_over_an_edge_or_a_jump_of_the_clock_must_not(rule: str) -> None:
    assert fate(rule, -5, 15) is Fate.MUST_NOT
    assert fate(rule, 90, 105) is Fate.MUST_NOT
    assert fate(rule, 20, 40, breaks_s=(30.0,)) is Fate.MUST_NOT
    assert fate(rule, 20, 40, breaks_s=(15.0,)) is Fate.MUST


@pytest.mark.parametrize(
    ("rule", "gap_s", "expected"),
    [
        ("presence", 4.0, Fate.MUST),
        ("presence", 5.0, Fate.MAY),
        ("presence", 6.0, Fate.MUST_NOT),
        ("trigger", 1.0, Fate.MUST),
        ("trigger", 2.0, Fate.MAY),
        ("trigger", 3.0, Fate.MUST_NOT),
    ],
)
def test_a_hidden_part_is_compared_with_the_longest_gap(rule: str, gap_s: float, expected: Fate) -> None:
    assert fate(rule, 20, 40, unseen=((30.0, 30.0 + gap_s),)) is expected


def test_a_gap_over_the_end_counts_whole() -> None:
    assert fate("presence", 20, 40, unseen=((39.8, 50.0),)) is Fate.MUST_NOT


def test_the_length_is_compared_with_the_limits() -> None:
    most_s = station("presence").max_cycle_s
    assert fate("presence", 10, 10 + most_s + 1) is Fate.MUST_NOT
    assert fate("presence", 10, 10 + most_s) is Fate.MAY
    assert fate("presence", 10, 13) is Fate.MUST_NOT


def test_a_hand_that_no_picture_shows_may_be_missed() -> None:
    assert fate("trigger", 20.1, 40.1, unseen=((20.0, 21.0),)) is Fate.MAY
    assert fate("trigger", 20.1, 40.1, unseen=((40.0, 41.0),)) is Fate.MAY
    assert fate("trigger", 20.1, 40.1, unseen=((40.0, 40.8),)) is Fate.MUST


def test_an_absence_that_hardly_a_picture_shows_may_be_missed() -> None:
    assert fate("presence", 20, 40, next_s=44.0) is Fate.MUST
    assert fate("presence", 20, 40, next_s=41.5) is Fate.MAY
    assert fate("presence", 20, 40, next_s=44.0, unseen=((39.7, 42.7),)) is Fate.MAY


def test_an_exit_in_the_last_picture_before_the_view_is_lost_may_be_missed() -> None:
    lost = (40.1, 42.7)
    assert fate("presence", 20, 40, next_s=43.5, unclear=lost) is Fate.MAY
    assert fate("presence", 20, 39.7, next_s=43.5, unclear=lost) is Fate.MUST
    assert fate("presence", 20, 40, next_s=46.0, unclear=lost) is Fate.MUST, "that he is away is seen later"


def test_who_came_in_the_first_second_was_there_before() -> None:
    assert fate("presence", 0.5, 20) is Fate.MAY
    assert fate("presence", 1.5, 20) is Fate.MUST
    assert fate("trigger", 0.1, 20) is Fate.MAY
    assert fate("trigger", 0.3, 20) is Fate.MUST


def test_what_no_single_operator_did_is_open() -> None:
    assert fate("trigger", 20, 50, unmeasurable="swap") is Fate.MAY


def test_who_comes_back_unseen_may_be_taken_for_one_who_never_left() -> None:
    times_s = [i / 5 for i in range(501) if not 29.9 < i / 5 < 34.1]
    cycles = [
        TrueCycle("ANGELA", "P", "presence", a, b) for a, b in ((5.0, 29.9), (34.1, 55.0), (60.0, 80.0))
    ]
    found = fates(cycles, [1.0] * 3, Seen(times_s, (), 0.2), station("presence"))
    assert found == [Fate.MAY, Fate.MAY, Fate.MUST]


def test_a_jump_of_the_clock_cuts_the_exit_off() -> None:
    assert fate("presence", 20, 40, breaks_s=(41.0,)) is Fate.MAY
    assert fate("presence", 20, 40, breaks_s=(43.0,)) is Fate.MUST


def test_a_cycle_whose_operator_was_mostly_away_may_be_rejected() -> None:
    assert fate("trigger", 20, 50, manned=0.6) is Fate.MUST
    assert fate("trigger", 20, 50, manned=0.4) is Fate.MAY
