"""Labels as CSV: one a row."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.reports.evaluation.labels.entries import TIMES, span_of
from lbzf_ros.reports.evaluation.labels.model import Problems, Reading
from lbzf_ros.reports.evaluation.spans import Span

COLUMNS = (*TIMES["start"], *TIMES["end"], "module", "workstation", "rater", "notes")
"""What a column may be called."""
_SEPARATORS = (",", ";", "\t")


def read_csv(text: str, reading: Reading, problems: Problems) -> Iterator[tuple[str | None, Span]]:
    """Rater and span of each row; what is wrong goes to `problems`.

    The separator is the one with which the first line has the most known columns.
    """
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    separator = max(_SEPARATORS, key=lambda sign: len(set(_names(first, sign)) & set(COLUMNS)))
    rows = csv.reader(lines, delimiter=separator)
    names = _header(rows, separator, problems)
    for row in rows if names else ():
        if not any(cell.strip() for cell in row):
            continue
        where = f"line {rows.line_num}"
        entry = {name: cell.strip() for name, cell in zip(names, row, strict=False)}
        if len(row) != len(names):
            problems.add(where, f"has {len(row)} columns; the first line has {len(names)}")
            continue
        try:
            yield entry.get("rater") or None, span_of(entry, where, reading)
        except InvalidValue as error:
            problems.add(where, error)


def _names(line: str, separator: str) -> list[str]:
    return [cell.strip().lower() for cell in next(csv.reader([line], delimiter=separator), [])]


def _header(rows: Iterator[list[str]], separator: str, problems: Problems) -> list[str]:
    """The names of the columns; none when they are wrong."""
    row: list[str] = next((row for row in rows if any(cell.strip() for cell in row)), [])
    names = [cell.strip().lower() for cell in row]
    unknown = [name for name in names if name not in COLUMNS]
    if not row:
        problems.add("line 1", f"is empty; the first line names the columns: {', '.join(COLUMNS)}")
    elif unknown or len(set(names)) < len(names):
        what = f"column {unknown[0][:80]!r} is unknown" if unknown else "a column stands twice"
        problems.add("line 1", f"{what} (separator {separator!r}); allowed are {', '.join(COLUMNS)}")
    else:
        return names
    return []
