"""The page of a cycle tells why it was decided so, from the explanation that was kept with it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from lbzf_ros.core.model import CycleEvent, EventKind
from test.support.plays import VISITOR, pictures, play
from test.web.factory import MORNING_NS, Line, line_of
from web_bridge.app import create_app
from web_bridge.pages.reader import LANGUAGE_COOKIE

SCRIPT = [
    *pictures(4, here=()),
    *pictures(20),
    *pictures(5, here=()),
    *pictures(2),
    *pictures(5, here=()),
]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """Two stations without cycles."""
    made = line_of(tmp_path / "data", stations=2)
    yield made
    made.close()


@pytest.fixture
def client(line: Line) -> TestClient:
    return TestClient(create_app(line.context))


@pytest.fixture
def ended(line: Line) -> dict[EventKind, CycleEvent]:
    """A visit of 20 s, which counts, and one of 2 s, which is too short; both with their explanation."""
    events = play(line.rois["cam1"], SCRIPT)
    line.write(*events)
    return {event.kind: event for event in events}


def _section(client: TestClient, event: CycleEvent, language: str = "es-CO") -> str:
    """The words of the card that says why."""
    client.cookies.set(LANGUAGE_COOKIE, language)
    page = client.get(f"/cycles/{event.event_uid}").text
    card = page[page.index('id="why-title"') : page.index('id="clip-title"')]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", card)).replace("\xa0", " ").split())


def test_a_cycle_that_counts_tells_what_happened_in_order(
    client: TestClient, ended: dict[EventKind, CycleEvent]
) -> None:
    told = _section(client, ended[EventKind.END])
    happened = re.findall(r"\d\d:\d\d:\d\d (?:entra|deja|el operario)[^→]*?(?:→ \w+ el ciclo|hasta)", told)
    assert [one.split()[0] for one in happened] == sorted(one.split()[0] for one in happened)
    assert re.search(
        r"10:00:04 entra en la zona \S+: visto durante [\d,]+ s \(mínimo [\d,]+ s\) → comienza", told
    )
    assert re.search(
        r"10:00:24 deja la zona \S+: sin ver durante [\d,]+ s \(mínimo [\d,]+ s\) → termina", told
    )
    assert "el operario en el puesto hasta las 10:00:2" in told
    assert re.search(r"Duración 20,0 s ≥ [\d,]+ s, ≤ [\d,]+ s bien", told)
    assert "Vista de la cámara la de las zonas verde" in told
    assert "Jornada se trabaja a toda hora bien" in told
    assert "✕" not in told
    assert not re.search(r"[a-z]+_[a-z]+", told)  # no code is left as it is


def test_a_rejected_cycle_names_its_reason_and_the_limit_it_broke(
    client: TestClient, ended: dict[EventKind, CycleEvent]
) -> None:
    told = _section(client, ended[EventKind.REJECT])
    assert "✕ muy corto" in told
    assert re.search(r"Duración 2,0 s ≥ [\d,]+ s, ≤ [\d,]+ s muy corto", told)


def test_the_reasons_are_told_in_english_too(client: TestClient, ended: dict[EventKind, CycleEvent]) -> None:
    told = _section(client, ended[EventKind.REJECT], "en")
    assert "✕ too short" in told
    assert not re.search("zona|operario|puesto", told)


def test_another_person_and_missing_pictures_are_told(client: TestClient, line: Line) -> None:
    script = [
        *pictures(4, here=()),
        *pictures(8),
        *pictures(4, here=(3, VISITOR)),
        *pictures(1, missing=True),
        *pictures(8),
        *pictures(5, here=()),
    ]
    events = play(line.rois["cam1"], script)
    line.write(*events)
    told = _section(client, events[-1])
    assert "otra persona en el puesto hasta las" in told
    assert re.search(r"sin imagen durante 1,[012] s", told)


def test_without_an_explanation_the_reasons_are_still_there(client: TestClient, line: Line) -> None:
    event = line.cycle(1, MORNING_NS, 1.0, EventKind.REJECT)
    line.write(event)
    told = _section(client, event)
    assert "✕ muy corto" in told
    assert "No se guardó por qué" in told
