"""A day of the executive's trend of which too little was seen is marked, in the chart and in words."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from test.web.factory import Line
from test.web.pages.morning import morning, recorded_too_little
from web_bridge.app import create_app
from web_bridge.pages.reader import LANGUAGE_COOKIE


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """Two stations; on Monday 13/07 the cameras were seen for two hours of eight, on Tuesday nobody knows."""
    made = morning(tmp_path_factory.mktemp("trend") / "data", stations=2, days_before=3)
    recorded_too_little(made, days_before=2)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("es-CO", "Cobertura menor que 90 % en 1 de estos días, no los compare: 13/07"),
        ("en", "Coverage below 90 % on 1 of these days, do not compare them: 13/07"),
    ],
)
def test_it_is_marked_and_named(line: Line, language: str, words: str) -> None:
    client = TestClient(create_app(line.context), cookies={LANGUAGE_COOKIE: language})
    text = html.unescape(client.get("/summary").text).replace("\xa0", " ")
    first = text[: text.index("Carmenza")]
    assert words in first
    chart = re.search(r'data-chart="(\[.*?\])"', first)
    assert chart
    assert [one["date"] for one in json.loads(chart[1]) if one["low"]] == ["2026-07-13"]
