"""The routes over a real database."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from lbzf_ros.core.model import NS_PER_S, EventKind, Quality
from test.web.factory import MORNING_NS, Line
from web_bridge.access.permissions import TABLE

MINUTE = 60 * NS_PER_S


def write_morning(line: Line) -> None:
    """Six cycles, a minute apart, at both stations in turn; the last one still runs; two more do not count."""
    line.write(
        *(
            line.cycle(1 + place % 2, MORNING_NS + place * MINUTE, 20.0 + place, quality=quality)
            for place, quality in enumerate(
                [Quality.GREEN, Quality.YELLOW, Quality.RED] + 2 * [Quality.GREEN]
            )
        ),
        line.cycle(2, MORNING_NS + 5 * MINUTE, 0.0, EventKind.START),
        line.cycle(1, MORNING_NS + 6 * MINUTE, 1.0, EventKind.REJECT),
        line.cycle(2, MORNING_NS + 7 * MINUTE, 1.0, EventKind.REJECT),
    )


def test_what_there_is(client: TestClient) -> None:
    modules = client.get("/api/v1/modules").json()
    assert modules["next_after"] is None
    assert modules["items"] == [
        {"code": "ANGELA", "display_name": "Angela", "product_reference": "Ref22 Slim", "active": True}
    ]
    cameras = client.get("/api/v1/cameras").json()["items"]
    assert [(c["label"], c["module"], c["resolution"], c["fps"]) for c in cameras] == [
        ("cam1", "ANGELA", "640x480", 5.0),
        ("cam2", "ANGELA", "640x480", 5.0),
    ]
    assert "source" not in cameras[0]
    stations = client.get("/api/v1/workstations").json()["items"]
    assert [(s["code"], s["operation"], s["sam_s"], s["camera"]) for s in stations] == [
        ("PUESTO_01", "PLANCHAR DELANTERO", 18.0, "cam1"),
        ("PUESTO_02", "PESPUNTAR CUELLO", 22.8, "cam2"),
    ]
    times = client.get("/api/v1/standard-times", params={"limit": 1}).json()
    assert (times["items"][0]["sam_minutes"], times["items"][0]["cycle_s"]) == (0.3, 18.0)
    assert times["items"][0]["effective_from"] == "2026-07-15T12:00:00.000Z"
    assert times["items"][0]["effective_to"] is None


@pytest.mark.parametrize(
    ("route", "all_of_them"),
    [
        ("modules", 1),
        ("cameras", 2),
        ("workstations", 2),
        ("standard-times", 8),
        ("events", 6),
        ("rejected", 2),
    ],
)
def test_pages_of_one_give_everything_once(
    line: Line, client: TestClient, route: str, all_of_them: int
) -> None:
    write_morning(line)
    whole = client.get(f"/api/v1/{route}").json()["items"]
    pages, after = [], None
    for _ in range(all_of_them):
        page = client.get(
            f"/api/v1/{route}", params={"limit": 1} | ({"after": after} if after else {})
        ).json()
        pages += page["items"]
        after = page["next_after"]
    assert (pages, after, len(pages)) == (whole, None, all_of_them)


@pytest.mark.parametrize(
    ("filters", "minutes"),
    [
        pytest.param({}, [5, 4, 3, 2, 1, 0], id="newest-first"),
        pytest.param({"module": "ANGELA", "workstation": "PUESTO_02"}, [5, 3, 1], id="station"),
        pytest.param({"module": "CARMENZA"}, [], id="other-module"),
        pytest.param({"status": "in_progress"}, [5], id="status"),
        pytest.param({"quality": "red"}, [2], id="quality"),
        pytest.param(
            {"from": "2026-07-15T07:01:00-05:00", "to": "2026-07-15T12:03:00Z"}, [2, 1], id="span-in-any-zone"
        ),
    ],
)
def test_events_by(line: Line, client: TestClient, filters: dict[str, str], minutes: list[int]) -> None:
    write_morning(line)
    items = client.get("/api/v1/events", params=filters).json()["items"]
    assert [item["start"] for item in items] == [f"2026-07-15T12:{minute:02}:00.000Z" for minute in minutes]


def test_one_event_with_its_provenance(line: Line, client: TestClient) -> None:
    cycle = line.cycle(1, MORNING_NS, 22.4)
    line.write(cycle)
    found = client.get(f"/api/v1/events/{cycle.event_uid}").json()
    assert (found["start"], found["end"]) == ("2026-07-15T12:00:00.000Z", "2026-07-15T12:00:22.400Z")
    assert (found["duration_s"], found["duration_uncertainty_s"], found["status"]) == (22.4, 0.2, "complete")
    assert found["model"] == {
        "name": "hog_background",
        "version": "1",
        "framework": "opencv",
        "weights_hash": None,
    }
    assert (found["camera"], found["rule"], found["parameter_hash"]) == ("cam1", "presence", "9f2c" * 16)
    assert (found["drift"], found["clock_kept"]) == ("unchecked", None)
    assert client.get(f"/api/v1/events/{cycle.event_uid.upper()}").json() == found


def test_where_it_is_in_the_video(line: Line, client: TestClient) -> None:
    from lbzf_ros.store.writer import EventWriter

    cycle = line.cycle(1, MORNING_NS, 22.4)
    line.write(cycle)
    path = "video/2026/07/15/cam1_20260715_115500.mp4"
    EventWriter(line.engine).write_segment(
        camera="cam1",
        path=path,
        start_ns=MORNING_NS - 5 * MINUTE,
        end_ns=MORNING_NS + 5 * MINUTE,
        frames=3000,
        codec="h264",
    )
    found = client.get(f"/api/v1/events/{cycle.event_uid}").json()
    assert (found["video_path"], found["video_offset_s"]) == (path, 300.0)


def test_a_rejected_cycle_is_kept_with_its_reasons(line: Line, client: TestClient) -> None:
    write_morning(line)
    newest = client.get("/api/v1/rejected", params={"workstation": "PUESTO_02"}).json()["items"][0]
    assert newest["reasons"] == {"too_short": "1.00 s < min_cycle_s 4.50 s"}
    found = client.get(f"/api/v1/events/{newest['event_uid']}").json()
    assert (found["status"], found["quality"]) == ("rejected", None)


def test_a_running_cycle_has_no_end(line: Line, client: TestClient) -> None:
    write_morning(line)
    running = client.get("/api/v1/events", params={"status": "in_progress"}).json()["items"][0]
    assert (running["end"], running["duration_s"]) == (None, None)


def test_live(line: Line, client: TestClient) -> None:
    line.report_stations(MORNING_NS, {1: 3.0})
    answer = client.get("/api/v1/live")
    live = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert live["plant"]["time_zone"] == "America/Bogota"
    assert live["graph"] == {
        "up": False,
        "missing": ["camera_driver_cam1", "camera_driver_cam2", "detector", "persistence", "web_bridge"],
        "alarms": [],
    }
    assert [state["state"] for state in live["states"]] == ["in_cycle", "unknown"]
    assert live["server_time"] == "2026-10-23T12:00:00.000Z"


class TestOpenApi:
    def test_every_route_and_parameter_is_described(self, client: TestClient) -> None:
        description = client.get("/api/v1/openapi.json").json()
        asked = {(method, path) for method, path in TABLE if path.startswith("/api/")}
        asked = asked - {("GET", "/api/v1/openapi.json")} | {("GET", "/healthz")}
        assert {
            (method.upper(), path)
            for path, operations in description["paths"].items()
            for method in operations
        } == asked
        for path, operations in description["paths"].items():
            for operation in operations.values():
                assert operation["description"], path
                assert all(parameter.get("description") for parameter in operation.get("parameters", [])), (
                    path
                )

    def test_every_error_is_a_problem(self, client: TestClient) -> None:
        description = client.get("/api/v1/openapi.json").json()
        assert "HTTPValidationError" not in description["components"]["schemas"]
        assert "request_id" in description["components"]["schemas"]["Problem"]["properties"]
        for path, operations in description["paths"].items():
            if path == "/healthz":
                continue
            for operation in operations.values():
                for status, answer in operation["responses"].items():
                    if int(status) >= 400:
                        assert list(answer["content"]) == ["application/problem+json"], (path, status)

    def test_every_reference_leads_somewhere(self, client: TestClient) -> None:
        text = client.get("/api/v1/openapi.json").text
        known = client.get("/api/v1/openapi.json").json()["components"]["schemas"]
        for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
            assert name in known
