"""Rows of a table in a file, CSV or Excel, as they stand there: whatever encoding, delimiter or empty rows it has."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lbzf_ros.core.errors import InvalidValue

MAX_ROWS = 20_000
MAX_COLUMNS = 256
_MAX_BYTES = 50_000_000
_EXCEL = (".xlsx", ".xlsm")
_TEXT = (".csv", ".tsv", ".txt")


@dataclass(frozen=True, slots=True)
class Line:
    """A row that holds something. Cells are text, numbers, dates, True, False or None."""

    number: int
    """As the program that made the file counts, from 1."""
    cells: tuple[Any, ...]

    def cell(self, column: int) -> Any:
        """The cell of a column (from 0); None beyond its end. Text has no spaces around it."""
        value = self.cells[column] if column < len(self.cells) else None
        return tidy(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table. `name`: of the sheet in a workbook."""

    file: Path
    name: str
    lines: tuple[Line, ...]


def read_sheet(file: Path, wanted: str | None = None, usual: str = "") -> Sheet:
    """Read a table.

    Args:
        file: .csv, .tsv, .txt, .xlsx or .xlsm.
        wanted: sheet of a workbook.
        usual: sheet to take when none is wanted and there are several.

    Raises:
        InvalidValue: it cannot be read, is something else, is too large, or has no such sheet.
    """
    try:
        size = file.stat().st_size
        if size > _MAX_BYTES:
            raise InvalidValue(f"{file}: has {size} bytes; at most {_MAX_BYTES} are allowed")
        if file.suffix.lower() in _EXCEL:
            return _workbook(file, wanted, usual)
        if file.suffix.lower() in _TEXT:
            return Sheet(file, "", tuple(_capped(file, _text_lines(file.read_bytes()))))
    except OSError as error:
        raise InvalidValue(f"{file}: cannot be read: {error.strerror or error}") from None
    allowed = ", ".join((*_TEXT, *_EXCEL))
    raise InvalidValue(f"{file}: is none of {allowed}; save it in the program that made it as one of them")


def column_letter(column: int) -> str:
    """Letters of a column: A for 0, Z for 25, AA for 26."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def plain(text: object) -> str:
    """Text for comparing: no accents, no capitals, single spaces between words and numbers."""
    decomposed = unicodedata.normalize("NFKD", str(text)).casefold()
    letters = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return " ".join(re.findall(r"[^\W_]+", letters))


def tidy(text: str) -> str:
    """Text as it is stored: one form of each accented letter, single spaces, none around it."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _text_lines(content: bytes) -> Iterator[Line]:
    text = _decoded(content)
    head = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(";,\t", key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 1
    try:
        for row in rows:
            if any(cell.strip() for cell in row):
                yield Line(number, tuple(row))
            number = rows.line_num + 1
    except csv.Error as error:
        raise InvalidValue(f"row {rows.line_num}: {error}; save the file as CSV again") from None


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:  # Excel in Spanish writes Windows' form of Latin-1
        return content.decode("cp1252", "replace")


def _workbook(file: Path, wanted: str | None, usual: str) -> Sheet:
    import openpyxl  # slow to import, and only workbooks need it

    try:
        with zipfile.ZipFile(file) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > 10 * _MAX_BYTES:
                raise InvalidValue(f"{file}: unpacks to more than {10 * _MAX_BYTES} bytes")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what openpyxl does not know and we do not need
            # data_only: of a formula the value that Excel calculated and stored.
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            with closing(book):
                name = _sheet_name(file, book.sheetnames, wanted, usual)
                return Sheet(file, name, tuple(_capped(file, _workbook_lines(book[name]))))
    except InvalidValue:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, SyntaxError, KeyError, TypeError, ValueError) as error:
        raise InvalidValue(f"{file}: is no Excel workbook ({error}); open it and save it as .xlsx") from None


def _workbook_lines(sheet: Any) -> Iterator[Line]:
    sheet.reset_dimensions()  # some programs write wrong ones
    rows = sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS, values_only=True)
    for number, row in enumerate(rows, 1):
        width = max((column for column, cell in enumerate(row, 1) if cell not in (None, "")), default=0)
        if width:
            yield Line(number, tuple(row[:width]))


def _sheet_name(file: Path, names: list[str], wanted: str | None, usual: str) -> str:
    for asked in (wanted, None if wanted else usual):
        found = [name for name in names if asked and plain(name) == plain(asked)]
        if len(found) == 1:
            return found[0]
    if wanted is None and len(names) == 1:
        return names[0]
    asked_text = f"there is no sheet {wanted!r}" if wanted else "it has several sheets"
    raise InvalidValue(f"{file}: {asked_text}; name one with --sheet: {', '.join(names)}")


def _capped(file: Path, lines: Iterator[Line]) -> Iterator[Line]:
    try:
        for line in lines:
            if line.number > MAX_ROWS:
                raise InvalidValue(f"{file}: has more than {MAX_ROWS} rows; is it the right file?")
            yield line
    except InvalidValue as error:
        if str(error).startswith(str(file)):
            raise
        raise InvalidValue(f"{file}: {error}") from None
