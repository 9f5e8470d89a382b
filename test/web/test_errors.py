"""Every error is a problem detail (RFC 9457) with a request id, and tells nothing it should not."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from test.web.factory import MORNING_NS, Line
from web_bridge.app import create_app
from web_bridge.stream import MAX_PAGES

UID = str(uuid.UUID(int=5))


def assert_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The shape of every error."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert set(body) == {
        *("type", "title", "status", "detail", "instance", "request_id", "code", "params", "errors")
    }
    assert body["status"] == status
    assert body["detail"]
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/nothing", 404, id="no-such-page"),
        pytest.param("GET", "/api/v1/nothing", 404, id="no-such-route"),
        pytest.param("GET", "/static/nothing.js", 404, id="no-such-file"),
        pytest.param("GET", f"/api/v1/events/{UID}", 404, id="no-such-cycle"),
        pytest.param("GET", f"/api/v1/events/{UID}/frame.jpg", 404, id="no-such-picture"),
        pytest.param("POST", "/api/v1/events", 405, id="not-allowed"),
        pytest.param("GET", "/api/v1/events?limit=0", 422, id="limit-too-small"),
        pytest.param("GET", "/api/v1/events?limit=501", 422, id="limit-too-large"),
        pytest.param("GET", "/api/v1/events?limit=x", 422, id="limit-no-number"),
        pytest.param("GET", "/api/v1/events?after=x", 422, id="key-that-no-list-gave"),
        pytest.param("GET", "/api/v1/events?after=2026-07-15T12:00:00.000Z~1'--", 422, id="sql-in-the-key"),
        pytest.param("GET", "/api/v1/modules?after=1;DROP", 422, id="sql-in-a-list's-key"),
        pytest.param("GET", "/api/v1/modules?after=%C2%B2", 422, id="digit-of-another-script"),
        pytest.param("GET", "/api/v1/events?module=' OR 1=1", 422, id="sql-in-a-filter"),
        pytest.param("GET", "/api/v1/events?workstation=%00", 422, id="nul-in-a-filter"),
        pytest.param("GET", "/api/v1/events?from=2026-07-15T12:00:00", 422, id="time-without-zone"),
        pytest.param("GET", "/api/v1/events?from=1784122251", 422, id="time-as-a-number"),
        pytest.param("GET", "/api/v1/events?to=15%2F07%2F2026", 422, id="time-in-another-form"),
        pytest.param("GET", "/api/v1/events?from=0001-01-01T00:00:00%2B05:00", 422, id="time-before-year-1"),
        pytest.param("GET", "/api/v1/events?status=done", 422, id="no-such-status"),
        pytest.param("GET", "/api/v1/events/not-a-uuid", 422, id="no-uid"),
    ],
)
def test_a_wrong_request(client: TestClient, method: str, path: str, status: int) -> None:
    assert_problem(client.request(method, path), status)


def test_all_wrong_parameters_are_named_at_once(client: TestClient) -> None:
    body = assert_problem(client.get("/api/v1/events?limit=0&quality=blue"), 422)
    assert [error["where"] for error in body["errors"]] == ["query.quality", "query.limit"]


def test_a_database_that_cannot_be_read(line: Line, client: TestClient) -> None:
    line.reader._engine.dispose()
    for file in line.data.glob("lbzf.db*"):
        file.unlink()
    for route in ("modules", "events", "rejected", f"events/{UID}"):
        answer = client.get(f"/api/v1/{route}")
        body = assert_problem(answer, 503)
        assert answer.headers["retry-after"]
        assert str(line.data) not in str(body)


def test_what_nobody_expected(line: Line) -> None:
    app: FastAPI = create_app(line.context)

    def broken() -> None:
        raise RuntimeError("secret")

    app.router.routes.clear()
    app.add_api_route("/healthz", broken)  # a path that the table of permissions knows
    answer = TestClient(app, raise_server_exceptions=False).get("/healthz")
    body = assert_problem(answer, 500)
    assert "secret" not in str(body)
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize(
    ("given", "kept"),
    [("build-17.a_b", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("<script>", False)],
)
def test_the_caller_may_name_its_request(client: TestClient, given: str, kept: bool) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": given})
    assert (answer.headers["x-request-id"] == given) is kept


def test_more_pages_than_may_be_open(line: Line) -> None:
    app = create_app(line.context)
    for _ in range(MAX_PAGES):
        app.state.broadcaster._pages.add(object())
    assert_problem(TestClient(app).get("/api/v1/live/stream"), 503)


class TestPictures:
    def test_a_picture(self, line: Line, client: TestClient) -> None:
        cycle = line.cycle(1, MORNING_NS, 20.0)
        line.write(cycle)
        picture = line.data / cycle.frame_path
        picture.parent.mkdir(parents=True)
        picture.write_bytes(b"\xff\xd8picture")
        answer = client.get(f"/api/v1/events/{cycle.event_uid}/frame.jpg")
        assert (answer.status_code, answer.content) == (200, b"\xff\xd8picture")
        assert answer.headers["content-type"] == "image/jpeg"

    def test_a_picture_that_is_gone(self, line: Line, client: TestClient) -> None:
        cycle = line.cycle(1, MORNING_NS, 20.0)
        line.write(cycle)
        assert_problem(client.get(f"/api/v1/events/{cycle.event_uid}/frame.jpg"), 404)

    def test_a_picture_whose_time_was_up(self, line: Line, client: TestClient) -> None:
        cycle = line.cycle(1, MORNING_NS, 20.0)
        line.write(cycle)
        with line.engine.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE cycle_events SET source_frame_path = NULL, frame_archived_at = '2026-11-12T07:00:00.000Z'"
            )
        body = assert_problem(client.get(f"/api/v1/events/{cycle.event_uid}/frame.jpg"), 410)
        assert "archived at 2026-11-12T07:00:00.000Z" in body["detail"]
        found = client.get(f"/api/v1/events/{cycle.event_uid}").json()
        assert (found["has_frame"], found["frame_archived_at"]) == (False, "2026-11-12T07:00:00.000Z")

    @pytest.mark.parametrize(
        "name",
        [
            "../secret.jpg",
            "frames/../../secret.jpg",
            "frames/../lbzf.db",
            "lbzf.db",
            "inside.jpg",
            "/etc/passwd",
            "{outside}/secret.jpg",
            "frames/link.jpg",
            "frames/folder/secret.jpg",
            "frames",
            "frames/x.jpg\0",
            "",
        ],
    )
    def test_a_row_that_leads_elsewhere(
        self, line: Line, client: TestClient, tmp_path: Path, name: str
    ) -> None:
        """The writer refuses such paths; whoever changes the database by hand must not reach other files."""
        (tmp_path / "secret.jpg").write_bytes(b"secret")
        (line.data / "inside.jpg").write_bytes(b"secret")
        (line.data / "frames").mkdir()
        (line.data / "frames" / "link.jpg").symlink_to(tmp_path / "secret.jpg")
        (line.data / "frames" / "folder").symlink_to(tmp_path, target_is_directory=True)
        cycle = line.cycle(1, MORNING_NS, 20.0)
        line.write(cycle)
        with line.engine.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE cycle_events SET source_frame_path = ?", (name.format(outside=tmp_path),)
            )
        answer = client.get(f"/api/v1/events/{cycle.event_uid}/frame.jpg")
        assert_problem(answer, 404)
        assert b"secret" not in answer.content

    @pytest.mark.parametrize(
        "path",
        [
            "/static/../app.py",
            "/static/%2e%2e/index.html",
            "/static/..%2f..%2fapp.py",
            "/static//etc/passwd",
            "/static/js/..%5c..%5capp.py",
            "/api/v1/events/..%2f..%2flbzf.db/frame.jpg",
        ],
    )
    def test_climbing_out_of_the_address(self, client: TestClient, path: str) -> None:
        answer = client.get(path)
        assert answer.status_code in {404, 422}
        assert "create_app" not in answer.text
