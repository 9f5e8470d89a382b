"""XlsxWriter's sheet, as a stream of many plain cells needs it."""

from __future__ import annotations

from functools import lru_cache
from io import StringIO
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell_fast
from xlsxwriter.worksheet import CellNumberTuple, CellStringTuple, Worksheet


class PlainSheet(Worksheet):
    """A sheet of constant-memory mode in which all text is text, also what looks like XlsxWriter's own rich text.

    Texts and numbers, which are nearly all of the cells, take a shorter way to the same bytes: what XlsxWriter looks up
    for each cell anew is most of the time of an export.
    """

    fh: Any  # the file of rows that is being written
    # Cells are named by numbers here: the public methods would look for A1 first.
    write_string = Worksheet._write_string
    write_number = Worksheet._write_number

    def _write_single_row(self, current_row_num: int = 0) -> None:
        file, self.fh = self.fh, StringIO()  # the file takes a row at once: each part of a cell is slow
        super()._write_single_row(current_row_num)
        file.write(self.fh.getvalue())
        self.fh = file

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        if isinstance(cell, CellNumberTuple):
            content = f"><v>{cell.number:.16G}</v></c>"
        elif isinstance(cell, CellStringTuple):
            content = f' t="inlineStr"><is>{_inline(cell.string)}</is></c>'
        else:
            super()._write_cell(row, col, cell)
            return
        style = cell.format or self.col_info[col].column_format
        place = xl_rowcol_to_cell_fast(row, col)
        self.fh.write(f'<c r="{place}" s="{style._get_xf_index()}"{content}')


@lru_cache(maxsize=1024)
def _inline(text: str) -> str:
    """Text as XML: most texts of a day are names that come again and again."""
    escaped = Worksheet._escape_control_characters(text)
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        escaped = escaped.replace(sign, entity)
    return f'<t xml:space="preserve">{escaped}</t>' if escaped != escaped.strip() else f"<t>{escaped}</t>"
