"""The executive's page: for each module one number and one trend, whether the engineer is on it, and nothing else."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING

import pytest

from test.web.pages.visit import DESK, PHONE, visiting
from test.web.serve import Server

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

FOUR_WEEKS = 28


def _numbers(module: Locator) -> list[str]:
    """What is written large."""
    return [one.strip() for one in module.locator(".number b").all_inner_texts()]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_each_module_has_one_number_and_one_trend_of_four_weeks(
    server: Server, browser: Browser, size: tuple[int, int]
) -> None:
    with visiting(browser, f"{server.url}/summary", size=size) as visit:
        page = visit.page
        modules = page.locator("article.module")
        assert modules.locator("h2").all_inner_texts() == ["Angela", "Carmenza"]
        angela, carmenza = modules.nth(0), modules.nth(1)
        (number,) = _numbers(angela)
        assert re.fullmatch(r"\d{2,3}\s%", number)
        expect(angela.locator("canvas")).to_have_count(1)
        days = json.loads(angela.locator("canvas").get_attribute("data-chart") or "")
        dates = [dt.date.fromisoformat(one["date"]) for one in days]
        assert dates == sorted(set(dates))
        assert dates[-1] == dt.date(2026, 7, 15)
        assert dates[-1] - dates[0] < dt.timedelta(days=FOUR_WEEKS)
        measured = [one["date"] for one in days if one["percent"] is not None]
        assert measured == ["2026-07-13", "2026-07-14", "2026-07-15"]  # the day before these is a Sunday
        expect(angela.locator("canvas")).to_have_attribute(
            "aria-label", re.compile(r"^Eficiencia de las últimas 4 semanas, promedio \d+\s%$")
        )
        assert _numbers(carmenza) == ["–"]
        expect(carmenza).to_contain_text("Sin jornadas medidas en las últimas 4 semanas.")
        expect(carmenza.locator("canvas")).to_have_count(0)
        assert visit.wrong == []


def test_it_says_whether_the_engineer_was_active(server: Server, browser: Browser) -> None:
    with visiting(browser, f"{server.url}/summary") as visit:
        engineer = visit.page.locator(".engineer")
        expect(engineer).to_have_count(1)
        expect(engineer).to_contain_text(
            "✓ El ingeniero trabajó hoy con el sistema: última entrada a las 10:24."
        )


def test_nothing_of_a_person_is_shown(server: Server, browser: Browser) -> None:
    with visiting(browser, f"{server.url}/summary") as visit:
        asked = list[str]()
        visit.page.on("request", lambda request: asked.append(request.url))
        visit.page.reload()
        visit.page.wait_for_load_state("networkidle")
        expect(visit.page.locator("img, video, iframe, object")).to_have_count(0)
        assert not [one for one in asked if re.search(r"\.(jpg|mp4)|/live|/sight", one)]
