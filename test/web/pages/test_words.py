"""Numbers, dates and words as the reader of each language reads them."""

from __future__ import annotations

import datetime as dt

import pytest

from lbzf_ros.core.indicators.status import Status
from test.web.factory import MORNING_NS
from web_bridge.pages.words import Words

SPANISH, ENGLISH = Words("es-CO", "America/Bogota"), Words("en", "America/Bogota")


def test_numbers_follow_the_locale() -> None:
    assert SPANISH.number(12345.678, 1) == "12.345,7"
    assert ENGLISH.number(12345.678, 1) == "12,345.7"
    assert (SPANISH.figure(99.9), SPANISH.figure(99.96)) == ("99,9", "100")
    assert SPANISH.percent(87.4) == "87 %"
    assert SPANISH.units(49.0) == "49"
    assert SPANISH.units(24.5) == "24,5"


def test_dates_are_the_plants() -> None:
    assert SPANISH.date(MORNING_NS) == ENGLISH.date(MORNING_NS) == "15/07/2026"
    assert SPANISH.clock(MORNING_NS) == "07:00"
    assert SPANISH.clock(MORNING_NS, seconds=True) == "07:00:00"
    assert (SPANISH.weekday(dt.date(2026, 7, 15)), ENGLISH.weekday(dt.date(2026, 7, 15))) == (
        "miércoles",
        "Wednesday",
    )


def test_what_is_not_known_is_said() -> None:
    for text in (SPANISH.number(None), SPANISH.percent(None), SPANISH.seconds(None), SPANISH.clock(None)):
        assert text == "sin datos"
    assert SPANISH.units(None) == ""


def test_a_status_is_never_a_colour_alone() -> None:
    known = [status for status in Status if status is not Status.UNKNOWN]
    for words in (SPANISH, ENGLISH):
        assert [words.sign(status) for status in known] == ["✓", "◆", "✕"]  # none of them points anywhere
        assert len({words.status_word(status) for status in Status}) == len(Status)


@pytest.mark.parametrize(
    ("duration_s", "words"),
    [(25.0, "+9,6 %"), (21.8, "−4,4 %"), (22.8, "0,0 %")],
)
def test_against_the_sam(duration_s: float, words: str) -> None:
    assert SPANISH.versus(duration_s, 22.8) == words
    assert SPANISH.versus(duration_s, None) == "Sin comparación"


def test_a_place_without_its_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        SPANISH("board_begins")
    with pytest.raises(KeyError):
        SPANISH("no_such_text")
