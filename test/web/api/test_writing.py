"""What people enter: it is there afterwards, audited, made once, and refused in words."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from lbzf_ros.core.model import NS_PER_S
from test.web.factory import MORNING_NS, Line
from test.web.test_errors import assert_problem
from web_bridge.app import create_app

SPAN = {"module": "ANGELA", "from": "2026-07-15T00:00:00-05:00", "to": "2026-07-16T00:00:00-05:00"}
SEVEN = "2026-07-15T07:00:00-05:00"
ANA = {"code": "1017", "display_name": "Ana"}


def items(client: TestClient, route: str, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/{route}", params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def enter(client: TestClient, route: str, body: Any, status: int = 201, key: str = "") -> dict[str, Any]:
    answer = client.post(f"/api/v1/{route}", json=body, headers={"Idempotency-Key": key} if key else {})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_start_of_a_shift(line: Line, client: TestClient) -> None:
    cycle = line.cycle(1, MORNING_NS + 60 * NS_PER_S, 20.0)
    line.write(cycle)
    enter(client, "operators", ANA)
    enter(client, "operators", {"code": "1018", "display_name": "Luz"})
    shift = enter(client, "shifts", {"module": "ANGELA", "label": "jornada_1", "start": SEVEN})
    made = enter(
        client,
        "assignments/shift",
        {"module": "ANGELA", "start": SEVEN, "operators": {"PUESTO_01": "1017", "PUESTO_02": "1018"}},
    )
    assert made == {"cycles_changed": 1}
    assert client.get(f"/api/v1/events/{cycle.event_uid}").json()["operator_display_name"] == "Ana"
    assert [a["operator_code"] for a in items(client, "assignments", **SPAN)] == ["1017", "1018"]
    assert client.put(
        f"/api/v1/shifts/{shift['id']}", json={"label": "jornada_1", "start": SEVEN, "notes": "lluvia"}
    ).json() == {"done": True}
    enter(client, f"shifts/{shift['id']}/end", {"end": "2026-07-15T15:00:00-05:00"}, 200)
    found = items(client, "shifts", module="ANGELA", date="2026-07-15")[0]
    assert (found["end"], found["notes"]) == ("2026-07-15T20:00:00.000Z", "lluvia")
    gone = {"code": "1017", "display_name": "Ana P.", "active": False}
    assert client.put("/api/v1/operators/1017", json=gone).status_code == 200
    assert [(o["display_name"], o["active"]) for o in items(client, "operators")] == [
        ("Ana P.", False),
        ("Luz", True),
    ]
    actions = [change["action"] for change in items(client, "audit", actor="local")]
    assert actions[-1] == "operator.create"
    assert "operator.deactivate" in actions


def test_what_an_engineer_enters_during_the_day(line: Line, client: TestClient) -> None:
    cycle = line.cycle(1, MORNING_NS, 20.0)
    line.write(cycle)
    station = {"module": "ANGELA", "workstation": "PUESTO_01"}
    lost = enter(client, "lost-time", {**station, "code": "C001", "start": SEVEN})
    enter(client, f"lost-time/{lost['id']}/end", {"end": "2026-07-15T07:05:00-05:00"}, 200)
    assert items(client, "lost-time", **SPAN)[0]["code_display_name"] == "Falta de energía"
    wrong = enter(client, "lost-time", {**station, "code": "C001", "start": SEVEN})
    assert client.delete(f"/api/v1/lost-time/{wrong['id']}").json() == {"done": True}
    assert_problem(client.delete(f"/api/v1/lost-time/{wrong['id']}"), 404)
    assert [row["id"] for row in items(client, "lost-time", **SPAN)] == [lost["id"]]
    (taken, *_) = items(client, "audit", subject=f"lost_time_events/{wrong['id']}")
    assert (taken["action"], taken["before"]["code"], taken["after"]) == ("lost_time.remove", "C001", None)
    enter(client, "observations", {**station, "kind": "other", "observed": SEVEN, "notes": "cambio de aguja"})
    timed = enter(
        client,
        "stopwatch",
        {**station, "start": "2026-07-15T07:00:01-05:00", "end": "2026-07-15T07:00:19.500-05:00"},
    )
    assert (timed["event_uid"], timed["stopwatch_s"], timed["measured_s"]) == (cycle.event_uid, 18.5, 20.0)
    (seen,) = items(client, f"events/{cycle.event_uid}/observations")
    # In the middle: `lbzf evaluate` compares it with the cycle that ran then.
    assert seen["observed"] == "2026-07-15T12:00:10.250Z"
    verified = client.put(
        f"/api/v1/events/{cycle.event_uid}/verification", json={"corrected_duration_s": 19.0}
    )
    assert verified.status_code == 200
    assert client.get(f"/api/v1/events/{cycle.event_uid}").json()["corrected_duration_s"] == 19.0
    assert client.delete(f"/api/v1/events/{cycle.event_uid}/verification").status_code == 200
    assert_problem(client.delete(f"/api/v1/events/{cycle.event_uid}/verification"), 409)


def test_targets_orders_thresholds(client: TestClient) -> None:
    hour = {"module": "ANGELA", "hour": "2026-07-15T07:20:00-05:00", "units": 49}
    made = client.put("/api/v1/targets/hour", json=hour).json()
    assert client.put("/api/v1/targets/hour", json={**hour, "units": 50}).json() == made
    assert client.put(
        "/api/v1/targets/day", json={"module": "ANGELA", "date": "2026-07-15", "units": 400}
    ).is_success
    found = items(client, "targets", module="ANGELA", date="2026-07-15")
    assert [(t["hour"], t["units"]) for t in found] == [(None, 400.0), ("2026-07-15T12:00:00.000Z", 50.0)]
    enter(client, "production-orders", {"module": "ANGELA", "code": "OP-1", "start": SEVEN, "units": 1200})
    assert items(client, "production-orders", **SPAN)[0]["code"] == "OP-1"
    url = "/api/v1/modules/ANGELA/thresholds"
    assert client.put(url, json={"pace_green": 90, "pace_yellow": 70}).is_success
    found = client.get(url).json()
    assert (found["pace_green"], found["set_here"]) == (90.0, ["pace_green", "pace_yellow"])
    assert_problem(client.put(url, json={"pace_yellow": 95}), 422)


class TestSentTwice:
    def test_it_is_made_once(self, line: Line, client: TestClient) -> None:
        first = client.post("/api/v1/operators", json=ANA, headers={"Idempotency-Key": "k1"})
        # As after a restart: nothing is kept in memory.
        again = TestClient(create_app(line.context))
        second = again.post("/api/v1/operators", json=ANA, headers={"Idempotency-Key": "k1"})
        assert (second.status_code, second.content) == (201, first.content)
        assert second.headers["idempotency-replayed"] == "true"
        assert len(items(client, "operators")) == 1
        assert len(items(client, "audit", subject="operators/")) == 1

    def test_another_body_is_refused(self, client: TestClient) -> None:
        enter(client, "operators", ANA, key="k1")
        other = client.post("/api/v1/operators", json={**ANA, "code": "9"}, headers={"Idempotency-Key": "k1"})
        assert "take a new one" in assert_problem(other, 422)["detail"]

    def test_what_failed_may_be_tried_again(self, client: TestClient) -> None:
        body = {"module": "ANGELA", "workstation": "PUESTO_01", "operator_code": "1017", "start": SEVEN}
        assert_problem(client.post("/api/v1/assignments", json=body, headers={"Idempotency-Key": "k2"}), 404)
        enter(client, "operators", ANA)
        enter(client, "assignments", body, key="k2")


def test_a_database_that_somebody_else_writes(line: Line, client: TestClient) -> None:
    with line.engine.connect() as holder, holder.begin():  # BEGIN IMMEDIATE
        answer = client.post("/api/v1/operators", json=ANA)
    assert_problem(answer, 503)
    assert answer.headers["retry-after"]
    enter(client, "operators", ANA)


def test_all_methods_of_a_path_are_named(client: TestClient) -> None:
    answer = client.patch("/api/v1/operators")
    assert_problem(answer, 405)
    assert answer.headers["allow"] == "GET, POST"


class TestETags:
    def test_what_has_not_changed_is_not_sent_again(self, client: TestClient) -> None:
        first = client.get("/api/v1/operators")
        again = client.get(
            "/api/v1/operators", headers={"If-None-Match": f'"other", {first.headers["etag"]}'}
        )
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        enter(client, "operators", ANA)
        changed = client.get("/api/v1/operators", headers={"If-None-Match": first.headers["etag"]})
        assert changed.status_code == 200

    def test_long_answers_are_compressed(self, client: TestClient) -> None:
        answer = client.get("/api/v1/openapi.json", headers={"Accept-Encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.json()["openapi"]


def test_figures_for_prometheus(client: TestClient) -> None:
    client.get("/api/v1/modules")
    client.get("/api/v1/nothing/of/the/kind")
    answer = client.get("/api/v1/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert 'lbzf_http_requests_total{method="GET",route="/api/v1/modules",status="200"} 1.0' in lines
    assert 'lbzf_camera_online{camera="cam1"} 0.0' in lines
    assert "lbzf_up 0.0" in lines
    assert "of/the/kind" not in answer.text


def test_what_an_admin_looks_after(client: TestClient) -> None:
    found = client.get("/api/v1/health").json()
    assert (found["status"], found["backup"]["age_h"]) == ("starting", None)
    assert found["schema_version"] >= 7
    assert found["database_bytes"] > 0
