"""What the API refuses, as the engineer reads it: in Spanish, or in English; what programs say stays folded away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from test.web.pages.visit import visiting
from test.web.serve import Server

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

ENTRY, STATION = "/entry/ANGELA", "/stations/ANGELA/PUESTO_07"
DAY = "[data-kind=day_target]"


def words(said: Locator) -> str:
    """What is read at first; the rest has to be unfolded."""
    expect(said.locator("summary")).to_be_visible()
    expect(said.locator("[lang=en]")).to_be_hidden()
    return str(said.evaluate("said => said.firstChild.textContent"))


@pytest.mark.parametrize(
    ("path", "form", "values", "spanish", "english"),
    [
        pytest.param(
            ENTRY,
            "#crew",
            {"at:PUESTO_05": "9999"},
            "No se guardó: «Puesto 5»: nadie tiene el código de operario 9999; agregue primero al operario",
            "Not saved: “Puesto 5”: nobody has the operator code 9999; add the operator first",
            id="crew",
        ),
        pytest.param(
            ENTRY,
            "[data-kind=thresholds]",
            {"pace_green": "90", "pace_yellow": "99,5"},
            "No se guardó: «Ritmo atención desde» (99,5 %) no puede ser mayor que el de bien (90 %)",
            "Not saved: “Pace attention from” (99.5 %) must not be above the one for good (90 %)",
            id="thresholds-in-the-wrong-order",
        ),
        pytest.param(
            ENTRY,
            "[data-kind=thresholds]",
            {"min_coverage": "101"},
            "No se guardó: «Cobertura mínima»: debe ser a lo sumo 100",
            "Not saved: “Least coverage”: must be at most 100",
            id="threshold-out-of-range",
        ),
        pytest.param(
            ENTRY,
            DAY,
            {"units": "2000000"},
            "No se guardó: «Meta del día, unidades»: debe ser a lo sumo 1.000.000",
            "Not saved: “Target of the day, units”: must be at most 1,000,000",
            id="target",
        ),
        pytest.param(
            ENTRY,
            "[data-kind=order]",
            {"code": "OP-9", "units": "0,5"},
            "No se guardó: «Unidades»: debe ser un número entero",
            "Not saved: “Units”: must be a whole number",
            id="order",
        ),
        pytest.param(
            STATION,
            "[data-kind=lost_time]",
            {"start": "10:00", "end": "09:00"},
            "No se guardó: el fin (15/07/2026 09:00:00) debe ser después del comienzo (15/07/2026 10:00:00)",
            "Not saved: the end (15/07/2026 09:00:00) must lie after the start (15/07/2026 10:00:00)",
            id="lost-time",
        ),
    ],
)
def test_a_wrong_entry_is_said_in_the_readers_language(
    server: Server,
    browser: Browser,
    path: str,
    form: str,
    values: dict[str, str],
    spanish: str,
    english: str,
) -> None:
    with visiting(browser, server.url + path) as visit:
        page = visit.page
        for expected in (spanish, english):
            filled = page.locator(form).first
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            for name, value in values.items():
                filled.locator(f'[name="{name}"]').fill(value)
            filled.locator("button:not([type=button])").click()
            assert words(filled.locator(".said")) == expected
            filled.locator(".said summary").click()
            expect(filled.locator(".said [lang=en]")).to_be_visible()
            expect(filled.locator(".said small")).to_have_text(
                f"{'Número de la solicitud' if expected == spanish else 'Request'}: "
                f"{filled.locator('.said small').inner_text().rpartition(' ')[2]}"
            )
            if expected == spanish:
                with page.expect_navigation():
                    page.locator('[data-language="en"]').click()


@pytest.mark.parametrize(
    ("status", "body", "spanish"),
    [
        pytest.param(
            401,
            {"code": "not_signed_in", "detail": "sign in, or send a token", "errors": [], "params": {}},
            "No se guardó: la sesión terminó; ingrese de nuevo",
            id="session-that-ended",
        ),
        pytest.param(
            429,
            {"detail": "slow down"},
            "No se guardó: son demasiados intentos; espere unos minutos",
            id="too-many",
        ),
        pytest.param(
            409,
            {"code": "of_a_later_version", "detail": "new"},
            "No se guardó: otra persona lo cambió mientras tanto; recargue la página",
            id="cause-of-a-later-version",
        ),
        pytest.param(
            502,
            "<h1>Bad Gateway</h1>",
            "No se guardó: el sistema no responde en este momento; inténtelo de nuevo",
            id="something-in-between",
        ),
    ],
)
def test_where_nothing_closer_is_known_the_status_is_said(
    server: Server, browser: Browser, status: int, body: object, spanish: str
) -> None:
    with visiting(browser, server.url + ENTRY) as visit:
        page = visit.page
        page.route("**/api/v1/targets/day", lambda route: route.fulfill(status=status, body=json.dumps(body)))
        page.locator(DAY).locator("[name=units]").fill("400")
        page.locator(DAY).locator("button").click()
        assert words(page.locator(DAY).locator(".said")) == spanish
