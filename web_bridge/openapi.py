"""What the OpenAPI description says beside what the routes say by their types."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from web_bridge.errors import answers
from web_bridge.schemas import Problem

ABOUT = """Cycles of the stations of a production line, measured by camera, and what people enter beside them.

Times are ISO 8601 in UTC; the unit of a figure is in its name; null means that it is not known. Every list is capped:
give `next_after` back as `after` for the next part. Every error is a problem detail (RFC 9457) with the id of its
request and a `code` for its cause; `detail` is for people who read English, and may change. Reads have an `ETag`:
give it back as `If-None-Match`, and what has not changed is answered with 304. Writes
take an `Idempotency-Key`. A database that is busy for some seconds is answered with 503 and `Retry-After`."""

TAGS = [
    {"name": "live", "description": "What is going on now."},
    {"name": "figures", "description": "Figures of a day: hour board, balance, aggregates."},
    {"name": "events", "description": "Cycles, also those that do not count."},
    {"name": "plant", "description": "What there is."},
    {"name": "zones", "description": "Polygons in the cameras' pictures, all versions."},
    {"name": "people", "description": "Operators, who works where, shifts."},
    {"name": "plans", "description": "Targets, production orders, thresholds."},
    {"name": "lost time", "description": "Lost time and its codes."},
    {"name": "observations", "description": "What people saw; the stopwatch."},
    {"name": "audit", "description": "Who changed what."},
    {"name": "exports", "description": "Workbooks and other files to take away."},
    {"name": "bags", "description": "Recordings of what the system said (`lbzf record`), to take away."},
    {"name": "health", "description": "Whether the system works."},
    {"name": "session", "description": "Who one is here."},
]
_METHODS = ("get", "post", "put", "delete", "patch")
_API = "/api/"
_ETAG = {
    "description": "Stands for this content.",
    "schema": {"type": "string", "examples": ['W/"2f1b6f0c9a7e4d3b8c5a1e0f"']},
}
_ASKED = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "`ETag` of what is known already.",
    "schema": {"type": "string"},
}


def describe(app: FastAPI) -> None:
    """Complete the description that `app.openapi()` gives."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        description = generate()
        schemas = description.setdefault("components", {}).setdefault("schemas", {})
        wrong = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= wrong.pop("$defs")
        schemas["Problem"] = wrong
        for unused in ("HTTPValidationError", "ValidationError"):  # ours are problem details
            schemas.pop(unused, None)
        for path, item in description["paths"].items():
            for method in _METHODS:
                if operation := item.get(method):
                    _complete(path, method, operation)
        return description

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    common = [400, 401, 403, 429, 500] if path.startswith(_API) else [500]
    if method != "get":
        common += [408, 413, 415]
    for status, answer in answers(*common).items():
        responses.setdefault(str(status), answer)
    good = responses.get("200", {})
    if method == "get" and path.startswith(_API) and "application/json" in good.get("content", {}):
        good.setdefault("headers", {})["ETag"] = _ETAG
        responses["304"] = {"description": "Nothing has changed", "headers": {"ETag": _ETAG}}
        operation.setdefault("parameters", []).append(_ASKED)
