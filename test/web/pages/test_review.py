"""What an engineer enters on the pages of a cycle and of a station, pressed in Chromium and read from the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from lbzf_ros.store.reader import CycleFilter
from test.web.factory import Line
from test.web.pages.visit import visiting
from test.web.serve import Server

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_a_cycle_is_put_right_and_a_note_is_kept(line: Line, server: Server, browser: Browser) -> None:
    which = CycleFilter(module="ANGELA", workstation="PUESTO_03", status="complete")
    uid = line.reader.cycles(which, limit=1).items[0].event_uid
    with visiting(browser, f"{server.url}/cycles/{uid}") as visit:
        page = visit.page
        expect(page.get_by_role("img", name="Imagen del comienzo del ciclo")).to_have_js_property(
            "naturalWidth", 640
        )
        page.get_by_label("Duración real").fill("treinta")
        page.get_by_role("button", name="Confirmar").click()
        expect(page.get_by_text("Escriba los segundos, por ejemplo 31,4.")).to_be_visible()
        page.get_by_label("Duración real").fill("71,5")
        page.get_by_role("button", name="Confirmar").press("Enter")
        expect(page.get_by_text("Revisado por local el 15/07/2026. Duración real: 71,5 s.")).to_be_visible()
        page.get_by_label("Observación").fill("La operaria cambió la aguja")
        page.get_by_role("button", name="Guardar").click()
        expect(page.get_by_text("La operaria cambió la aguja")).to_be_visible()
        assert visit.wrong == []
    row = line.reader.cycle(uid)
    assert row is not None
    assert (row.gt_corrected_duration_s, row.gt_verified_by) == (71.5, "local")


def test_lost_time_is_marked_at_the_plants_time(line: Line, server: Server, browser: Browser) -> None:
    with visiting(browser, f"{server.url}/stations/ANGELA/PUESTO_02") as visit:
        page = visit.page
        page.get_by_text("Marcar tiempo perdido").click()
        page.get_by_role("combobox", name="Motivo").select_option("C001")
        page.get_by_label("Comienzo").fill("08:10")
        page.get_by_label("Fin").fill("08:25")
        page.get_by_label("Notas").fill("se fue la luz")
        page.get_by_role("button", name="Guardar").click()
        expect(page.get_by_text("08:10–08:25")).to_be_visible()
        assert visit.wrong == []
    with line.engine.connect() as connection:
        found = connection.execute(
            text("SELECT start_ts, end_ts, notes FROM lost_time_events WHERE code = 'C001'")
        ).one()
    assert found == ("2026-07-15T13:10:00.000Z", "2026-07-15T13:25:00.000Z", "se fue la luz")


def test_language_and_colours_stay_as_they_were_chosen(server: Server, browser: Browser) -> None:
    with visiting(browser, f"{server.url}/summary") as visit:
        page = visit.page
        page.get_by_role("button", name="Inglés").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("How the modules are doing")
        page.get_by_label("Colours").select_option("dark")
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.reload()
        expect(page.get_by_label("Colours")).to_have_value("dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark == "rgb(13, 19, 26)"


def test_the_keyboard_alone_reaches_the_content(server: Server, browser: Browser) -> None:
    with visiting(browser, f"{server.url}/board/ANGELA") as visit:
        page = visit.page
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Ir al contenido")
        expect(skip).to_be_focused()
        expect(skip).to_be_in_viewport()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
