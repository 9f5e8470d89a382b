"""Figures of days as JSON text. That of a module's day is kept: it takes as long to write as to work out."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import Any

from pydantic_core import to_json

from lbzf_ros.reports.day.values import DayFigures, ModuleDay
from web_bridge.schemas.figures import as_json

_KEPT = 32
"""Texts, about 130 kB each."""
_lock = threading.Lock()
_found: OrderedDict[int, tuple[ModuleDay, bytes]] = OrderedDict()
"""By identity: `DayReader` gives the same object as long as nothing has changed. It is held, so its id is its own."""


def text_of(value: Any) -> bytes:
    """A dataclass of figures as JSON in UTF-8."""
    if isinstance(value, DayFigures):
        return _day(value)
    if isinstance(value, ModuleDay):
        return _module_day(value)
    return _written(value)


def _written(value: Any) -> bytes:
    return to_json(as_json(value), inf_nan_mode="null")


def _day(value: DayFigures) -> bytes:
    """Put together from the texts of its modules."""
    head = _written(replace(value, modules=()))
    assert head.endswith(b"[]}")  # `modules` is the last field
    return head[:-2] + b",".join(map(_module_day, value.modules)) + b"]}"


def _module_day(value: ModuleDay) -> bytes:
    with _lock:
        known = _found.get(id(value))
        if known is not None and known[0] is value:
            _found.move_to_end(id(value))
            return known[1]
    text = _written(value)
    with _lock:
        _found[id(value)] = value, text
        while len(_found) > _KEPT:
            _found.popitem(last=False)
    return text
