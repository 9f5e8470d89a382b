"""Why an entry was refused: a code that stays, with what a text about it needs, and a text in every language."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from fastapi import FastAPI
from starlette.testclient import TestClient

from lbzf_ros.reports.workbook import export
from test.web.access.people import ENGINEER, PASSWORD, access, with_access
from test.web.factory import MORNING_NS, Line, line_of, plant_of
from test.web.test_errors import assert_problem
from web_bridge.app import create_app
from web_bridge.pages.catalogue import LANGUAGES, filled, texts

SEVEN, EIGHT, NINE = (f"2026-07-15T{hour:02}:00:00-05:00" for hour in (7, 8, 9))
STATION = {"module": "ANGELA", "workstation": "PUESTO_01"}
ZONES = "workstations/ANGELA/PUESTO_01/zones"


def causes(answer: httpx.Response, status: int) -> list[tuple[str, dict[str, Any]]]:
    """Code and params of what is wrong; of each value where values are named. Each can be said in every language."""
    body = assert_problem(answer, status)
    found = [(one["code"], one["params"]) for one in body["errors"]] or [(body["code"], body["params"])]
    for language in LANGUAGES:
        for code, params in found:
            filled(texts(language)[f"problem_{code}"], params)
    return found


def send(client: TestClient, method: str, route: str, body: Any) -> httpx.Response:
    answer: httpx.Response = client.request(method, f"/api/v1/{route}", json=body)
    return answer


@pytest.fixture
def worked(client: TestClient) -> TestClient:
    """Ana works at the first station from seven to eight; the shift is open; an order runs; Eva has gone."""
    for method, route, body in (
        ("POST", "operators", {"code": "1017", "display_name": "Ana"}),
        ("POST", "operators", {"code": "1018", "display_name": "Eva"}),
        ("PUT", "operators/1018", {"code": "1018", "display_name": "Eva", "active": False}),
        ("POST", "assignments", {**STATION, "operator_code": "1017", "start": EIGHT, "end": NINE}),
        ("POST", "shifts", {"module": "ANGELA", "label": "jornada_1", "start": SEVEN}),
        ("POST", "production-orders", {"module": "ANGELA", "code": "OP-1", "start": EIGHT}),
    ):
        assert send(client, method, route, body).is_success
    return client


@pytest.mark.parametrize(
    ("method", "route", "body", "status", "code", "params"),
    [
        pytest.param(
            *("POST", "assignments", {**STATION, "operator_code": "9", "start": SEVEN}),
            *(404, "operator_unknown", {"operator": "9"}),
            id="unknown-operator",
        ),
        pytest.param(
            *("POST", "operators", {"code": "1017", "display_name": "Otra"}),
            *(409, "operator_taken", {"operator": "1017", "name": "Ana"}),
            id="code-that-is-taken",
        ),
        pytest.param(
            *("POST", "assignments", {**STATION, "operator_code": "1018", "start": SEVEN}),
            *(409, "operator_inactive", {"operator": "1018", "name": "Eva"}),
            id="operator-who-has-gone",
        ),
        pytest.param(
            *("POST", "assignments", {**STATION, "operator_code": "1017", "start": SEVEN, "end": NINE}),
            409,
            "assignment_overlaps",
            {"start": "2026-07-15T13:00:00.000Z", "end": "2026-07-15T14:00:00.000Z"},
            id="overlapping-assignment",
        ),
        pytest.param(
            *("POST", "shifts", {"module": "ANGELA", "label": "jornada_2", "start": EIGHT, "end": NINE}),
            409,
            "shift_overlaps",
            {"shift": "jornada_1", "date": "2026-07-15", "start": "2026-07-15T12:00:00.000Z", "end": None},
            id="overlapping-shift",
        ),
        pytest.param(
            *("POST", "shifts", {"module": "ANGELA", "label": "jornada_1", "start": EIGHT, "end": NINE}),
            *(409, "shift_taken", {"shift": "jornada_1", "date": "2026-07-15"}),
            id="shift-of-that-name",
        ),
        pytest.param(
            *("POST", "shifts", {"module": "NADIE", "label": "jornada_1", "start": SEVEN}),
            *(404, "module_unknown", {"module": "NADIE"}),
            id="unknown-module",
        ),
        pytest.param(
            *("POST", "lost-time", {**STATION, "workstation": "PUESTO_99", "code": "C001", "start": SEVEN}),
            *(404, "station_unknown", {"module": "ANGELA", "station": "PUESTO_99"}),
            id="unknown-station",
        ),
        pytest.param(
            *("POST", "lost-time", {**STATION, "code": "C999", "start": SEVEN}),
            *(404, "lost_time_code_unknown", {"code": "C999"}),
            id="unknown-code-of-lost-time",
        ),
        pytest.param(
            *("POST", "lost-time", {**STATION, "code": "C001", "start": EIGHT, "end": SEVEN}),
            422,
            "end_before_start",
            {"start": "2026-07-15T13:00:00.000Z", "end": "2026-07-15T12:00:00.000Z"},
            id="end-before-start",
        ),
        pytest.param("DELETE", "targets/77", None, 404, "entry_unknown", {}, id="withdrawn-already"),
        pytest.param(
            *("PUT", "modules/ANGELA/thresholds", {"pace_yellow": 99}),
            *(422, "threshold_order", {"field": "pace_yellow", "yellow": 99.0, "green": 95.0}),
            id="thresholds-in-the-wrong-order",
        ),
        pytest.param(
            *("PUT", "modules/ANGELA/thresholds", {"pace_yellow": 301}),
            *(422, "at_most", {"most": 300.0}),
            id="threshold-too-high",
        ),
        pytest.param(
            *("PUT", "targets/day", {"module": "ANGELA", "date": "2026-07-15", "units": -1}),
            *(422, "at_least", {"least": 0.0}),
            id="target-too-low",
        ),
        pytest.param(
            *("PUT", "targets/day", {"module": "ANGELA", "date": "2026-02-31", "units": 1}),
            *(422, "day_unknown", {}),
            id="no-such-day",
        ),
        pytest.param(
            *("POST", "production-orders", {"module": "ANGELA", "code": "", "start": SEVEN}),
            *(422, "missing", {"least": 1}),
            id="order-without-number",
        ),
        pytest.param(
            *(
                "POST",
                "production-orders",
                {"module": "ANGELA", "code": "OP-2", "start": SEVEN, "units": 1.5},
            ),
            *(422, "not_a_whole_number", {}),
            id="order-of-half-a-unit",
        ),
        pytest.param(
            *("POST", "production-orders", {"module": "ANGELA", "code": "OP-2", "start": 7}),
            *(422, "not_a_time", {}),
            id="time-as-a-number",
        ),
        pytest.param(
            *("PUT", "events/00000000-0000-0000-0000-000000000005/verification", {}),
            *(404, "cycle_unknown", {}),
            id="unknown-cycle",
        ),
        pytest.param(
            *("POST", "exports", {"date": "2026-07-15", "shift": "jornada_9"}),
            *(422, "shift_unknown", {"shift": "jornada_9", "date": "2026-07-15"}),
            id="unknown-shift",
        ),
    ],
)
def test_a_cause_has_its_code(
    worked: TestClient,
    method: str,
    route: str,
    body: Any,
    status: int,
    code: str,
    params: dict[str, Any],
) -> None:
    assert causes(send(worked, method, route, body), status) == [(code, params)]


@pytest.mark.parametrize("date", ["1999-12-31", "2099-01-01"])
def test_a_day_without_data(client: TestClient, date: str) -> None:
    [(code, params)] = causes(send(client, "POST", "exports", {"date": date}), 422)
    assert (code, params["least"]) == ("day_outside", "2000-01-01")


def test_every_wrong_station_of_a_crew_is_named(worked: TestClient) -> None:
    crew = {"PUESTO_01": "8", "PUESTO_02": "1018", "PUESTO_99": "1017"}
    answer = send(
        worked, "POST", "assignments/shift", {"module": "ANGELA", "start": SEVEN, "operators": crew}
    )
    assert [code for code, _ in causes(answer, 422)] == [
        *("operator_unknown", "operator_inactive", "station_unknown")
    ]
    assert [one["where"] for one in answer.json()["errors"]] == [f"body.operators.{code}" for code in crew]


def test_a_cycle_that_runs_is_not_corrected(line: Line, client: TestClient) -> None:
    cycle = line.cycle(1, MORNING_NS, 20.0)
    line.write(cycle)
    with line.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE cycle_events SET status = 'aborted'")
    answer = send(client, "PUT", f"events/{cycle.event_uid}/verification", {"corrected_duration_s": 9.0})
    assert causes(answer, 422) == [("cycle_running", {})]


def test_a_busy_export(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_order: object) -> None:
        raise export.Busy("two exports run already")

    monkeypatch.setattr("web_bridge.routes.exports.export_day", busy)
    assert causes(send(client, "POST", "exports", {"date": "2026-07-15"}), 503) == [("export_busy", {})]


def test_a_database_that_is_held(line: Line, client: TestClient) -> None:
    with line.engine.connect() as holder, holder.begin():
        answer = send(client, "POST", "operators", {"code": "1", "display_name": "Ana"})
    assert causes(answer, 503) == [("database_unavailable", {})]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        pytest.param([[0, 0], [900, 0], [0, 900]], 422, "zone_outside", id="outside-the-picture"),
        pytest.param([[0, 0], [9, 9], [9, 0], [0, 9]], 422, "zone_crosses", id="crossing-itself"),
        pytest.param([[0, 0], [9, 9]], 422, "zone_corners", id="too-few-corners"),
        pytest.param([[0, 0], [0, 0], [9, 0], [0, 9]], 422, "zone_corner_twice", id="corner-twice"),
        pytest.param({"replaces": [99]}, 409, "zones_changed", id="somebody-else-was-faster"),
        pytest.param({"rule": "trigger"}, 422, "zone_kinds", id="zones-that-the-rule-lacks"),
        pytest.param(
            {"limits": {"min_cycle_s": 9, "max_cycle_s": 8}}, 422, "cycle_limits", id="limits-the-wrong-way"
        ),
    ],
)
def test_zones_that_are_refused(
    tmp_path: Path, change: list[Any] | dict[str, Any], status: int, code: str
) -> None:
    file = tmp_path / "plant.yaml"
    values = plant_of(2).model_dump(mode="json", exclude_none=True, exclude_unset=True)
    file.write_text(yaml.safe_dump(values), "utf-8")
    line = line_of(tmp_path / "data", stations=2)
    app: FastAPI = create_app(dataclasses.replace(line.context, plant_file=file))
    square = [[20, 20], [180, 20], [180, 280]]
    body: dict[str, Any] = {"rule": "presence", "zones": {"work": {"kind": "work", "polygon_px": square}}}
    if isinstance(change, list):
        body["zones"]["work"]["polygon_px"] = change
    else:
        body |= change
    answer = send(TestClient(app), "PUT", ZONES, body)
    assert [found for found, _ in causes(answer, status)] == [code]
    line.close()


class TestWhoMay:
    def test_a_session_that_has_ended_and_a_page_that_is_old(self, line: Line, tmp_path: Path) -> None:
        found = access(tmp_path, providers=["local"], plain_http=True)
        found.accounts.set_password(ENGINEER, PASSWORD)
        app = create_app(with_access(line, found).context)
        client = TestClient(app, base_url="http://lbzf")
        target = {"module": "ANGELA", "date": "2026-07-15", "units": 400}
        assert causes(send(client, "PUT", "targets/day", target), 401) == [("not_signed_in", {})]
        session = {found.cookie: found.accounts.sign_in(ENGINEER)}
        old = TestClient(app, base_url="http://lbzf", cookies=session)
        assert causes(send(old, "PUT", "targets/day", target), 403) == [("page_expired", {})]
        assert causes(send(old, "GET", "audit", None), 403) == [("not_allowed", {})]
