"""What hostile clients send, over real connections: long and slow requests, other files, SQL in every filter."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import uvicorn
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from lbzf_ros.config.access import AccessSettings
from test.web.access.people import ADMIN, PASSWORD, access, client, with_access
from test.web.factory import Line, fill
from test.web.serve import Server, serving
from web_bridge.access import permissions
from web_bridge.access.connection import server_config
from web_bridge.access.matching import routes_of
from web_bridge.app import create_app

POST = "/api/v1/operators"
LARGEST_KB = 10


@pytest.fixture
def page(shared_line: Line, tmp_path: Path) -> Iterator[Server]:
    found = access(tmp_path / "data", max_body_kb=LARGEST_KB, slow_request_s=1, max_connections=10)
    with serving(with_access(shared_line, found)) as server:
        yield server


@contextmanager
def connected(page: Server) -> Iterator[socket.socket]:
    port = int(page.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        yield connection


def answer_to(connection: socket.socket) -> bytes:
    """Everything until the server closes."""
    parts = []
    with suppress(ConnectionResetError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def head(*lines: str, method: str = "POST", path: str = POST) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *lines, "", ""]).encode()


class TestLongBodies:
    @pytest.mark.parametrize("length", ["10001", "99999999999", "9" * 30])
    def test_that_are_announced(self, page: Server, length: str) -> None:
        with connected(page) as connection:
            connection.sendall(head("Content-Type: application/json", f"Content-Length: {length}"))
            answer = answer_to(connection)
        if len(length) > 20:  # h11 says that this is no length
            assert answer.startswith(b"HTTP/1.1 400 ")
        else:
            assert answer.startswith(b"HTTP/1.1 413 ")
            assert b"application/problem+json" in answer
            assert b"longer than 10 kB" in answer

    def test_that_come_in_pieces_without_an_end(self, page: Server) -> None:
        """The answer comes while the client still sends; then nothing more is read."""
        with connected(page) as connection:
            connection.sendall(head("Content-Type: application/json", "Transfer-Encoding: chunked"))
            with suppress(ConnectionError):
                for _ in range(LARGEST_KB + 1):
                    connection.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")
            assert answer_to(connection).startswith(b"HTTP/1.1 413 ")

    @pytest.mark.parametrize(
        "lines",
        [
            ["Content-Length: 5", "Content-Length: 6"],
            ["Content-Length: -1"],
            ["Content-Length: 1e3"],
            ["Content-Length: 5", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
            ["Transfer-Encoding: gzip"],
        ],
    )
    def test_whose_length_is_no_length(self, page: Server, lines: list[str]) -> None:
        with connected(page) as connection:
            connection.sendall(head(*lines) + b"hello")
            connection.shutdown(socket.SHUT_WR)
            assert re.match(rb"HTTP/1.1 (400|408|501) ", answer_to(connection))

    def test_a_body_of_the_largest_size_is_taken(self, page: Server) -> None:
        text = json.dumps({"code": "x" * (LARGEST_KB * 1000 - 12)}).encode()
        assert len(text) == LARGEST_KB * 1000
        with connected(page) as connection:
            connection.sendall(
                head("Content-Type: application/json", f"Content-Length: {len(text)}", "Connection: close")
            )
            connection.sendall(text)
            assert answer_to(connection).startswith(b"HTTP/1.1 422 ")

    def test_from_somebody_who_is_not_known(self, shared_line: Line, tmp_path: Path) -> None:
        """Not a byte of it is read."""
        line = with_access(shared_line, access(tmp_path, providers=["local"]))
        with serving(line) as server, connected(server) as connection:
            connection.sendall(head("Content-Type: application/json", "Content-Length: 900000"))
            answer = answer_to(connection)
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"connection: close" in answer.lower()

    def test_a_head_without_an_end(self, page: Server) -> None:
        """It is cut off long before all of it is in memory; the answer may be lost on the way."""
        with connected(page) as connection, pytest.raises(ConnectionError):
            for _ in range(200):
                connection.sendall(b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 1_000_000)


class TestSlowClients:
    @pytest.mark.parametrize(
        "sent", [b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "], ids=["nothing", "half-a-head"]
    )
    def test_a_head_that_does_not_end(self, page: Server, sent: bytes) -> None:
        with connected(page) as connection:
            connection.sendall(sent)
            assert answer_to(connection).startswith(b"HTTP/1.1 408 ")

    def test_a_head_letter_by_letter(self, page: Server) -> None:
        with connected(page) as connection:
            connection.settimeout(0.1)
            connection.sendall(b"GET / HTTP/1.1\r\nX: ")
            answer = b""
            for _ in range(200):
                with suppress(TimeoutError, ConnectionError):
                    connection.sendall(b"x")
                    answer = connection.recv(100)
                    break
            assert answer.startswith(b"HTTP/1.1 408 ")

    def test_the_second_head_of_a_connection(self, page: Server) -> None:
        with connected(page) as connection:
            connection.sendall(head(method="GET", path="/api/v1/session"))
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
            connection.sendall(b"GET /api")
            assert b"HTTP/1.1 408 " in answer_to(connection)

    def test_a_body_that_does_not_come(self, page: Server) -> None:
        with connected(page) as connection:
            connection.sendall(head("Content-Type: application/json", "Content-Length: 50") + b'{"a"')
            answer = answer_to(connection)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"problem+json" in answer

    def test_more_connections_than_may_be(self, page: Server) -> None:
        crowd = [socket.create_connection(("127.0.0.1", int(page.url.rpartition(":")[2]))) for _ in range(12)]
        try:
            with connected(page) as connection:
                connection.sendall(head("Connection: close", method="GET", path="/api/v1/session"))
                assert answer_to(connection).startswith(b"HTTP/1.1 503 ")
        finally:
            for one in crowd:
                one.close()

    def test_a_reader_that_takes_nothing(self) -> None:
        """The connection ends by itself; what was sending goes on."""
        ended = threading.Event()

        async def sends_for_ever(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await receive()  # the request, which has no body
            gone = asyncio.ensure_future(receive())
            while not gone.done():
                await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
            ended.set()

        config = server_config(sends_for_ever, AccessSettings(slow_answer_s=1))
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
            thread.start()
            with socket.create_connection(listening.getsockname()) as reader:
                reader.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert ended.wait(60), "a reader that takes nothing holds its connection"
            server.should_exit = True
            thread.join(10)


TRAVERSALS = (
    "..",
    "%2e%2e",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2flbzf.db",
    "..%5c..%5clbzf.db",
    "%00",
    "lbzf.db%00.jpg",
    "%252e%252e%252flbzf.db",
    "%c0%ae%c0%ae%c0%aflbzf.db",
    "/etc/passwd",
)


def test_no_path_leads_to_another_file(shared_line: Line, tmp_path: Path) -> None:
    """Every route with something in its path, and every folder of files, with every trick."""
    found = access(tmp_path / "data")
    line = with_access(shared_line, found)
    app = create_app(line.context)
    asked = 0
    with serving(line) as server:
        port = int(server.url.rpartition(":")[2])
        for method, template in routes_of(app.router.routes):
            if method != "GET" or ("{" not in template and template not in ("/static", "/access/static")):
                continue
            for trick in TRAVERSALS:
                path = re.sub(r"\{[^}]+\}", trick, template) if "{" in template else f"{template}/{trick}"
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                connection.request("GET", path)
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                assert answer.status < 500, path
                assert b"root:" not in content, path
                assert b"SQLite format" not in content, path
                asked += 1
    assert asked >= 80


SQL = (
    "' OR '1'='1",
    "1; DROP TABLE cycle_events; --",
    "ANGELA' UNION SELECT password_hash FROM accounts --",
    "\"; ATTACH DATABASE '/tmp/x' AS y; --",
    "\x00",
    "ANGELA\n",
    "𝒜NGELA",
    "99999999999999999999999999",
)


@pytest.fixture(scope="module")
def filled_line(shared_line: Line) -> Line:
    fill(shared_line)
    return shared_line


def test_sql_in_every_filter(filled_line: Line, tmp_path: Path) -> None:
    """Every parameter of every route that reads, one at a time: an answer that was foreseen, and no row lost."""
    browser: TestClient = client(filled_line, access(tmp_path), peer=("127.0.0.1", 1), host="localhost")
    with sqlite3.connect(filled_line.data / "lbzf.db") as connection:
        before = connection.execute("SELECT count(*) FROM cycle_events").fetchone()
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    assert before[0] > 50
    asked = 0
    for path, methods in browser.get("/api/v1/openapi.json").json()["paths"].items():
        for parameter in methods.get("get", {}).get("parameters", []):
            for text in SQL if "stream" not in path else ():
                answer = _with(browser, path, methods["get"]["parameters"], parameter, text)
                assert answer.status_code in (200, 404, 422), (path, parameter["name"], text, answer.text)
                assert "argon2" not in answer.text
                asked += 1
    assert asked > 200
    with sqlite3.connect(filled_line.data / "lbzf.db") as connection:
        assert connection.execute("SELECT count(*) FROM cycle_events").fetchone() == before
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == tables


PAGES = {
    "/board/{module}": (),
    "/board/{module}/hours": (),
    "/modules/{module}": ("day",),
    "/stations/{module}": ("day",),
    "/stations/{module}/{workstation}": ("day", "skip"),
    "/entry/{module}": (),
    "/summary": ("day",),
    "/zones": ("camera",),
    "/cycles/{uid}": (),
    "/admin": ("actor", "subject", "after"),
}


def test_sql_in_every_filter_of_the_pages(filled_line: Line, tmp_path: Path) -> None:
    """As above; the description of the API does not name the pages."""
    browser: TestClient = client(filled_line, access(tmp_path), peer=("127.0.0.1", 1), host="localhost")
    reads = {path for method, path in permissions.TABLE if method == "GET" and not path.startswith("/api/")}
    assert {path.replace("{station}", "{workstation}") for path in reads if "{" in path} <= set(PAGES) | {
        "/zones/{camera}/proposal"
    }
    for path, queries in PAGES.items():
        good = path.format(module="ANGELA", workstation="PUESTO_01", uid="x")
        names = [name for name in ("module", "workstation", "uid") if f"{{{name}}}" in path]
        for text in SQL:
            values = {"module": "ANGELA", "workstation": "PUESTO_01", "uid": "x"}
            asked: list[tuple[str, dict[str, str]]] = [
                (path.format(**{**values, name: quote(text, safe="")}), {}) for name in names
            ]
            asked += [(good, {name: text}) for name in queries]
            for address, query in asked:
                answer = browser.get(address, params=query)
                assert answer.status_code in (200, 303, 404, 422), (address, query, answer.text[:300])
                assert "argon2" not in answer.text
    with sqlite3.connect(filled_line.data / "lbzf.db") as connection:
        assert connection.execute("SELECT count(*) FROM cycle_events").fetchone()[0] > 50


def test_no_write_is_taken_from_a_cookie_alone(shared_line: Line, tmp_path: Path) -> None:
    """CSRF: any page can have the browser send its cookie; every route that changes something asks for more."""
    found = access(tmp_path, providers=["local"])
    found.accounts.set_password(ADMIN, PASSWORD)
    browser = client(shared_line, found)
    cookie = {"Cookie": f"{found.cookie}={found.accounts.sign_in(ADMIN)}"}
    assert browser.get("/api/v1/session", headers=cookie).status_code == 200
    writes = [
        line for line, rule in permissions.TABLE.items() if line[0] not in ("GET", "HEAD") and not rule.public
    ]
    assert len(writes) > 25
    for method, path in writes:
        address = re.sub(r"\{[^}]*\}", "1", path)
        answer = browser.request(method, address, headers=cookie, json={})
        assert answer.status_code == 403, (method, address, answer.status_code, answer.text[:200])


_GOOD = {"module": "ANGELA", "date": "2026-07-15", "workstation": "PUESTO_01", "from": "2026-07-15T00:00:00Z"}


def _with(browser: TestClient, path: str, parameters: list[Any], tried: Any, text: str) -> Any:
    query: dict[str, str] = {}
    for parameter in parameters:
        value = text if parameter["name"] == tried["name"] else _GOOD.get(parameter["name"])
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", quote(value or "1", safe=""))
        elif (
            parameter["in"] == "query"
            and value is not None
            and (parameter.get("required") or parameter is tried)
        ):
            query[parameter["name"]] = value
    return browser.get(path, params=query)


def test_the_gate_opens_no_file_for_a_request_in_open_mode(shared_line: Line, tmp_path: Path) -> None:
    browser = client(shared_line, access(tmp_path), peer=("127.0.0.1", 1), host="localhost")
    for _ in range(20):
        assert browser.get("/api/v1/cameras").status_code == 200
    assert [path.name for path in tmp_path.iterdir()] == ["roles.yaml"]


def test_an_answer_is_sent_at_once(shared_line: Line, tmp_path: Path) -> None:
    """Also its second part, whether or not the reader has confirmed the first: without it each answer takes 40 ms."""
    line = with_access(shared_line, access(tmp_path, providers=["open"]))
    with serving(line) as server, connected(server) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert connection.recv(1) == b"H"
        (held,) = server.connections()
        assert held.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
