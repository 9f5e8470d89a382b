"""`/board/{module}`: the engineer's board, and its hour board alone, which the page asks for again and again."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from lbzf_ros.core.indicators.hours import parse_day
from lbzf_ros.store.rows import ModuleRow
from web_bridge.pages import plant
from web_bridge.pages.answers import answer
from web_bridge.pages.reader import reader_of
from web_bridge.pages.rendering import render
from web_bridge.pages.routing import page_router
from web_bridge.routes.parameters import InContext

router = page_router()


@router.get("/")
def start(request: Request, context: InContext) -> Response:
    """To the page that one's work begins with; before the plant is known, an empty board."""
    reader = reader_of(request)
    if reader.role == "executive":
        return RedirectResponse("/summary", 303)
    modules = plant.modules(context, reader)
    if not modules:
        return _board(request, [], None, {"board": None})
    return _board(request, modules, modules[0], _figures(request, context, modules[0]))


@router.get("/board/{module}")
def board(request: Request, context: InContext, module: str) -> HTMLResponse:
    """Is the module on pace, which station is behind its SAM, which camera is off?"""
    found = plant.module(context, reader_of(request), module)
    return _board(
        request, plant.modules(context, reader_of(request)), found, _figures(request, context, found)
    )


@router.get("/board/{module}/hours")
def hours(request: Request, context: InContext, module: str) -> HTMLResponse:
    """The hour board, as a part of the page."""
    found = plant.module(context, reader_of(request), module)
    return render(request, "hours.html", here="board", module=found.code, **_figures(request, context, found))


def _board(
    request: Request, modules: list[ModuleRow], module: ModuleRow | None, figures: dict[str, Any]
) -> HTMLResponse:
    return render(
        request,
        "board.html",
        here="board",
        module=module.code if module else None,
        name=module.display_name if module else "LBZF",
        reference=module.product_reference if module else None,
        modules=modules,
        **figures,
    )


def _figures(request: Request, context: InContext, module: ModuleRow) -> dict[str, Any]:
    words = reader_of(request).words
    now_ns = context.clock_ns()
    date = context.days.present_day(module.code, now_ns=now_ns)
    board = context.days.hour_board(module.code, date, now_ns=now_ns)
    return {"board": board, "date": parse_day(date), "answer": answer(board, words)}
