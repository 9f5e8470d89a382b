"""Debounce: flickering evidence becomes entries and exits."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbzf_ros.core.debounce import Crossing, Debounce
from lbzf_ros.core.model import NS_PER_S, Evidence

PERIOD_S = 0.2
LETTERS = {"P": Evidence.PRESENT, "a": Evidence.ABSENT, "?": Evidence.UNKNOWN, "n": Evidence.NEAR}


def crossings(
    pictures: str, *, enter_s: float, leave_s: float, linger_s: float = 0.0
) -> list[tuple[str, float]]:
    """Play pictures 0.2 s apart (P: evidence, a: none, n: beside it, ?: unknown, space: no picture)."""
    debounce = Debounce(enter_s=enter_s, leave_s=leave_s, linger_s=linger_s)
    found = []
    for i, letter in enumerate(pictures):
        if letter != " " and (crossing := debounce.update(round(i * PERIOD_S * NS_PER_S), LETTERS[letter])):
            found.append(("enter" if crossing.entered else "leave", round(crossing.stamp_ns / NS_PER_S, 3)))
    return found


@pytest.mark.parametrize(
    ("pictures", "expected"),
    [
        pytest.param("aaaaPPPPPPPPPPaaaaaaa", [("enter", 0.8), ("leave", 2.8)], id="a-visit-is-dated-back"),
        pytest.param("aaaaPPPPPaaaaaaaaaaaa", [], id="shorter-than-enter_s-is-no-visit"),
        pytest.param(
            "aaaaPPaPPaPPPPPaaPPPPaaaaaaa", [("enter", 0.8), ("leave", 4.2)], id="flicker-is-one-visit"
        ),
        pytest.param(
            "aaPaaaaaaPPPPPPPPaaaaaa",
            [("enter", 1.8), ("leave", 3.4)],
            id="a-lonely-detection-dates-nothing-back",
        ),
        pytest.param(
            "PPPPPPPPPPaaaaaaPPPPPPPaaaaaa",
            [("leave", 2.0), ("enter", 3.2), ("leave", 4.6)],
            id="there-from-the-first-picture-is-no-entry",
        ),
        pytest.param(
            "aaaaPPP    PPPPaaaaaaa", [("enter", 0.8), ("leave", 3.0)], id="missing-pictures-inside"
        ),
        pytest.param(
            "aaaaPPPPPPP???????????PPPaaaaaa", [("enter", 0.8), ("leave", 5.0)], id="unknown-is-not-absent"
        ),
        pytest.param(
            "aaaaPPPPPPPa???????????aaaaaa",
            [("enter", 0.8), ("leave", 4.6)],
            id="what-blocks-the-view-is-no-exit",
        ),
        pytest.param(
            "aaaaPPPPPPPaa???aaaaaa",
            [("enter", 0.8), ("leave", 2.2)],
            id="two-pictures-before-it-are-an-exit",
        ),
    ],
)
def test_crossings(pictures: str, expected: list[tuple[str, float]]) -> None:
    assert crossings(pictures, enter_s=1.0, leave_s=1.0) == expected


@pytest.mark.parametrize(
    ("pictures", "expected"),
    [
        pytest.param("aaPPPPPPPnnnnnnnnnnPPPPP", [("enter", 0.4)], id="leaning-back-for-2-s"),
        pytest.param(
            "aaPPPPPPPnnnnnaaaaaaa", [("enter", 0.4), ("leave", 1.8)], id="leaving-is-dated-to-the-first-step"
        ),
        pytest.param("aaPPPPPPP" + "n" * 20, [("enter", 0.4), ("leave", 1.8)], id="nobody-lingers-for-ever"),
        pytest.param("aannnnnnnnnnnnnn", [], id="beside-it-is-no-entry"),
    ],
)
def test_somebody_beside_the_zone(pictures: str, expected: list[tuple[str, float]]) -> None:
    assert crossings(pictures, enter_s=1.0, leave_s=1.0, linger_s=3.0) == expected


@pytest.mark.parametrize(
    ("pictures", "expected_s"),
    [
        pytest.param("aaanPP", 0.6, id="a-hand-fills-the-zone-little-by-little"),
        pytest.param("aaannP", 0.6, id="in-two-steps"),
        pytest.param("aanaPP", 0.8, id="something-else-before"),
        pytest.param("aannnnnnnP", 1.8, id="what-is-weak-for-long-is-something-else"),
    ],
)
def test_weak_evidence_right_before_is_part_of_the_entry(pictures: str, expected_s: float) -> None:
    debounce = Debounce(enter_s=0, leave_s=1, weak_counts=True)
    found = [debounce.update(round(i * PERIOD_S * NS_PER_S), LETTERS[x]) for i, x in enumerate(pictures)]
    assert [round(c.stamp_ns / NS_PER_S, 3) for c in found if c] == [expected_s]


def test_after_missing_pictures_one_without_evidence_is_not_enough() -> None:
    """Otherwise a single detection that failed would end a cycle."""
    missed = "aaaPPPPPPPP          "
    assert crossings(missed + "aPPPPPPPP", enter_s=1.0, leave_s=1.0) == [("enter", 0.6)]
    assert crossings(missed + "aaaaaaaaa", enter_s=1.0, leave_s=1.0) == [("enter", 0.6), ("leave", 4.2)]


def test_somebody_else_succeeds() -> None:
    debounce = Debounce(enter_s=0, leave_s=9)
    for stamp_ns, letter in enumerate("aPPaa"):
        debounce.update(stamp_ns, LETTERS[letter])
    come = Crossing(entered=True, stamp_ns=4, slack_ns=1)
    assert debounce.succeed(come, 4) == [Crossing(entered=False, stamp_ns=3, slack_ns=1), come]
    assert debounce.inside


def test_without_debounce_the_first_picture_decides() -> None:
    assert crossings("aPPaPa", enter_s=0, leave_s=0) == [
        ("enter", 0.2),
        ("leave", 0.6),
        ("enter", 0.8),
        ("leave", 1.0),
    ]


def test_evidence_that_begins_while_the_detector_settles_is_no_entry() -> None:
    debounce = Debounce(enter_s=0.4, leave_s=1, settle_s=1)
    pictures = "aaPPPPPPPaaaaaaaaaPPPPP"
    found = [debounce.update(i * NS_PER_S // 5, LETTERS[letter]) for i, letter in enumerate(pictures)]
    assert [(c.entered, c.stamp_ns / NS_PER_S) for c in found if c] == [(False, 1.8), (True, 3.6)]


def test_slack_is_the_time_since_the_picture_before() -> None:
    debounce = Debounce(enter_s=0, leave_s=0)
    debounce.update(0, Evidence.ABSENT)
    assert debounce.update(3 * NS_PER_S, Evidence.PRESENT) == Crossing(True, 3 * NS_PER_S, 3 * NS_PER_S)


evidence = st.text("Paa?P ", max_size=120)
seconds = st.sampled_from([0.0, 0.2, 0.5, 1.0, 2.0])


@given(evidence, seconds, seconds)
def test_crossings_alternate_in_order(pictures: str, enter_s: float, leave_s: float) -> None:
    found = crossings(pictures, enter_s=enter_s, leave_s=leave_s)
    kinds = [kind for kind, _ in found]
    stamps = [stamp for _, stamp in found]
    assert all(one != two for one, two in pairwise(kinds))
    assert all(one < two for one, two in pairwise(stamps))


# An absence that a picture of unknown evidence follows at once may be what blocks the view: see `test_crossings`.
lasting = evidence.map(lambda pictures: re.sub(r"(P[? ]*a *)\?", r"\1a", pictures))


@given(lasting, seconds, seconds)
def test_pictures_of_unknown_evidence_change_nothing(pictures: str, enter_s: float, leave_s: float) -> None:
    with_gaps = pictures.replace("?", " ")
    assert crossings(pictures, enter_s=enter_s, leave_s=leave_s) == crossings(
        with_gaps, enter_s=enter_s, leave_s=leave_s
    )
