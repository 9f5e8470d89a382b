"""What the API promises of all its routes, asked of every one that its own description names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from starlette.testclient import TestClient

from test.web.pages.morning import morning
from web_bridge.app import create_app

DAY = {
    "module": "ANGELA",
    "date": "2026-07-14",
    "workstation": "PUESTO_01",
    "from": "2026-07-14T00:00:00Z",
    "to": "2026-07-15T00:00:00Z",
}
"""One that is over."""
NOT_KEPT = {"/api/v1/live/stream", "/api/v1/metrics"}
"""A stream, and figures for a program that never asks for the same twice."""
CHANGES_BY_ITSELF = {"/api/v1/live", "/api/v1/health", "/api/v1/session"}
"""They say what time it is."""
NO_CHANGE = {("post", "/api/v1/cameras/{camera}/preview")}
"""It writes nothing."""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    line = morning(tmp_path_factory.mktemp("promises") / "data", stations=2)
    yield TestClient(create_app(line.context), base_url="http://127.0.0.1")
    line.close()


@pytest.fixture(scope="module")
def described(asked: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = asked.get("/api/v1/openapi.json").json()
    return found


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def parameters(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in operation.get("parameters", [])}


def address(path: str, operation: dict[str, Any]) -> str | None:
    """Of that day; None: it is about one thing (a cycle, a file) that this test does not look up."""
    if "{" in path:
        return None
    return path + "?" + "&".join(f"{name}={DAY[name]}" for name in parameters(operation) if name in DAY)


def test_no_list_is_without_a_cap(asked: TestClient, described: dict[str, Any]) -> None:
    lists = [
        url
        for method, path, operation in operations(described)
        if method == "get" and "limit" in parameters(operation)
        for url in [address(path, operation)]
        if url
    ]
    assert len(lists) > 10
    for url in lists:
        assert asked.get(f"{url}&limit=500").status_code == 200, url
        answer = asked.get(f"{url}&limit=501")
        (wrong,) = answer.json()["errors"]
        assert (answer.status_code, wrong["where"], wrong["code"]) == (422, "query.limit", "at_most"), url
        assert asked.get(f"{url}&limit=0").status_code == 422, url
        assert len(asked.get(f"{url}&limit=1").json()["items"]) <= 1, url


def test_what_has_no_limit_is_no_list_without_an_end(described: dict[str, Any]) -> None:
    """Lists without keys are those of one day, or of a catalogue."""
    unlimited = {
        path
        for method, path, operation in operations(described)
        if method == "get"
        and "limit" not in parameters(operation)
        and "Page" in json.dumps(operation["responses"].get("200", {}))
    }
    assert unlimited == {"/api/v1/shifts", "/api/v1/targets", "/api/v1/lost-time-codes"}


def test_who_has_the_newest_answer_is_told_so(asked: TestClient, described: dict[str, Any]) -> None:
    count = 0
    for method, path, operation in operations(described):
        url = address(path, operation)
        if method != "get" or url is None or path in NOT_KEPT or not path.startswith("/api/"):
            continue
        first = asked.get(url)
        assert first.status_code == 200, (url, first.text)
        tag = first.headers["ETag"]
        if path in CHANGES_BY_ITSELF:
            continue
        again = asked.get(url, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag), url
        other = asked.get(url, headers={"If-None-Match": 'W/"another"'})
        assert (other.status_code, other.content) == (200, first.content), url
        count += 1
    assert count > 20


def test_every_write_can_be_sent_again(described: dict[str, Any]) -> None:
    writes = {(method, path) for method, path, _ in operations(described) if method != "get"} - NO_CHANGE
    assert len(writes) > 25
    for method, path, operation in operations(described):
        if (method, path) in writes:
            assert "Idempotency-Key" in parameters(operation), (method, path)


def test_every_field_has_an_example_that_it_allows(described: dict[str, Any]) -> None:
    """What has a list of values, or is made of other fields, needs none."""
    without, wrong, count = list[str](), list[str](), 0
    for name, schema in described["components"]["schemas"].items():
        for field, what in schema.get("properties", {}).items():
            count += 1
            words = '"examples"', '"enum"', '"const"', '"$ref"', '"boolean"'
            if not any(word in json.dumps(what) for word in words):
                without.append(f"{name}.{field}")
            check = Draft202012Validator({**what, "components": described["components"]})
            for example in what.get("examples", []):
                wrong += [f"{name}.{field}: {error.message}" for error in check.iter_errors(example)]
    assert count > 400
    assert (without, wrong) == ([], [])
