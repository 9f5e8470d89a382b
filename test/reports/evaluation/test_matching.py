"""Cycles and labels are paired one to one, and no other pairing is better."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.reports.evaluation.matching import Matching, match, within
from lbzf_ros.reports.evaluation.spans import Span, Window, iou

HERE, THERE = ("ANGELA", "PUESTO_01"), ("ANGELA", "PUESTO_02")
S = 1_000_000_000


def span(start_s: float, end_s: float, station: tuple[str, str] = HERE) -> Span:
    return Span(station, round(start_s * S), round(end_s * S), f"{start_s}-{end_s}")


SPANS = st.lists(
    st.builds(
        lambda start, length, station: span(start, start + length, station),
        st.integers(0, 40),
        st.integers(1, 15),
        st.sampled_from([HERE, HERE, THERE]),
    ),
    max_size=7,
)
THRESHOLDS = st.sampled_from([0.01, 0.1, 0.3, 0.5, 0.7, 1.0])


def worth(matching: Matching) -> tuple[int, float]:
    """What is to be largest: pairs first, then their IoU."""
    return len(matching.pairs), round(sum(pair.iou for pair in matching.pairs), 9)


def greedy(one: Sequence[Span], two: Sequence[Span], min_iou: float) -> tuple[int, float]:
    """The usual shortcut: the best pair first."""
    candidates = sorted(
        ((iou(a, b), i, j) for i, a in enumerate(one) for j, b in enumerate(two) if a.station == b.station),
        reverse=True,
    )
    used_one, used_two, values = set[int](), set[int](), list[float]()
    for value, i, j in candidates:
        if value >= min_iou and i not in used_one and j not in used_two:
            used_one.add(i)
            used_two.add(j)
            values.append(value)
    return len(values), round(sum(values), 9)


def best(one: Sequence[Span], two: Sequence[Span], min_iou: float) -> tuple[int, float]:
    """The best of all pairings there are."""
    few, many = sorted((one, two), key=len)
    found = (0, 0.0)
    for chosen in itertools.permutations(many, len(few)):
        values = [
            value
            for a, b in zip(few, chosen, strict=True)
            if a.station == b.station and (value := iou(a, b)) >= min_iou
        ]
        found = max(found, (len(values), round(sum(values), 9)))
    return found


@settings(deadline=None)
@given(SPANS, SPANS, THRESHOLDS)
def test_every_span_is_in_one_pair_or_left_over(one: list[Span], two: list[Span], min_iou: float) -> None:
    found = match(one, two, min_iou)
    assert sorted([*(pair.one for pair in found.pairs), *found.only_one], key=repr) == sorted(one, key=repr)
    assert sorted([*(pair.two for pair in found.pairs), *found.only_two], key=repr) == sorted(two, key=repr)


@settings(deadline=None)
@given(SPANS, SPANS, THRESHOLDS)
def test_pairs_are_of_one_station_and_overlap_enough(
    one: list[Span], two: list[Span], min_iou: float
) -> None:
    for pair in match(one, two, min_iou).pairs:
        assert pair.one.station == pair.two.station
        assert pair.iou == iou(pair.one, pair.two) >= min_iou


@settings(deadline=None)
@given(SPANS, SPANS, THRESHOLDS)
def test_it_does_not_matter_which_list_comes_first(one: list[Span], two: list[Span], min_iou: float) -> None:
    assert worth(match(one, two, min_iou)) == worth(match(two, one, min_iou))


@settings(deadline=None)
@given(SPANS, SPANS, THRESHOLDS, st.randoms(use_true_random=False))
def test_the_order_of_the_lists_does_not_matter(
    one: list[Span], two: list[Span], min_iou: float, chance: random.Random
) -> None:
    before = worth(match(one, two, min_iou))
    assert worth(match(chance.sample(one, len(one)), chance.sample(two, len(two)), min_iou)) == before


@settings(deadline=None)
@given(SPANS, SPANS, THRESHOLDS)
def test_it_is_never_worse_than_greedy(one: list[Span], two: list[Span], min_iou: float) -> None:
    assert worth(match(one, two, min_iou)) >= greedy(one, two, min_iou)


@settings(max_examples=60, deadline=None)
@given(SPANS.filter(lambda spans: len(spans) <= 5), SPANS.filter(lambda spans: len(spans) <= 5), THRESHOLDS)
def test_no_other_pairing_is_better(one: list[Span], two: list[Span], min_iou: float) -> None:
    assert worth(match(one, two, min_iou)) == best(one, two, min_iou)


def test_greedy_would_lose_a_pair() -> None:
    one, two = [span(0, 10), span(4, 22)], [span(2, 12), span(0, 3)]
    assert greedy(one, two, 0.25) == pytest.approx((1, 8 / 12))
    assert [pair.iou for pair in match(one, two, 0.25).pairs] == [pytest.approx(0.3), pytest.approx(0.4)]


def test_the_same_list_pairs_with_itself() -> None:
    cycles = [span(10 * n, 10 * n + 9) for n in range(50)]
    found = match(cycles, cycles, 0.5)
    assert [(pair.one, pair.two) for pair in found.pairs] == [(one, one) for one in cycles]


def test_a_month_of_cycles_takes_a_moment() -> None:
    cycles = [span(30 * n, 30 * n + 30) for n in range(20_000)]
    labels = [span(30 * n + 1, 30 * n + 31) for n in range(20_000)]
    assert len(match(cycles, labels, 0.5).pairs) == 20_000


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        (span(0, 10), span(0, 10), 1.0),
        (span(0, 10), span(5, 15), 5 / 15),
        (span(0, 10), span(10, 20), 0.0),
        (span(0, 10), span(50, 60), 0.0),
        (span(0, 10), span(2, 4), 0.2),
    ],
)
def test_iou(one: Span, two: Span, expected: float) -> None:
    assert iou(one, two) == iou(two, one) == pytest.approx(expected)


def test_errors_are_measured_minus_labelled() -> None:
    pair = match([span(1.5, 11)], [span(1, 12)], 0.5).pairs[0]
    assert (pair.start_error_s, pair.end_error_s, pair.duration_error_s) == (0.5, -1.0, -1.5)


def test_a_pair_over_the_edge_of_the_window_counts_by_its_label() -> None:
    found = match(
        [span(9, 20), span(30, 40), span(59, 70), span(80, 90)], [span(10, 20), span(60.5, 70)], 0.5
    )
    inside = within(found, {HERE: Window(10 * S, 60 * S)})
    assert [pair.two.start_ns for pair in inside.pairs] == [10 * S]
    assert [extra.start_ns for extra in inside.only_one] == [30 * S]
    assert inside.only_two == ()


def test_a_station_without_a_window_takes_no_part() -> None:
    found = match([span(0, 10, THERE), span(0, 10)], [span(0, 10)], 0.5)
    assert within(found, {HERE: Window()}).only_one == ()


def test_a_span_without_length_cannot_be() -> None:
    with pytest.raises(InvalidValue, match="the end must lie after the start"):
        Span(HERE, 5, 5, "row 1")
