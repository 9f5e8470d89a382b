"""The page over HTTPS, with a certificate that the plant made itself: for people and for programs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lbzf_ros.cli.pulse import PulseTaker
from lbzf_ros.page import ask_page
from lbzf_ros.resources import resource_path
from test.web.access.people import ENGINEER, PASSWORD, access, with_access
from test.web.factory import Line
from test.web.serve import Server, chromium, serving
from web_bridge.live import CameraState


@pytest.fixture(scope="module")
def server(shared_line: Line, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("certificate")
    key, certificate = folder / "page.key", folder / "page.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-noenc", "-subj", "/CN=linea.planta.example"]
    subprocess.run(
        [*make, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True, timeout=60
    )
    found = access(folder / "data", providers=["local"], tls_certificate=str(certificate), tls_key=str(key))
    found.accounts.set_password(ENGINEER, PASSWORD)
    with serving(with_access(shared_line, found)) as served:
        yield served


def test_a_person_signs_in(server: Server) -> None:
    with chromium() as browser:
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.goto(f"{server.url}/board/ANGELA")
        page.fill("#name", ENGINEER)
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{server.url}/board/ANGELA")
        cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
        assert cookies["__Host-lbzf"]["secure"]
        page.wait_for_selector(".tile")  # its program and its live stream came through the same door


def test_the_watchdog_hears_of_nodes_and_cameras(shared_line: Line, server: Server, tmp_path: Path) -> None:
    """Without an account, and though nobody signs this certificate: otherwise systemd would start the plant anew."""
    shared_line.report_nodes()
    shared_line.report_camera("cam1", CameraState.ONLINE)
    found = PulseTaker(server.url, tmp_path, ["cam1"]).take()
    assert (found.is_up, found.is_measuring) == (True, True), found.text
    assert found.text == "1 of 2 cameras deliver"


def test_the_health_check_of_a_container(shared_line: Line, server: Server) -> None:
    shared_line.report_nodes()
    program = str(resource_path("deploy", "healthy"))
    plain = server.url.replace("https", "http")
    for url, status in ((f"{plain}/healthz", 0), (f"{server.url}/healthz", 0), (f"{plain}/api/v1/days", 1)):
        done = subprocess.run([sys.executable, program, url], capture_output=True, timeout=60, check=False)
        assert done.returncode == status, done.stderr


def test_a_program_of_this_machine_is_told_no_figures(server: Server) -> None:
    with pytest.raises(OSError, match="401"), ask_page(f"{server.url}/api/v1/live", 10):
        pass
