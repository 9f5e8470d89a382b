"""The table of permissions, route by route and role by role, through the real gate with real sessions."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from test.web.access.people import (
    ADMIN,
    ENGINEER,
    EXECUTIVE,
    NO_ROLE,
    PASSWORD,
    access,
    client,
    with_access,
)
from test.web.factory import MORNING_NS, Line
from web_bridge.access.access import Access
from web_bridge.access.gate import Gate
from web_bridge.access.identity import Role
from web_bridge.access.matching import Matcher, routes_of
from web_bridge.access.permissions import ADMIN as ADMIN_ONLY
from web_bridge.access.permissions import EVERYBODY, TABLE, Rule
from web_bridge.access.permissions import Scope as Held
from web_bridge.access.scope import QUESTIONS, module_of
from web_bridge.access.sessions import bound_to
from web_bridge.app import create_app

ROUTES = sorted(TABLE)
PEOPLE = {ADMIN: Role.ADMIN, ENGINEER: Role.ENGINEER, EXECUTIVE: Role.EXECUTIVE, NO_ROLE: None}
LIMITED = {"angela@planta.example": "ANGELA", "carmenza@planta.example": "CARMENZA"}
LET_THROUGH = 299


class Doors:
    """The gate before an application that lets everything through: what it does not refuse is answered 299."""

    def __init__(self, line: Line, found: Access) -> None:
        self.app = create_app(line.context)
        self.access = found
        self.line = line

        async def behind(scope: Scope, receive: Receive, send: Send) -> None:
            await Response(status_code=LET_THROUGH)(scope, receive, send)

        def lookup(kind: str, key: str) -> str | None:
            return module_of(line.engine, kind, key)

        gate = Gate(behind, found, lookup)

        async def whole(scope: Scope, receive: Receive, send: Send) -> None:
            await gate({**scope, "app": self.app}, receive, send)

        self.client = TestClient(whole, base_url="https://lbzf", follow_redirects=False)
        self.cookies = {}
        for name in [*PEOPLE, *LIMITED]:
            found.accounts.set_password(name, PASSWORD)
            self.cookies[name] = found.accounts.sign_in(name)

    def ask(self, who: str | None, method: str, path: str, json: object = None) -> int:
        headers = {}
        if who is not None:
            cookie = self.cookies[who]
            headers = {
                "Cookie": f"{self.access.cookie}={cookie}",
                "X-CSRF-Token": self.access.csrf_token(bound_to(cookie)),
            }
        status: int = self.client.request(method, path, headers=headers, json=json).status_code
        return status


@pytest.fixture(scope="module")
def doors(shared_line: Line, tmp_path_factory: pytest.TempPathFactory) -> Doors:
    return Doors(shared_line, access(tmp_path_factory.mktemp("access"), providers=["local"]))


def filled(template: str, **values: str) -> str:
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda match: values.get(match[1], "1"), template)


def test_every_route_is_in_the_table_and_the_table_has_no_other(shared_line: Line) -> None:
    known = set(routes_of(create_app(shared_line.context).router.routes))
    assert sorted(known - set(TABLE)) == [], "web_bridge/access/permissions.py lacks these routes"
    assert sorted(set(TABLE) - known) == [], "web_bridge/access/permissions.py names routes that are gone"


def test_a_path_is_matched_to_the_route_that_answers_it(shared_line: Line) -> None:
    matcher = Matcher(create_app(shared_line.context).router.routes)
    for method, template in ROUTES:
        found = matcher.find(method, filled(template))
        assert found is not None
        assert (found.method, found.template) == (method, template)


@pytest.mark.parametrize(("method", "template"), ROUTES, ids=str)
def test_every_route_for_every_role(doors: Doors, method: str, template: str) -> None:
    rule: Rule = TABLE[method, template]
    path = filled(template, module="ANGELA", uid=str(uuid.uuid4()))
    for who, role in PEOPLE.items():
        may = rule.public or role in rule.roles
        assert doors.ask(who, method, path) == (LET_THROUGH if may else 403), (who, role)
    is_page = not path.startswith(("/api", "/healthz", "/static", "/access")) and method == "GET"
    nobody = LET_THROUGH if rule.public else 303 if is_page else 401
    assert doors.ask(None, method, path) == nobody


def test_only_what_leads_to_signing_in_is_public() -> None:
    assert {route for route, rule in TABLE.items() if rule.public} == {
        ("GET", "/login"),
        ("POST", "/login"),
        ("POST", "/logout"),
        ("GET", "/access/static"),
    }


def test_executives_see_no_picture_no_video_and_no_person() -> None:
    shown = {template for (_, template), rule in TABLE.items() if Role.EXECUTIVE in rule.roles}
    assert not [
        template for template in shown if re.search(r"frame|clip|cycle|event|operator|station", template)
    ]
    assert {method for (method, _), rule in TABLE.items() if Role.EXECUTIVE in rule.roles} == {"GET", "POST"}
    assert {t for (m, t), r in TABLE.items() if m == "POST" and Role.EXECUTIVE in r.roles} == {
        "/login",
        "/logout",
    }


def test_a_route_that_nobody_entered_is_closed_to_everybody(doors: Doors) -> None:
    def forgotten() -> str:
        return "secret"

    app = create_app(with_access(doors.line, doors.access).context)
    app.add_api_route("/api/v1/forgotten", forgotten)
    whole = TestClient(app, base_url="https://lbzf")
    for who in PEOPLE:
        answer = whole.get(
            "/api/v1/forgotten", headers={"Cookie": f"{doors.access.cookie}={doors.cookies[who]}"}
        )
        assert (answer.status_code, "secret" in answer.text) == (403, False)


@pytest.mark.parametrize("path", ["/nothing", "/api/v1/nothing", "/static", "/", "/%2e%2e/etc/passwd"])
def test_who_has_no_role_gets_one_page_and_nothing_else(shared_line: Line, tmp_path: Path, path: str) -> None:
    found = access(tmp_path, providers=["local"])
    whole = client(shared_line, found)
    found.accounts.set_password(NO_ROLE, PASSWORD)
    cookie = {"Cookie": f"{found.cookie}={found.accounts.sign_in(NO_ROLE)}"}
    answer = whole.get(path, headers=cookie)
    assert answer.status_code == 403
    if path.startswith("/api/"):
        assert answer.headers["content-type"] == "application/problem+json"
    elif path != "/static":
        assert "Aún no tiene acceso" in answer.text
        assert NO_ROLE in answer.text
        assert "You have no access yet" in whole.get(f"{path}?lang=en", headers=cookie).text
    assert "ANGELA" not in answer.text


class TestModules:
    """Someone with limited modules: `modules` in the file, or `module_scope` of a token."""

    def test_a_list_has_to_name_a_module_of_theirs(self, doors: Doors) -> None:
        assert doors.ask("angela@planta.example", "GET", "/api/v1/events?module=ANGELA") == LET_THROUGH
        for query in ("", "?module=CARMENZA", "?module=ANGELA&module=CARMENZA", "?module=", "?workstation=X"):
            assert doors.ask("angela@planta.example", "GET", f"/api/v1/events{query}") == 403

    def test_what_tells_of_every_module_is_not_for_them(
        self, doors: Doors, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """That is how a route is held whose line in the table says nothing else."""
        assert Rule(EVERYBODY).scope is Held.WHOLE
        monkeypatch.setitem(TABLE, ("GET", "/api/v1/operators"), Rule(EVERYBODY))
        assert doors.ask("angela@planta.example", "GET", "/api/v1/operators?module=ANGELA") == 403
        assert doors.ask(ENGINEER, "GET", "/api/v1/operators") == LET_THROUGH
        for (method, template), rule in TABLE.items():
            if rule.scope is Held.WHOLE:
                assert doors.ask("angela@planta.example", method, filled(template)) == 403

    def test_these_routes_look_themselves_at_whose_module_it_is(self) -> None:
        """Each is tried with two people of different modules: here, in test_limited, or in test/web/pages."""
        api, pages = "/api/v1", {"/", "/summary", "/zones", "/zones/{camera}/proposal"}
        lists = {f"{api}/{name}" for name in ("live", "live/stream", "modules", "cameras", "workstations")}
        files = {f"{api}/exports", f"{api}/exports/{{name}}"}
        sight = {f"{api}/cameras/{{camera}}/{name}" for name in ("frame.jpg", "preview")}
        found = {template for (_, template), rule in TABLE.items() if rule.scope is Held.ROUTE}
        assert found == pages | lists | files | sight

    def test_what_says_nothing_of_a_module_are_these(self) -> None:
        found = {
            template
            for (_, template), rule in TABLE.items()
            if rule.scope is Held.NOTHING and not rule.public and rule.roles != ADMIN_ONLY
        }
        named = (
            "session",
            "standard-times",
            "operators",
            "operators/{code}",
            "lost-time-codes",
            "openapi.json",
        )
        assert found == {f"/api/v1/{name}" for name in named} | {"/static", "/healthz"}

    def test_a_cycle_of_theirs(self, doors: Doors) -> None:
        cycle = doors.line.cycle(1, MORNING_NS, 20.0)
        doors.line.write(cycle)
        for rest in ("", "/frame.jpg", "/clip.mp4", "/observations"):
            path = f"/api/v1/events/{cycle.event_uid}{rest}"
            assert doors.ask("angela@planta.example", "GET", path) == LET_THROUGH
            assert doors.ask("carmenza@planta.example", "GET", path) == 403
            assert doors.ask("angela@planta.example", "GET", f"/api/v1/events/{uuid.uuid4()}{rest}") == 403

    def test_a_page_of_theirs(self, doors: Doors) -> None:
        assert doors.ask("angela@planta.example", "GET", "/board/ANGELA") == LET_THROUGH
        assert doors.ask("carmenza@planta.example", "GET", "/board/ANGELA") == 403

    def test_what_they_enter(self, doors: Doors) -> None:
        path = "/api/v1/production-orders"
        assert doors.ask("angela@planta.example", "POST", path, {"module": "ANGELA"}) == LET_THROUGH
        wrongs: list[object] = [
            {"module": "CARMENZA"},
            {},
            {"module": ["ANGELA"]},
            [],
            {"x": {"module": "CARMENZA"}},
        ]
        for wrong in wrongs:
            assert doors.ask("angela@planta.example", "POST", path, wrong) == 403

    def test_of_what_there_is_and_goes_on_they_see_their_own(self, doors: Doors) -> None:
        whole = client(doors.line, doors.access)
        for who, module in LIMITED.items():
            cookie = {"Cookie": f"{doors.access.cookie}={doors.cookies[who]}"}
            seen = {
                path: whole.get(f"/api/v1/{path}", headers=cookie).json()
                for path in ("modules", "cameras", "workstations", "live")
            }
            own = module == "ANGELA"  # of the other one, this line has nothing
            assert [len(seen[path]["items"]) for path in ("modules", "cameras", "workstations")] == (
                [1, 2, 2] if own else [0, 0, 0]
            )
            live = seen["live"]
            parts = (live["plant"]["modules"], live["cameras"], live["plant"]["stations"], live["states"])
            assert [len(part) for part in (*parts, live["cycles"])] == ([1, 2, 2, 2, 2] if own else [0] * 5)

    @pytest.mark.parametrize("kind", sorted(QUESTIONS))
    def test_every_question_can_be_asked(self, doors: Doors, kind: str) -> None:
        assert module_of(doors.line.engine, kind, "1' OR 1=1 --") is None
