"""Routes of pages: what goes wrong is a page too, in the reader's language."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from lbzf_ros.core.errors import InvalidValue, StoreError
from lbzf_ros.store.people.errors import NotThere
from web_bridge.pages.rendering import render

_LOG = logging.getLogger("web_bridge")
_KNOWN = {404: "error_not_there", 422: "error_not_possible", 503: "error_database"}


class _PageRoute(APIRoute):
    """A route whose errors are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with its errors caught."""
        handle = super().get_route_handler()

        async def handle_page(request: Request) -> Response:
            try:
                return await handle(request)
            except HTTPException as error:
                return _problem(request, error.status_code)
            except NotThere:
                return _problem(request, 404)
            except (InvalidValue, RequestValidationError):
                return _problem(request, 422)
            except StoreError as error:
                # The text names the file: that is for the log, not for whoever asked.
                _LOG.error("%s: %s", request.url.path, error)
                return _problem(request, 503)

        return handle_page


def _problem(request: Request, status: int) -> HTMLResponse:
    return render(
        request, "error.html", here="", module=None, status=status, key=_KNOWN.get(status, "error_other")
    )


def page_router() -> APIRouter:
    """For the routes of one page; they are not part of the API's description."""
    return APIRouter(include_in_schema=False, default_response_class=HTMLResponse, route_class=_PageRoute)
