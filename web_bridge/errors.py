"""Every error as problem details (RFC 9457), with the id of the request."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from lbzf_ros.core.causes import Param
from lbzf_ros.core.errors import InvalidValue, StoreError
from lbzf_ros.store.errors import is_about_a_row
from lbzf_ros.store.people.errors import Conflict, NotThere, Several
from web_bridge.problems import BY_STATUS, Code, wrong_values
from web_bridge.schemas import Problem, WrongValue
from web_bridge.stream import TooManyPages

MEDIA_TYPE = "application/problem+json"
_MAX_ERRORS = 20
_ALL_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
_LOG = logging.getLogger("web_bridge")


class Refusal(HTTPException):
    """An error with a cause of its own. What a store raises needs none: it brings its cause with it."""

    def __init__(
        self, status: int, detail: str, code: Code, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, detail, headers=None if headers is None else dict(headers))
        self.code = code


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, as OpenAPI describes them."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def problem(
    scope: Scope,
    status: int,
    detail: str,
    *,
    code: Code | None = None,
    params: Mapping[str, Param] | None = None,
    errors: Mapping[str, InvalidValue] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An error as an answer; without a code it has that of its status."""
    body = Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=str(scope.get("path", "")),
        request_id=str(scope.get("state", {}).get("request_id", "")),
        code=code or BY_STATUS.get(status, "unexpected"),
        params=dict(params or {}),
        errors=[
            WrongValue(where=where, message=str(one), code=one.cause or "not_valid", params=one.params)
            for where, one in (errors or {}).items()
        ],
    )
    return Response(
        body.model_dump_json(), status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


def add_handlers(app: FastAPI) -> None:
    """Turn what routes raise into problem details. What nobody expected is answered by `middleware`."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(InvalidValue, _invalid)
    app.add_exception_handler(NotThere, _not_there)
    app.add_exception_handler(Conflict, _conflict)
    app.add_exception_handler(StoreError, _store)
    app.add_exception_handler(TooManyPages, _too_many)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    detail = error.detail
    if detail == phrase:
        detail = (
            f"{request.method} {request.url.path}: {phrase.lower()}; /api/v1/openapi.json lists what there is"
        )
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods(request))) or headers.get("Allow", "")
    code = error.code if isinstance(error, Refusal) else None
    return problem(request.scope, error.status_code, detail, code=code, headers=headers)


def _methods(request: Request) -> set[str]:
    """Methods that a path knows; Starlette names only those of the first route that fits."""
    return {
        method
        for method in _ALL_METHODS
        for route in request.app.routes
        if route.matches({**request.scope, "method": method})[0] is Match.FULL
    }


def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = wrong_values(error.errors()[:_MAX_ERRORS])
    detail = "; ".join(f"{where}: {one}" for where, one in errors.items())
    return problem(request.scope, 422, detail, errors=errors)


def _invalid(request: Request, error: Exception) -> Response:
    return _refused(request, 422, error)


def _not_there(request: Request, error: Exception) -> Response:
    return _refused(request, 404, error)


def _conflict(request: Request, error: Exception) -> Response:
    return _refused(request, 409, error)


def _refused(request: Request, status: int, error: Exception) -> Response:
    assert isinstance(error, InvalidValue)
    wrong = (
        {f"body.{where}".rstrip("."): one for where, one in error.wrong.items()}
        if isinstance(error, Several)
        else None
    )
    return problem(request.scope, status, str(error), code=error.cause, params=error.params, errors=wrong)


def _store(request: Request, error: Exception) -> Response:
    if isinstance(error.__cause__, DBAPIError) and is_about_a_row(error.__cause__.orig):
        _LOG.error("%s: %s", request.url.path, error)
        return problem(
            request.scope, 422, "the database refuses such a row; the log says why", code="row_refused"
        )
    # The text names the file: that is for the log, not for whoever asked.
    _LOG.error("%s: %s", request.url.path, error)
    return problem(
        request.scope,
        503,
        "the database cannot be read or written at present; try again soon. The log says why",
        code="database_unavailable",
        headers={"Retry-After": "5"},
    )


def _too_many(request: Request, error: Exception) -> Response:
    return problem(request.scope, 503, str(error), code="too_many_pages", headers={"Retry-After": "30"})
