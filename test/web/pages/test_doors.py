"""What people see who may not in yet, or have asked for what is not there: in Chromium, looked through by axe-core."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lbzf_ros.resources import resource_path
from test.web.access.people import ENGINEER, EXECUTIVE, NO_ROLE, PASSWORD, access, with_access
from test.web.factory import Line, line_of
from test.web.pages.test_every_page import serious
from test.web.pages.visit import DESK, PHONE, visiting
from test.web.serve import Server, serving

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SCREENSHOTS = resource_path("log", "screenshots")
READERS = {"desk-light-es": (DESK, "light", "es-CO"), "phone-dark-en": (PHONE, "dark", "en")}
SEEN = {
    "login": ("", "/", {"es-CO": "Ingresar", "en": "Sign in"}),
    "no-role": (NO_ROLE, "/", {"es-CO": "Aún no tiene acceso", "en": "no access yet"}),
    "forbidden": (
        EXECUTIVE,
        "/entry/ANGELA",
        {"es-CO": "Esta página no es para su rol", "en": "not for your role"},
    ),
    "not-there": (ENGINEER, "/stations/ANGELA/PUESTO_99", {"es-CO": "", "en": ""}),
}
"""Who, what is asked for, and the heading."""


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Local accounts without HTTPS, as `plain_http` allows it."""
    folder = tmp_path_factory.mktemp("door")
    line: Line = line_of(folder / "data", stations=2)
    found = access(Path(folder) / "access", providers=["local"], plain_http=True)
    for name in (NO_ROLE, EXECUTIVE, ENGINEER):
        found.accounts.set_password(name, PASSWORD)
    with serving(with_access(line, found)) as server:
        yield server
    line.close()


def sign_in(page: Page, name: str) -> None:
    page.locator("#name").fill(name)
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", SEEN)
def test_a_closed_door_is_sound(door: Server, browser: Browser, name: str, reader: str) -> None:
    who, path, headings = SEEN[name]
    size, theme, language = READERS[reader]
    with visiting(browser, f"{door.url}/login", size=size, theme=theme, language=language) as visit:
        if who:
            sign_in(visit.page, who)
            visit.page.goto(door.url + path)
        expect(visit.page.locator("h1")).to_contain_text(headings[language])
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        visit.page.screenshot(path=SCREENSHOTS / f"{name}-{reader}.png")
        assert visit.page.evaluate("document.documentElement.lang") == language
        assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"
        assert serious(visit) == []
