"""Charts below a table: one for every value of a column, e.g. for every module."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from lbzf_ros.reports.workbook.kinds import Value
from lbzf_ros.reports.workbook.mapping import Chart, Series, Sheet
from lbzf_ros.reports.workbook.table import Row

_COLOURS = ("#2F6F8F", "#C1502E", "#4B7F52", "#8A5FA8", "#B08900", "#555555", "#1B9E9E", "#A83C6B")
_HEIGHT_ROWS = 21
_MAX_CHARTS = 40
"""More would be no sheet that anybody looks at."""


class ChartWriter:
    """Remembers the few rows of a table that has a chart, and draws it."""

    def __init__(self, book: Workbook, worksheet: Worksheet, sheet: Sheet, first_row: int) -> None:
        """For a sheet with a chart."""
        assert sheet.chart is not None
        self._book, self._worksheet, self._chart = book, worksheet, sheet.chart
        self._title, self._first_row = sheet.title, first_row
        self._places = {column.column: number for number, column in enumerate(sheet.columns)}
        self._titles = {column.column: column.title for column in sheet.columns}
        self._width = sum(column.width for column in sheet.columns) * 7 + 5 * len(sheet.columns)
        self._rows: list[Row] = []

    def take(self, row: Row) -> None:
        """One row of the table."""
        self._rows.append(row)

    def draw(self, at_row: int) -> None:
        """Put the charts below the table, one below the other."""
        each = self._places[self._chart.each]
        first = self._first_row
        for count, (value, rows) in enumerate(groupby(self._rows, lambda row: row[each])):
            last = first + len(list(rows)) - 1
            if count < _MAX_CHARTS:
                chart = self._drawn(self._chart, value, first, last)
                self._worksheet.insert_chart(at_row + count * _HEIGHT_ROWS, 0, chart)
            first = last + 1

    def _drawn(self, layout: Chart, value: Value, first: int, last: int) -> Any:
        chart = self._book.add_chart({"type": "column"})
        line = None
        for number, series in enumerate(layout.series):
            drawn = self._series(layout, series, _COLOURS[number], first, last)
            if series.type == "line":
                line = line or self._book.add_chart({"type": "line"})
                line.add_series(drawn)
            else:
                chart.add_series(drawn)
        if line is not None:
            chart.combine(line)
        chart.set_title({"name": f"{layout.title} · {value}", "name_font": {"size": 12}, "overlay": False})
        chart.set_x_axis({"num_font": {"rotation": -45, "size": 8}})
        chart.set_y_axis(
            {
                "name": layout.axis,
                "min": 0,
                "num_format": "0",
                "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}},
            }
        )
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": round(min(self._width, 1150)), "height": (_HEIGHT_ROWS - 1) * 20})
        chart.show_blanks_as("gap")
        return chart

    def _series(self, layout: Chart, series: Series, colour: str, first: int, last: int) -> dict[str, Any]:
        column = self._places[series.column]
        drawn: dict[str, Any] = {
            "name": self._titles[series.column],
            "categories": self._range(layout.categories, first, last),
            "values": self._range(series.column, first, last),
            # Rows that are on the disk already cannot be read back: programs that do not calculate show these.
            "categories_data": self._values(self._places[layout.categories], first, last),
            "values_data": self._values(column, first, last),
        }
        if series.type == "line":
            drawn["line"] = {"color": colour, "width": 2}
            drawn["marker"] = {"type": "none"}
        else:
            drawn["fill"] = {"color": colour}
            drawn["gap"] = 60
        if series.up and series.down:
            drawn["y_error_bars"] = {
                "type": "custom",
                "plus_values": "=" + self._reference(series.up, first, last),
                "minus_values": "=" + self._reference(series.down, first, last),
                "line": {"color": "#333333"},
            }
        return drawn

    def _range(self, column: str, first: int, last: int) -> list[Any]:
        return [self._title, first, self._places[column], last, self._places[column]]

    def _reference(self, column: str, first: int, last: int) -> str:
        from xlsxwriter.utility import quote_sheetname, xl_range_abs

        place = self._places[column]
        return f"{quote_sheetname(self._title)}!{xl_range_abs(first, place, last, place)}"

    def _values(self, place: int, first: int, last: int) -> list[Value]:
        rows = self._rows[first - self._first_row : last - self._first_row + 1]
        return ["" if row[place] is None else row[place] for row in rows]
