"""The page in Chromium, served by uvicorn from a real database. Its pictures go to `log/screenshots`."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from lbzf_ros.core.model import NS_PER_S, Drift, EventKind, Quality
from lbzf_ros.resources import resource_path
from test.web.factory import MORNING_NS, Line, fill, line_of, write_picture
from test.web.serve import Server, chromium, serving
from test.web.shift import at_work
from web_bridge.live import CameraState, HeardView, LiveState

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DESK, PHONE = (1366, 768), (390, 844)
RUNNING_S = {1: 9.0, 2: 17.0, 3: None, 4: 29.0, 5: 4.0}
SCREENSHOTS = resource_path("log", "screenshots")

OpenPage = Callable[..., "Page"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens a page in a browser of a far zone and language; errors and foreign hosts fail the test."""
    pages, wrong = [], list[str]()

    def note(text: str, is_wrong: bool) -> None:
        if is_wrong:
            wrong.append(text)

    def opened(server: Server, size: tuple[int, int] = DESK, scheme: str = "light") -> Page:
        page = browser.new_page(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,  # type: ignore[arg-type]  # light or dark
            timezone_id="Asia/Tokyo",
            locale="en-US",
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: note(request.url, server.url not in request.url))
        page.on("console", lambda line: note(line.text, "Content Security" in line.text))
        pages.append(page)
        page.goto(server.url)
        return page

    yield opened
    for page in pages:
        page.close()
    assert wrong == []


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """Five stations on the real clocks, without cycles."""
    made = line_of(tmp_path / "data", stations=5)
    yield made
    made.close()


@pytest.fixture
def server(line: Line) -> Iterator[Server]:
    with serving(line) as started:
        yield started


def scrolls(page: Page) -> dict[str, bool]:
    found: dict[str, bool] = page.evaluate(
        "(({scrollWidth, scrollHeight}) => ({across: scrollWidth > innerWidth, down: scrollHeight > innerHeight}))"
        "(document.documentElement)"
    )
    return found


def cut_off(page: Page) -> list[str]:
    """Parts of tiles that stick out of their tile."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll(".tile")].flatMap((tile) => {
          const box = tile.getBoundingClientRect();
          return [...tile.querySelectorAll("*")].filter((part) => {
            const {width, left, right, top, bottom} = part.getBoundingClientRect();
            return width && (left < box.left - 1 || right > box.right + 1 || top < box.top - 1
              || bottom > box.bottom + 1);
          }).map((part) => `${tile.dataset.key}: ${part.className}`);
        })"""
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("stations", [5, 8])
def test_it_is_seen_at_a_glance(
    tmp_path: Path, open_page: OpenPage, stations: int, size: tuple[int, int], scheme: str
) -> None:
    line = line_of(tmp_path / "data", stations)
    fill(line)
    dark = frozenset({"cam2"}) if stations == 8 else frozenset[str]()
    with at_work(line, RUNNING_S, dark=dark), serving(line) as server:
        page = open_page(server, size, scheme)
        expect(page.locator(".tile")).to_have_count(stations)
        expect(page.locator(".bar")).to_have_count(10 * stations)
        expect(page.locator("#connection")).to_have_text("En vivo")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"page-{stations}-{size[0]}x{size[1]}-{scheme}.png")
        assert scrolls(page) == {"across": False, "down": size == PHONE}
        assert cut_off(page) == []
    line.close()


def test_what_an_engineer_reads(line: Line, server: Server, open_page: OpenPage) -> None:
    line.write(*(line.cycle(2, MORNING_NS + n * 60 * NS_PER_S, 23.0 + n) for n in range(5)))
    line.refresh()
    with at_work(line, {1: 12.0, 2: None}, dark=frozenset({"cam2"})):
        page = open_page(server)
        expect(page).to_have_title("Angela · LBZF")
        expect(page.locator("#module")).to_have_text("Angela")
        expect(page.locator("#clock")).to_have_text(re.compile(r"^([01]\d|2[0-3]):\d\d:\d\d$"))
        expect(page.locator("#date")).to_have_text(re.compile(r"^\d\d/\d\d/\d{4}$"))
        names = page.locator(".tile h2").all_inner_texts()
        assert names == [f"Puesto {number}" for number in range(1, 6)]
        one, two, four = (page.locator(".tile").nth(place) for place in (0, 1, 3))
        expect(one.locator(".state")).to_have_text("En ciclo")
        expect(one.locator(".operation")).to_have_text("PLANCHAR DELANTEROSAM 18,0 s")
        expect(two.locator(".state")).to_have_text("Libre")
        expect(two.locator(".word")).to_have_text("Sin ciclo en curso")
        expect(two.locator(".median")).to_have_text("Mediana de 525,0 s")
        expect(two.locator(".versus")).to_have_text("◆ atención +9,6 % contra SAM")
        assert two.locator(".bar .length").all_inner_texts() == ["23,0", "24,0", "25,0", "26,0", "27,0"]
        expect(four.locator(".state")).to_have_text("Sin datos")
        expect(four.locator(".word")).to_have_text("cam2: sin señal")
        cameras = page.locator(".camera")
        expect(cameras.nth(0)).to_contain_text("cam1En líneahace")
        expect(cameras.nth(1)).to_contain_text("cam2Sin señalúltima imagen 15/07/2026 07:00:00")


def test_a_running_cycle_counts_on_and_passes_its_sam(tmp_path: Path, browser: Browser) -> None:
    line = line_of(tmp_path / "data", stations=5, clock_ns=lambda: MORNING_NS, now_s=lambda: 0.0)
    line.report_nodes()
    line.report_camera("cam1")
    line.report_stations(MORNING_NS, {1: 16.0})
    with serving(line) as server, contextlib.closing(browser.new_page()) as page:
        page.clock.install(time=0)
        page.clock.pause_at(1000)  # from here its time goes on only as this test says
        page.goto(server.url)
        tile = page.locator(".tile").first
        while (
            not tile.is_visible()
        ):  # it is drawn soon after the stream's first event, which comes on real time
            page.wait_for_load_state()
            page.clock.run_for(30)
        for shown, over in (("faltan 2 s para el SAM", "false"), ("1 s sobre el SAM", "true")):
            expect(tile.locator(".word")).to_have_text(shown)
            expect(tile.locator(".running")).to_have_attribute("data-over", over)
            page.clock.run_for(2900)
        expect(tile.locator(".elapsed")).to_have_text("19 s")  # without news it counts no further
    line.close()


def test_a_cycle_appears_without_loading_again(line: Line, server: Server, open_page: OpenPage) -> None:
    page = open_page(server)
    tile = page.locator(".tile").first
    expect(tile.locator(".none")).to_have_text("Todavía no hay ciclos completos en este puesto.")
    page.evaluate("window.stillTheSame = true")
    cycle = line.cycle(1, MORNING_NS, 17.2)
    line.write(cycle)
    line.live.set_cycles(line.reader.recent_cycles(10))
    expect(tile.locator(".bar .length")).to_have_text(["17,2"])
    label = tile.locator(".bar .length")  # not one of the cards of other pages
    expect(label).to_have_css("padding", "0px")
    expect(label).to_have_css("border-top-style", "none")
    expect(tile.locator(".versus")).to_have_text("✓ bien −4,4 % contra SAM")
    line.write(line.cycle(1, MORNING_NS + 60 * NS_PER_S, 1.0, EventKind.REJECT))
    line.write(line.cycle(1, MORNING_NS + 90 * NS_PER_S, 103.4))
    line.live.set_cycles(line.reader.recent_cycles(10))
    expect(tile.locator(".bar .length")).to_have_text(["17,2", "103"])
    assert page.evaluate("window.stillTheSame")


def test_a_cycle_opens_with_its_picture_and_figures(line: Line, server: Server, open_page: OpenPage) -> None:
    with_picture = line.cycle(1, MORNING_NS, 17.2, quality=Quality.YELLOW)
    without = line.cycle(1, MORNING_NS + 60 * NS_PER_S, 19.0)
    line.write(with_picture, without)
    write_picture(line.data / with_picture.frame_path, "Puesto 1")
    line.refresh()
    page = open_page(server)
    bars = page.get_by_role("button", name="Ciclo de las")
    expect(bars.first).to_have_attribute(
        "aria-label", "Ciclo de las 07:00:00: 17,2 s, contra SAM ✓ bien −4,4 %, calidad amarilla"
    )
    bars.first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("Puesto 1 · PLANCHAR DELANTERO")
    figures = dialog.locator("#cycle-figures")
    expect(figures).to_contain_text("Duración17,2 s ± 0,2 s")
    expect(figures).to_contain_text("Comienzo15/07/2026 07:00:00")
    expect(figures).to_contain_text("Calidad de la mediciónamarilla")
    picture = dialog.get_by_role("img")
    expect(picture).to_have_js_property("naturalWidth", 640)
    page.screenshot(path=SCREENSHOTS / "cycle.png")
    assert page.evaluate("document.querySelector('dialog').scrollHeight <= innerHeight")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    bars.nth(1).press("Enter")
    expect(dialog.get_by_text("No hay imagen de este ciclo.")).to_be_visible()
    dialog.get_by_role("button", name="Cerrar").click()
    expect(dialog).to_be_hidden()


def test_a_cycle_whose_picture_was_archived_says_so(line: Line, server: Server, open_page: OpenPage) -> None:
    line.write(line.cycle(1, MORNING_NS, 17.2), line.cycle(1, MORNING_NS + 60 * NS_PER_S, 19.0))
    with line.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE cycle_events SET source_frame_path = NULL, frame_archived_at = '2026-11-12T07:00:00.000Z' "
            "WHERE start_ts = (SELECT min(start_ts) FROM cycle_events)"
        )
    line.refresh()
    page = open_page(server)
    bars = page.get_by_role("button", name="Ciclo de las")
    dialog = page.get_by_role("dialog")
    bars.first.click()
    expect(dialog.get_by_text("Archivado: la imagen se retiró el 12/11/2026")).to_be_visible()
    expect(dialog.locator("#cycle-figures")).to_contain_text("Duración17,2 s")
    page.keyboard.press("Escape")
    bars.nth(1).press("Enter")
    expect(dialog.get_by_text("No hay imagen de este ciclo.")).to_be_visible()


def test_a_cycle_opened_as_soon_as_another_is_closed_is_shown(
    line: Line, server: Server, open_page: OpenPage
) -> None:
    """On a busy computer a browser tells of the closing only after the next key has been handled."""
    line.write(line.cycle(1, MORNING_NS, 17.2), line.cycle(1, MORNING_NS + 60 * NS_PER_S, 19.0))
    line.refresh()
    page = open_page(server)
    bars = page.get_by_role("button", name="Ciclo de las")
    figures = page.locator("#cycle-figures")
    bars.first.click()
    expect(figures).to_contain_text("Duración17,2 s")
    bars.nth(1).evaluate("bar => { document.querySelector('dialog').close(); bar.click(); }")
    expect(figures).to_contain_text("Duración19,0 s")
    expect(page.get_by_text("No hay imagen de este ciclo.")).to_be_visible()


def test_a_lost_connection_is_said_and_comes_back(line: Line, server: Server, open_page: OpenPage) -> None:
    page = open_page(server)
    expect(page.locator("#connection")).to_have_text("En vivo")
    page.evaluate("window.stillTheSame = true")
    server.stop()
    lost = re.compile(r"^Sin conexión desde hace \d+ s$")
    expect(page.locator("#connection")).to_have_text(lost, timeout=20_000)
    expect(page.locator("#notice")).to_contain_text("la página se reconecta sola")
    page.screenshot(path=SCREENSHOTS / "lost.png")
    line.write(line.cycle(1, MORNING_NS, 17.2))
    line.refresh()
    server.start()
    expect(page.locator("#connection")).to_have_text("En vivo", timeout=20_000)
    expect(page.locator("#notice")).not_to_contain_text("conexión")
    expect(page.locator(".bar .length")).to_have_text(["17,2"])
    assert page.evaluate("window.stillTheSame")


def test_without_a_stream_it_asks(line: Line, server: Server, open_page: OpenPage) -> None:
    """A proxy that lets no stream through must not make the page useless."""
    page = open_page(server)
    page.route("**/live/stream", lambda route: route.abort())
    page.reload()
    expect(page.locator("#connection")).to_have_text("En vivo, cada 3 s", timeout=20_000)
    line.write(line.cycle(1, MORNING_NS, 17.2))
    line.refresh()
    expect(page.locator(".bar .length")).to_have_text(["17,2"], timeout=10_000)


def test_before_there_is_anything(line: Line, open_page: OpenPage) -> None:
    object.__setattr__(line.context, "live", LiveState(diagnostics_period_s=1.0))
    with serving(line) as server:
        page = open_page(server)
        expect(page.locator("#notice")).to_have_text("El sistema está arrancando. Los datos aparecen solos.")
        expect(page.locator(".empty")).to_contain_text("Todavía no hay puestos.")


def test_a_missing_node_is_named_in_words(line: Line, server: Server, open_page: OpenPage) -> None:
    line.report_nodes("camera_driver_cam1", "web_bridge", "persistence")
    page = open_page(server)
    expect(page.locator("#notice")).to_have_text(
        "El sistema está incompleto: no responde la cámara cam2, la detección de personas. Pueden faltar datos."
    )


def test_an_alarm_comes_and_goes_while_the_page_is_open(
    line: Line, server: Server, open_page: OpenPage
) -> None:
    line.report_nodes()
    page = open_page(server)
    expect(page.locator("#connection")).to_have_text("En vivo")
    expect(page.locator("#notice")).to_be_hidden()
    for part, words in (
        ("disk", "Queda poco espacio en el disco"),
        ("database", "La base de datos no está disponible"),
        ("backups", "La copia de seguridad falló"),
    ):
        line.live.report_node("persistence", {part: "what exactly"}, now_s=line.context.now_s())
        expect(page.locator("#notice")).to_contain_text(words)
    line.report_nodes()
    expect(page.locator("#notice")).to_be_hidden()


def test_a_camera_that_has_moved_is_an_alarm_that_says_what_to_do(line: Line, open_page: OpenPage) -> None:
    with at_work(line, RUNNING_S), serving(line) as server:
        page = open_page(server)
        chip, notice = page.locator(".camera").first, page.locator("#notice")
        expect(chip).to_contain_text("En línea")
        expect(notice).to_be_hidden()
        line.live.report_views({"cam1": HeardView(Drift.DRIFTED, 15.0)})
        expect(chip).to_contain_text("cámara movida, 15 px")
        expect(notice).to_contain_text("La cam1 se movió unos 15 px desde que se dibujaron sus zonas.")
        expect(notice).to_contain_text("Devuélvala a su sitio o avise al administrador.")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / "page-camera-moved.png")
        line.live.report_views({"cam1": HeardView(Drift.UNKNOWN, None)})
        expect(chip).to_contain_text("vista no reconocida")
        expect(notice).to_contain_text("No se reconoce la vista de la cam1. Revise si está tapada")
        line.live.report_views({"cam1": HeardView(Drift.OK, 1.0)})
        expect(chip.locator(".view")).to_be_hidden()
        expect(notice).to_be_hidden()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (CameraState.STARTING, "Iniciando"),
        (CameraState.ONLINE, "En línea"),
        (CameraState.OFFLINE, "Sin señal"),
        (CameraState.ENDED, "Terminó"),
    ],
)
def test_every_state_of_a_camera_has_a_sign_and_a_word(
    line: Line, server: Server, open_page: OpenPage, state: CameraState, words: str
) -> None:
    line.report_camera("cam1", state)
    camera = open_page(server).locator(".camera").first
    expect(camera).to_contain_text(words)
    expect(camera.locator(".sign")).not_to_be_empty()


def test_the_page_is_spanish(client: TestClient) -> None:
    assert '<html lang="es-CO"' in client.get("/").text
