"""Writes the workbook itself, row by row: the memory needed does not grow with the rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from lbzf_ros.reports.workbook import formulas, plain_sheet
from lbzf_ros.reports.workbook.chart import ChartWriter
from lbzf_ros.reports.workbook.fields import FIELDS, USUAL_FORMAT
from lbzf_ros.reports.workbook.kinds import Kind, Value, clean, writer_of
from lbzf_ros.reports.workbook.mapping import Column, Sheet, Total
from lbzf_ros.reports.workbook.mapping import Mapping as Layout
from lbzf_ros.reports.workbook.table import Row, Table

MAX_ROWS = 1_048_576 - 60
"""Rows that a sheet can hold, with room for header, totals and charts."""
_HEADER_ROWS = 1
_INK, _PAPER, _LINE = "#1F3A4D", "#E8EEF2", "#9FB3C0"

OnRow = Callable[[], None]
Cell = Callable[[int, Any], object]


class BookWriter:
    """A workbook in the making; `close` writes the file."""

    def __init__(self, path: Path, layout: Layout, *, created: datetime, scratch: Path) -> None:
        """Begin a workbook.

        Args:
            path: the file.
            layout: formats and sheets.
            created: what the document says of its making; the same day has to give the same file.
            scratch: folder for what is only needed meanwhile.
        """
        options = {"constant_memory": True, "tmpdir": str(scratch), "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(str(path), options)
        self._book.set_properties({"title": layout.name, "author": "LBZF", "created": created})
        self._layout = layout
        self._formats: dict[tuple[str, bool], Format] = {}
        self._line = self._book.add_format({"bottom": 4, "bottom_color": _LINE})
        self._head = self._book.add_format(
            {
                "bold": True,
                "font_color": "#FFFFFF",
                "bg_color": _INK,
                "text_wrap": True,
                "align": "center",
                "valign": "vcenter",
                "border": 1,
                "border_color": _LINE,
            }
        )

    def sheet(self, sheet: Sheet, table: Table, header: str, on_row: Callable[[Row], None]) -> None:
        """Write one sheet.

        Args:
            sheet: its layout.
            table: its rows.
            header: what stands at the top of each printed page.
            on_row: gets each row, values in the order of the columns.
        """
        worksheet = self._book.add_worksheet(sheet.title, worksheet_class=plain_sheet.PlainSheet)
        kinds = [FIELDS[sheet.source][column.source].kind for column in sheet.columns]
        _prepare(
            worksheet,
            sheet,
            header,
            self._head,
            [self._format(c, k) for c, k in zip(sheet.columns, kinds, strict=True)],
        )
        last = _HEADER_ROWS + table.count - 1
        cells = _cells(worksheet, sheet, kinds, (_HEADER_ROWS, max(last, _HEADER_ROWS)))
        chart = ChartWriter(self._book, worksheet, sheet, _HEADER_ROWS) if sheet.chart else None
        sums: list[float | None] = [0] * len(kinds)
        totalled = [number for number, column in enumerate(sheet.columns) if column.total == "sum"]
        number = _HEADER_ROWS
        for row in table.rows([column.source for column in sheet.columns]):
            for write, value in zip(cells, row, strict=True):
                if value is not None and value != "":
                    write(number, value)
            for column in totalled:
                sums[column] = _plus(sums[column], row[column])
            if chart is not None:
                chart.take(row)
            on_row(row)
            number += 1
        if number > _HEADER_ROWS:
            worksheet.autofilter(0, 0, number - 1, len(kinds) - 1)
            everywhere = {"type": "formula", "criteria": "=TRUE", "format": self._line}
            worksheet.conditional_format(_HEADER_ROWS, 0, number - 1, len(kinds) - 1, everywhere)
            self._totals(worksheet, sheet, kinds, number, sums, table.totals)
        if chart is not None:
            chart.draw(number + 2)

    def close(self) -> None:
        """Write the file.

        Raises:
            OSError: it cannot be written.
        """
        try:
            self._book.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            raise error.args[0] if isinstance(error.args[0], OSError) else OSError(str(error)) from None

    def _totals(
        self,
        worksheet: Worksheet,
        sheet: Sheet,
        kinds: Sequence[Kind],
        row: int,
        sums: Sequence[float | None],
        totals: Mapping[str, Value],
    ) -> None:
        if not any(column.total for column in sheet.columns):
            return
        places = {column.column: number for number, column in enumerate(sheet.columns)}
        span = (_HEADER_ROWS, row - 1)
        for number, (column, kind) in enumerate(zip(sheet.columns, kinds, strict=True)):
            style = self._format(column, kind, is_total=True)
            total = sums[number]
            if column.total == "sum" and total is not None:
                worksheet.write_formula(row, number, formulas.sum_of(number, span), style, total)
            elif isinstance(column.total, Total) and totals.get(column.source) is not None:
                text = formulas.in_row(column.total.formula, row, places, span)
                worksheet.write_formula(row, number, text, style, totals[column.source])
            elif number == 0:
                worksheet.write_string(row, 0, "Total", self._format(column, Kind.TEXT, is_total=True))
            else:
                worksheet.write_blank(row, number, None, style)

    def _format(self, column: Column, kind: Kind, *, is_total: bool = False) -> Format:
        name = column.format or USUAL_FORMAT[kind]
        key = (name, is_total)
        if key not in self._formats:
            settings: dict[str, object] = {"num_format": self._layout.formats[name], "valign": "top"}
            if kind is Kind.TEXT:
                settings |= {"align": "left", "indent": 1}
            if is_total:
                settings |= {"bold": True, "bg_color": _PAPER, "top": 1, "border_color": _LINE}
            self._formats[key] = self._book.add_format(settings)
        return self._formats[key]


def _cells(worksheet: Worksheet, sheet: Sheet, kinds: Sequence[Kind], span: tuple[int, int]) -> list[Cell]:
    """What writes a value of each column; the cell's format is that of its column."""
    places = {column.column: number for number, column in enumerate(sheet.columns)}
    found: list[Cell] = []
    for number, (column, kind) in enumerate(zip(sheet.columns, kinds, strict=True)):
        if column.formula is not None:
            found.append(_formula_cell(worksheet, number, column.formula, places, span))
        elif kind is Kind.TEXT:
            found.append(_text_cell(worksheet, number))
        else:
            found.append(_number_cell(worksheet, number, writer_of(kind)))
    return found


def _text_cell(worksheet: Worksheet, number: int) -> Cell:
    write = worksheet.write_string
    return lambda row, text: write(row, number, clean(text))


def _number_cell(worksheet: Worksheet, number: int, convert: Callable[[float], float]) -> Cell:
    write = worksheet.write_number
    return lambda row, value: write(row, number, convert(value))


def _formula_cell(
    worksheet: Worksheet, number: int, formula: str, places: Mapping[str, int], span: tuple[int, int]
) -> Cell:
    write = worksheet.write_formula
    return lambda row, value: write(row, number, formulas.in_row(formula, row, places, span), None, value)


def _prepare(worksheet: Worksheet, sheet: Sheet, header: str, head: Format, styles: Sequence[Format]) -> None:
    """Titles, widths, what stays in sight, and how it is printed."""
    for number, (column, style) in enumerate(zip(sheet.columns, styles, strict=True)):
        worksheet.set_column(number, number, column.width, style)
    lines = max(math.ceil(len(column.title) / max(column.width - 3, 1)) for column in sheet.columns)
    worksheet.set_row(0, 15 * min(max(lines, 1), 4) + 3)
    for number, column in enumerate(sheet.columns):
        worksheet.write_string(0, number, clean(column.title), head)
    worksheet.freeze_panes(_HEADER_ROWS, 0)
    worksheet.set_landscape()
    worksheet.set_paper(1)  # letter, as in Colombia
    worksheet.fit_to_pages(1, 0)
    worksheet.repeat_rows(0)
    worksheet.set_margins(left=0.4, right=0.4, top=0.75, bottom=0.6)
    title = header.replace("&", "&&")[:200]
    worksheet.set_header(f'&L&"-,Bold"{_after_code(sheet.title)}&R{_after_code(title)}')
    worksheet.set_footer("&LLBZF&RPágina &P de &N")


def _after_code(text: str) -> str:
    """A digit right after a code of the page header would be taken as the size of the letters."""
    return f" {text}" if text[:1].isdigit() else text


def _plus(total: float | None, value: Value) -> float | None:
    """A sum of which a part is not known is not known."""
    return total + value if total is not None and isinstance(value, (int, float)) else None
