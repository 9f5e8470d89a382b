"""The board's first answer: is the module on pace this hour?"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from lbzf_ros.core.indicators.status import Status
from test.web.factory import Line
from test.web.pages.morning import DAY_NS, NOW_NS, SIX_NS, morning
from web_bridge.app import create_app
from web_bridge.pages.answers import answer
from web_bridge.pages.navigation import menu
from web_bridge.pages.words import Words

WORDS = Words("es-CO", "America/Bogota")
DAY = "2026-07-15"


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    return morning(tmp_path_factory.mktemp("board") / "data", stations=4, slow=1.3)


@pytest.fixture(scope="module")
def client(line: Line) -> TestClient:
    return TestClient(create_app(line.context), raise_server_exceptions=False)


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_a_line_that_is_too_slow_is_behind_in_words_and_a_sign(client: TestClient) -> None:
    text = plain(client.get("/board/ANGELA").text)
    assert re.search(
        r"✕ Atrasado Van \d+ de 20 esperadas a este minuto: faltan \d+\. Meta de la hora: 49\.", text
    )
    assert "10:00 (hora en curso) 49" in text
    assert re.search(r"06:00 49 \d+ ✕ \d+ % mal \d+", text)


def test_every_status_has_its_own_words(line: Line) -> None:
    board = line.context.days.hour_board("ANGELA", DAY, now_ns=NOW_NS)
    hours = {
        status: replace(
            board, hours=tuple(replace(hour, status=status) if hour.running else hour for hour in board.hours)
        )
        for status in (Status.GREEN, Status.YELLOW, Status.RED)
    }
    told = [answer(board, WORDS) for board in hours.values()]
    assert [one.verdict for one in told] == ["A ritmo", "Un poco atrasado", "Atrasado"]
    assert len({one.sign for one in told}) == 3


@pytest.mark.parametrize(
    ("now_ns", "date", "verdict", "detail"),
    [
        (SIX_NS - 60 * 10**9, DAY, "La jornada no ha comenzado", "Comienza a las 06:00."),
        (SIX_NS + 9 * 3600 * 10**9, DAY, "Fuera de jornada", "unidades de 392 de meta."),
        (SIX_NS + 4 * DAY_NS, "2026-07-19", "Sin jornada hoy", "No hay jornada"),
    ],
    ids=["before", "after", "sunday"],
)
def test_outside_of_the_shift(line: Line, now_ns: int, date: str, verdict: str, detail: str) -> None:
    told = answer(line.context.days.hour_board("ANGELA", date, now_ns=now_ns), WORDS)
    assert told.verdict == verdict
    assert detail in told.detail


def test_the_hours_come_alone_for_the_page_that_is_open(client: TestClient) -> None:
    part = client.get("/board/ANGELA/hours")
    assert part.status_code == 200
    assert "<html" not in part.text
    assert plain(part.text) in plain(client.get("/board/ANGELA").text)


@pytest.mark.parametrize("path", ["/modules/ANGELA", "/stations/ANGELA", "/stations/ANGELA/PUESTO_01"])
def test_an_earlier_day_leads_back_to_today(client: TestClient, path: str) -> None:
    text = client.get(f"{path}?day=2026-07-14").text
    assert "14/07/2026" in text
    assert 'aria-label="Día siguiente, 15/07/2026"' in text
    assert "Día siguiente" not in client.get(f"{path}?day=2099-01-01").text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/board/NADA", 404, "Eso no existe"),
        ("/stations/ANGELA/NADA", 404, "Eso no existe"),
        ("/modules/ANGELA?day=ayer", 422, "Esa dirección no es posible"),
        ("/cycles/00000000-0000-0000-0000-000000000000", 404, "Eso no existe"),
    ],
)
def test_an_error_is_a_page_in_words(client: TestClient, path: str, status: int, words: str) -> None:
    found = client.get(path)
    assert found.status_code == status
    assert words in found.text
    assert found.headers["content-type"].startswith("text/html")


def test_names_are_text_and_nothing_else(tmp_path: Path) -> None:
    line = morning(tmp_path / "data", stations=1)
    with line.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE workstations SET display_name = '<img src=x onerror=alert(1)>'")
    client = TestClient(create_app(line.context))
    for path in ("/stations/ANGELA", "/stations/ANGELA/PUESTO_01", "/modules/ANGELA"):
        text = client.get(path).text
        assert "<img src=x" not in text
        assert "&lt;img src=x" in text
    line.close()


def test_each_role_has_its_menu() -> None:
    assert [link.key for link in menu("executive", "ANGELA", "summary")] == ["summary"]
    assert "board" in [link.key for link in menu("engineer", "ANGELA", "board")]
    assert [link.key for link in menu("engineer", None, "board")] == ["summary", "zones"]
    assert "admin" not in [link.key for link in menu("engineer", "ANGELA", "board")]
    assert [link.key for link in menu("admin", None, "admin")] == ["summary", "zones", "admin"]
    assert menu("none", "ANGELA", "board") == []
