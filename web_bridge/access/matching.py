"""Which route of the application a request is for, told before it is routed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount, compile_path

_MAX_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Found:
    """The template of a route, the method it is in the table with, and what stood for its parameters."""

    method: str
    template: str
    parameters: dict[str, str]


def routes_of(routes: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    """(method, template) of every route, in the order in which the application tries them; GET stands for HEAD."""
    for route in iter_route_contexts(routes):
        original = getattr(route, "original_route", route)
        methods = getattr(route, "methods", None)
        if isinstance(original, Mount) or methods is None:
            yield "GET", str(route.path)
        else:
            for method in sorted(set(methods) - {"HEAD"}):
                yield method, compile_path(str(route.path))[1]


class Matcher:
    """The routes of an application, as they are when the first request comes."""

    def __init__(self, routes: list[BaseRoute]) -> None:
        """Match against `routes`."""
        self._routes: list[tuple[str, str, re.Pattern[str]]] = []
        for route in iter_route_contexts(routes):
            path, methods = str(route.path), getattr(route, "methods", None)
            if methods is None:  # a folder of files, or another application: everything below it
                self._routes.append(
                    ("GET", path, re.compile(f"^{re.escape(path.rstrip('/'))}(?:/.*)?$", re.DOTALL))
                )
                continue
            pattern, template, _ = compile_path(path)
            self._routes += [(method, template, pattern) for method in sorted(set(methods) - {"HEAD"})]
        self._kept: dict[tuple[str, str], Found | None] = {}

    def find(self, method: str, path: str) -> Found | None:
        """The route that answers; None: the application answers 404 or 405."""
        method = "GET" if method == "HEAD" else method
        asked = (method, path)
        if asked not in self._kept:
            if len(self._kept) >= _MAX_KEPT:
                self._kept.clear()
            self._kept[asked] = self._match(method, path)
        return self._kept[asked]

    def _match(self, method: str, path: str) -> Found | None:
        for its_method, template, pattern in self._routes:
            if its_method == method and (match := pattern.match(path)):
                return Found(method, template, match.groupdict())
        return None
