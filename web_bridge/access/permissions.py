"""The one table of permissions: (method, route template) → who may. A route that is not in it answers 403 to everybody.

A new route needs a line here; `test/web/access/test_permissions.py` names those that lack one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from web_bridge.access.identity import Role
from web_bridge.access.scope import CYCLE


class Scope(Enum):
    """How a route is held within a person's modules. Only people with limited modules are affected."""

    NOTHING = "nothing"  # it says nothing about any module
    QUERY = "query"  # `?module=` must be given and be one of theirs
    PATH = "path"  # `{module}` in its path must be one of theirs
    BODY = "body"  # `module` in the JSON that is sent must be one of theirs
    ROW = (
        "row"  # the module of the row `{id}` of `Rule.table`, or of the cycle `{uid}`, must be one of theirs
    )
    ROUTE = "route"  # the route itself looks at `identity.may_see`
    WHOLE = "whole"  # it tells of every module: people with limited modules may not


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may use a route.

    Attributes:
        roles: these.
        scope: how it is held within a person's modules.
        table: for `Scope.ROW`: what the id in the path is of (`scope.QUESTIONS`).
        public: everybody, also who is not known. Only for what leads to signing in.
        here: also a program of this machine that shows no identity (health checks).
        max_body_kb: largest body, kB; None: the setting.
    """

    roles: frozenset[Role]
    scope: Scope = Scope.WHOLE
    table: str = CYCLE
    public: bool = False
    here: bool = False
    max_body_kb: int | None = None


EVERYBODY = frozenset(Role)
FLOOR = frozenset({Role.ADMIN, Role.ENGINEER})
ADMIN = frozenset({Role.ADMIN})

_PUBLIC = Rule(EVERYBODY, Scope.NOTHING, public=True)
_FORM = Rule(EVERYBODY, Scope.NOTHING, public=True, max_body_kb=8)
_ALL, _ALL_OF_MODULE = Rule(EVERYBODY, Scope.NOTHING), Rule(EVERYBODY, Scope.QUERY)
_FLOOR = Rule(FLOOR, Scope.NOTHING)
_BY_QUERY, _BY_PATH, _BY_BODY = (Rule(FLOOR, scope) for scope in (Scope.QUERY, Scope.PATH, Scope.BODY))
_CYCLE = Rule(FLOOR, Scope.ROW)
_ASSIGNMENT = Rule(FLOOR, Scope.ROW, "operator_assignments")
_SHIFT = Rule(FLOOR, Scope.ROW, "shifts")
_TARGET = Rule(FLOOR, Scope.ROW, "targets")
_ORDER = Rule(FLOOR, Scope.ROW, "production_orders")
_LOST = Rule(FLOOR, Scope.ROW, "lost_time_events")
_ZONE = Rule(FLOOR, Scope.ROW, "rois")

PUBLIC_FILES = frozenset({"/static/css/base.css", "/static/icon.svg"})
"""Of the files of the page, what the page for signing in needs."""

_API = "/api/v1"

TABLE: Mapping[tuple[str, str], Rule] = {
    # Signing in and out
    ("GET", "/login"): _PUBLIC,
    ("POST", "/login"): _FORM,
    ("POST", "/logout"): _FORM,
    ("GET", "/access/static"): _PUBLIC,
    ("GET", f"{_API}/session"): _ALL,
    # Pages
    ("GET", "/"): Rule(EVERYBODY, Scope.ROUTE),  # an executive is led on to /summary
    ("GET", "/static"): _ALL,
    ("GET", "/summary"): Rule(EVERYBODY, Scope.ROUTE),
    ("GET", "/board/{module}"): _BY_PATH,
    ("GET", "/board/{module}/hours"): _BY_PATH,
    ("GET", "/modules/{module}"): _BY_PATH,
    ("GET", "/stations/{module}"): _BY_PATH,
    ("GET", "/stations/{module}/{station}"): _BY_PATH,
    ("GET", "/entry/{module}"): Rule(FLOOR, Scope.PATH),
    ("GET", "/cycles/{uid}"): _CYCLE,
    ("GET", "/zones"): Rule(FLOOR, Scope.ROUTE),
    ("GET", "/zones/{camera}/proposal"): Rule(FLOOR, Scope.ROUTE),
    ("GET", "/admin"): Rule(ADMIN, Scope.NOTHING),
    # What is going on now
    ("GET", f"{_API}/live"): Rule(FLOOR, Scope.ROUTE),
    ("GET", f"{_API}/live/stream"): Rule(FLOOR, Scope.ROUTE),
    # Cycles, with picture and video: not for executives
    ("GET", f"{_API}/events"): _BY_QUERY,
    ("GET", f"{_API}/events/{{uid}}"): _CYCLE,
    ("GET", f"{_API}/events/{{uid}}/frame.jpg"): _CYCLE,
    ("GET", f"{_API}/events/{{uid}}/clip.mp4"): _CYCLE,
    ("GET", f"{_API}/events/{{uid}}/observations"): _CYCLE,
    ("PUT", f"{_API}/events/{{uid}}/verification"): _CYCLE,
    ("DELETE", f"{_API}/events/{{uid}}/verification"): _CYCLE,
    ("PUT", f"{_API}/events/{{uid}}/override"): _CYCLE,
    ("DELETE", f"{_API}/events/{{uid}}/override"): _CYCLE,
    ("GET", f"{_API}/rejected"): _BY_QUERY,
    # What there is
    ("GET", f"{_API}/modules"): Rule(EVERYBODY, Scope.ROUTE),
    ("GET", f"{_API}/cameras"): Rule(FLOOR, Scope.ROUTE),
    ("GET", f"{_API}/workstations"): Rule(FLOOR, Scope.ROUTE),
    ("GET", f"{_API}/standard-times"): _FLOOR,
    # Figures. For executives those of a module as a whole, none of a person or a station
    ("GET", f"{_API}/hour-board"): _BY_QUERY,
    ("GET", f"{_API}/days"): _BY_QUERY,
    ("GET", f"{_API}/days/module"): _BY_QUERY,
    ("GET", f"{_API}/days/station"): _BY_QUERY,
    ("GET", f"{_API}/balance"): _BY_QUERY,
    ("GET", f"{_API}/shift-summary"): _BY_QUERY,
    ("GET", f"{_API}/comparison"): _ALL_OF_MODULE,
    ("GET", f"{_API}/trend"): _ALL_OF_MODULE,
    # What people enter
    ("GET", f"{_API}/operators"): _FLOOR,
    ("POST", f"{_API}/operators"): _FLOOR,
    ("PUT", f"{_API}/operators/{{code}}"): _FLOOR,
    ("GET", f"{_API}/assignments"): _BY_QUERY,
    ("POST", f"{_API}/assignments"): _BY_BODY,
    ("POST", f"{_API}/assignments/shift"): _BY_BODY,
    ("PUT", f"{_API}/assignments/{{id}}"): _ASSIGNMENT,
    ("DELETE", f"{_API}/assignments/{{id}}"): _ASSIGNMENT,
    ("GET", f"{_API}/shifts"): _BY_QUERY,
    ("POST", f"{_API}/shifts"): _BY_BODY,
    ("PUT", f"{_API}/shifts/{{id}}"): _SHIFT,
    ("POST", f"{_API}/shifts/{{id}}/end"): _SHIFT,
    ("GET", f"{_API}/targets"): _BY_QUERY,
    ("PUT", f"{_API}/targets/hour"): _BY_BODY,
    ("PUT", f"{_API}/targets/day"): _BY_BODY,
    ("DELETE", f"{_API}/targets/{{id}}"): _TARGET,
    ("GET", f"{_API}/production-orders"): _BY_QUERY,
    ("POST", f"{_API}/production-orders"): _BY_BODY,
    ("PUT", f"{_API}/production-orders/{{id}}"): _ORDER,
    ("POST", f"{_API}/production-orders/{{id}}/end"): _ORDER,
    ("DELETE", f"{_API}/production-orders/{{id}}"): _ORDER,
    ("GET", f"{_API}/modules/{{module}}/thresholds"): _BY_PATH,
    ("PUT", f"{_API}/modules/{{module}}/thresholds"): _BY_PATH,
    ("GET", f"{_API}/lost-time-codes"): _FLOOR,
    ("GET", f"{_API}/lost-time"): _BY_QUERY,
    ("POST", f"{_API}/lost-time"): _BY_BODY,
    ("PUT", f"{_API}/lost-time/{{id}}"): _LOST,
    ("POST", f"{_API}/lost-time/{{id}}/end"): _LOST,
    ("DELETE", f"{_API}/lost-time/{{id}}"): _LOST,
    ("GET", f"{_API}/observations"): _BY_QUERY,
    ("POST", f"{_API}/observations"): _BY_BODY,
    ("POST", f"{_API}/stopwatch"): _BY_BODY,
    # Zones
    ("GET", f"{_API}/rois"): _BY_QUERY,
    ("GET", f"{_API}/rois/{{id}}/reference.jpg"): _ZONE,
    ("GET", f"{_API}/workstations/{{module}}/{{workstation}}/zones"): _BY_PATH,
    ("PUT", f"{_API}/workstations/{{module}}/{{workstation}}/zones"): _BY_PATH,
    ("GET", f"{_API}/cameras/{{camera}}/frame.jpg"): Rule(FLOOR, Scope.ROUTE),
    ("POST", f"{_API}/cameras/{{camera}}/preview"): Rule(FLOOR, Scope.ROUTE),
    ("GET", f"{_API}/events/{{uid}}/explanation"): _CYCLE,
    ("GET", f"{_API}/events/{{uid}}/explanation.png"): _CYCLE,
    # Files to take away: people with limited modules get those of their modules
    ("GET", f"{_API}/exports"): Rule(FLOOR, Scope.ROUTE),
    ("POST", f"{_API}/exports"): _BY_BODY,
    ("GET", f"{_API}/exports/{{name}}"): Rule(FLOOR, Scope.ROUTE),
    # Recordings of every camera
    ("GET", f"{_API}/bags"): Rule(ADMIN, Scope.NOTHING),
    ("GET", f"{_API}/bags/{{bag}}/{{name}}"): Rule(ADMIN, Scope.NOTHING),
    # Looking after it
    ("GET", f"{_API}/health"): Rule(ADMIN, Scope.NOTHING),
    ("GET", f"{_API}/metrics"): Rule(ADMIN, Scope.NOTHING, here=True),
    ("GET", f"{_API}/audit"): Rule(ADMIN, Scope.NOTHING),
    ("GET", "/healthz"): Rule(FLOOR, Scope.NOTHING, here=True),
    ("GET", f"{_API}/openapi.json"): _ALL,
}
