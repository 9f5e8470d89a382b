"""The plant's own workbook is filled where the mapping says; everything else in it stays, and the file itself."""

from __future__ import annotations

import datetime as dt
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
import yaml

from lbzf_ros.core.errors import ConfigError
from lbzf_ros.reports.workbook.export import Exported
from lbzf_ros.resources import resource_path
from test.reports.workbook.plant_day import DAY, exported, make_day, needs_libreoffice, office

RANGE = {
    "to": "INDICADORES!A5:H30",
    "sheet": "Indicadores",
    "columns": ["fecha", "hora", "puesto", "operario", "sam", "unidades", "minutos_productivos", None],
}
CELLS = [
    {"to": "Portada!B2", "value": "day"},
    {"to": "EFICIENCIA_DIA", "value": "summary.efficiency"},
    {"to": "Portada!B4", "value": "summary.order"},
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_day(tmp_path_factory.mktemp("day"), name="=1+1")


def png() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + b"\x20\x60\xa0" * 4 for _ in range(4)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def plants_own(path: Path) -> Path:
    """A workbook as a plant has one: styles, formulas, a chart, a picture, rules, a list to choose from, a note."""
    (path.parent / "logo.png").write_bytes(png())
    book = xlsxwriter.Workbook(str(path))
    cover, sheet, other = (book.add_worksheet(name) for name in ("Portada", "INDICADORES", "Lista negra"))
    bold = book.add_format({"bold": True, "bg_color": "#FFDD00"})
    percent = book.add_format({"num_format": "0.00%", "font_color": "#0000FF"})
    date = book.add_format({"num_format": "dd/mm/yyyy", "border": 1})
    cover.write_row("A2", ["Fecha"], bold)
    cover.write("B3", 0.5, percent)
    cover.write("A6", "Minutos", bold)
    cover.write_formula("B6", "=SUM(INDICADORES!G5:G30)", bold, 999)
    cover.insert_image("D2", str(path.parent / "logo.png"))
    book.define_name("EFICIENCIA_DIA", "=Portada!$B$3")
    sheet.merge_range("A1:H1", "INDICADORES JULIO", bold)
    sheet.write_row(
        "A4", ["Fecha", "Hora", "Puesto", "Operario", "SAM", "Unidades", "Minutos", "Control"], bold
    )
    for row in range(4, 30):
        sheet.write_blank(row, 0, None, date)
        sheet.write(row, 5, 12345)  # what was there before
        sheet.write_formula(row, 7, f"=F{row + 1}*E{row + 1}", percent, 999)
    sheet.write("A31", "Total de la planta", bold)
    sheet.conditional_format("G5:G30", {"type": "data_bar"})
    sheet.data_validation("B40", {"validate": "list", "source": ["a", "b"]})
    sheet.write_comment("A4", "no tocar")
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=INDICADORES!$G$5:$G$30"})
    sheet.insert_chart("K2", chart)
    other.write("A1", "no tocar", bold)
    book.close()
    return path


def filled(
    data: Path, tmp_path: Path, *, ranges: Any = None, cells: Any = None, template: Path | None = None
) -> Exported:
    layout = yaml.safe_load(resource_path("config", "workbook.yaml").read_text("utf-8"))
    layout["template"] = {
        "cells": CELLS if cells is None else cells,
        "ranges": [RANGE] if ranges is None else ranges,
    }
    tmp_path.mkdir(exist_ok=True)
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(yaml.safe_dump(layout), "utf-8")
    if template is None:
        template = plants_own(tmp_path / "planta.xlsx")
    return exported(data, template=template, mapping=mapping, out=tmp_path / "out")


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_cells_and_ranges_are_filled_in_their_styles(data: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(filled(data, tmp_path).workbook)
    cover, sheet = book["Portada"], book["INDICADORES"]
    assert (cover["B2"].value, cover["B2"].is_date) == (dt.datetime.combine(DAY, dt.time()), True)
    assert cover["B3"].value == pytest.approx(150 / 480)
    assert (cover["B3"].number_format, cover["B3"].font.color.rgb) == ("0.00%", "FF0000FF")
    assert cover["B4"].value == "OP-2026-0712"
    assert [cell.value for cell in sheet[5]][:7] == [
        dt.datetime.combine(DAY, dt.time()), "06:00", "Puesto 1", "=1+1", 0.5, 62, 31,
    ]  # fmt: skip
    assert sheet["D5"].data_type in {"s", "inlineStr"}  # a name, no formula
    assert (sheet["A5"].number_format, sheet["A5"].border.left.style) == ("dd/mm/yyyy", "thin")
    assert [sheet[f"F{row}"].value for row in (12, 13, 30)] == [
        28,
        None,
        None,
    ]  # what was left of it is emptied
    assert sheet["H5"].value == "=F5*E5"
    assert sheet["A31"].value == "Total de la planta"


def test_everything_else_is_byte_for_byte_as_it_was(data: Path, tmp_path: Path) -> None:
    template = plants_own(tmp_path / "planta.xlsx")
    before = template.read_bytes()
    done = filled(data, tmp_path, template=template)
    assert template.read_bytes() == before
    old, new = parts(template), parts(done.workbook)
    assert list(old) == list(new)
    changed = {name for name in old if old[name] != new[name]}
    assert changed == {
        "xl/workbook.xml",
        "xl/styles.xml",
        "xl/worksheets/sheet1.xml",
        "xl/worksheets/sheet2.xml",
    }
    assert {"xl/charts/chart1.xml", "xl/media/image1.png", "xl/comments1.xml"} <= set(new)
    sheet = new["xl/worksheets/sheet2.xml"]
    for kept in (
        b"<conditionalFormatting",
        b"<dataValidation ",
        b"<drawing ",
        b"<legacyDrawing ",
        b"<mergeCell ",
    ):
        assert kept in sheet
    assert b"999" not in sheet + new["xl/worksheets/sheet1.xml"]  # results of formulas that no longer hold
    assert done.workbook.read_bytes() == filled(data, tmp_path / "b", template=template).workbook.read_bytes()


@needs_libreoffice
def test_libreoffice_opens_it_and_calculates_the_plants_formulas(data: Path, tmp_path: Path) -> None:
    read = office("xlsx:Calc MS Excel 2007 XML", filled(data, tmp_path).workbook, tmp_path / "office")
    book = openpyxl.load_workbook(read, data_only=True)
    assert book["Portada"]["B6"].value == pytest.approx(210)
    assert book["INDICADORES"]["H5"].value == pytest.approx(31)
    assert book["INDICADORES"]["D5"].value == "=1+1"
    assert book["Lista negra"]["A1"].value == "no tocar"
    with zipfile.ZipFile(read) as file:
        names = file.namelist()
    assert [name for name in names if "charts/chart" in name]
    assert [name for name in names if "media/image" in name]


@pytest.mark.parametrize(
    ("ranges", "cells", "said"),
    [
        ([RANGE | {"to": "INDICADORES!A5:H10"}], [], "has room for 6 rows, Indicadores has 8"),
        ([RANGE | {"to": "INDICADORES!A5:G30"}], [], "has 7 columns, the mapping file names 8"),
        ([RANGE | {"to": "Julio!A5:H30"}], [], "has no sheet 'Julio'; it has Portada, INDICADORES"),
        ([RANGE | {"columns": ["fecha"] * 8}], [], "INDICADORES!H5 holds a formula, which is never overwritten"),
        ([], [{"to": "NADA", "value": "day"}], "neither SHEET!A1:B2 nor a defined name"),
        ([], [{"to": "INDICADORES!B1", "value": "day"}], "INDICADORES!B1 lies behind the merged cell A1"),
        ([], [], "the mapping file does not say where figures go"),
    ],
)  # fmt: skip
def test_what_cannot_be_filled_says_why(
    data: Path, tmp_path: Path, ranges: Any, cells: Any, said: str
) -> None:
    with pytest.raises(ConfigError) as found:
        filled(data, tmp_path, ranges=ranges, cells=cells)
    assert said in str(found.value)
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_files_that_are_no_workbook(data: Path, tmp_path: Path) -> None:
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    (tmp_path / "text.xlsx").write_bytes(b"no zip")
    with zipfile.ZipFile(tmp_path / "zip.xlsx", "w") as file:
        file.writestr("_rels/.rels", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    for name, said in (
        ("old.xls", "is an .xlsx or .xlsm file"),
        ("text.xlsx", "is no Excel workbook, or has a password"),
        ("zip.xlsx", "declares entities"),
        ("gone.xlsx", "cannot be read"),
    ):
        with pytest.raises(ConfigError, match=said):
            filled(data, tmp_path, template=tmp_path / name)


def test_the_template_itself_is_never_the_target(data: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    template = plants_own(tmp_path / "out" / "indicadores-2026-07-15.xlsx")
    before = template.read_bytes()
    done = filled(data, tmp_path, template=template)
    assert done.workbook.name == "indicadores-2026-07-15-2.xlsx"
    assert template.read_bytes() == before
