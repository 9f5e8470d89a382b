"""Labels as one JSON object, or as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.reports.evaluation.labels.entries import span_of
from lbzf_ros.reports.evaluation.labels.model import LabelError, Problems, Reading
from lbzf_ros.reports.evaluation.spans import Span
from lbzf_ros.store.people.checks import shown

LISTS = ("labels", "visits")
"""Where the labels may stand in a JSON object."""


def parse_json(text: str, file: str) -> Mapping[str, Any]:
    """The JSON object of a file.

    Raises:
        LabelError: it is none.
    """
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise LabelError(
            f"{file}: line {error.lineno}, column {error.colno}: is no JSON: {error.msg}"
        ) from None
    if not isinstance(found, dict):
        raise LabelError(f"{file}: is {shown(found)}; must be an object with the list labels")
    return found


def read_json(
    content: Mapping[str, Any], reading: Reading, problems: Problems
) -> Iterator[tuple[str | None, Span]]:
    """Rater and span of each entry; what is wrong goes to `problems`."""
    names = [name for name in LISTS if name in content]
    if len(names) != 1 or not isinstance(content[names[0]], list):
        problems.add("file", f"must hold one list of labels, called {' or '.join(LISTS)}")
        return
    for number, entry in enumerate(content[names[0]]):
        yield from _entry(entry, f"{names[0]}[{number}]", reading, problems)


def read_json_lines(text: str, reading: Reading, problems: Problems) -> Iterator[tuple[str | None, Span]]:
    """Rater and span of each line; what is wrong goes to `problems`."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except json.JSONDecodeError as error:
            problems.add(f"line {number}, column {error.colno}", f"is no JSON: {error.msg}")
            continue
        yield from _entry(entry, f"line {number}", reading, problems)


def _entry(
    entry: object, where: str, reading: Reading, problems: Problems
) -> Iterator[tuple[str | None, Span]]:
    if not isinstance(entry, dict):
        problems.add(where, f"is {shown(entry)}; must be an object with start and end")
        return
    try:
        span = span_of(entry, where, reading)
    except InvalidValue as error:
        problems.add(where, error)
        return
    rater = entry.get("rater")
    yield (str(rater) if rater else None), span
