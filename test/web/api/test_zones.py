"""Zones drawn in the browser: into the plant file, the database and the audit trail at once, or nowhere."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from starlette.testclient import TestClient

from lbzf_ros.config.load import load_plant, parse_plant
from lbzf_ros.core.model import Boxes, FrameDetections, ModelInfo
from test.web.clocks import Clocks
from test.web.factory import MORNING_NS, Line, line_of, plant_of
from test.web.test_errors import assert_problem
from web_bridge.app import create_app

URL = "/api/v1/workstations/ANGELA/PUESTO_01/zones"
SQUARE = [[20, 20], [120, 20], [120, 220], [20, 220]]
NEW = {"rule": "presence", "zones": {"work": {"kind": "work", "polygon_px": SQUARE, "leave_s": 3}}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A plant file that people have written."""
    path = tmp_path / "plant.yaml"
    text = yaml.safe_dump(plant_of(2).model_dump(mode="json", exclude_none=True, exclude_unset=True))
    path.write_text(f"# nobody touches this\n{text}", "utf-8")
    return path


@pytest.fixture
def line(tmp_path: Path, file: Path, clocks: Clocks) -> Iterator[Line]:
    """A line of that plant file."""
    plant = load_plant(file)
    made = line_of(tmp_path / "data", 2, plant, clock_ns=clocks.clock_ns, now_s=clocks.now_s)
    made.context = dataclasses.replace(made.context, plant_file=file)
    yield made
    made.close()


@pytest.fixture
def client(line: Line) -> TestClient:
    """Requests from this machine."""
    return TestClient(create_app(line.context), raise_server_exceptions=False)


def of_station(client: TestClient, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/rois", params={"workstation": "PUESTO_01", **asked})
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_a_redrawn_zone_is_a_new_version(line: Line, client: TestClient, file: Path) -> None:
    before = client.get(URL).json()
    original = file.read_text("utf-8")
    answer = client.put(URL, json={**NEW, "replaces": before["versions"]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["in_use"] is False  # nobody has told the graph in this test
    station = load_plant(file).modules[0].workstations[0]
    assert (station.zones["work"].polygon_px[0], station.zones["work"].leave_s) == ((20.0, 20.0), 3.0)
    assert file.read_text("utf-8").startswith("# nobody touches this\n")
    assert [path.read_text("utf-8") for path in (line.data / "backups" / "plant").iterdir()] == [original]
    old, new = of_station(client)
    assert (old["in_force"], old["superseded_by"]) == (False, new["id"])
    assert (new["created_by"], new["polygon_px"], new["in_force"]) == ("local", SQUARE, True)
    assert [zone["id"] for zone in of_station(client, in_force=True)] == answer.json()["versions"]
    change = client.get("/api/v1/audit", params={"subject": "zones/ANGELA/PUESTO_01"}).json()["items"][0]
    assert change["after"]["zones"]["work"]["polygon_px"] == SQUARE
    assert change["before"]["zones"]["work"]["polygon_px"] != SQUARE


def test_a_station_is_added(client: TestClient, file: Path) -> None:
    url = "/api/v1/workstations/ANGELA/PUESTO_03/zones"
    assert_problem(client.put(url, json=NEW), 404)
    new = {**NEW, "camera": "cam2", "display_name": "Puesto 3", "sequence_pos": 3}
    assert client.put(url, json=new).status_code == 200
    assert load_plant(file).modules[0].workstations[2].camera == "cam2"
    assert "PUESTO_03" in client.get("/api/v1/workstations").text


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"replaces": [99]}, 409, id="somebody-else-was-faster"),
        pytest.param({"rule": "trigger"}, 422, id="zones-that-the-rule-lacks"),
        pytest.param(
            {"zones": {"work": {"kind": "work", "polygon_px": [[0, 0], [900, 0], [0, 900]]}}},
            422,
            id="outside-the-picture",
        ),
        pytest.param(
            {"zones": {"work": {"kind": "work", "polygon_px": [[0, 0], [9, 9], [9, 0], [0, 9]]}}},
            422,
            id="crossing-itself",
        ),
        pytest.param({"limits": {"min_cycle_s": 9, "max_cycle_s": 8}}, 422, id="limits-the-wrong-way"),
    ],
)
def test_what_cannot_be_changes_nothing(
    client: TestClient, file: Path, change: dict[str, Any], status: int
) -> None:
    before = file.read_bytes(), of_station(client)
    assert_problem(client.put(URL, json={**NEW, **change}), status)
    assert (file.read_bytes(), of_station(client)) == before


def test_the_file_is_put_back_when_the_database_refuses(line: Line, client: TestClient, file: Path) -> None:
    with line.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER no_audit BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    before = file.read_bytes()
    assert client.put(URL, json=NEW).status_code in (422, 503)
    assert file.read_bytes() == before
    assert len(of_station(client)) == 1


def test_the_demo_plant_is_not_changed(line: Line) -> None:
    demo = TestClient(create_app(dataclasses.replace(line.context, plant_file=None)))
    assert "copy it" in assert_problem(demo.put(URL, json=NEW), 409)["detail"]


def test_figures_follow_what_was_changed_without_a_restart(
    line: Line, client: TestClient, file: Path
) -> None:
    """Limits of a station stand in the plant file, which the page reads when it has changed."""

    def shown() -> list[float]:
        path, asked = "/api/v1/days/station", {"module": "ANGELA", "workstation": "PUESTO_01"}
        day = client.get(path, params=asked).json()
        assert f"{day['min_cycle_s']:.1f}".replace(".", ",") in client.get("/stations/ANGELA/PUESTO_01").text
        return [day["min_cycle_s"], day["max_cycle_s"]]

    before = shown()
    assert client.put(URL, json={**NEW, "limits": {"min_cycle_s": 9.5, "max_cycle_s": 77}}).status_code == 200
    assert shown() == [9.5, 77.0] != before
    good = file.read_text("utf-8")
    file.write_text("modules: 3", "utf-8")
    assert shown() == [9.5, 77.0]  # a file that cannot be used changes nothing
    file.write_text(good.replace("77", "78"), "utf-8")  # somebody edits it by hand
    assert shown() == [9.5, 78.0]
    reopened = TestClient(create_app(dataclasses.replace(line.context, clock_ns=line.context.clock_ns)))
    assert "9,5" in reopened.get("/stations/ANGELA/PUESTO_01").text


class TestWhatTheCameraSees:
    def shows(self, line: Line, stamp_ns: int = MORNING_NS) -> threading.Thread:
        """The graph speaks as long as somebody waits: a white picture with one person."""
        people = FrameDetections(
            camera="cam1",
            stamp_ns=stamp_ns,
            width_px=640,
            height_px=480,
            model=ModelInfo(name="test", version="1", framework="none"),
            boxes=Boxes(np.array([[30, 40, 90, 200]], np.float32), np.array([0.9], np.float32)),
            track_ids=np.array([7], np.int32),
        )
        image = np.full((480, 640, 3), 255, np.uint8)
        looking = line.context.looking

        def speak() -> None:
            while not looking.is_wanted("cam1"):
                threading.Event().wait(0.01)
            looking.put("cam1", image=(stamp_ns, image))
            looking.put("cam1", people=people)

        thread = threading.Thread(target=speak, daemon=True)
        thread.start()
        return thread

    def test_its_picture_without_what_is_masked(self, line: Line) -> None:
        data = line.plant.model_dump(mode="json", exclude_none=True, exclude_unset=True)
        masks = [[[0, 0], [100, 0], [100, 100], [0, 100]]]
        data["modules"][0]["cameras"][0]["privacy"] = {"masks_px": masks, "blur_heads": True}
        plant = parse_plant(data, where="plant", folder=Path("/"))
        client = TestClient(create_app(dataclasses.replace(line.context, plant=plant)))
        thread = self.shows(line)
        answer = client.get("/api/v1/cameras/cam1/frame.jpg")
        thread.join()
        assert (answer.headers["x-frame-source"], answer.status_code) == ("now", 200)
        image = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        assert image[50, 50].max() < 20
        assert image[300, 300].min() > 235

    def test_where_people_would_count(self, line: Line, client: TestClient) -> None:
        thread = self.shows(line)
        station = {"module": "ANGELA", "workstation": "PUESTO_01", **NEW}
        answer = client.post("/api/v1/cameras/cam1/preview", json={"stations": [station]})
        thread.join()
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert found["people"][0]["zones"] == ["ANGELA/PUESTO_01/work"]
        assert [(zone["zone"], zone["evidence"]) for zone in found["zones"]] == [("work", "present")]

    def test_a_camera_that_sends_nothing(self, client: TestClient) -> None:
        assert_problem(client.get("/api/v1/cameras/cam1/frame.jpg"), 404)
        assert_problem(client.get("/api/v1/cameras/cam9/frame.jpg"), 404)
