"""A cycle event as one line of JSON and back, exactly: nanoseconds stay whole, what is not known is null."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from lbzf_ros.core.errors import InvalidValue, StoreError
from lbzf_ros.core.model import UNKNOWN, CycleEvent, EventKind, ModelInfo, Quality

_FIGURES = ("duration_uncertainty_s", "mean_confidence", "primary_dwell_ratio", "observed_share")


def event_to_json(event: CycleEvent) -> str:
    """One line of JSON.

    Raises:
        InvalidValue: a figure is infinite.
    """
    values = {field.name: getattr(event, field.name) for field in fields(event)}
    for name in _FIGURES:
        values[name] = None if math.isnan(values[name]) else values[name]
    model = event.model
    values["model"] = {part.name: getattr(model, part.name) for part in fields(model)}
    values["reasons"] = dict(event.reasons)
    try:
        return json.dumps(values, allow_nan=False, separators=(",", ":"))
    except ValueError:
        raise InvalidValue(f"cycle {event.event_uid}: a figure is infinite") from None


def event_from_json(line: str) -> CycleEvent:
    """The event that `event_to_json` wrote.

    Raises:
        StoreError: the text is not one of an event.
    """
    try:
        values = json.loads(line)
        return CycleEvent(**values | _typed(values))
    except (ValueError, TypeError, KeyError) as error:
        raise StoreError(f"cycle event {line[:80]!r}: cannot be read: {error}") from error


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    typed: dict[str, Any] = {
        name: UNKNOWN if values[name] is None else float(values[name]) for name in _FIGURES
    }
    return typed | {
        "kind": EventKind(values["kind"]),
        "quality": Quality(values["quality"]),
        "model": ModelInfo(**values["model"]),
    }
