"""Green, yellow and red are told by a sign and a word too, and follow the thresholds while the board is open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.people.thresholds import set_thresholds
from test.web.factory import Line
from test.web.pages.morning import ENGINEER, NOW_NS, SIX_NS, morning
from test.web.pages.visit import DESK, PHONE, visiting
from test.web.serve import Server, serving
from test.web.shift import at_work

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BANDS = {1: ("✓ bien", 0.95), 2: ("◆ atención", 1.06), 3: ("✕ mal", 1.4)}
"""Of the first stations: what their tiles say, and how long their cycles are, in SAM."""


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """One station for each band, all alike in everything but their pace."""
    made = morning(tmp_path / "data", stations=4)
    module = made.plant.modules[0]
    for number, (_, share) in BANDS.items():
        sam_s = made.plant.sam_s(module, module.workstations[number - 1])
        assert sam_s
        with made.engine.begin() as connection:
            connection.exec_driver_sql(
                "DELETE FROM cycle_events WHERE workstation_id = (SELECT id FROM workstations WHERE code = ?)",
                (module.workstations[number - 1].code,),
            )
        made.write(*(made.cycle(number, SIX_NS + n * 300 * NS_PER_S, share * sam_s) for n in range(10)))
    set_thresholds(
        made.engine,
        ENGINEER,
        now_ns=NOW_NS,
        module="ANGELA",
        values={"pace_green": 100.0, "pace_yellow": 90.0},
        defaults=made.context.rules.thresholds,
    )
    made.refresh()
    yield made
    made.close()


@pytest.fixture
def server(line: Line) -> Iterator[Server]:
    with at_work(line, {1: None}), serving(line) as started:
        yield started


def _band(page: Page, number: int) -> str:
    """What can be seen of the comparison in a tile."""
    return page.locator(".tile").nth(number - 1).locator(".versus").inner_text()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_tile_names_its_band(server: Server, browser: Browser, size: tuple[int, int]) -> None:
    with visiting(browser, f"{server.url}/board/ANGELA", size=size) as visit:
        page = visit.page
        for number, (words, share) in BANDS.items():
            tile = page.locator(".tile").nth(number - 1)
            expect(tile.locator(".versus")).to_contain_text(words)
            percent = f"{abs(100 * (share - 1)):.1f} %".replace(".", ",").replace(" ", r"\s")
            assert re.match(f"{words} [+−]{percent}", _band(page, number))
            bar = tile.locator(".bar").last
            assert words in (bar.get_attribute("aria-label") or "")
            expect(bar.locator(".block")).to_have_text(words[0])
        expect(page.locator("#behind")).to_contain_text(
            "✕ Por debajo del ritmo de su SAM: Puesto 3 (+40,0 %)"
        )
        assert not re.search("[▲▼]", page.locator("body").inner_text())
        assert visit.wrong == []


def test_new_thresholds_reach_the_open_board(server: Server, browser: Browser) -> None:
    with visiting(browser, f"{server.url}/board/ANGELA") as visit:
        page = visit.page
        expect(page.locator(".tile .versus").nth(1)).to_contain_text("◆ atención")
        page.evaluate("window.stillTheSame = true")
        for green, yellow, words in ((90, 80, "✓ bien"), (100, 98, "✕ mal")):
            answer = httpx.put(
                f"{server.url}/api/v1/modules/ANGELA/thresholds",
                json={"pace_green": green, "pace_yellow": yellow},
                headers={"Idempotency-Key": f"{green}/{yellow}"},
            )
            assert answer.status_code == 200, answer.text
            expect(page.locator(".tile .versus").nth(1)).to_contain_text(words)
        assert page.evaluate("window.stillTheSame")
        assert visit.wrong == []


def test_a_bar_of_the_balance_says_in_a_sign_whether_it_is_over_the_takt(
    server: Server, browser: Browser
) -> None:
    with visiting(browser, f"{server.url}/modules/ANGELA") as visit:
        page = visit.page
        page.get_by_text("Ver como tabla").click()
        told = page.locator("details[open] tbody td:last-child").all_inner_texts()
        assert {one[0] for one in told} == {"✓", "✕"}
        page.wait_for_load_state("networkidle")
        labels = page.evaluate("Chart.getChart('balance-chart').data.labels")
        assert [sign for _, sign in labels] == [one[0] for one in told]
