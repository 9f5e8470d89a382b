"""Figures of a day as the API gives them: made from the values of `lbzf_ros.reports.day`, field by field.

Their docstrings say what a figure is, and stand in the API's description too, so that they cannot disagree. A time in
nanoseconds (`start_ns`) becomes a text in UTC (`start`).
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, NamedTuple, Union, get_args, get_origin

from pydantic import Field, create_model

from lbzf_ros.store.timestamps import to_text
from web_bridge.schemas.base import Schema, UtcTime
from web_bridge.schemas.examples import example_of

_PLAIN = frozenset({str, int, float, bool, type(None)})


@cache
def schema_of(kind: type[Any]) -> type[Schema]:
    """The schema of a dataclass of figures."""
    hints = typing.get_type_hints(kind)
    helps = _helps(kind)
    made: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        name, annotation = field.name, _type(hints[field.name], is_time=field.name.endswith("_ns"))
        example = example_of(kind.__name__, name)
        examples = None if example is None else [example]
        made[_public(name)] = (annotation, Field(description=helps.get(name), examples=examples))
    summary = (kind.__doc__ or kind.__name__).strip().split("\n\n")[0]
    return create_model(kind.__name__, __base__=Schema, __doc__=summary, **made)


def as_json(value: Any) -> Any:
    """A dataclass of figures as what JSON can hold, in the form of its schema."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if form := _form(kind):  # type: ignore[arg-type]  # classes can be hashed
        # A day has thousands of fields, most of them plain: those are taken over all at once.
        found = dict(zip(form.names, form.values(value), strict=True))
        for name in form.times:
            if (ns := found[name]) is not None:
                found[name] = _time(ns)
        for name in form.others:
            found[name] = as_json(found[name])
        return found
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(name): as_json(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(part) for part in value]
    return value


_time = lru_cache(maxsize=4096)(to_text)
"""All stations have the same hours."""


class _Form(NamedTuple):
    """Of a dataclass: its fields' values in order, their names in the answer, and which are not plain."""

    values: Callable[[Any], tuple[Any, ...]]
    names: tuple[str, ...]
    times: tuple[str, ...]
    others: tuple[str, ...]


@cache
def _form(kind: type[Any]) -> _Form | None:
    """None: it is no dataclass."""
    if not dataclasses.is_dataclass(kind):
        return None
    hints = typing.get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind)]
    times = [name for name in names if name.endswith("_ns")]
    others = [name for name in names if name not in times and not _is_plain(hints[name])]
    values = attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)
    return _Form(values, tuple(map(_public, names)), tuple(map(_public, times)), tuple(others))


def _is_plain(annotation: Any) -> bool:
    """Whether all that it allows stands in JSON as it is."""
    parts = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    return _PLAIN.issuperset(parts)


def _public(name: str) -> str:
    return name.removesuffix("_ns")


def _type(annotation: Any, *, is_time: bool) -> Any:
    if is_time:
        optional = type(None) in get_args(annotation)
        return UtcTime | None if optional else UtcTime
    if dataclasses.is_dataclass(annotation):
        return schema_of(typing.cast(type, annotation))
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        inner = tuple(_type(part, is_time=False) for part in parts)
        return Union[inner]  # noqa: UP007  # of types that are known at run time only
    if origin is tuple and len(parts) == 2 and parts[1] is Ellipsis:
        return list[_type(parts[0], is_time=False)]  # type: ignore[misc]  # made at run time
    if origin in (dict, Mapping) or (origin is not None and issubclass(origin, Mapping)):
        return dict[str, _type(parts[1], is_time=False)]  # type: ignore[misc]
    return annotation


def _helps(kind: type[Any]) -> dict[str, str]:
    """What the docstring says of each attribute."""
    found: dict[str, str] = {}
    last = ""
    for line in (kind.__doc__ or "").partition("Attributes:")[2].splitlines():
        text = line.strip()
        match = re.match(r"^(\w+): (.+)$", text)
        if match and match[1] in {field.name for field in dataclasses.fields(kind)}:
            last = match[1]
            found[last] = match[2]
        elif last and text:
            found[last] += f" {text}"
    return {name: _sentence(text) for name, text in found.items()}


def _sentence(text: str) -> str:
    """As the other descriptions are: a capital first, and JSON's word for what is not known."""
    text = re.sub(r"\bNone\b", "null", text)
    return text[:1].upper() + text[1:]
