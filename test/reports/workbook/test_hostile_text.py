"""Whatever people write stays text: in cells, in the mirror, in the page header, in names of files."""

from __future__ import annotations

import csv
import datetime as dt
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lbzf_ros.reports.workbook.kinds import MAX_TEXT, clean
from lbzf_ros.reports.workbook.mapping import Sheet, load_mapping
from lbzf_ros.reports.workbook.mirror import harmless, mirror
from lbzf_ros.reports.workbook.own_files import plain
from lbzf_ros.reports.workbook.table import in_memory
from lbzf_ros.reports.workbook.writer import BookWriter
from test.reports.workbook.plant_day import DAY, exported, make_day, needs_libreoffice, office

ATTACKS = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1;1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    '=HYPERLINK("http://x","y")',
    "＝1+1",
    '";=1+1',
    "'=1+1",
    "<r><t>x</t></r>",
    "<r></c></row></sheetData></r>",
    "_x0041_ is not A",
    "a\x01b",
    "]]>&amp;<x>",
    "http://example.com",
    "\ufffe\uffff",
    "  blanks  ",
    "1/2",
]
ANY_TEXT = st.one_of(
    st.text(max_size=60), st.sampled_from(ATTACKS), st.text("=+-@\t\r\n'\"<r>/_x04;,", max_size=12)
)


def sheet_of(column: str = "notes") -> Sheet:
    data: dict[str, Any] = {
        "title": "Notas",
        "source": "lost_time",
        "columns": [{"column": "nota", "title": "Nota", "source": column}],
    }
    return Sheet.model_validate(data)


def write(texts: list[str], folder: Path) -> Path:
    path = folder / "texts.xlsx"
    book = BookWriter(path, load_mapping(), created=dt.datetime.combine(DAY, dt.time()), scratch=folder)
    book.sheet(sheet_of(), in_memory([{"notes": text} for text in texts]), "x", lambda _row: None)
    book.close()
    return path


def unescaped(text: str) -> str:
    """openpyxl leaves the notation of control characters as it is."""
    return re.sub("_x([0-9A-F]{4})_", lambda match: chr(int(match[1], 16)), text)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ANY_TEXT.filter(bool), min_size=1, max_size=8))
def test_any_text_is_read_back_as_the_same_text(tmp_path: Path, texts: list[str]) -> None:
    sheet = openpyxl.load_workbook(write(texts, tmp_path))["Notas"]
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}
    assert [unescaped(str(cell.value)) for cell in cells] == [clean(text) for text in texts]
    assert not [cell for cell in cells if cell.hyperlink]


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANY_TEXT)
def test_no_cell_of_the_mirror_begins_like_a_formula_and_the_text_comes_back(
    tmp_path: Path, text: str
) -> None:
    with mirror(tmp_path / "x.csv", sheet_of(), load_mapping().csv) as take:
        take([text])
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [*csv.reader(file, delimiter=";", strict=True)]
    assert rows[0] == ["Nota"]
    written = rows[1][0] if rows[1] else ""
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert written.removeprefix("'") == text.removeprefix("'").replace("\0", "␀") or written == "'" + text
    assert harmless(text) in {text, "'" + text}


@needs_libreoffice
def test_libreoffice_takes_none_for_a_formula(tmp_path: Path) -> None:
    read = office("xlsx:Calc MS Excel 2007 XML", write(ATTACKS, tmp_path), tmp_path / "out")
    cells = [row[0] for row in openpyxl.load_workbook(read)["Notas"].iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    for cell, text in zip(cells, ATTACKS, strict=True):
        kept = {
            str(cell.value),
            unescaped(str(cell.value)),
        }  # it writes some signs in the notation, some plainly
        assert clean(text).replace("\r", "\n") in {one.replace("\r", "\n") for one in kept}


def test_text_that_is_too_long_says_that_it_was_cut() -> None:
    assert clean("a" * MAX_TEXT) == "a" * MAX_TEXT
    cut = clean("😀" * MAX_TEXT)
    assert len(cut.encode("utf-16-le")) // 2 <= MAX_TEXT
    assert cut.endswith("😀 […]")


def test_names_and_notes_of_people_in_an_export(tmp_path: Path) -> None:
    done = exported(make_day(tmp_path, name="=cmd|' /C calc'!A0", note="+1;2"))
    first = next(openpyxl.load_workbook(done.workbook)["Indicadores"].iter_rows(min_row=2))
    assert (first[6].value, first[6].data_type) == ("=cmd|' /C calc'!A0", "s")
    assert "'=cmd|' /C calc'!A0" in done.csv[0].read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("label", "name"),
    [("jornada_1", "jornada_1"), ("../../etc", "etc"), ("Ñandú 1", "nandu-1"), ("///", "x")],
)
def test_a_label_makes_no_path(label: str, name: str) -> None:
    assert plain(label) == name
