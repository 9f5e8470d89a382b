"""What routes that look at a person's modules themselves give to somebody of one module; with pictures and files."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import httpx
import numpy as np
import pytest
from starlette.testclient import TestClient

from lbzf_ros.drift.features import features_to_bytes, find_features
from lbzf_ros.store.zone_versions import ZoneVersionFilter, zone_versions
from lbzf_ros.store.zones import set_reference
from lbzf_ros.video.pictures import reference_path
from test.web.access.people import ADMIN, ENGINEER, PASSWORD, access, client
from test.web.factory import Line
from test.web.pages.morning import morning
from test.web.pages.seeing import seeing
from test.web.test_errors import assert_problem
from web_bridge.access.sessions import bound_to

ANGELA, CARMENZA = "angela@planta.example", "carmenza@planta.example"
DAY = "2026-07-15"
Ask = Callable[..., httpx.Response]
PICTURE = np.random.default_rng(7).integers(0, 255, (480, 640, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """ANGELA before cam1 and cam2, CARMENZA before cam3; every camera shows something."""
    made = morning(tmp_path_factory.mktemp("two") / "data", stations=2)
    with seeing(made, PICTURE, "cam1", "cam2", "cam3"):
        yield made
    made.close()


@pytest.fixture(scope="module")
def ask(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """A request of somebody who has signed in."""
    found = access(tmp_path_factory.mktemp("access"), providers=["local"])
    whole: TestClient = client(line, found)
    cookies: dict[str, str] = {}
    for name in (ADMIN, ENGINEER, ANGELA, CARMENZA):
        found.accounts.set_password(name, PASSWORD)
        cookies[name] = found.accounts.sign_in(name)

    def asked(who: str, method: str, path: str, json: object = None) -> httpx.Response:
        headers = {
            "Cookie": f"{found.cookie}={cookies[who]}",
            "X-CSRF-Token": found.csrf_token(bound_to(cookies[who])),
        }
        path = path if path.startswith("/") else f"/api/v1/{path}"
        answer: httpx.Response = whole.request(method, path, headers=headers, json=json)
        return answer

    return asked


@pytest.mark.parametrize(("who", "camera"), [(ANGELA, "cam1"), (CARMENZA, "cam3"), (ENGINEER, "cam3")])
def test_the_picture_of_a_camera_of_theirs(ask: Ask, who: str, camera: str) -> None:
    answer = ask(who, "GET", f"cameras/{camera}/frame.jpg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")


@pytest.mark.parametrize(("who", "camera"), [(ANGELA, "cam3"), (CARMENZA, "cam1"), (CARMENZA, "cam2")])
def test_to_others_it_is_as_if_there_were_no_such_camera(ask: Ask, who: str, camera: str) -> None:
    nowhere = assert_problem(ask(who, "GET", "cameras/cam9/frame.jpg"), 404)["detail"]
    answer = ask(who, "GET", f"cameras/{camera}/frame.jpg")
    assert assert_problem(answer, 404)["detail"] == nowhere.replace("cam9", camera)
    assert_problem(ask(who, "POST", f"cameras/{camera}/preview", _tried("ANGELA")), 404)


def test_zones_are_tried_on_a_camera_of_theirs_for_their_stations_alone(ask: Ask) -> None:
    answer = ask(ANGELA, "POST", "cameras/cam1/preview", _tried("ANGELA"))
    assert answer.status_code == 200, answer.text
    assert {zone["module"] for zone in answer.json()["zones"]} == {"ANGELA"}
    assert_problem(ask(ANGELA, "POST", "cameras/cam1/preview", _tried("CARMENZA")), 404)


def test_the_picture_on_which_their_zones_were_set(ask: Ask, line: Line) -> None:
    which = ZoneVersionFilter(module="ANGELA", workstation="PUESTO_01", in_force=True)
    version = zone_versions(line.engine, which).items[0].id
    name = reference_path(line.rois["cam1"])
    set_reference(line.engine, [version], name, features_to_bytes(find_features(PICTURE)))
    (line.data / name).parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(line.data / name), PICTURE)
    path = f"rois/{version}/reference.jpg"
    assert ask(ENGINEER, "GET", path).status_code == ask(ANGELA, "GET", path).status_code == 200
    assert_problem(ask(CARMENZA, "GET", path), 403)
    assert_problem(ask(ANGELA, "GET", "rois/99999/reference.jpg"), 403)


@pytest.mark.parametrize(
    ("who", "own", "other"), [(ANGELA, "Angela", "Carmenza"), (CARMENZA, "Carmenza", "Angela")]
)
def test_pages_show_their_module_and_no_other(ask: Ask, who: str, own: str, other: str) -> None:
    for path in ("/", "/summary", "/zones"):
        text = ask(who, "GET", path).text
        assert own in text, path
        assert other not in text, path
        assert other.upper() not in text, path
    camera = "cam3" if who == ANGELA else "cam1"
    assert ask(who, "GET", f"/zones?camera={camera}").status_code == 404
    assert ask(who, "GET", f"/zones/{camera}/proposal").status_code == 404


class TestExports:
    def test_they_make_and_take_those_of_their_module(self, ask: Ask) -> None:
        assert_problem(ask(ANGELA, "POST", "exports", {"date": DAY}), 403)
        assert_problem(ask(ANGELA, "POST", "exports", {"date": DAY, "module": "CARMENZA"}), 403)
        made = _made(ask, ANGELA, "ANGELA")
        taken = [ask(ANGELA, "GET", f"exports/{name}") for name in made]
        assert [answer.status_code for answer in taken] == [200] * len(made)
        assert not any("carmenza" in answer.text.lower() for answer in taken[1:])
        listed = [one["name"] for one in ask(ANGELA, "GET", "exports").json()["items"]]
        assert sorted(listed) == sorted(made)
        assert ask(CARMENZA, "GET", "exports").json()["items"] == []
        for name in made:
            assert_problem(ask(CARMENZA, "GET", f"exports/{name}"), 404)

    def test_those_of_every_module_are_not_theirs(self, ask: Ask) -> None:
        for name in _made(ask, ADMIN, None):
            assert ask(ENGINEER, "GET", f"exports/{name}").status_code == 200
            assert_problem(ask(ANGELA, "GET", f"exports/{name}"), 404)
            assert name not in ask(ANGELA, "GET", "exports").text

    def test_a_file_that_was_changed_since_is_not_what_was_made_for_them(self, ask: Ask, line: Line) -> None:
        name = _made(ask, ADMIN, "ANGELA")[1]
        assert ask(ANGELA, "GET", f"exports/{name}").status_code == 200
        path = line.data / "exports" / name
        path.write_bytes(path.read_bytes() + b"CARMENZA\r\n")
        assert_problem(ask(ANGELA, "GET", f"exports/{name}"), 404)
        assert ask(ADMIN, "GET", f"exports/{name}").status_code == 200


def test_bags_hold_every_camera(ask: Ask, line: Line) -> None:
    bag = line.data / "bags" / "20260715_110000"
    bag.mkdir(parents=True)
    (bag / "metadata.yaml").write_text("x: 1\n", "utf-8")
    for who in (ANGELA, ENGINEER):
        assert_problem(ask(who, "GET", "bags"), 403)
        assert_problem(ask(who, "GET", "bags/20260715_110000/metadata.yaml"), 403)
    assert ask(ADMIN, "GET", "bags/20260715_110000/metadata.yaml").text == "x: 1\n"


def test_what_they_entered_for_another_module_cannot_be_withdrawn(ask: Ask) -> None:
    new = {"module": "ANGELA", "code": "C001", "start": "2026-07-15T08:00:00-05:00"}
    made = ask(ENGINEER, "POST", "lost-time", new).json()["id"]
    assert_problem(ask(CARMENZA, "DELETE", f"lost-time/{made}"), 403)
    assert ask(ANGELA, "DELETE", f"lost-time/{made}").status_code == 200


def _tried(module: str) -> dict[str, object]:
    square = [[10, 10], [200, 10], [200, 300], [10, 300]]
    zones = {"work": {"kind": "work", "polygon_px": square}}
    return {"stations": [{"module": module, "workstation": "PUESTO_01", "rule": "presence", "zones": zones}]}


def _made(ask: Ask, who: str, module: str | None) -> list[str]:
    answer = ask(who, "POST", "exports", {"date": DAY, "module": module})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    return [made["workbook"], *made["csv"]]
