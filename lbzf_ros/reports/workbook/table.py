"""Rows of one sheet, as the writers take them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lbzf_ros.reports.workbook.kinds import Value

Row = Sequence[Value]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a source, of which those who write take the fields that they need.

    Attributes:
        count: how many rows there will be.
        rows: gives them, with these fields in this order; may be called once only.
        totals: figures of the whole table that are no sums of a column, by field.
    """

    count: int
    rows: Callable[[Sequence[str]], Iterable[Row]]
    totals: Mapping[str, Value] = field(default_factory=dict)


def in_memory(found: Sequence[Mapping[str, Value]], totals: Mapping[str, Value] | None = None) -> Table:
    """A table of few rows that are there already."""
    return Table(
        len(found), lambda fields: ([row[name] for name in fields] for row in found), dict(totals or {})
    )
