"""Who of the people at a station is its operator, told by track numbers only."""

import pytest

from lbzf_ros.core.model import Evidence, ZoneOccupancy
from lbzf_ros.core.operator import OperatorPresence, PrimaryOperator

PERIOD_NS = 200_000_000
ABSENT, NEAR, PRESENT, UNKNOWN = Evidence.ABSENT, Evidence.NEAR, Evidence.PRESENT, Evidence.UNKNOWN


class Station:
    """A station with one work zone, five pictures a second."""

    def __init__(self) -> None:
        self.operator = PrimaryOperator(successor_s=1.0)
        self.pictures = 0

    def see(
        self,
        *here: int,
        near: tuple[int, ...] = (),
        hidden: tuple[int, ...] = (),
        elsewhere: tuple[int, ...] = (),
        times: int = 1,
    ) -> list[OperatorPresence]:
        """Pictures with people in the zone, beside it, hidden behind those in it, and elsewhere."""
        evidence = PRESENT if here else NEAR if near or hidden else ABSENT
        zone = ZoneOccupancy("work", evidence, track_ids=here, near_track_ids=(*near, *hidden))
        found = []
        for _ in range(times):
            self.pictures += 1
            found.append(self.operator.update(self.pictures * PERIOD_NS, [zone], [*here, *near, *elsewhere]))
        return found

    def work(
        self,
        *here: int,
        near: tuple[int, ...] = (),
        hidden: tuple[int, ...] = (),
        elsewhere: tuple[int, ...] = (),
        times: int = 1,
    ) -> set[Evidence]:
        """The same: the evidence of the operator in all of them."""
        found = self.see(*here, near=near, hidden=hidden, elsewhere=elsewhere, times=times)
        return {p.evidence["work"] for p in found}


@pytest.fixture
def station() -> Station:
    return Station()


def test_who_comes_first_is_the_operator(station: Station) -> None:
    assert station.work(5, times=10) == {PRESENT}
    assert station.work(times=3) == {ABSENT}


def test_a_visitor_does_not_stand_for_the_operator_who_has_left(station: Station) -> None:
    station.work(5, times=10)
    station.work(5, 8, times=10)
    last = station.see(8, elsewhere=(5,), times=20)
    assert {p.evidence["work"] for p in last} == {ABSENT}
    assert all(p.somebody_else and not p.here for p in last)


def test_a_visitor_who_was_left_alone_does_not_become_the_operator_for_a_minute(station: Station) -> None:
    station.work(5, 8, times=10)
    station.see(8, elsewhere=(5,), times=5)
    station.operator.left()
    assert station.work(8, times=280) == {ABSENT}
    assert PRESENT in station.work(8, times=40)


def test_the_operator_is_welcomed_back_beside_a_visitor(station: Station) -> None:
    """He comes back with a new number: he was out of the picture."""
    station.work(5, 8, times=10)
    station.see(8, elsewhere=(5,), times=10)
    station.operator.left()
    station.see(8, times=50)
    assert station.work(8, 11, times=20) == {PRESENT}
    assert station.operator.memory.operator == 11


def test_a_track_with_a_new_number_goes_on_as_the_operator(station: Station) -> None:
    station.work(5, times=10)
    station.work(times=4)
    assert station.work(9, times=5) == {PRESENT}


def test_who_was_seen_beside_the_operator_is_not_he_with_a_new_number(station: Station) -> None:
    station.work(5, elsewhere=(9,), times=10)
    assert ABSENT in station.work(9, elsewhere=(5,), times=3)


def test_hidden_behind_a_visitor_he_may_still_be_there(station: Station) -> None:
    station.work(5, 8, times=10)
    assert station.work(8, hidden=(5,), times=5) == {NEAR}
    assert station.work(8, 12, times=5) == {PRESENT}


def test_whoever_stands_beside_the_zone_has_not_left(station: Station) -> None:
    station.work(5, times=10)
    assert station.work(near=(5,), times=5) == {NEAR}


def test_nobody_succeeds_an_operator_who_leans_back(station: Station) -> None:
    station.work(5, times=10)
    assert station.work(8, near=(5,), times=20) == {NEAR}


def test_somebody_else_succeeds_an_operator_who_is_elsewhere(station: Station) -> None:
    """Two people swap stations: the one's exit and the other's entry are both dated to their pictures."""
    station.work(5, elsewhere=(6,), times=10)
    came = station.pictures + 1
    found = station.see(6, elsewhere=(5,), times=10)
    (succession,) = [p.succeeded for p in found if p.succeeded]
    assert succession.stamp_ns == came * PERIOD_NS
    assert succession.slack_ns == PERIOD_NS
    assert [p.here for p in found] == [False] * 5 + [True] * 5


def test_people_without_numbers_count_as_the_operator(station: Station) -> None:
    found = station.operator.update(1, [ZoneOccupancy("work", PRESENT)], [])
    assert found.here
    assert not found.tracked


def test_a_view_that_is_not_clear_changes_nothing(station: Station) -> None:
    station.work(5, times=10)
    before = repr(station.operator.memory)
    unclear = station.operator.update(10**10, [ZoneOccupancy("work", UNKNOWN)], [7, 8])
    assert unclear.evidence == {"work": UNKNOWN}
    assert repr(station.operator.memory) == before


def test_what_is_remembered_does_not_grow(station: Station) -> None:
    """Thousands of people pass while the operator works."""
    for track in range(100, 3000):
        station.see(5, track, elsewhere=(track + 1,))
    memory = station.operator.memory
    assert len(memory.visitors) <= 15
    assert len(memory.beside) <= 310


def test_somebody_without_a_number_is_not_an_operator_who_was_seen_to_leave(station: Station) -> None:
    station.work(5, times=10)
    station.work(elsewhere=(5,), times=2)
    unnumbered = [ZoneOccupancy("work", PRESENT)]
    assert station.operator.update(10**11, unnumbered, []).evidence == {"work": ABSENT}


def test_a_new_number_is_not_an_operator_who_was_seen_to_leave(station: Station) -> None:
    station.work(5, times=10)
    station.work(elsewhere=(5,), times=2)
    assert station.work(9, times=3) == {ABSENT}
    station.operator.left()
    assert station.work(9, times=2) == {PRESENT}  # once that one's exit is decided


def test_who_passes_by_and_takes_the_operators_number_with_him(station: Station) -> None:
    station.work(5, times=50)
    assert station.work(5, 8, times=5) == {PRESENT}
    assert station.work(8, elsewhere=(5,)) == {PRESENT}
    assert station.work(times=2) == {ABSENT}
    assert station.work(8, times=20) == {PRESENT}


def test_numbers_that_are_exchanged_twice(station: Station) -> None:
    station.work(5, times=50)
    station.work(5, 8, times=3)
    assert station.work(8, times=2) == {PRESENT}
    assert station.work(5, times=20) == {PRESENT}
    assert station.work(times=5) == {ABSENT}


def test_hidden_by_a_visitor_at_once_he_is_known_again_beside_him(station: Station) -> None:
    station.work(5, times=50)
    station.work(5, 8, times=3)
    station.work(8, hidden=(5,), times=20)
    assert station.work(5, 8, times=5) == {PRESENT}
    assert station.work(8, elsewhere=(5,), times=5) == {ABSENT}


def test_a_number_that_walked_off_with_somebody_is_his_for_good(station: Station) -> None:
    station.work(5, times=50)
    station.work(5, 8, times=3)
    station.work(8, elsewhere=(5,), times=20)
    station.work(5, 8, times=3)
    assert station.work(8, elsewhere=(5,), times=5) == {PRESENT}


def test_who_has_been_there_for_longer_than_a_passer_by_is_a_visitor(station: Station) -> None:
    station.work(5, times=50)
    station.work(5, 8, times=12)
    assert station.work(8, elsewhere=(5,), times=20) == {ABSENT}
