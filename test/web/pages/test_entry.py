"""What is entered at the start of a shift, by keyboard in Chromium, and read from the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lbzf_ros.store.people.assignments import assign_stations
from lbzf_ros.store.people.operators import create_operator
from lbzf_ros.store.people.reading import PeopleReader
from test.web.factory import Line
from test.web.pages.morning import DAY_NS, ENGINEER, NOW_NS, SIX_NS, STATIONS, morning
from test.web.pages.visit import visiting
from test.web.serve import Server, serving

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Locator, Page


@pytest.fixture(scope="module", autouse=True)
def crew(line: Line) -> dict[str, str]:
    """Who worked where yesterday: 1001 at the first station, 1002 at the second, and so on."""
    codes = {f"PUESTO_{number:02}": str(1000 + number) for number in range(1, STATIONS + 1)}
    for code in [*codes.values(), "2000"]:
        create_operator(
            line.engine, ENGINEER, now_ns=SIX_NS, external_code=code, display_name=f"Operaria {code}"
        )
    assign_stations(
        line.engine,
        ENGINEER,
        now_ns=SIX_NS,
        module="ANGELA",
        start_ns=SIX_NS - DAY_NS,
        operators=dict(codes),
    )
    return codes


def _station(page: Page, number: int) -> Locator:
    return page.locator(f'[name="at:PUESTO_{number:02}"]')


def test_the_crew_of_last_time_with_one_change_takes_two_presses_and_one_code(
    line: Line, server: Server, browser: Browser, crew: dict[str, str]
) -> None:
    with visiting(browser, f"{server.url}/entry/ANGELA") as visit:
        page = visit.page
        expect(page.get_by_label("Desde").first).to_have_value("06:00")
        page.get_by_role("button", name="Como la última vez").click()
        _station(page, 2).fill("2000")
        _station(page, 2).press("Enter")
        expect(_station(page, 3)).to_be_focused()
        with page.expect_navigation():
            page.get_by_role("button", name="Guardar").first.click()
        expect(_station(page, 2)).to_have_value("2000")
        assert visit.wrong == []
    people = PeopleReader(line.reader._engine)
    for station, before in crew.items():
        row = people.at_station(module="ANGELA", workstation=station, time_ns=NOW_NS)
        assert row is not None
        assert row.external_code == ("2000" if station == "PUESTO_02" else before)


def test_a_column_copied_from_a_sheet_goes_down_the_line(
    line: Line, server: Server, browser: Browser, crew: dict[str, str]
) -> None:
    """The whole crew in three actions; an empty cell is nobody, and what is left over is said."""
    codes = list(crew.values())
    with visiting(browser, f"{server.url}/entry/ANGELA") as visit:
        page = visit.page
        visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        said = page.locator("#crew .said")
        for cells, first, left in (
            ([codes[1], "", *codes[2:], "9998", "9999"], 1, 2),
            ([*reversed(codes)], 1, 0),
        ):
            page.evaluate("(text) => navigator.clipboard.writeText(text)", "\r\n".join(cells) + "\r\n")
            _station(page, first).focus()
            page.keyboard.press("Control+V")
            expect(_station(page, 1)).to_have_value(cells[0])
            expect(_station(page, 2)).to_have_value(cells[1])
            expect(_station(page, STATIONS)).to_be_focused()
            expect(said).to_have_text(
                f"Sobraron {left} códigos: hay menos puestos. Revise antes de guardar." if left else ""
            )
        with page.expect_navigation():
            page.get_by_role("button", name="Guardar").first.click()
        expect(_station(page, 1)).to_have_value(codes[-1])
        expect(_station(page, STATIONS)).to_have_value(codes[0])
        assert visit.wrong == []


def test_an_unknown_operator_is_named_and_nothing_is_entered(server: Server, browser: Browser) -> None:
    with visiting(browser, f"{server.url}/entry/ANGELA") as visit:
        page = visit.page
        _station(page, 5).fill("9999")
        page.get_by_role("button", name="Guardar").first.click()
        expect(page.locator("#crew .said")).to_contain_text("9999")


def _operators(page: Page) -> Locator:
    return page.locator("#plant-operators")


def test_an_operator_who_is_missing_is_added_without_losing_what_was_written(
    line: Line, server: Server, browser: Browser
) -> None:
    """The crew is refused; the link beneath leads to the form, with the code that nobody has."""
    with visiting(browser, f"{server.url}/entry/ANGELA") as visit:
        page = visit.page
        expect(_operators(page)).not_to_have_attribute("open", "")
        _station(page, 4).fill("2000")
        _station(page, 5).fill("3000")
        page.get_by_role("button", name="Guardar").first.click()
        expect(page.locator("#crew .said")).to_contain_text("3000")
        page.get_by_role("link", name="¿Falta un operario?").press("Enter")
        expect(page.get_by_label("Código del operario")).to_be_focused()
        expect(page.get_by_label("Código del operario")).to_have_value("3000")
        page.get_by_label("Nombre del operario").fill("Luz Dary R.")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.get_by_label("Código del operario")).to_be_focused()
        expect(_station(page, 4)).to_have_value("2000")
        with page.expect_navigation():
            page.get_by_role("button", name="Guardar").first.click()
        expect(_station(page, 5)).to_have_value("3000")
        expect(_operators(page)).not_to_have_attribute("open", "")
    row = PeopleReader(line.reader._engine).operator("3000")
    assert row is not None
    assert (row.display_name, row.active) == ("Luz Dary R.", True)


def test_a_code_that_is_taken_adds_nobody(line: Line, server: Server, browser: Browser) -> None:
    with visiting(browser, f"{server.url}/entry/ANGELA") as visit:
        page = visit.page
        _operators(page).locator("summary").press("Enter")
        page.get_by_label("Código del operario").fill("1007")
        page.get_by_label("Nombre del operario").fill("Otra")
        page.get_by_role("button", name="Agregar").click()
        expect(page.locator("#operator-add .said")).to_contain_text("1007")
    row = PeopleReader(line.reader._engine).operator("1007")
    assert row is not None
    assert row.display_name == "Operaria 1007"


def test_an_operator_gets_another_name_goes_and_comes_back(
    line: Line, server: Server, browser: Browser
) -> None:
    """A code is any text; notes entered elsewhere stay; whoever goes is asked about first, and cannot be assigned."""
    people = PeopleReader(line.reader._engine)
    create_operator(line.engine, ENGINEER, now_ns=SIX_NS, external_code="40/7", display_name="Ana", notes="x")
    questions: list[str] = []

    def answer(dialog: Dialog) -> None:
        questions.append(dialog.message)
        dialog.accept()

    with visiting(browser, f"{server.url}/entry/ANGELA") as visit:
        page = visit.page
        page.on("dialog", answer)
        _operators(page).locator("summary").click()
        page.get_by_role("textbox", name="Nombre de 40/7").fill("Ana María P.")
        with page.expect_navigation():
            page.get_by_role("textbox", name="Nombre de 40/7").press("Enter")
        expect(page.get_by_role("textbox", name="Nombre de 40/7")).to_have_value("Ana María P.")
        expect(page.get_by_role("button", name="Cambiar nombre de 40/7")).to_be_focused()
        assert questions == []
        with page.expect_navigation():
            page.get_by_role("button", name="Desactivar a 40/7").click()
        expect(page.get_by_role("button", name="Reactivar a 40/7 Ana María P.")).to_be_focused()
        assert page.locator('#operators option[value="40/7"]').count() == 0
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.get_by_role("textbox", name="Nombre de 40/7")).to_have_value("Ana María P.")
        assert visit.wrong == []
    assert questions == ["¿Desactivar a 40/7 Ana María P.? Sale de su puesto ahora; sus ciclos se conservan."]
    row = people.operator("40/7")
    assert row is not None
    assert (row.display_name, row.active, row.notes) == ("Ana María P.", True, "x")


def test_a_new_plant_says_what_comes_first(tmp_path: Path, browser: Browser) -> None:
    """Nobody is known: the form for the first operator is open, and stays so for the next."""
    line = morning(tmp_path / "data", stations=2)
    with serving(line) as server, visiting(browser, f"{server.url}/entry/ANGELA") as visit:
        page = visit.page
        expect(page.get_by_text("Comience aquí: todavía no hay operarios.")).to_be_visible()
        for code in ("1", "2"):
            expect(page.get_by_label("Código del operario")).to_be_visible()
            page.get_by_label("Código del operario").fill(code)
            page.get_by_label("Nombre del operario").fill(f"Operaria {code}")
            with page.expect_navigation():
                page.get_by_role("button", name="Agregar").click()
        expect(page.get_by_role("textbox", name="Nombre de 2")).to_be_visible()
        expect(page.get_by_text("Comience aquí")).to_have_count(0)
        assert visit.wrong == []
    line.close()


def test_a_module_without_stations_leads_to_the_zones(tmp_path: Path, browser: Browser) -> None:
    line = morning(tmp_path / "data", stations=2)
    with line.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE workstations SET active = 0")
    with serving(line) as server, visiting(browser, f"{server.url}/entry/ANGELA") as visit:
        link = visit.page.locator("#main").get_by_role("link", name="Zonas")
        expect(link).to_have_attribute("href", "/zones")
        assert visit.wrong == []
    line.close()


def test_targets_orders_and_thresholds_are_entered(line: Line, server: Server, browser: Browser) -> None:
    with visiting(browser, f"{server.url}/entry/ANGELA") as visit:
        page = visit.page
        for title, fields in (
            ("Meta", {"Meta de la hora": "60"}),
            ("Orden de producción (OP)", {"Número de la OP": "OP-77", "Unidades": "1200"}),
            ("Umbrales, %", {"Cobertura mínima": "85,5"}),
        ):
            card = page.get_by_role("region", name=title, exact=True)
            for label, value in fields.items():
                card.get_by_label(label).fill(value)
            with page.expect_navigation():
                card.get_by_role("button", name="Guardar").last.click()
        assert visit.wrong == []
    board = line.context.days.hour_board("ANGELA", "2026-07-15", now_ns=line.context.clock_ns())
    assert next(hour for hour in board.hours if hour.running).meta == 60
    assert board.totals.production_orders == ("OP-77",)
    assert board.thresholds.min_coverage == 85.5


def test_what_was_entered_is_withdrawn_after_a_question(line: Line, server: Server, browser: Browser) -> None:
    """Whoever says no keeps it; what goes stays in the audit trail."""
    questions: list[str] = []

    def answer(dialog: Dialog) -> None:
        questions.append(dialog.message)
        if len(questions) == 1:
            dialog.dismiss()
        else:
            dialog.accept()

    with visiting(browser, f"{server.url}/entry/ANGELA") as visit:
        page = visit.page
        page.on("dialog", answer)
        page.get_by_role("button", name="Retirar OP-77").click()
        expect(page.get_by_text("OP-77")).to_be_visible()
        for name in ("Retirar OP-77", "Retirar Meta de las 10:00"):
            with page.expect_navigation():
                page.get_by_role("button", name=name).click()
            expect(page.get_by_role("button", name=name)).to_have_count(0)
        page.get_by_text("Lo asignado en el día").click()
        with page.expect_navigation():
            page.get_by_role("button", name="Retirar Puesto 2 06:00").click()
        expect(_station(page, 2)).to_have_value("")
        page.goto(f"{server.url}/stations/ANGELA/PUESTO_06")
        with page.expect_navigation():
            page.get_by_role("button", name="Retirar C007").click()
        expect(page.get_by_role("button", name="Retirar C007")).to_have_count(0)
        assert visit.wrong == []
    assert questions[0] == "¿Retirar OP-77? El registro de cambios lo conserva."
    with line.engine.connect() as connection:
        actions = connection.exec_driver_sql(
            "SELECT action FROM audit_log WHERE after_json IS NULL"
        ).scalars()
        assert {"order.remove", "target.remove", "assignment.remove", "lost_time.remove"} <= set(actions)
    board = line.context.days.hour_board("ANGELA", "2026-07-15", now_ns=line.context.clock_ns())
    assert board.totals.production_orders == ()


def test_lost_time_that_goes_on_is_ended(line: Line, server: Server, browser: Browser) -> None:
    with visiting(browser, f"{server.url}/stations/ANGELA/PUESTO_07") as visit:
        page = visit.page
        page.get_by_text("Marcar tiempo perdido").click()
        page.get_by_label("Comienzo").fill("09:30")
        with page.expect_navigation():
            page.get_by_role("button", name="Guardar").click()
        page.get_by_label("Fin de C001 09:30").fill("09:45")
        with page.expect_navigation():
            page.get_by_role("button", name="Terminar").click()
        expect(page.get_by_text("09:30–09:45")).to_be_visible()
        assert visit.wrong == []


def test_a_cycle_is_timed_by_pressing_twice(line: Line, server: Server, browser: Browser) -> None:
    with visiting(browser, f"{server.url}/entry/ANGELA") as visit:
        page = visit.page
        page.locator("#stopwatch-station").select_option("PUESTO_04")
        page.locator("#stopwatch-press").click()
        expect(page.locator("#stopwatch-press")).to_have_text("Termina")
        expect(page.locator("#stopwatch-shown")).not_to_have_text("0,0")
        page.locator("#stopwatch-press").click()
        expect(page.locator("#stopwatch-said")).to_contain_text("Guardado:")
        assert visit.wrong == []
    with line.engine.connect() as connection:
        kinds = connection.exec_driver_sql("SELECT kind FROM manual_observations").scalars().all()
    assert "ground_truth_duration" in kinds
