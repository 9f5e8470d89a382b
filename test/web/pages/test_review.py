"""What an engineer enters on the pages of a cycle and of a station, pressed in Chromium and read from the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.reader import CycleFilter
from test.web.factory import MORNING_NS, Line
from test.web.pages.visit import visiting
from test.web.serve import Server
from web_bridge.app import create_app

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


def test_a_cycle_of_a_clock_that_nobody_kept_says_so_and_so_does_its_day(
    line: Line, server: Server, browser: Browser
) -> None:
    day = "2026-07-10"
    cycle = line.cycle(3, MORNING_NS - 5 * 86_400 * NS_PER_S, 40.0, clock_kept=False, frame_path="")
    line.write(cycle)
    with visiting(browser, f"{server.url}/cycles/{cycle.event_uid}") as visit:
        page = visit.page
        expect(page.get_by_role("note")).to_contain_text("la duración es correcta, la hora puede no serlo")
        for place in (f"/modules/ANGELA?day={day}", f"/stations/ANGELA?day={day}"):
            page.goto(f"{server.url}{place}")
            expect(page.get_by_role("note").filter(has_text="reloj del equipo: 1.")).to_be_visible()
        page.goto(f"{server.url}/modules/ANGELA?day=2026-07-09")
        expect(page.get_by_text("reloj del equipo")).to_have_count(0)
        assert visit.wrong == []


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


def test_lost_time_of_the_whole_module_is_marked_and_ended(
    line: Line, server: Server, browser: Browser
) -> None:
    with visiting(browser, f"{server.url}/modules/ANGELA") as visit:
        page = visit.page
        page.get_by_text("Marcar tiempo perdido de todo el módulo").press("Enter")
        page.get_by_role("combobox", name="Motivo").select_option("C001")
        page.get_by_label("Comienzo").fill("9:5")
        page.get_by_role("button", name="Guardar").click()
        assert page.get_by_label("Comienzo").evaluate("field => field.validity.patternMismatch")
        page.get_by_label("Comienzo").fill("09:05")
        page.get_by_label("Fin (vacío").fill("09:00")
        page.get_by_role("button", name="Guardar").click()
        expect(page.locator(".said:not(:empty)")).to_contain_text("No se guardó")
        page.get_by_label("Fin (vacío").fill("")
        with page.expect_navigation():
            page.get_by_label("Fin (vacío").press("Enter")
        expect(page.get_by_text("09:05–continúa")).to_be_visible()
        page.get_by_label("Fin de C001 09:05").fill("09:20")
        with page.expect_navigation():
            page.get_by_role("button", name="Terminar").click()
        expect(page.get_by_text("09:05–09:20")).to_be_visible()
        page.goto(f"{server.url}/stations/ANGELA/PUESTO_11")
        expect(page.get_by_text("(todo el módulo)")).to_be_visible()
    with line.engine.connect() as connection:
        found = connection.execute(
            text("SELECT start_ts, end_ts FROM lost_time_events WHERE workstation_id IS NULL")
        ).one()
    assert found == ("2026-07-15T14:05:00.000Z", "2026-07-15T14:20:00.000Z")


def test_lost_time_of_a_module_that_began_the_day_before_is_still_there(line: Line) -> None:
    client = TestClient(create_app(line.context))
    with line.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO lost_time_events (module_id, code, start_ts, end_ts) SELECT id, 'C007', :start, :end"
                " FROM modules WHERE code = 'CARMENZA'"
            ),
            [
                {"start": "2026-07-15T03:40:00.000Z", "end": None},
                {"start": "2026-07-15T02:10:00.000Z", "end": "2026-07-15T02:20:00.000Z"},
            ],
        )
    page = client.get("/modules/CARMENZA").text
    assert "22:40–continúa" in page
    assert "21:10" not in page
    assert "21:10–21:20" in client.get("/modules/CARMENZA?day=2026-07-14").text


def test_what_was_seen_at_a_station_is_noted_on_its_day(line: Line, server: Server, browser: Browser) -> None:
    """Beside it stands what was noted of one of its cycles, which leads there."""
    which = CycleFilter(module="ANGELA", workstation="PUESTO_08", status="complete")
    uid = line.reader.cycles(which, limit=1).items[0].event_uid
    with visiting(browser, f"{server.url}/cycles/{uid}") as visit:
        page = visit.page
        page.get_by_label("Observación").fill("dos prendas a la vez")
        with page.expect_navigation():
            page.get_by_role("button", name="Guardar").click()
        page.get_by_role("link", name="Día del puesto").click()
        card = page.get_by_role("region", name="Observaciones")
        expect(card.get_by_text("dos prendas a la vez")).to_be_visible()
        expect(card.get_by_role("link", name="ver el ciclo")).to_have_attribute("href", f"/cycles/{uid}")
        card.get_by_text("Anotar una observación").press("Enter")
        card.get_by_role("button", name="Guardar").click()
        assert card.get_by_label("Observación").evaluate("field => field.validity.valueMissing")
        card.get_by_label("Observación").fill("   ")
        card.get_by_role("button", name="Guardar").click()
        expect(card.locator(".said")).to_contain_text("No se guardó")
        card.get_by_label("Clase").select_option("data_quality_flag")
        card.get_by_label("Hora").fill("07:30")
        card.get_by_label("Observación").fill("<b>una caja</b> tapa la mesa")
        with page.expect_navigation():
            card.get_by_label("Observación").press("Enter")
        expect(card.get_by_text("duda sobre la medición: <b>una caja</b> tapa la mesa")).to_be_visible()
        page.goto(f"{server.url}/stations/ANGELA/PUESTO_08?day=2026-07-14")
        expect(card.get_by_text("Ninguna observación.")).to_be_visible()
    with line.engine.connect() as connection:
        found = connection.execute(
            text("SELECT observed_ts, event_uid FROM manual_observations WHERE kind = 'data_quality_flag'")
        ).one()
    assert found == ("2026-07-15T12:30:00.000Z", None)


def test_language_and_colours_stay_as_they_were_chosen(server: Server, browser: Browser) -> None:
    with visiting(browser, f"{server.url}/summary") as visit:
        page = visit.page
        page.get_by_role("button", name="Inglés").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("How the modules are doing")
        page.wait_for_load_state("networkidle")  # its scripts run
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
