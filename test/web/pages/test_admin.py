"""What an admin looks after; and every page with people who have signed in, each in their role."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from lbzf_ros import __version__
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.engine import DATABASE_NAME
from lbzf_ros.store.keeping.status import BACKUPS, BackupStatus, IntegrityStatus, update_status
from lbzf_ros.store.migrate import schema_version
from test.web.access.people import ADMIN, ENGINEER, EXECUTIVE, PASSWORD, access
from test.web.factory import NODES, Line
from test.web.pages.morning import NOW_NS
from test.web.pages.visit import Visit, visiting
from test.web.serve import Server, serving
from web_bridge.live import CameraReport, CameraState
from web_bridge.pages.words import Words

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route


@pytest.fixture(scope="module")
def signed(line: Line) -> Iterator[Server]:
    """The same line behind local accounts."""
    found = access(line.data, providers=["local"], plain_http=True)
    for name in (ADMIN, ENGINEER, EXECUTIVE):
        found.accounts.set_password(name, PASSWORD)
    with serving(
        dataclasses.replace(line, context=dataclasses.replace(line.context, access=found))
    ) as started:
        yield started


def sign_in(visit: Visit, name: str) -> None:
    visit.page.get_by_label("Usuario").fill(name)
    visit.page.get_by_label("Contraseña").fill(PASSWORD)
    with visit.page.expect_navigation():
        visit.page.get_by_role("button", name="Ingresar").click()


def test_an_engineer_enters_a_target_signed_in_and_sees_no_administration(
    line: Line, signed: Server, browser: Browser
) -> None:
    with visiting(browser, f"{signed.url}/entry/ANGELA") as visit:
        page = visit.page
        sign_in(visit, ENGINEER)
        assert page.get_by_role("link", name="Administración").count() == 0
        card = page.get_by_role("region", name="Meta", exact=True)
        card.get_by_label("Meta del día").fill("400")
        with page.expect_navigation():
            card.get_by_role("button", name="Guardar").first.click()
        expect(page.get_by_label("Meta del día")).to_have_value("400")
        page.locator("#stopwatch-press").click()
        expect(page.locator("#stopwatch-shown")).not_to_have_text("0,0")
        page.locator("#stopwatch-press").click()
        expect(page.locator("#stopwatch-said")).to_contain_text("Guardado:")
        assert visit.wrong == []
        refused = page.goto(f"{signed.url}/admin")
        assert refused is not None
        assert refused.status == 403
        expect(page.get_by_text("Esta página no es para su rol").first).to_be_visible()
        page.goto(f"{signed.url}/entry/ANGELA")
        with page.expect_navigation():
            page.get_by_role("button", name="Salir").click()
        expect(page.get_by_label("Contraseña")).to_be_visible()


def test_an_executive_is_led_to_the_summary_and_nowhere_else(signed: Server, browser: Browser) -> None:
    with visiting(browser, signed.url) as visit:
        sign_in(visit, EXECUTIVE)
        expect(visit.page.get_by_role("navigation", name="Menú").get_by_role("link")).to_have_text(
            ["Resumen"]
        )
        for path in ("/entry/ANGELA", "/zones", "/admin", "/stations/ANGELA/PUESTO_01"):
            answer = visit.page.goto(signed.url + path)
            assert answer is not None
            assert (answer.status, answer.headers["content-type"].split(";")[0]) == (403, "text/html")


def test_an_admin_looks_searches_and_exports(signed: Server, browser: Browser) -> None:
    with visiting(browser, f"{signed.url}/admin") as visit:
        page = visit.page
        sign_in(visit, ADMIN)
        expect(page.get_by_role("heading", name="Administración")).to_be_visible()
        people = page.get_by_role("region", name="Personas y roles")
        expect(people.get_by_role("row", name=ENGINEER)).to_contain_text("ingeniero")
        expect(page.get_by_role("region", name="Cámaras")).to_contain_text("cam1")
        page.get_by_label("Quién").fill(ENGINEER)
        page.get_by_label("Qué").fill("targets/")
        page.get_by_role("button", name="Buscar").click()
        trail = page.get_by_role("region", name="Registro de cambios")
        expect(trail.locator("tbody tr")).not_to_have_count(0)
        for row in trail.locator("tbody tr").all():
            expect(row).to_contain_text(ENGINEER)
        page.get_by_role("button", name="Exportar").click()
        link = page.locator("#exported a").first
        expect(link).to_have_text("indicadores-2026-07-15.xlsx")
        with page.expect_download() as download:
            link.click()
        assert download.value.path().read_bytes().startswith(b"PK")
        assert visit.wrong == []


def test_what_the_machine_has_left_and_when_it_was_saved(
    line: Line, server: Server, browser: Browser
) -> None:
    words = Words("es-CO", "America/Bogota")
    saved = BackupStatus(success_ns=NOW_NS - 8 * 3600 * NS_PER_S, size_bytes=41_000_000)
    update_status(line.data / BACKUPS, backup=saved, integrity=IntegrityStatus(at_ns=NOW_NS, problems=()))
    bag = line.data / "bags" / "20260715_110000" / "20260715_110000_0.mcap"
    bag.parent.mkdir(parents=True)
    bag.write_bytes(b"what the system said")
    with visiting(browser, f"{server.url}/admin") as visit:
        page = visit.page

        def figure(name: str) -> str:
            return page.locator(".figures > *").filter(has_text=name).first.inner_text().replace("\xa0", " ")

        expect(page.locator(".head p")).to_have_text(
            f"LBZF {__version__} · base de datos, versión {schema_version(line.data / DATABASE_NAME)}"
        )
        disk = shutil.disk_usage(line.data)
        assert f"de {words.bytes(disk.total)}" in figure("Disco libre")
        free_gb = float(re.findall(r"\d+(?:,\d+)?(?= GB)", figure("Disco libre"))[0].replace(",", "."))
        assert free_gb == pytest.approx(disk.free / 1e9, abs=1.0)  # others write to this disk
        assert re.search(r"\d (k|M)B", figure("Base de datos"))
        assert "15/07/2026 02:24" in figure("Última copia")
        assert words.bytes(41_000_000) in figure("Última copia")
        cameras = page.get_by_role("region", name="Cámaras").locator("tbody tr")
        expect(cameras).to_have_count(3)
        expect(cameras.first).to_contain_text("En línea")
        nodes = page.get_by_role("region", name="Procesos").get_by_role("listitem")
        expect(nodes).to_have_count(len(NODES))
        page.get_by_text("20260715_110000").first.click()
        with page.expect_download() as download:
            page.get_by_role("link", name=bag.name).click()
        assert download.value.path().read_bytes() == bag.read_bytes()
        assert visit.wrong == []


def test_what_programs_say_is_marked_and_folded_away(
    line: Line, server: Server, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong is said in Spanish; the line of the log stands behind it, as English."""
    camera, error, warning, backup, integrity = said = (
        "cam3: no picture for 20 s",
        "decoder is gone",
        "too slow for: cam1",
        "disk full",
        "row 3 is missing",
    )
    update_status(
        line.data / BACKUPS,
        backup=BackupStatus(error=backup),
        integrity=IntegrityStatus(at_ns=NOW_NS, problems=(integrity,)),
    )

    def speak(one: Line, *_nodes: str) -> None:
        for node in NODES:
            errors = {"cam1": error} if node == "detector" else {}
            warnings = {"speed": warning} if node == "detector" else {}
            one.live.report_node(node, errors, warnings, now_s=one.context.now_s())

    monkeypatch.setattr(Line, "report_nodes", speak)
    speak(line)
    report = CameraReport("cam3", CameraState.OFFLINE, NOW_NS, 0.0, camera)
    line.live.report_camera(report, now_s=line.context.now_s())
    with visiting(browser, f"{server.url}/admin") as visit:
        page = visit.page
        for text in said:
            raw = page.get_by_text(text, exact=True)
            expect(raw).to_have_attribute("lang", "en")
            expect(raw).to_be_hidden()
        for words in ("falló", "con problemas", "con error: cam1", "con advertencia: velocidad"):
            expect(page.get_by_text(words).first).to_be_visible()
        expect(page.get_by_text("la detección de personas").first).to_be_visible()
        page.get_by_text("Mensaje del sistema").first.click()
        expect(page.get_by_text(backup, exact=True)).to_be_visible()
        assert visit.wrong == []


def test_the_trail_is_read_part_by_part(server: Server, browser: Browser) -> None:
    with visiting(browser, f"{server.url}/admin") as visit:
        page = visit.page
        older = page.get_by_role("link", name="Más antiguos")
        assert page.locator(".audit tbody tr").count() >= 1
        if older.count():
            first = page.locator(".audit tbody tr").first.inner_text()
            older.click()
            expect(page.get_by_role("link", name="Más recientes")).to_be_visible()
            assert page.locator(".audit tbody tr").first.inner_text() != first


@pytest.mark.parametrize(
    ("language", "button", "says"),
    [
        ("es-CO", "Exportar", "Escriba el día así: dd/mm/aaaa"),
        ("en", "Export", "Write the day as dd/mm/yyyy"),
    ],
)
def test_a_module_is_exported_from_its_page(
    server: Server, browser: Browser, language: str, button: str, says: str
) -> None:
    """The day is written as the plant writes it, whatever language the device has."""
    with visiting(browser, f"{server.url}/modules/ANGELA", language=language) as visit:
        page = visit.page
        day = page.locator("#export .date")
        expect(day).to_have_value("15/07/2026")
        for wrong in ("31/02/2026", "07/15/2026", "ayer", ""):
            day.fill(wrong)
            page.get_by_role("button", name=button, exact=True).click()
            expect(page.locator("#export .said")).to_contain_text(says)
        day.fill("14/7/2026")
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.locator("#exported a").first).to_have_text("indicadores-2026-07-14-angela.xlsx")
        assert visit.wrong == []


def test_what_is_sent_before_the_texts_are_there_waits_for_them(server: Server, browser: Browser) -> None:
    """A form sent by the browser itself would go to another address, and what was written would be lost."""
    with visiting(browser, f"{server.url}/board/ANGELA") as visit:
        page = visit.page
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route("**/static/texts/*.json", hold)
        page.goto(f"{server.url}/modules/ANGELA", wait_until="domcontentloaded")
        page.wait_for_function(
            "performance.getEntriesByName(location.origin + '/static/js/exports.js').length > 0"
        )
        page.locator("#export .date").fill("ayer")
        page.locator("#export button").click()
        page.wait_for_timeout(200)
        assert held
        for route in held:
            route.continue_()
        expect(page.locator("#export .said")).to_contain_text("Escriba el día así: dd/mm/aaaa")
        assert page.url == f"{server.url}/modules/ANGELA"
        assert visit.wrong == []


def test_the_workbook_of_the_day_is_made_from_the_board(server: Server, browser: Browser) -> None:
    with visiting(browser, f"{server.url}/board/ANGELA") as visit:
        page = visit.page
        button, waiting = (
            page.get_by_role("button", name="Excel del día"),
            page.get_by_label("Preparando el archivo"),
        )
        page.route(
            "**/api/v1/exports", lambda route: route.fulfill(status=503, json={"detail": "disco lleno"})
        )
        button.click()
        said = page.locator("#export .said")
        expect(said).to_contain_text("el sistema no responde en este momento; inténtelo de nuevo")
        expect(said.get_by_text("disco lleno")).to_be_hidden()
        expect(button).to_be_enabled()
        assert len(visit.wrong) > 0  # the answer above
        visit.wrong.clear()
        page.unroute("**/api/v1/exports")
        button.click()
        expect(waiting).to_be_visible()
        link = page.get_by_role("link", name="indicadores-2026-07-15-angela.xlsx")
        expect(link).to_be_visible()
        expect(waiting).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        with page.expect_download() as download:
            link.click()
        assert download.value.path().read_bytes().startswith(b"PK")
        assert visit.wrong == []
