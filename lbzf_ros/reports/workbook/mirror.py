"""The CSV mirror of a sheet: for programs that read no workbook, and for eyes."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lbzf_ros.reports.workbook.fields import FIELDS
from lbzf_ros.reports.workbook.kinds import Kind, words_of
from lbzf_ros.reports.workbook.mapping import Csv, Sheet
from lbzf_ros.reports.workbook.table import Row

_MARK = "'"
_DANGEROUS = frozenset("=+-@\t\r\n＝＋－＠" + _MARK)  # the wide ones count too


def harmless(text: str) -> str:
    """A text that no program takes for a formula when it opens the CSV: `=cmd` becomes `'=cmd`.

    A text that begins with the mark itself gets one too, so that taking one away always gives the text back.
    """
    return _MARK + text if text[:1] in _DANGEROUS else text


@contextmanager
def mirror(path: Path, sheet: Sheet, settings: Csv) -> Iterator[Callable[[Row], None]]:
    """A CSV file with the titles of a sheet; gives what takes its rows.

    The file begins with the mark of UTF-8, without which Excel reads accents wrongly.
    """
    kinds = [FIELDS[sheet.source][column.source].kind for column in sheet.columns]
    words: list[Callable[[Any], str]] = [
        _text_words if kind is Kind.TEXT else words_of(kind, settings.decimal) for kind in kinds
    ]
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.writer(file, delimiter=settings.delimiter, lineterminator="\r\n")
        writer.writerow([harmless(column.title) for column in sheet.columns])

        def take(row: Row) -> None:
            writer.writerow(
                ["" if value is None else word(value) for word, value in zip(words, row, strict=True)]
            )

        yield take


def _text_words(text: str) -> str:
    """Programs stop reading at NUL: its sign is shown."""
    return harmless(text.replace("\0", "\u2400") if "\0" in text else text)
