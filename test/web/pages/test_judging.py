"""What an engineer decides about one cycle, and takes back; its video. Pressed in Chromium, read from the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lbzf_ros.core.model import NS_PER_S, EventKind
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.ground_truth import override_event, verify_event
from lbzf_ros.store.people.reading import PeopleReader
from lbzf_ros.store.rows import CycleRow
from test.web.factory import MORNING_NS, Line, line_of, write_picture
from test.web.pages.morning import ENGINEER
from test.web.pages.visit import visiting
from test.web.serve import Server, serving
from test.web.test_clips import record

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

ELEVEN_NS = MORNING_NS + 11 * NS_PER_S
LATER_NS = MORNING_NS + 3600 * NS_PER_S
OTHER = Actor("otra@planta.example", "engineer", "r" * 32)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """Two stations at eight o'clock, without cycles."""
    made = line_of(tmp_path / "data", stations=2, clock_ns=lambda: LATER_NS)
    yield made
    made.close()


@pytest.fixture
def server(line: Line) -> Iterator[Server]:
    with serving(line) as started:
        yield started


def _made(line: Line, kind: EventKind = EventKind.END, **changes: object) -> str:
    event = line.cycle(1, ELEVEN_NS, 10, kind, **changes)
    line.write(event)
    write_picture(line.data / event.frame_path, "Puesto 1")
    return event.event_uid


def _row(line: Line, uid: str) -> CycleRow:
    row = line.reader.cycle(uid)
    assert row is not None
    return row


def _answering(page: Page, *, yes: bool) -> list[str]:
    """Answer every question of the page; the questions that came."""
    asked = list[str]()

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        if yes:
            dialog.accept()
        else:
            dialog.dismiss()

    page.once("dialog", answer)
    return asked


def test_a_doubtful_cycle_counts_because_a_person_says_so(
    line: Line, server: Server, browser: Browser
) -> None:
    uid = _made(line)
    with visiting(browser, f"{server.url}/cycles/{uid}") as visit:
        page = visit.page
        page.get_by_text("Decidir que este ciclo cuenta").click()
        page.get_by_label("Motivo").fill("Dos prendas a la vez.")
        with page.expect_navigation():
            page.get_by_role("button", name="Guardar").first.click()
        expect(page.get_by_text("decidido por una persona")).to_have_count(1)
        expect(page.get_by_text("Cuenta por decisión de una persona: Dos prendas a la vez.")).to_be_visible()
        expect(page.get_by_text("Decidir que este ciclo cuenta")).to_have_count(0)
        assert visit.wrong == []
    assert (_row(line, uid).status, _row(line, uid).notes) == ("manual_override", "Dos prendas a la vez.")


def test_a_decision_is_taken_back_after_a_question(line: Line, server: Server, browser: Browser) -> None:
    uid = _made(line)
    override_event(line.engine, ENGINEER, now_ns=LATER_NS, event_uid=uid, reason="Dos prendas a la vez.")
    with visiting(browser, f"{server.url}/cycles/{uid}") as visit:
        page = visit.page
        withdraw = page.get_by_role("button", name="Retirar la decisión")
        asked = _answering(page, yes=False)
        withdraw.click()
        assert asked == ["¿Retirar la decisión? El registro de cambios lo conserva."]
        assert _row(line, uid).status == "manual_override"
        _answering(page, yes=True)
        with page.expect_navigation():
            withdraw.click()
        expect(page.get_by_text("Decidir que este ciclo cuenta")).to_be_visible()
        assert visit.wrong == []
    assert (_row(line, uid).status, _row(line, uid).notes) == ("complete", None)


def test_a_verification_is_taken_back_after_a_question(line: Line, server: Server, browser: Browser) -> None:
    uid = _made(line)
    verify_event(line.engine, ENGINEER, now_ns=LATER_NS, event_uid=uid, corrected_duration_s=9.0)
    with visiting(browser, f"{server.url}/cycles/{uid}") as visit:
        page = visit.page
        expect(page.get_by_text(f"Revisado por {ENGINEER.name}")).to_be_visible()
        asked = _answering(page, yes=True)
        with page.expect_navigation():
            page.get_by_role("button", name="Retirar la revisión").click()
        assert asked == ["¿Retirar la revisión? El registro de cambios lo conserva."]
        expect(page.get_by_text("Revisado por")).to_have_count(0)
        assert visit.wrong == []
    assert (_row(line, uid).gt_verified_by, _row(line, uid).gt_corrected_duration_s) == (None, None)


def test_who_comes_second_is_told_and_nothing_is_overwritten(
    line: Line, server: Server, browser: Browser
) -> None:
    uid = _made(line)
    with visiting(browser, f"{server.url}/cycles/{uid}") as visit:
        page = visit.page
        page.get_by_text("Decidir que este ciclo cuenta").click()
        override_event(line.engine, OTHER, now_ns=LATER_NS, event_uid=uid, reason="Se cayó la cámara.")
        page.get_by_label("Motivo").fill("Dos prendas a la vez.")
        page.get_by_role("button", name="Guardar").first.click()
        expect(page.locator("#decision .said")).to_contain_text("No se guardó")
        expect(page.get_by_label("Motivo")).to_have_value("Dos prendas a la vez.")
    assert _row(line, uid).notes == "Se cayó la cámara."


@pytest.mark.parametrize(
    ("kind", "reasons", "said"),
    [
        (EventKind.REJECT, {"too_short": "1.00 s"}, "Un ciclo rechazado no cuenta y no se puede cambiar."),
        (EventKind.ABORT, {"restart": "it was restarted"}, "De un ciclo abandonado no se conoce el fin"),
    ],
    ids=["rejected", "aborted"],
)
def test_of_a_cycle_that_does_not_count_a_doubt_is_kept(
    line: Line, server: Server, browser: Browser, kind: EventKind, reasons: dict[str, str], said: str
) -> None:
    """The API lets nobody make it count; the doubt keeps its video."""
    uid = _made(line, kind, reasons=reasons)
    with visiting(browser, f"{server.url}/cycles/{uid}") as visit:
        page = visit.page
        expect(page.get_by_text(said)).to_be_visible()
        expect(page.get_by_role("button", name="Confirmar")).to_have_count(0)
        expect(page.get_by_text("Decidir que este ciclo cuenta")).to_have_count(0)
        expect(page.get_by_label("Clase")).to_have_value("data_quality_flag")
        page.get_by_label("Observación").fill("Fue una prenda completa.")
        with page.expect_navigation():
            page.get_by_role("button", name="Guardar").click()
        expect(page.get_by_text("Fue una prenda completa.")).to_be_visible()
        assert visit.wrong == []
    (kept,) = PeopleReader(line.reader._engine).observations_of(uid).items
    assert kept.kind == "data_quality_flag"


def test_the_video_of_a_cycle_plays(line: Line, server: Server, browser: Browser) -> None:
    record(line, MORNING_NS, 30)
    uid = _made(line)
    with visiting(browser, f"{server.url}/cycles/{uid}") as visit:
        page = visit.page
        clip = page.locator("#clip")
        expect(clip).to_be_hidden()
        page.get_by_role("button", name="Ver el video").click()
        expect(clip).to_have_js_property("videoWidth", 64)
        expect(page.locator("#clip-said")).to_have_text("")
        assert clip.evaluate("video => video.duration") == pytest.approx(15.2, abs=0.3)
        clip.evaluate(
            "video => new Promise((ran) => { video.ontimeupdate = () => video.currentTime > 0.2 && ran() })"
        )
        assert visit.wrong == []


@pytest.mark.parametrize(
    ("recorded", "status", "said"),
    [
        (False, 404, "No hay video de este ciclo: no se grabó."),
        (True, 410, "El video de este ciclo ya se retiró, por las reglas de conservación."),
    ],
    ids=["never", "gone"],
)
def test_a_video_that_is_not_there_is_said_with_why(
    line: Line, server: Server, browser: Browser, recorded: bool, status: int, said: str
) -> None:
    if recorded:
        for segment in record(line, MORNING_NS, 30):
            Path(line.data, segment.path).unlink()
        with transaction(line.engine, "test") as connection:
            connection.exec_driver_sql("UPDATE video_segments SET deleted_at = '2026-07-16T12:00:00.000Z'")
    uid = _made(line)
    with visiting(browser, f"{server.url}/cycles/{uid}") as visit:
        page = visit.page
        page.get_by_role("button", name="Ver el video").click()
        expect(page.locator("#clip-said")).to_contain_text(said)
        expect(page.locator("#clip")).to_be_hidden()
        assert visit.wrong
        assert all(str(status) in one for one in visit.wrong)


def test_a_picture_whose_file_is_gone_is_said(line: Line, server: Server, browser: Browser) -> None:
    uid = _made(line)
    Path(line.data, _row(line, uid).source_frame_path or "").unlink()
    with visiting(browser, f"{server.url}/cycles/{uid}") as visit:
        expect(visit.page.get_by_text("No hay imagen de este ciclo.")).to_be_visible()
        expect(visit.page.locator("img.picture")).to_have_count(0)


def test_a_video_that_cannot_be_had_at_the_moment_is_not_called_missing(
    line: Line, server: Server, browser: Browser
) -> None:
    uid = _made(line)
    with visiting(browser, f"{server.url}/cycles/{uid}") as visit:
        server.stop()
        visit.page.get_by_role("button", name="Ver el video").click()
        expect(visit.page.locator("#clip-said")).to_have_text(
            "El video no se pudo traer en este momento. Intente de nuevo."
        )
