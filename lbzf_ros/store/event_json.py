"""A cycle event as one line of JSON and back, exactly: nanoseconds stay whole, what is not known is null.

And whatever came instead of an event, as JSON that a database can hold.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from lbzf_ros.core.errors import InvalidValue, StoreError
from lbzf_ros.core.model import UNKNOWN, CycleEvent, Drift, EventKind, ModelInfo, Quality
from lbzf_ros.store.explanation_json import explanation_of, explanation_values

_MAX_KEPT = 65_536
_MAX_NAME = 200
_FIGURES = ("duration_uncertainty_s", "mean_confidence", "primary_dwell_ratio", "observed_share")


def event_to_json(event: CycleEvent) -> str:
    """One line of JSON.

    Raises:
        InvalidValue: a figure is infinite.
    """
    values = event_values(event)
    for name in _FIGURES:
        values[name] = None if math.isnan(values[name]) else values[name]
    try:
        return json.dumps(values, allow_nan=False, separators=(",", ":"))
    except ValueError:
        raise InvalidValue(f"cycle {event.event_uid}: a figure is infinite") from None


def event_from_json(line: str) -> CycleEvent:
    """The event that `event_to_json` wrote, also before events had a drift, a clock and an explanation.

    Raises:
        StoreError: the text is not one of an event.
    """
    try:
        values = json.loads(line)
        return CycleEvent(**values | _typed(values))
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise StoreError(f"cycle event {line[:80]!r}: cannot be read: {error}") from error


def event_values(event: CycleEvent) -> dict[str, Any]:
    """The fields of an event by name, as `event_to_json` writes them."""
    values = {field.name: getattr(event, field.name) for field in fields(event)}
    model = event.model
    values["model"] = {part.name: getattr(model, part.name) for part in fields(model)}
    values["reasons"] = dict(event.reasons)
    values["drift"] = event.drift.name.lower()
    values["explanation"] = event.explanation and explanation_values(event.explanation)
    return values


def kept_json(values: Mapping[str, object]) -> str:
    """Anything as ASCII JSON, for those who look later why it was refused.

    NaN becomes null, an infinity text, whatever JSON does not know its `repr`. NULs and halves of surrogate pairs are
    escaped. Of more than 65,536 characters the short fields and the beginning are kept, with the length and the
    SHA-256 of the whole.
    """
    plain = {str(name): _plain(value) for name, value in values.items()}
    text = json.dumps(plain, separators=(",", ":"))
    if len(text) <= _MAX_KEPT:
        return text
    short = {name: value for name, value in plain.items() if _is_short(name) and _is_short(value)}
    cut: dict[str, object] = {
        "characters": len(text),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "beginning": text[: _MAX_KEPT // 4],
    }
    return json.dumps(dict(list(short.items())[:30]) | {"cut": cut}, separators=(",", ":"))


def kept_text(text: str, longest: int = _MAX_NAME) -> str:
    """A text that a database can hold: as it is, or escaped, or its beginning with the SHA-256 of the whole."""
    if not text.isprintable():
        text = json.dumps(text)[1:-1]
    if len(text) <= longest:
        return text
    return f"{text[: longest - 80]}… sha256 {hashlib.sha256(text.encode()).hexdigest()}"


def _plain(value: object, depth: int = 8) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if depth and isinstance(value, Mapping):
        return {str(name): _plain(part, depth - 1) for name, part in value.items()}
    if depth and isinstance(value, (list, tuple)):
        return [_plain(part, depth - 1) for part in value]
    return repr(value)


def _is_short(value: object) -> bool:
    return value is None or (isinstance(value, (bool, int, float, str)) and len(str(value)) <= _MAX_NAME)


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    typed: dict[str, Any] = {
        name: UNKNOWN if values[name] is None else float(values[name]) for name in _FIGURES
    }
    explanation = values.get("explanation")
    return typed | {
        "explanation": None if explanation is None else explanation_of(explanation),
        "kind": EventKind(values["kind"]),
        "quality": Quality(values["quality"]),
        "drift": Drift[values.get("drift", "unchecked").upper()],
        "model": ModelInfo(**values["model"]),
    }
