"""ASGI middleware: who asks, may they, did they mean it, is the body sound. Only then does the application see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lbzf_ros.core.errors import StoreError
from web_bridge.access import permissions
from web_bridge.access.access import Access
from web_bridge.access.body import BodyProblem, Gone, given, has_body, read_body
from web_bridge.access.csrf import SAFE, check_write
from web_bridge.access.identity import Claim, Identity, Refused
from web_bridge.access.matching import Found, Matcher
from web_bridge.access.pages.render import forbidden_page, no_role_page, unknown_page
from web_bridge.access.peer import peer_of
from web_bridge.access.permissions import PUBLIC_FILES, Rule
from web_bridge.access.request import Asked
from web_bridge.errors import problem

_PROGRAM = Claim("local", "here", attached_by_browser=False)
_FOR_PROGRAMS = ("/api/", "/healthz", "/metrics", "/static", "/access/static")
"""Answers there are problem details; everywhere else they are pages."""

ModuleOf = Callable[[str, str], str | None]
"""The module of a cycle or row (`scope.module_of`); it may read the database."""


class Gate:
    """Lets through what may pass; `request.state.identity` says who it is."""

    def __init__(self, app: ASGIApp, access: Access, module_of: ModuleOf) -> None:
        """Guard `app`."""
        self._app, self._access, self._module_of = app, access, module_of
        self._matcher: Matcher | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        asked = Asked(scope, peer_of(scope))
        try:
            answer, body = await self._check(asked, receive)
        except Gone:
            return
        except Refused as why:  # a header that was sent twice
            self._access.say(why, asked)
            answer, body = problem(scope, 400, str(why)), None
        if answer is not None:
            if body is None and has_body(asked):
                answer.headers["Connection"] = "close"  # what follows is not read
            await answer(scope, receive, send)
            return
        await self._app(scope, receive if body is None else given(body, receive), send)

    async def _check(self, asked: Asked, receive: Receive) -> tuple[Response | None, bytes | None]:
        """The answer, if it is no; and the body, if it was read."""
        scope = asked.scope
        if self._matcher is None:
            self._matcher = Matcher(scope["app"].router.routes)
        found = self._matcher.find(scope["method"], scope["path"])
        rule = permissions.TABLE.get((found.method, found.template)) if found else None
        if rule is not None and (rule.public or scope["path"] in PUBLIC_FILES):
            return await self._with_body(asked, receive, rule, _PROGRAM)
        try:
            known = await self._access.identify(asked)
        except Refused as why:
            self._access.say(why, asked)
            known = None
        except StoreError:
            return problem(
                scope,
                503,
                "who is signed in cannot be read at present",
                code="database_unavailable",
                headers={"Retry-After": "5"},
            ), None
        if known is None and rule is not None and rule.here and self._access.is_program_here(asked):
            known = _PROGRAM, Identity("local", None, "here")
        elif known is None:
            return self._unknown(asked), None
        elif (answer := _refusal(asked, found, rule, known[1], self._access)) is not None:
            return answer, None
        scope.setdefault("state", {})["identity"] = known[1]
        scope["state"]["claim"] = known[0]
        answer, body = await self._with_body(asked, receive, rule, known[0])
        if answer is None and found is not None and rule is not None and known[1].modules is not None:
            answer = await self._outside(asked, found, rule, known[1], body or b"")
        return answer, body

    async def _outside(
        self, asked: Asked, found: Found, rule: Rule, identity: Identity, body: bytes
    ) -> Response | None:
        """Why a route is outside of a person's modules; None: it is not."""
        theirs = ", ".join(sorted(identity.modules or ())) or "none"
        if rule.scope in (permissions.Scope.NOTHING, permissions.Scope.ROUTE):
            return None
        if rule.scope is permissions.Scope.WHOLE:
            return problem(
                asked.scope,
                403,
                f"this tells of every module; {identity.name} may see: {theirs}",
                code="other_module",
                params={"modules": theirs},
            )
        try:
            named = await self._named(asked, found, rule, body)
        except StoreError:
            return problem(
                asked.scope,
                503,
                "the database cannot be read at present",
                code="database_unavailable",
                headers={"Retry-After": "5"},
            )
        if not named or not all(isinstance(name, str) and identity.may_see(name) for name in named):
            return problem(
                asked.scope,
                403,
                f"name a module that {identity.name} may see: {theirs}",
                code="other_module",
                params={"modules": theirs},
            )
        return None

    async def _named(self, asked: Asked, found: Found, rule: Rule, body: bytes) -> list[object]:
        """The modules that a request is about; none: that cannot be told."""
        parameters = found.parameters
        if rule.scope is permissions.Scope.QUERY:
            return [*parse_qs(asked.scope["query_string"].decode("latin-1")).get("module", [])]
        if rule.scope is permissions.Scope.PATH:
            return [parameters.get("module")]
        if rule.scope is permissions.Scope.BODY:
            return _module_in(body)
        key = parameters.get("uid") or parameters.get("id") or ""
        module = await run_in_threadpool(self._module_of, rule.table, key)
        return [] if module is None else [module]

    async def _with_body(
        self, asked: Asked, receive: Receive, rule: Rule | None, claim: Claim
    ) -> tuple[Response | None, bytes | None]:
        settings = self._access.settings
        body = None
        if has_body(asked):
            max_kb = settings.max_body_kb if rule is None or rule.max_body_kb is None else rule.max_body_kb
            try:
                body = await read_body(asked, receive, max_kb=max_kb, slow_s=settings.slow_request_s)
            except BodyProblem as wrong:
                return problem(asked.scope, wrong.status, str(wrong)), None
        if asked.scope["method"] not in SAFE:
            names = self._access.names(asked)
            try:
                check_write(asked, claim, body or b"", secret=self._access.secret(), names=names)
            except Refused as why:
                self._access.say(why, asked)
                detail = f"the request was not taken: {why}"
                return problem(asked.scope, 403, detail, code="page_expired"), body
        return None, body

    def _unknown(self, asked: Asked) -> Response:
        """Nobody is known: sign in, or a page that says so."""
        if _is_for_programs(asked):
            return problem(
                asked.scope,
                401,
                "sign in, or send a token; docs/access.md says how",
                headers={"WWW-Authenticate": 'Bearer realm="LBZF"', "Cache-Control": "no-store"},
            )
        if self._access.has_passwords and asked.scope["method"] in ("GET", "HEAD"):
            wanted = asked.scope["path"]
            target = "/login" if wanted == "/" else f"/login?next={quote(wanted)}"
            return RedirectResponse(target, status_code=303, headers={"Cache-Control": "no-store"})
        return unknown_page(asked)


def _is_for_programs(asked: Asked) -> bool:
    path: str = asked.scope["path"]
    return path.startswith(_FOR_PROGRAMS)


def _refusal(
    asked: Asked, found: Found | None, rule: Rule | None, identity: Identity, access: Access
) -> Response | None:
    """Why a person may not; None: they may."""
    if identity.role is None:
        if _is_for_programs(asked):
            detail = f"{identity.name} has no role here; an admin can give one"
            return problem(asked.scope, 403, detail, code="no_role")
        return no_role_page(asked, identity, access)
    if found is None or (rule is not None and identity.role in rule.roles):
        return None  # what is not found is 404 or 405
    if not _is_for_programs(asked):
        return forbidden_page(asked, identity)
    if rule is None:
        return problem(
            asked.scope, 403, "this route is not in the table of permissions, so nobody may use it"
        )
    return problem(asked.scope, 403, f"the role {identity.role} may not use this")


def _module_in(body: bytes) -> list[object]:
    """`module` of the JSON that is sent. One that is there twice is refused: who reads it may take the other."""
    found: list[object] = []

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        found.extend(value for name, value in items if name == "module")
        return dict(items)

    try:
        json.loads(body, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return []
    return found
