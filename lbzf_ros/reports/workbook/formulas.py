"""Formulas of the mapping file: `{column}` stands for the cell of that column in the same row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from xlsxwriter.utility import xl_col_to_name

_NAME = re.compile(r"\{([^{}]*)\}")
_ALL = ":all"
_REACHES_OUT = re.compile(
    r"\[|\||!|\b(HYPERLINK|WEBSERVICE|FILTERXML|DDE|RTD|CALL|EXEC|REGISTER)\b", re.IGNORECASE
)


def problems(formula: str, columns: Iterable[str], *, has_all: bool) -> list[str]:
    """What is wrong with a formula.

    Args:
        formula: as in the mapping file.
        columns: names that it may use.
        has_all: whether `{column:all}`, the whole column, is allowed (it is in the row of totals).
    """
    known = set(columns)
    found = []
    for name in _NAME.findall(formula):
        if name.removesuffix(_ALL) not in known:
            found.append(f"{{{name}}} is no column of this sheet; there are {', '.join(sorted(known))}")
        elif name.endswith(_ALL) and not has_all:
            found.append(f"{{{name}}} is for the row of totals only")
    bare = re.sub(r'"[^"]*"', "", _NAME.sub("1", formula))
    if bare.count("(") != bare.count(")") or '"' in bare or "{" in bare or "}" in bare:
        found.append("its brackets or quotes do not match")
    if found_word := _REACHES_OUT.search(bare):
        found.append(f"{found_word[0]!r} reaches outside of the sheet, which a formula here must not")
    return found


def in_row(formula: str, row: int, columns: Mapping[str, int], data_rows: tuple[int, int]) -> str:
    """The formula of one cell.

    Args:
        formula: as in the mapping file.
        row: from 0.
        columns: number of each column, from 0.
        data_rows: first and last row of the data, from 0.
    """

    def cell(match: re.Match[str]) -> str:
        name = match[1]
        column = xl_col_to_name(columns[name.removesuffix(_ALL)])
        if name.endswith(_ALL):
            return f"{column}{data_rows[0] + 1}:{column}{data_rows[1] + 1}"
        return f"{column}{row + 1}"

    return "=" + _NAME.sub(cell, formula.removeprefix("="))


def sum_of(column: int, data_rows: tuple[int, int]) -> str:
    """The sum of a column's shown rows: a filter that a person sets is followed."""
    name = xl_col_to_name(column)
    return f"=SUBTOTAL(109,{name}{data_rows[0] + 1}:{name}{data_rows[1] + 1})"
