"""Pages of today stay those of today: they are asked for again while they are seen, and take nothing from anybody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lbzf_ros.core.model import NS_PER_S
from test.web.factory import Line
from test.web.pages.morning import NOW_NS, morning
from test.web.pages.visit import Visit, visiting
from test.web.serve import Server, serving

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession

MINUTE_MS = 61_000
LATE_NS = NOW_NS + (13 * 3600 + 35 * 60) * NS_PER_S  # 23:59
_MINUTES = 40
_LOOKS_AFTERWARDS = 8
_MOST_GROWTH_BYTES = 1_000_000


class Clock:
    """The server's."""

    now_ns = LATE_NS

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def line(tmp_path: Path, clock: Clock) -> Iterator[Line]:
    """One minute before midnight, after a day's work of three stations."""
    made = morning(tmp_path / "data", stations=3, days_before=1)
    object.__setattr__(made.context, "clock_ns", clock)
    yield made
    made.close()


@pytest.fixture
def server(line: Line) -> Iterator[Server]:
    with serving(line) as started:
        yield started


@contextmanager
def _left_open(browser: Browser, address: str) -> Iterator[tuple[Visit, Callable[[], None]]]:
    """A page whose time goes on only as a test says: with each call by a minute."""
    with visiting(browser, address) as visit:
        visit.page.clock.install(time=0)
        visit.page.reload()
        visit.page.wait_for_load_state("networkidle")
        yield visit, lambda: visit.page.clock.run_for(MINUTE_MS)


@pytest.mark.parametrize(
    ("path", "today", "tomorrow"),
    [
        ("/summary", "miércoles 15/07/2026, 23:59", "jueves 16/07/2026, 00:01"),
        ("/stations/ANGELA", "15/07/2026 hoy", "16/07/2026 hoy"),
        ("/stations/ANGELA/PUESTO_01", "15/07/2026 hoy", "16/07/2026 hoy"),
        ("/modules/ANGELA", "15/07/2026 hoy", "16/07/2026 hoy"),
    ],
)
def test_after_midnight_it_shows_the_new_day(
    server: Server, browser: Browser, clock: Clock, path: str, today: str, tomorrow: str
) -> None:
    with _left_open(browser, server.url + path) as (visit, a_minute_passes):
        page = visit.page
        expect(page.locator(".head")).to_contain_text(today)
        page.evaluate("window.stillTheSame = true")
        clock.now_ns += 120 * NS_PER_S
        a_minute_passes()
        expect(page.locator(".head")).to_contain_text(tomorrow)
        expect(page.locator(".notice")).to_be_hidden()
        assert page.evaluate("window.stillTheSame")
        assert visit.wrong == []


def test_an_earlier_day_is_left_alone(server: Server, browser: Browser) -> None:
    with _left_open(browser, f"{server.url}/modules/ANGELA?day=2026-07-14") as (visit, a_minute_passes):
        asked = list[str]()
        visit.page.on("request", lambda request: asked.append(request.url))
        a_minute_passes()
        assert asked == []


def test_charts_are_drawn_again_with_what_has_come(
    line: Line, server: Server, browser: Browser, clock: Clock
) -> None:
    points = "Chart.getChart('cycles-chart').data.datasets[0].data.length"
    with _left_open(browser, f"{server.url}/stations/ANGELA/PUESTO_01") as (visit, a_minute_passes):
        before = visit.page.evaluate(points)
        line.write(line.cycle(1, NOW_NS + 600 * NS_PER_S, 70.0))
        clock.now_ns += 30 * NS_PER_S
        a_minute_passes()
        expect(visit.page.locator("#cycles-chart")).to_have_attribute(
            "aria-label", re.compile(rf"^{before + 1} ciclos")
        )
        assert visit.page.evaluate(points) == before + 1
        assert visit.wrong == []


def test_what_is_half_entered_is_kept_and_old_figures_are_said(
    line: Line, server: Server, browser: Browser, clock: Clock
) -> None:
    with _left_open(browser, f"{server.url}/stations/ANGELA/PUESTO_01") as (visit, a_minute_passes):
        page = visit.page
        page.get_by_text("Marcar tiempo perdido").click()
        page.get_by_label("Notas").fill("se fue la luz")
        page.get_by_label("Notas").blur()
        clock.now_ns += 300 * NS_PER_S
        for _ in range(3):
            a_minute_passes()
        expect(page.get_by_label("Notas")).to_have_value("se fue la luz")
        expect(page.locator(".head")).to_contain_text("15/07/2026")
        expect(page.locator(".notice")).to_contain_text("Cifras de hace 3 min: la página espera")
        page.get_by_label("Notas").fill("")
        page.get_by_text("Marcar tiempo perdido").click()
        a_minute_passes()
        expect(page.locator(".head")).to_contain_text("16/07/2026 hoy")
        expect(page.locator(".notice")).to_be_hidden()


def test_forms_still_work_after_it(line: Line, server: Server, browser: Browser, clock: Clock) -> None:
    with _left_open(browser, f"{server.url}/stations/ANGELA/PUESTO_01") as (visit, a_minute_passes):
        page = visit.page
        clock.now_ns += 10 * NS_PER_S
        a_minute_passes()
        page.wait_for_load_state("networkidle")
        page.get_by_text("Marcar tiempo perdido").click()
        page.get_by_label("Comienzo").fill("08:10")
        page.get_by_label("Fin").fill("08:25")
        with page.expect_navigation():
            page.get_by_role("button", name="Guardar").first.click()
        expect(page.get_by_text("08:10–08:25")).to_have_count(1)
        assert visit.wrong == []


def test_what_is_unfolded_and_the_focus_stay(server: Server, browser: Browser, clock: Clock) -> None:
    with _left_open(browser, f"{server.url}/modules/ANGELA") as (visit, a_minute_passes):
        page = visit.page
        page.get_by_text("Ver como tabla").click()
        page.get_by_role("link", name="Puesto 2").focus()
        page.evaluate("scrollTo(0, 300)")
        clock.now_ns += 120 * NS_PER_S
        a_minute_passes()
        expect(page.locator(".head")).to_contain_text("16/07/2026 hoy")
        expect(page.get_by_role("link", name="Puesto 2")).to_be_focused()
        assert page.evaluate("scrollY") == 300


def test_without_a_server_it_says_since_when_its_figures_are_old(
    server: Server, browser: Browser, clock: Clock
) -> None:
    with _left_open(browser, f"{server.url}/summary") as (visit, a_minute_passes):
        page = visit.page
        server.stop()
        a_minute_passes()
        expect(page.locator(".notice")).to_have_text(
            re.compile(r"^Sin conexión desde hace 6\d s\. Lo que usted ve es de ese momento")
        )
        expect(page.locator(".head")).to_contain_text("23:59")
        server.start()
        clock.now_ns += 120 * NS_PER_S
        a_minute_passes()
        expect(page.locator(".head")).to_contain_text("00:01")
        expect(page.locator(".notice")).to_be_hidden()


def _size(devtools: CDPSession) -> dict[str, float]:
    devtools.send("HeapProfiler.collectGarbage")
    return {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}


@pytest.mark.parametrize("path", ["/summary", "/stations/ANGELA/PUESTO_01", "/modules/ANGELA"])
def test_a_page_left_open_does_not_grow(server: Server, browser: Browser, clock: Clock, path: str) -> None:
    with _left_open(browser, server.url + path) as (visit, a_minute_passes):
        devtools = visit.page.context.new_cdp_session(visit.page)
        devtools.send("Performance.enable")
        sizes = []
        for number in range(_MINUTES):
            with visit.page.expect_response(lambda answer: path in answer.url):
                a_minute_passes()
            visit.page.wait_for_load_state("networkidle")
            if number % 4 == 3:
                sizes.append(_size(devtools))
        # What was replaced last may not have been collected yet: the least of some looks counts, and what stays.
        for _ in range(_LOOKS_AFTERWARDS):
            visit.page.wait_for_timeout(250)
            sizes.append(_size(devtools))
        before, after = (
            {name: min(size[name] for size in part) for name in sizes[0]}
            for part in (sizes[1:5], sizes[-4 - _LOOKS_AFTERWARDS :])
        )
        assert after["JSHeapUsedSize"] - before["JSHeapUsedSize"] < _MOST_GROWTH_BYTES
        assert after["Nodes"] <= before["Nodes"] * 1.02
        assert after["JSEventListeners"] <= before["JSEventListeners"] * 1.02
        assert visit.wrong == []
