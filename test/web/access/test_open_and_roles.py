"""Open mode for this machine only, and the file of roles."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from lbzf_ros.config.access import AccessSettings
from lbzf_ros.config.running import WebSettings
from lbzf_ros.core.errors import ConfigError
from test.web.access.people import ENGINEER, ROLES, access, client, with_access
from test.web.factory import Line
from test.web.serve import serving
from web_bridge.access.identity import Claim, Role
from web_bridge.access.open_mode import check_listening
from web_bridge.access.roles import Roles

HERE = "/api/v1/session"


class TestOpenMode:
    @pytest.mark.parametrize(
        ("peer", "host", "headers", "status"),
        [
            pytest.param("127.0.0.1", "127.0.0.1:5000", {}, 200, id="this-machine"),
            pytest.param("::1", "[::1]:5000", {}, 200, id="ipv6"),
            pytest.param("::ffff:127.0.0.1", "localhost", {}, 200, id="ipv4-in-ipv6"),
            pytest.param("192.168.1.7", "127.0.0.1", {}, 401, id="another-machine"),
            pytest.param("127.0.0.1", "evil.example", {}, 401, id="dns-rebinding"),
            pytest.param("127.0.0.1", "localhost.evil.example", {}, 401, id="dns-rebinding-2"),
            pytest.param("127.0.0.1", "localhost", {"X-Forwarded-For": "100.64.0.7"}, 401, id="behind-serve"),
            pytest.param("127.0.0.1", "localhost", {"Forwarded": "for=1.2.3.4"}, 401, id="behind-a-proxy"),
            pytest.param("127.0.0.1", "localhost", {"Tailscale-User-Login": ENGINEER}, 401, id="forged"),
            pytest.param("127.0.0.1", "localhost", {"tAILSCALE-user-LOGIN": "x"}, 401, id="forged-odd-case"),
            pytest.param("192.168.1.7", "localhost", {"X-Forwarded-For": "127.0.0.1"}, 401, id="forged-peer"),
            pytest.param("testclient", "testserver", {}, 401, id="no-door-for-tests"),
        ],
    )
    def test_who_is_let_in(
        self, shared_line: Line, tmp_path: Path, peer: str, host: str, headers: dict[str, str], status: int
    ) -> None:
        browser = client(shared_line, access(tmp_path), peer=(peer, 4711))
        assert browser.get(HERE, headers={"Host": host, **headers}).status_code == status

    def test_over_a_real_connection(self, shared_line: Line, tmp_path: Path) -> None:
        with serving(with_access(shared_line, access(tmp_path))) as server:
            answer = httpx.get(f"{server.url}{HERE}", timeout=10)
            assert (answer.status_code, answer.json()["role"]) == (200, "admin")
            for name in ("X-Forwarded-For", "X-Real-IP", "Tailscale-User-Login"):
                assert httpx.get(f"{server.url}{HERE}", headers={name: "127.0.0.1"}).status_code == 401

    @pytest.mark.parametrize("path", ["/api/v1/operators", "/api/v1/shifts"])
    def test_another_sites_page_cannot_write(self, shared_line: Line, tmp_path: Path, path: str) -> None:
        browser = client(shared_line, access(tmp_path), peer=("127.0.0.1", 1), host="localhost")
        token = browser.get(HERE).json()["csrf_token"]
        assert browser.post(path, json={}).status_code == 422, "a program that is no browser"
        as_form = {"Content-Type": "text/plain"}
        assert browser.post(path, content=b'{"a":1}', headers=as_form).status_code == 403
        assert browser.post(path, data={"a": "1"}).status_code == 403
        assert browser.post(path, files={"a": b"1"}).status_code == 403
        for mark in ({"Origin": "https://localhost"}, {"Sec-Fetch-Site": "same-origin"}, {"Cookie": "a=b"}):
            assert browser.post(path, json={}, headers=mark).status_code == 403
            assert browser.post(path, json={}, headers={**mark, "X-CSRF-Token": token}).status_code == 422
        forged = {"Origin": "https://evil.example", "X-CSRF-Token": token}
        assert browser.post(path, json={}, headers=forged).status_code == 403

    @pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "linea.local"])
    def test_it_is_refused_where_others_can_come(self, host: str) -> None:
        with pytest.raises(ConfigError, match=r"open mode.*`web.host` to 127.0.0.1.*docs/access.md"):
            check_listening(WebSettings(host=host))

    @pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.9"])
    def test_it_is_allowed_at_this_machine(self, host: str) -> None:
        check_listening(WebSettings(host=host))

    def test_in_a_container_whose_port_is_published_on_loopback(
        self, shared_line: Line, tmp_path: Path
    ) -> None:
        web = WebSettings(host="0.0.0.0", published_on_loopback=True)
        check_listening(web)

    def test_passwords_in_clear_are_refused(self) -> None:
        local: dict[str, Any] = {"providers": ["local"]}
        with pytest.raises(ConfigError, match=r"passwords.*without HTTPS.*plain_http"):
            check_listening(WebSettings(host="0.0.0.0", access=AccessSettings(**local)))
        check_listening(WebSettings(host="0.0.0.0", access=AccessSettings(**local, plain_http=True)))
        tls: dict[str, Any] = {"tls_certificate": "/x.pem", "tls_key": "/x.key"}
        check_listening(WebSettings(host="0.0.0.0", access=AccessSettings(**local, **tls)))


class TestHealthChecks:
    """A program of this machine may ask whether all works without showing who it is; nobody else may."""

    @pytest.mark.parametrize(
        ("peer", "headers", "known"),
        [
            ("127.0.0.1", {}, True),
            ("127.0.0.1", {"X-Forwarded-For": "100.64.0.7"}, False),
            ("127.0.0.1", {"Tailscale-User-Login": "x"}, False),
            ("192.168.1.7", {}, False),
        ],
    )
    def test_healthz(
        self, shared_line: Line, tmp_path: Path, peer: str, headers: dict[str, str], known: bool
    ) -> None:
        browser = client(shared_line, access(tmp_path, providers=["local"]), peer=(peer, 1))
        assert browser.get("/healthz", headers=headers).status_code == (503 if known else 401)
        assert browser.get("/api/v1/live", headers=headers).status_code == 401


class TestRolesFile:
    @pytest.fixture
    def clock(self) -> list[float]:
        return [0.0]

    @pytest.fixture
    def roles(self, tmp_path: Path, clock: list[float]) -> Roles:
        return Roles(tmp_path / "roles.yaml", now_s=lambda: clock[0])

    def write(self, folder: Path, text: str, clock: list[float]) -> None:
        path = folder / "roles.yaml"
        path.write_text(text, "utf-8")
        clock[0] += 10
        os.utime(path, ns=(round(clock[0] * 1e9), round(clock[0] * 1e9)))

    def role(self, roles: Roles, name: str = ENGINEER) -> Role | None:
        return roles.of(Claim(name, "tailscale")).role

    def test_it_is_read_again_when_it_changes(self, roles: Roles, tmp_path: Path, clock: list[float]) -> None:
        assert self.role(roles) is None
        self.write(tmp_path, ROLES, clock)
        assert self.role(roles) is Role.ENGINEER
        assert self.role(roles, ENGINEER.title()) is Role.ENGINEER
        self.write(tmp_path, ROLES.replace("engineer}", "executive}"), clock)
        assert self.role(roles) is Role.EXECUTIVE
        (tmp_path / "roles.yaml").unlink()
        clock[0] += 10
        assert self.role(roles) is None

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("people: [", "is no valid YAML"),
            ("people: {a: {role: root}}", "people.a.role"),
            ("people: {a: {role: admin, modules: []}}", "people.a.modules"),
            ("people: {a: {role: admin, modules: [../x]}}", "people.a.modules"),
            ("people: {a: {role: admin, password: x}}", "password"),
            ("people: {a: admin}", "people.a"),
            ("persons: {}", "persons"),
            ("people:\n  a: {role: admin}\n  A: {role: engineer}", "a is there twice"),
            ("- a", "people"),
            ("\x00", "YAML"),
            ("&a [*a]", "people"),
        ],
    )
    def test_a_broken_one_leaves_the_last_good_one(
        self, roles: Roles, tmp_path: Path, clock: list[float], text: str, why: str
    ) -> None:
        self.write(tmp_path, ROLES, clock)
        assert self.role(roles) is Role.ENGINEER
        self.write(tmp_path, text, clock)
        assert self.role(roles) is Role.ENGINEER
        assert "roles stay as they were" in roles.problem
        assert "roles.yaml" in roles.problem
        assert why.lower() in roles.problem.lower()
        self.write(tmp_path, ROLES, clock)
        assert self.role(roles) is Role.ENGINEER
        assert roles.problem == ""

    def test_an_open_page_follows_the_file(self, shared_line: Line, tmp_path: Path) -> None:
        found = access(tmp_path, providers=["local"])
        found.accounts.set_password(ENGINEER, "cinco caballos verdes")
        headers = {"Cookie": f"{found.cookie}={found.accounts.sign_in(ENGINEER)}"}
        browser = client(shared_line, found)
        assert browser.get("/api/v1/cameras", headers=headers).status_code == 200
        (tmp_path / "roles.yaml").write_text(f"people: {{{ENGINEER}: {{role: none}}}}", "utf-8")
        found.roles._looked_s = float("-inf")  # a second later
        assert browser.get("/api/v1/cameras", headers=headers).status_code == 403
