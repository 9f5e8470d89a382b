"""Signing in with a local account, signing out, and who one is: `/login`, `/logout`, `/api/v1/session`."""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs

from fastapi import APIRouter, FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from web_bridge.access.access import Access
from web_bridge.access.accounts import token_hash
from web_bridge.access.csrf import FIELD, check_origin, is_token
from web_bridge.access.identity import Claim, Identity, Refused
from web_bridge.access.pages.render import language_of, page, texts
from web_bridge.access.peer import peer_of
from web_bridge.access.request import Asked
from web_bridge.access.roles import key
from web_bridge.access.sessions import bound_to
from web_bridge.errors import Refusal, answers

_AT_ONCE = 2
"""Passwords that are verified at once: each takes 64 MiB."""
_MAX_WAITING = 30
_FIELDS = 10
_FORM_COOKIE_S = 3600
_LOG = logging.getLogger("lbzf.access")


class SessionInfo(BaseModel):
    """Who you are here."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="E-mail or account.", examples=["ingeniero@planta.example"])
    role: Literal["admin", "engineer", "executive"] = Field(description="What you may do follows from it.")
    provider: str = Field(description="Who says so: tailscale, jwt, local, open.", examples=["tailscale"])
    modules: list[str] | None = Field(
        description="Codes of the modules that you may see; null: all.", examples=[["ANGELA"]]
    )
    csrf_token: str = Field(
        description="For the header X-CSRF-Token of every write that a browser sends.",
        examples=["k1yQm0Zc7v3r.8d1f"],
    )
    can_sign_out: bool = Field(description="Whether POST /logout would end anything.")


class Door:
    """The routes of one application."""

    def __init__(self, access: Access) -> None:
        """Sign people in to `access`."""
        self._access = access
        self._form_cookie = f"{access.cookie}-form"
        self._verifying = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    def add_to(self, app: FastAPI) -> None:
        """Register the routes."""
        router = APIRouter()
        router.add_api_route("/login", self.form, methods=["GET"], include_in_schema=False)
        router.add_api_route("/login", self.sign_in, methods=["POST"], include_in_schema=False)
        router.add_api_route("/logout", self.sign_out, methods=["POST"], include_in_schema=False)
        router.add_api_route(
            "/api/v1/session",
            self.who,
            methods=["GET"],
            response_model=SessionInfo,
            tags=["session"],
            summary="Session",
            responses=answers(401, 403),
        )
        app.include_router(router)
        files = Path(__file__).parent / "pages" / "static"
        app.mount("/access/static", StaticFiles(directory=files), name="access-static")

    async def who(self, request: Request, response: Response) -> SessionInfo:
        """Who you are, your role, and the token that writes need."""
        identity: Identity = request.state.identity
        claim: Claim = request.state.claim
        response.headers["Cache-Control"] = "no-store"
        assert identity.role is not None  # the gate lets nobody else through
        return SessionInfo(
            name=identity.name,
            role=identity.role.value,
            provider=identity.provider,
            modules=None if identity.modules is None else sorted(identity.modules),
            csrf_token=self._access.csrf_token(claim.secret_of),
            can_sign_out=identity.provider == "local",
        )

    async def form(self, request: Request) -> Response:
        """The form for signing in."""
        self._only_with_passwords()
        return self._form(_asked(request), 200, next_page=_own_page(request.query_params.get("next", "/")))

    async def sign_in(self, request: Request) -> Response:
        """Begin a session."""
        self._only_with_passwords()
        asked = _asked(request)
        fields = _form_fields(await request.body())
        name, password = fields.get("name", ""), fields.get("password", "")
        next_page = _own_page(fields.get("next", "/"))
        text = texts(language_of(asked))
        if not self._is_own_form(asked, fields.get(FIELD)):
            return self._form(asked, 403, next_page=next_page, problem=text["again"], name=name)
        address = self._access.address(asked)
        limits = ((self._access.per_account, key(name)), (self._access.per_address, address))
        wait_s = max(limiter.wait_s(counted) for limiter, counted in limits)
        if wait_s > 0 or self._waiting >= _MAX_WAITING:
            wait_s = max(wait_s, 5.0)
            problem = text["wait"].format(minutes=math.ceil(wait_s / 60))
            answer = self._form(asked, 429, next_page=next_page, problem=problem, name=name)
            answer.headers["Retry-After"] = str(math.ceil(wait_s))
            return answer
        for limiter, counted in limits:
            limiter.failed(counted)
        if not await self._is_password(name, password):
            _LOG.warning("%s: wrong password for %r", address, name[:100])
            return self._form(asked, 401, next_page=next_page, problem=text["wrong"], name=name)
        self._access.per_account.succeeded(key(name))
        await self._end_session(asked)
        return await self._signed_in(name, next_page)

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        asked = _asked(request)
        cookie = asked.cookie(self._access.cookie)
        if cookie:
            shown = _form_fields(await request.body()).get(FIELD) or asked.header("x-csrf-token")
            try:
                check_origin(asked, self._access.names(asked))
            except Refused as why:
                raise Refusal(403, str(why), "page_expired") from None
            if not is_token(self._access.secret(), bound_to(cookie), shown):
                raise Refusal(403, "the form was no longer valid; load the page again", "page_expired")
            await self._end_session(asked)
        answer = RedirectResponse("/login", status_code=303)
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        answer.headers["Cache-Control"] = "no-store"
        answer.delete_cookie(
            self._access.cookie, path="/", secure=self._access.is_secure, httponly=True, samesite="lax"
        )
        return answer

    async def _is_password(self, name: str, password: str) -> bool:
        self._waiting += 1
        try:
            async with self._verifying:
                return await run_in_threadpool(self._access.accounts.is_password, name, password)
        finally:
            self._waiting -= 1

    async def _signed_in(self, name: str, next_page: str) -> Response:
        local = self._access.settings.local
        await run_in_threadpool(
            self._access.accounts.forget_old,
            session_s=local.session_hours * 3600,
            idle_s=local.idle_hours * 3600,
        )
        token = await run_in_threadpool(self._access.accounts.sign_in, name)
        answer = RedirectResponse(next_page, status_code=303, headers={"Cache-Control": "no-store"})
        answer.set_cookie(
            self._access.cookie,
            token,
            max_age=round(local.session_hours * 3600),
            path="/",
            secure=self._access.is_secure,
            httponly=True,
            samesite="lax",  # strict would ask for the password again after a link in an e-mail
        )
        return answer

    async def _end_session(self, asked: Asked) -> None:
        if cookie := asked.cookie(self._access.cookie):
            await run_in_threadpool(self._access.accounts.sign_out, token_hash(cookie))
            self._access.sessions.forget(token_hash(cookie))

    def _form(
        self, asked: Asked, status: int, *, next_page: str, problem: str = "", name: str = ""
    ) -> Response:
        """The form, with a token that is bound to a cookie of its own: nobody can be signed in by another site."""
        binding = asked.cookie(self._form_cookie) or secrets.token_urlsafe(16)
        token = self._access.csrf_token(f"form {binding}")
        answer = page(
            "login.html", asked, status, csrf_token=token, next=next_page, problem=problem, name=name[:100]
        )
        answer.set_cookie(
            self._form_cookie,
            binding,
            max_age=_FORM_COOKIE_S,
            path="/",
            secure=self._access.is_secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    def _is_own_form(self, asked: Asked, shown: str | None) -> bool:
        binding = asked.cookie(self._form_cookie)
        try:
            check_origin(asked, self._access.names(asked))
        except Refused as why:
            self._access.say(why, asked)
            return False
        return binding is not None and is_token(self._access.secret(), f"form {binding}", shown)

    def _only_with_passwords(self) -> None:
        if not self._access.has_passwords:
            raise HTTPException(404, "local accounts are not in use here (web.access.providers)")


def _asked(request: Request) -> Asked:
    return Asked(request.scope, peer_of(request.scope))


def _form_fields(body: bytes) -> dict[str, str]:
    """Fields of a form; one that is there twice is left out."""
    try:
        found = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _own_page(path: str) -> str:
    """A page of ours to go on to; anything else leads to the first one."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours and "\\" not in path and len(path) <= 300 else "/"
