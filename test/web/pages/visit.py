"""A page opened in Chromium, watched for everything that it must not do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from test.web.serve import PATIENCE_MS
from web_bridge.pages.reader import LANGUAGE_COOKIE, THEME_COOKIE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

DESK, PHONE = (1366, 768), (390, 844)


@dataclass(slots=True)
class Visit:
    """An open page.

    Attributes:
        page: of Playwright.
        wrong: script errors, refusals of the security policy, requests to other hosts, answers that are errors.
        bytes_received: of all answers together, as they came over the wire.
    """

    page: Page
    wrong: list[str] = field(default_factory=list)
    bytes_received: int = 0


@contextmanager
def visiting(
    browser: Browser,
    address: str,
    *,
    size: tuple[int, int] = DESK,
    theme: str = "light",
    language: str = "es-CO",
) -> Iterator[Visit]:
    """A page of a reader who has chosen colours and language, on a device in a far zone and another language."""
    host = "/".join(address.split("/", 3)[:3])
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, timezone_id="Asia/Tokyo", locale="fr-FR"
    )
    context.add_cookies(
        [
            {"name": LANGUAGE_COOKIE, "value": language, "url": host},
            {"name": THEME_COOKIE, "value": theme, "url": host},
        ]
    )
    context.set_default_timeout(PATIENCE_MS)
    visit = Visit(context.new_page())
    _watch(visit, host)
    visit.page.goto(address)
    try:
        yield visit
    finally:
        context.close()


def _watch(visit: Visit, host: str) -> None:
    def on_console(line: ConsoleMessage) -> None:
        if line.type == "error" or "Content Security" in line.text:
            visit.wrong.append(line.text)

    def on_request(request: Request) -> None:
        if not request.url.startswith((host, "data:")):
            visit.wrong.append(f"asked {request.url}")

    def on_response(response: Response) -> None:
        if response.status >= 400:
            visit.wrong.append(f"{response.status} {response.url}")

    def on_finished(event: dict[str, float]) -> None:
        visit.bytes_received += int(event["encodedDataLength"])

    visit.page.on("pageerror", lambda error: visit.wrong.append(str(error)))
    visit.page.on("console", on_console)
    visit.page.on("request", on_request)
    visit.page.on("response", on_response)
    network = visit.page.context.new_cdp_session(visit.page)
    network.send("Network.enable")
    network.on("Network.loadingFinished", on_finished)
