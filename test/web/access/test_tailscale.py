"""Tailscale: nobody is believed but the daemon. The daemon is a stand-in (`daemon.py`); server and sockets are real."""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lbzf_ros.core.errors import ConfigError
from test.web.access.daemon import Daemon, daemon
from test.web.access.people import ENGINEER, access, client, with_access
from test.web.factory import Line
from test.web.serve import Server, serving
from web_bridge.access.connection import listen_for_serve
from web_bridge.access.peer import tcp_owner

HERE = "/api/v1/session"
DEVICE, OTHER_DEVICE = "100.64.0.7", "100.64.0.8"
MYSELF = pwd.getpwuid(os.getuid()).pw_name
SOMEBODY_ELSE = next(account.pw_name for account in pwd.getpwall() if account.pw_uid != os.getuid())
SERVED = {"Tailscale-User-Login": ENGINEER, "X-Forwarded-For": DEVICE, "X-Forwarded-Proto": "https"}


@pytest.fixture
def tailscaled(tmp_path: Path) -> Iterator[Daemon]:
    with daemon(tmp_path) as found:
        found.people = {
            DEVICE: ENGINEER,
            OTHER_DEVICE: "visita@planta.example",
            "fd7a:115c:a1e0::7": ENGINEER,
        }
        yield found


def settings(tailscaled: Daemon, **more: Any) -> dict[str, Any]:
    values = {"socket": str(tailscaled.socket), "daemon_user": MYSELF} | more
    return {"providers": ["tailscale"], "tailscale": values}


@pytest.fixture
def page(shared_line: Line, tailscaled: Daemon, tmp_path: Path) -> Iterator[Server]:
    """The page behind `tailscale serve`, which here is any process of the tests' own account."""
    with serving(with_access(shared_line, access(tmp_path / "data", **settings(tailscaled)))) as server:
        yield server


def ask(page: Server, headers: Any) -> httpx.Response:
    return httpx.get(f"{page.url}{HERE}", headers=headers, timeout=10)


def test_who_comes_through_serve_is_who_the_daemon_says(page: Server) -> None:
    answer = ask(page, SERVED)
    assert answer.status_code == 200
    assert {key: answer.json()[key] for key in ("name", "role", "provider", "modules")} == {
        "name": ENGINEER,
        "role": "engineer",
        "provider": "tailscale",
        "modules": None,
    }


def test_a_header_in_odd_case_is_the_same_header(page: Server) -> None:
    odd = {"tAILSCALE-uSER-lOGIN": ENGINEER, "x-FORWARDED-for": DEVICE}
    assert ask(page, odd).status_code == 200


def test_forged_by_a_program_of_this_machine_that_is_not_serve(
    shared_line: Line, tailscaled: Daemon, tmp_path: Path
) -> None:
    """All headers as serve writes them, the right address too: the kernel knows that it is another account."""
    found = access(tmp_path / "data", **settings(tailscaled, daemon_user=SOMEBODY_ELSE))
    with serving(with_access(shared_line, found)) as server:
        for path in (HERE, "/", "/api/v1/events", "/static/js/board.js"):
            answer = httpx.get(f"{server.url}{path}", headers=SERVED, timeout=10)
            assert answer.status_code == 401
    assert tailscaled.asked == []


@pytest.mark.parametrize("peer", [("203.0.113.9", 4711), ("100.64.0.66", 4711), ("10.0.0.5", 1)])
def test_forged_from_another_address(
    shared_line: Line, tailscaled: Daemon, tmp_path: Path, peer: tuple[str, int]
) -> None:
    """No second machine here: the address is given to the application as the server would."""
    found = access(tmp_path / "data", **settings(tailscaled))
    assert client(shared_line, found, peer=peer).get(HERE, headers=SERVED).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param([*SERVED.items(), ("Tailscale-User-Login", ENGINEER)], 401, id="login-twice"),
        pytest.param([*SERVED.items(), ("TAILSCALE-USER-LOGIN", "x@y")], 401, id="login-twice-in-odd-case"),
        pytest.param([*SERVED.items(), ("X-Forwarded-For", OTHER_DEVICE)], 401, id="address-twice"),
        pytest.param(
            {"Tailscale-User-Login": ENGINEER, "X-Forwarded-For": f"{DEVICE}, {OTHER_DEVICE}"},
            401,
            id="chain",
        ),
        pytest.param({"Tailscale-User-Login": ENGINEER}, 401, id="no-address"),
        pytest.param({**SERVED, "X-Forwarded-For": OTHER_DEVICE}, 401, id="address-of-somebody-else"),
        pytest.param({**SERVED, "X-Forwarded-For": "100.64.0.99"}, 401, id="address-of-nobody"),
        pytest.param({**SERVED, "X-Forwarded-For": "127.0.0.1"}, 401, id="not-in-the-tailnet"),
        pytest.param({**SERVED, "X-Forwarded-For": 'x" or 1'}, 401, id="no-address-at-all"),
        pytest.param({**SERVED, "Tailscale-User-Login": "admin@planta.example"}, 401, id="another-name"),
        pytest.param({**SERVED, "Tailscale-User-Login": ""}, 401, id="no-name"),
        pytest.param({**SERVED, "Tailscale-Funnel-Request": "?1"}, 401, id="from-the-internet"),
        pytest.param({"Tailscale_User_Login": ENGINEER, "X-Forwarded-For": DEVICE}, 401, id="underscores"),
        pytest.param(
            {"X-Tailscale-User-Login": ENGINEER, "X-Forwarded-For": DEVICE}, 401, id="another-header"
        ),
        pytest.param({"X-Forwarded-For": DEVICE}, 401, id="tagged-device-or-no-login"),
        pytest.param({**SERVED, "X-Forwarded-For": "fd7a:115c:a1e0::7"}, 200, id="ipv6"),
        pytest.param({**SERVED, "Tailscale-User-Login": ENGINEER.upper()}, 200, id="capitals"),
        pytest.param(
            {**SERVED, "Tailscale-User-Login": "=?utf-8?q?ingeniero=40planta.example?="}, 200, id="encoded"
        ),
    ],
)
def test_what_serve_would_not_send(page: Server, headers: Any, status: int) -> None:
    assert ask(page, headers).status_code == status


def test_a_stranger_whose_connection_the_daemon_passes_on(page: Server, tailscaled: Daemon) -> None:
    """A daemon without a network device passes connections on to 127.0.0.1 from its own account."""
    tailscaled.passes_on = "visita@planta.example"
    assert ask(page, SERVED).status_code == 401


def test_a_tagged_device_is_no_person(page: Server, tailscaled: Daemon) -> None:
    tailscaled.tagged = {DEVICE}
    assert ask(page, SERVED).status_code == 401


@pytest.mark.parametrize(
    "said", [b"", b"[]", b"{}", b'{"UserProfile": []}', b'{"UserProfile": {"LoginName": 7}}']
)
def test_a_daemon_that_talks_nonsense(page: Server, tailscaled: Daemon, said: bytes) -> None:
    tailscaled.answers = said
    assert ask(page, SERVED).status_code == 401


def test_a_daemon_that_is_not_there(shared_line: Line, tailscaled: Daemon, tmp_path: Path) -> None:
    found = access(tmp_path / "data", **settings(tailscaled, socket=str(tmp_path / "nothing.sock")))
    with serving(with_access(shared_line, found)) as server:
        assert ask(server, SERVED).status_code == 401


def test_an_account_that_is_not_there(tailscaled: Daemon, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"daemon_user.*'nobody-here'.*root"):
        access(tmp_path, **settings(tailscaled, daemon_user="nobody-here"))


class TestUnixSocket:
    """`tailscale serve unix:…`: nobody else reaches the socket, and the kernel says who does."""

    @pytest.mark.parametrize(("account", "status"), [(MYSELF, 200), (SOMEBODY_ELSE, 401)])
    def test_serve_and_somebody_else(
        self, shared_line: Line, tailscaled: Daemon, tmp_path: Path, account: str, status: int
    ) -> None:
        path = tmp_path / "only" / "serve.sock"
        found = access(tmp_path / "data", **settings(tailscaled, daemon_user=account, serve_socket=str(path)))
        listening = listen_for_serve(str(path))
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        through = httpx.Client(transport=httpx.HTTPTransport(uds=str(path)))
        with serving(with_access(shared_line, found), listening), through:
            assert through.get(f"http://localhost{HERE}", headers=SERVED).status_code == status
            assert through.get(f"http://localhost{HERE}").status_code == 401

    def test_a_folder_that_others_may_write_to(self, tmp_path: Path) -> None:
        (tmp_path / "open").mkdir()
        (tmp_path / "open").chmod(0o777)
        with pytest.raises(ConfigError, match="chmod 700"):
            listen_for_serve(str(tmp_path / "open" / "serve.sock"))


class TestDirect:
    """People connect to this machine's address in the tailnet; the daemon is asked whose the other end is."""

    def get(self, line: Line, tailscaled: Daemon, folder: Path, peer: str, **more: Any) -> httpx.Response:
        found = access(folder / "data", **settings(tailscaled, mode="direct"))
        browser = client(line, found, peer=(peer, 4711), host=more.pop("host", "linea"))
        answer: httpx.Response = browser.get(HERE, **more)
        return answer

    def test_the_daemon_knows_them(self, shared_line: Line, tailscaled: Daemon, tmp_path: Path) -> None:
        answer = self.get(shared_line, tailscaled, tmp_path, DEVICE)
        assert (answer.status_code, answer.json()["name"]) == (200, ENGINEER)
        assert tailscaled.asked == [f"{DEVICE}:4711"]
        answer = self.get(shared_line, tailscaled, tmp_path, "fd7a:115c:a1e0::7")
        assert (answer.status_code, tailscaled.asked[-1]) == (200, "[fd7a:115c:a1e0::7]:4711")

    def test_no_header_counts(self, shared_line: Line, tailscaled: Daemon, tmp_path: Path) -> None:
        headers = {**SERVED, "X-Forwarded-For": DEVICE}
        answer = self.get(shared_line, tailscaled, tmp_path, OTHER_DEVICE, headers=headers)
        assert (answer.status_code, "visita" in answer.text) == (403, True)
        assert self.get(shared_line, tailscaled, tmp_path, "127.0.0.1", headers=headers).status_code == 401
        assert self.get(shared_line, tailscaled, tmp_path, "192.168.1.7", headers=headers).status_code == 401
        assert tailscaled.asked == [f"{OTHER_DEVICE}:4711"]

    @pytest.mark.parametrize(
        ("host", "status"),
        [("linea.tail0.ts.net", 200), ("100.64.0.1", 200), ("linea", 200), ("evil.example", 401)],
    )
    def test_a_strangers_name_that_leads_here(
        self, shared_line: Line, tailscaled: Daemon, tmp_path: Path, host: str, status: int
    ) -> None:
        """DNS rebinding: the browser of somebody who is known asks for a page of another site."""
        assert self.get(shared_line, tailscaled, tmp_path, DEVICE, host=host).status_code == status


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_the_kernel_says_whose_a_connection_is(family: socket.AddressFamily, address: str) -> None:
    try:
        listening = socket.create_server((address, 0), family=family)
    except OSError:
        pytest.skip(f"this machine has no {address}")
    with listening, socket.create_connection(listening.getsockname()[:2]) as theirs:
        ours, _ = listening.accept()
        with ours:
            end = theirs.getsockname()[:2]
            assert tcp_owner(*end, *ours.getsockname()[:2]) == os.getuid()
            assert tcp_owner(end[0], 1, *ours.getsockname()[:2]) is None
    assert tcp_owner("not an address", 1, "127.0.0.1", 2) is None
