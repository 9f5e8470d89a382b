"""Zones drawn in Chromium over the camera's picture: saved as versions in the database and in the plant file."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from starlette.testclient import TestClient

from lbzf_ros.config.load import load_plant, parse_plant
from lbzf_ros.core.model import Drift
from lbzf_ros.drift.features import features_to_bytes, find_features
from lbzf_ros.resources import resource_path
from lbzf_ros.store.zone_versions import ZoneVersionFilter, zone_versions
from lbzf_ros.store.zones import set_reference
from test.web.factory import Line, line_of, plant_of
from test.web.pages.seeing import PEOPLE_PX, seeing
from test.web.pages.visit import DESK, Visit, visiting
from test.web.serve import Server, serving
from web_bridge.app import create_app
from web_bridge.live import HeardView

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Route, expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SCREENSHOTS = resource_path("log", "screenshots")
SIX = [(20 + 200 * column, 40 + 220 * row) for row in range(2) for column in range(3)]
"""Upper left corners of six stations, px of the picture."""
MOVED_PX = 12, 20
"""Down and to the right, since zones were drawn on `VIEW`."""


def _view() -> NDArray[np.uint8]:
    """A place with things in it that can be found again."""
    luck = np.random.default_rng(7)
    picture = np.full((480, 640, 3), 120, np.uint8)
    for _ in range(400):
        x, y = luck.integers(0, 640), luck.integers(0, 480)
        colour = [int(one) for one in luck.integers(0, 255, 3)]
        cv2.rectangle(picture, (int(x), int(y)), (int(x) + 14, int(y) + 10), colour, -1)
    return picture


VIEW = _view()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plant") / "plant.yaml"
    data = plant_of(2).model_dump(mode="json", exclude_none=True, exclude_unset=True)
    path.write_text(yaml.safe_dump(data), "utf-8")
    return path


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory, file: Path) -> Iterator[Line]:
    """A station before each of two cameras; nobody has measured anything yet."""
    made = line_of(tmp_path_factory.mktemp("line") / "data", 2, load_plant(file))
    made.context = dataclasses.replace(made.context, plant_file=file)
    with seeing(made, np.roll(VIEW, MOVED_PX, axis=(0, 1)), "cam1", "cam2"):
        yield made
    made.close()


@pytest.fixture(scope="module")
def server(line: Line) -> Iterator[Server]:
    with serving(line) as started:
        yield started


class Hands:
    """A person at the picture; counts what it takes."""

    def __init__(self, visit: Visit) -> None:
        self.page, self.actions = visit.page, 0
        self._drawing = visit.page.locator("#drawing")

    def _screen(self, x: float, y: float) -> tuple[float, float]:
        box = self._drawing.bounding_box()
        assert box is not None
        return box["x"] + x * box["width"] / 640, box["y"] + y * box["height"] / 480

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()
        self.actions += 1

    def key(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.actions += 1

    def corner(self, x: float, y: float) -> None:
        self.page.mouse.click(*self._screen(x, y))
        self.actions += 1

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.page.mouse.move(*self._screen(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self._screen(*end), steps=4)
        self.page.mouse.up()
        self.actions += 1

    def choose_operation(self, name: str) -> None:
        self.page.get_by_label("Operación").fill(name)
        self.actions += 1


def in_force(line: Line, code: str) -> list[tuple[str, list[list[float]]]]:
    which = ZoneVersionFilter(module="ANGELA", workstation=code, in_force=True)
    rows = zone_versions(line.engine, which, limit=20, after=None).items
    return [(row.name, [list(corner) for corner in row.polygon_px]) for row in rows]


def test_six_stations_are_drawn_on_one_camera(
    line: Line, server: Server, browser: Browser, file: Path
) -> None:
    with visiting(browser, f"{server.url}/zones?camera=cam2") as visit:
        hands = Hands(visit)
        for number, (x, y) in enumerate(SIX):
            hands.press("Nuevo puesto")
            if number % 2:
                hands.drag((x, y), (x + 160, y + 180))
            else:  # any shape, corner by corner
                for corner in ((x, y), (x + 160, y + 10), (x + 150, y + 180), (x + 10, y + 170)):
                    hands.corner(*corner)
                hands.key("Enter")
            hands.choose_operation("PEGAR BOLSILLO")
        hands.press("Guardar")
        expect(visit.page.locator("#said")).to_contain_text("Guardado como versión nueva: Puesto 3")
        assert visit.wrong == []
    assert hands.actions == 31  # docs/guia-del-ingeniero.md says so
    saved = {one.code: one for one in load_plant(file).modules[0].workstations}
    for number, (x, y) in enumerate(SIX, 3):
        code = f"PUESTO_{number:02}"
        [(name, polygon)] = in_force(line, code)
        assert (name, len(polygon)) == ("work", 4)
        assert np.allclose(polygon[0], (x, y), atol=2)
        assert (saved[code].camera, saved[code].operation) == ("cam2", "PEGAR BOLSILLO")
        assert [list(corner) for corner in saved[code].zones["work"].polygon_px] == polygon


def test_a_zone_is_changed_by_keyboard_and_another_added(
    line: Line, server: Server, browser: Browser
) -> None:
    before = in_force(line, "PUESTO_01")[0][1]
    with visiting(browser, f"{server.url}/zones?camera=cam1") as visit:
        page = visit.page
        corner = page.get_by_role("button", name="Esquina 1 de 4")
        corner.focus()
        for key in ("ArrowRight", "Shift+ArrowDown", "+"):
            page.keyboard.press(key)
        page.get_by_role("button", name="Esquina 5 de 5").focus()
        page.keyboard.press("Delete")
        page.get_by_role("button", name="Nueva zona").press("Enter")
        page.keyboard.press("Enter")
        expect(page.locator("#station fieldset")).to_have_count(2)
        page.locator("#station fieldset").last.get_by_label("Clase").select_option("trigger")
        page.get_by_label("Regla").select_option("trigger")
        page.get_by_text("Límites de un ciclo").click()
        page.get_by_label("Mínimo, s").fill("4,5")
        page.get_by_role("button", name="Guardar", exact=True).click()
        expect(page.locator("#said")).to_contain_text("Guardado")
        assert visit.wrong == []
    zones = dict(in_force(line, "PUESTO_01"))
    [x, y] = before[0]
    assert zones["work"][0] == [x + 1, y + 10]
    assert (len(zones["work"]), len(zones)) == (4, 2)


def test_who_was_slower_is_told_so(server: Server, browser: Browser) -> None:
    address = f"{server.url}/zones?camera=cam1"
    with visiting(browser, address) as one, visiting(browser, address) as other:
        for visit in (one, other):
            visit.page.get_by_role("button", name="Esquina 1 de 4").first.focus()
            visit.page.keyboard.press("ArrowLeft" if visit is one else "ArrowUp")
            visit.page.get_by_role("button", name="Guardar", exact=True).click()
            expect(visit.page.locator("#said")).not_to_have_text("Guardando…")
        expect(one.page.locator("#said")).to_contain_text("Guardado")
        expect(other.page.locator("#said")).to_contain_text("recargue la página")


def test_what_would_be_detected_is_shown(server: Server, browser: Browser) -> None:
    with visiting(browser, f"{server.url}/zones?camera=cam1") as visit:
        expect(visit.page.locator("#drawing .seen")).to_have_count(len(PEOPLE_PX))
        expect(visit.page.locator("#tried")).to_contain_text("Personas: 2")
        expect(visit.page.locator("#sight")).to_have_js_property("naturalWidth", 640)
        visit.page.get_by_label("Ensayar").uncheck()
        expect(visit.page.locator("#drawing .seen")).to_have_count(0)
        assert visit.wrong == []


def test_names_of_narrow_zones_are_read_and_the_picture_is_whole(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Twelve zones, 48 px wide, side by side and one behind the other: each name or number stands alone."""
    described = plant_of(12).model_dump(mode="json", exclude_none=True, exclude_unset=True)
    for number, station in enumerate(described["modules"][0]["workstations"]):
        x, y = 10 + 100 * (number % 6) + 30 * (number // 6), 60 + 25 * (number // 6)
        corners = [[x, y], [x + 48, y], [x + 48, y + 200], [x, y + 200]]
        station |= {"camera": "cam1", "zones": {"work": {"kind": "work", "polygon_px": corners}}}
    plant = parse_plant(described, where="plant", folder=Path("/"))
    made = line_of(tmp_path_factory.mktemp("narrow") / "data", 12, plant)
    with (
        seeing(made, VIEW, "cam1"),
        serving(made) as narrow,
        visiting(browser, f"{narrow.url}/zones") as visit,
    ):
        expect(visit.page.locator("#drawing .seen")).to_have_count(len(PEOPLE_PX))
        expect(visit.page.locator("#sight")).to_have_js_property("naturalWidth", 640)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        visit.page.screenshot(path=SCREENSHOTS / "zones-narrow.png")
        boxes = visit.page.evaluate(
            """[...document.querySelectorAll("#drawing text")].map((one) => {
              const { left, top, right, bottom, height } = one.getBoundingClientRect();
              return [one.textContent, left, top + 0.2 * height, right, bottom - 0.2 * height]; })"""
        )
        assert len(boxes) == 12 + len(PEOPLE_PX)
        for place, (name, *one) in enumerate(boxes):
            for other, *box in boxes[:place]:
                apart = one[0] >= box[2] or box[0] >= one[2] or one[1] >= box[3] or box[1] >= one[3]
                assert apart, f"{name} covers {other}"
        picture = visit.page.locator("#sight").bounding_box()
        assert picture is not None
        assert picture["y"] + picture["height"] <= DESK[1]
        expect(visit.page.locator("#stations button").first).to_have_text("Puesto 1")
        assert visit.wrong == []
    made.close()


def test_a_correction_is_taken_over_with_one_press(line: Line, server: Server, browser: Browser) -> None:
    before = dict(in_force(line, "PUESTO_01"))
    which = ZoneVersionFilter(camera="cam1", in_force=True)
    versions = [row.id for row in zone_versions(line.engine, which, limit=20, after=None).items]
    set_reference(line.engine, versions, "rois/cam1.jpg", features_to_bytes(find_features(VIEW)))
    line.report_nodes()
    line.report_camera("cam1")
    line.live.report_views({"cam1": HeardView(Drift.DRIFTED, 23.0)})
    with visiting(browser, f"{server.url}/zones?camera=cam1") as visit:
        expect(visit.page.locator("#view")).to_contain_text("se movió 23 px")
        visit.page.get_by_role("button", name="Aceptar la corrección propuesta").click()
        expect(visit.page.locator("#said")).to_contain_text("Guardado como versión nueva: Puesto 1")
        assert visit.wrong == []
    after = dict(in_force(line, "PUESTO_01"))
    down, right = MOVED_PX
    assert after.keys() == before.keys()
    for name, polygon in before.items():
        assert np.allclose(after[name], np.add(polygon, (right, down)), atol=2)


def test_a_station_can_be_begun_only_when_the_page_is_ready(server: Server, browser: Browser) -> None:
    """A press before that was lost, and what was drawn after it was nothing."""
    held: list[Route] = []
    with visiting(browser, f"{server.url}/zones?camera=cam2") as visit:
        # Playwright cannot take a builtin for a handler.
        visit.page.route("**/texts/*.json", lambda route: held.append(route))  # noqa: PLW0108
        with visit.page.expect_request("**/texts/*.json"):
            visit.page.reload()
        expect(visit.page.locator("#new-station")).to_be_disabled()
        expect(visit.page.locator("#new-zone")).to_be_disabled()
        assert held
        for route in held:
            route.continue_()
        expect(visit.page.locator("#new-station")).to_be_enabled()


@pytest.mark.parametrize(
    ("language", "save", "words"),
    [
        pytest.param(
            "es-CO",
            "Guardar",
            "No se guardó: «Zona puesto de trabajo»: sus lados se cruzan; mueva las esquinas",
            id="spanish",
        ),
        pytest.param(
            "en",
            "Save",
            "Not saved: “Zone work”: its sides cross; move its corners",
            id="english",
        ),
    ],
)
def test_a_zone_that_is_refused_is_said_in_the_readers_language(
    server: Server, browser: Browser, language: str, save: str, words: str
) -> None:
    with visiting(browser, f"{server.url}/zones?camera=cam2", language=language) as visit:
        hands = Hands(visit)
        visit.page.locator("#new-station").click()
        for corner in ((400, 300), (600, 460), (600, 300), (400, 460)):
            hands.corner(*corner)
        hands.key("Enter")
        hands.press(save)
        said = visit.page.locator("#said")
        expect(said.locator("summary")).to_be_visible()
        expect(said.locator("[lang=en]")).to_be_hidden()
        assert str(said.evaluate("said => said.firstChild.textContent")).partition(": ")[2] == words


@pytest.mark.parametrize("writable", [True, False])
def test_a_file_that_cannot_be_changed_is_said_before_somebody_draws(
    line: Line, monkeypatch: pytest.MonkeyPatch, writable: bool
) -> None:
    """The tests may run as root, who may write everywhere: the system's answer is played."""
    monkeypatch.setattr("web_bridge.pages.zones.os.access", lambda _folder, _way: writable)
    shown = TestClient(create_app(line.context), base_url="http://127.0.0.1").get("/zones").text
    assert ("El archivo de la planta no se puede cambiar" in shown) is not writable
    assert ('id="save" autocomplete="off" disabled' in shown) is not writable
