"""Another program's opinion: LibreOffice calculates the workbook anew, and prints it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from test.reports.workbook.plant_day import exported, make_day, needs_libreoffice, office

pytestmark = needs_libreoffice


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(make_day(tmp_path_factory.mktemp("day"))).workbook


def cells(path: Path) -> dict[tuple[str, str], Any]:
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in openpyxl.load_workbook(path, data_only=True)
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


def test_what_it_calculates_is_what_we_wrote(book: Path, tmp_path: Path) -> None:
    kept, calculated = cells(book), cells(office("xlsx:Calc MS Excel 2007 XML", book, tmp_path))
    formulas = [
        (sheet.title, cell.coordinate)
        for sheet in openpyxl.load_workbook(book)
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]
    assert len(formulas) > 30
    for place in formulas:
        assert calculated[place] == pytest.approx(kept[place], rel=1e-9), place
    assert not [value for value in calculated.values() if str(value).startswith(("#", "Err:"))]
    assert set(kept) == set(calculated)


@pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="no pdftotext here (deploy/system-packages.txt)"
)
def test_each_printed_page_is_as_wide_as_the_sheet_and_has_its_titles(book: Path, tmp_path: Path) -> None:
    pdf = office("pdf", book, tmp_path)
    done = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True)
    pages = done.stdout.split("\f")[:-1]
    assert len(pages) == 10  # one a sheet, Eventos three more: no sheet is wider than a page
    events = [page for page in pages if "Incertidumbre" in page]
    assert len(events) == 4
    assert all("Página" in page for page in pages)
    balance = next(page for page in pages if "Cuello de botella" in page)
    assert "Balanceo · Angela" in balance  # the chart's title
    assert "210,00" in pages[0]  # decimal comma
    assert "43,8%" in pages[0]
