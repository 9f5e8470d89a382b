"""The CSV mirror of a sheet: for programs that read no workbook, and for eyes."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lbzf_ros.reports.workbook.fields import FIELDS
from lbzf_ros.reports.workbook.kinds import Kind, Value, in_words
from lbzf_ros.reports.workbook.mapping import Csv, Sheet
from lbzf_ros.reports.workbook.table import Row

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones count too
_MARK = "'"


def harmless(text: str) -> str:
    """A text that no program takes for a formula when it opens the CSV: `=cmd` becomes `'=cmd`.

    A text that begins with the mark itself gets one too, so that taking one away always gives the text back.
    """
    return _MARK + text if text.startswith((*_DANGEROUS, _MARK)) else text


@contextmanager
def mirror(path: Path, sheet: Sheet, settings: Csv) -> Iterator[Callable[[Row], None]]:
    """A CSV file with the titles of a sheet; gives what takes its rows.

    The file begins with the mark of UTF-8, without which Excel reads accents wrongly.
    """
    words = [
        _in_words(FIELDS[sheet.source][column.source].kind, settings.decimal) for column in sheet.columns
    ]
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.writer(file, delimiter=settings.delimiter, lineterminator="\r\n")
        writer.writerow([harmless(column.title) for column in sheet.columns])

        def take(row: Row) -> None:
            writer.writerow([word(value) for word, value in zip(words, row, strict=True)])

        yield take


def _in_words(kind: Kind, decimal: str) -> Callable[[Value], str]:
    if kind is Kind.TEXT:
        return lambda value: "" if value is None else harmless(_without_nul(str(value)))
    return lambda value: "" if value is None else in_words(value, kind, decimal)


def _without_nul(text: str) -> str:
    """Programs stop reading at NUL: its sign is shown."""
    return text.replace("\0", "\u2400") if "\0" in text else text
