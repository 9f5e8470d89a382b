from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbzf_ros.store.people.mentions import Mentions

ANA = Mentions(("Ana María Peña", "OP-17"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ana María Peña salió", "[erased] salió"),
        ("salió ANA MARIA PEÑA.", "salió [erased]."),
        ("ana\n maría  pena y OP-17, op-17", "[erased] y [erased], [erased]"),
        ("An\u0303a", "An\u0303a"),
        ("Ana Mari\u0301a Pen\u0303a", "[erased]"),
        ("(OP-17)", "([erased])"),
        ("OP-170, XOP-17, OP-17b", "OP-170, XOP-17, OP-17b"),
        ("Ana sola", "Ana sola"),
        ("", ""),
    ],
)
def test_full_names_and_codes_go_as_whole_words(text: str, expected: str) -> None:
    assert ANA.erased(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("habló con Ana", True),
        ("la señora PENA", True),
        ("mañana", False),
        ("banana", False),
        ("OP-18", False),
    ],
)
def test_a_part_of_a_name_may_be_somebody_else(text: str, expected: bool) -> None:
    assert ANA.perhaps(text) is expected


@pytest.mark.parametrize("known", ["17", "Rosa", "Operario A", "07", "OP"])
def test_short_codes_and_common_words_are_never_blanked_only_named(known: str) -> None:
    mentions = Mentions((known,))
    assert mentions.erased(f"hoy {known} no vino") == f"hoy {known} no vino"
    assert mentions.perhaps(f"hoy {known} no vino")


def test_a_name_that_two_people_have_is_only_named() -> None:
    mentions = Mentions(("Ana Peña", "OP-17"), frozenset({"ANA PENA", "OP-18"}))
    assert mentions.erased("Ana Peña y OP-17") == "Ana Peña y [erased]"
    assert mentions.perhaps("Ana Peña")


def test_nobody_is_found_nowhere() -> None:
    assert Mentions(()).erased("Ana") == "Ana"
    assert not Mentions(()).perhaps("Ana")


@given(before=st.text(max_size=20), after=st.text(max_size=20))
def test_what_is_around_a_name_stays_as_it_is(before: str, after: str) -> None:
    assert Mentions(("Ana Peña",)).erased(f"{before} Ana Peña {after}") == f"{before} [erased] {after}"
