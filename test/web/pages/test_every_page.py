"""Every page in both languages and both colours, at a desk and on a phone; pictures go to `log/screenshots`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

from lbzf_ros.core.model import NS_PER_S, Drift
from lbzf_ros.resources import resource_path
from lbzf_ros.store.people.lost_time import LostTime, mark_lost_time
from lbzf_ros.store.people.observations import Observation, observe
from lbzf_ros.store.people.operators import activate_operator, create_operator
from lbzf_ros.store.people.reading import PeopleReader
from lbzf_ros.store.reader import CycleFilter
from test.web.factory import Line
from test.web.pages.morning import ENGINEER, NOW_NS, STATIONS, morning
from test.web.pages.visit import DESK, PHONE, Visit, visiting
from test.web.serve import Server, serving
from test.web.shift import at_work
from web_bridge.live import HeardView

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SCREENSHOTS = resource_path("log", "screenshots")
MAX_BYTES = 300_000
PAGES = {
    "board": "/board/ANGELA",
    "stations": "/stations/ANGELA",
    "station": "/stations/ANGELA/PUESTO_06",
    "module": "/modules/ANGELA",
    "cycle": "/cycles/{uid}",
    "entry": "/entry/ANGELA",
    "summary": "/summary",
    "zones": "/zones",
    "admin": "/admin",
}
READERS = {
    "desk-light-es": (DESK, "light", "es-CO"),
    "desk-dark-en": (DESK, "dark", "en"),
    "phone-light-en": (PHONE, "light", "en"),
    "phone-dark-es": (PHONE, "dark", "es-CO"),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_sound(line: Line, server: Server, browser: Browser, name: str, reader: str) -> None:
    size, theme, language = READERS[reader]
    address = server.url + PAGES[name].format(uid=_a_cycle(line))
    with visiting(browser, address, size=size, theme=theme, language=language) as visit:
        _until_drawn(visit.page, name)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        whole = name != "board" or size == PHONE
        visit.page.screenshot(path=SCREENSHOTS / f"{name}-{reader}.png", full_page=whole)
        assert visit.page.evaluate("document.documentElement.lang") == language
        assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"
        assert serious(visit) == []
        assert visit.wrong == []
        assert 5_000 < visit.bytes_received < MAX_BYTES


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", ["station", "module", "entry"])
def test_what_is_folded_away_is_sound_too(
    line: Line, server: Server, browser: Browser, name: str, size: tuple[int, int]
) -> None:
    people = PeopleReader(line.reader._engine)
    if people.operator("0001") is None:
        for code, active in (("0001", True), ("0002", False)):
            create_operator(
                line.engine,
                ENGINEER,
                now_ns=NOW_NS,
                external_code=code,
                display_name="María de los Ángeles Rodríguez Q.",
            )
            activate_operator(line.engine, ENGINEER, now_ns=NOW_NS, external_code=code, active=active)
        lost = LostTime(code="C001", start_ns=NOW_NS - 20 * 60 * NS_PER_S)
        mark_lost_time(line.engine, ENGINEER, now_ns=NOW_NS, module="ANGELA", workstation=None, lost=lost)
        observe(
            line.engine,
            ENGINEER,
            now_ns=NOW_NS,
            module="ANGELA",
            workstation="PUESTO_06",
            seen=Observation(
                kind="ground_truth_duration", payload={"stopwatch_seconds": 61.2}, observed_ns=NOW_NS
            ),
        )
    with visiting(browser, server.url + PAGES[name], size=size) as visit:
        _until_drawn(visit.page, name)
        visit.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"
        assert serious(visit) == []
        assert visit.wrong == []


def test_all_of_the_board_is_seen_without_scrolling(server: Server, browser: Browser) -> None:
    with visiting(browser, server.url) as visit:
        _until_drawn(visit.page, "board")
        assert visit.page.locator(".tile").count() == STATIONS
        assert visit.page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        hidden = visit.page.evaluate(
            """[...document.querySelectorAll(".tile h2, .tile .versus, .tile .word, .whiteboard tr, .verdict, .camera")]
              .filter((one) => { const {right, bottom} = one.getBoundingClientRect();
                return right > innerWidth || bottom > innerHeight || one.scrollWidth > one.clientWidth + 1; })
              .map((one) => `${one.className} ${one.textContent}`)"""
        )
        assert hidden == []


@pytest.mark.parametrize("language", ["es-CO", "en"])
def test_alarms_and_an_open_cycle_are_sound_and_leave_room_for_the_line(
    tmp_path: Path, browser: Browser, language: str
) -> None:
    """A camera without signal, a moved one, a full disk and failed backups at once: everything is still seen."""
    line = morning(tmp_path / "data")
    line.live.report_views({"cam1": HeardView(Drift.DRIFTED, 15.0)})
    wrong = {"disk": "2 % free", "backups": "the disk is full"}
    with (
        at_work(line, {1: 20.0, 2: None}, dark=frozenset({"cam2"}), alarms=wrong),
        serving(line) as server,
        visiting(browser, server.url, language=language) as visit,
    ):
        page = visit.page
        page.locator("[data-connection=live] .camera[data-state=offline]").wait_for()
        page.locator("#notice:visible").wait_for()
        page.screenshot(path=SCREENSHOTS / f"board-alarms-{language}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "scrolls"
        assert sticking_out(page) == []
        assert serious(visit) == []
        page.locator(".tile button.bar").first.click()
        page.locator("dialog[open] #cycle-figures").wait_for()
        page.screenshot(path=SCREENSHOTS / f"board-cycle-{language}.png")
        assert serious(visit) == []
    line.close()


@pytest.mark.parametrize("language", ["es-CO", "en"])
def test_nothing_sticks_out_of_its_tile(server: Server, browser: Browser, language: str) -> None:
    with visiting(browser, server.url, language=language) as visit:
        _until_drawn(visit.page, "board")
        assert sticking_out(visit.page) == []


def sticking_out(page: Page) -> list[str]:
    """What is not whole inside its tile."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll(".tile")].flatMap((tile) => {
          const { right, bottom } = tile.getBoundingClientRect();
          return [...tile.querySelectorAll(".versus, .median, .word, h2")].filter((part) => {
            const box = part.getBoundingClientRect();
            return box.right > right || box.bottom > bottom;
          }).map((part) => `${tile.dataset.key}: ${part.textContent}`);
        })"""
    )
    return found


def _a_cycle(line: Line) -> str:
    which = CycleFilter(module="ANGELA", workstation="PUESTO_06", status="complete")
    return line.reader.cycles(which, limit=1).items[0].event_uid


def _until_drawn(page: Page, name: str) -> None:
    if name == "board":
        page.locator("[data-connection=live] .tile .bar").nth(STATIONS).wait_for()
    if name == "zones":
        page.locator("#drawing .seen").first.wait_for()
    page.wait_for_load_state("load" if name in ("board", "zones") else "networkidle")


def serious(visit: Visit) -> list[str]:
    """What axe-core finds that keeps somebody from using the page."""
    found = Axe().run(visit.page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {node['html'][:120]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]
