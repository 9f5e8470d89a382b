"""The mapping file: the one that comes with LBZF, and what is said about wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from lbzf_ros.core.errors import ConfigError
from lbzf_ros.reports.workbook.document import page, tables
from lbzf_ros.reports.workbook.mapping import load_mapping
from test.reports.workbook.plant_day import exported, make_day


def mapping(**changes: Any) -> dict[str, Any]:
    column = {"column": "sam", "title": "SAM", "source": "sam"}
    sheet = {"title": "Uno", "source": "indicators", "columns": [column]}
    formats = dict.fromkeys(["text", "integer", "decimal", "percent", "day", "time"], "0")
    return {"formats": formats, "sheets": [sheet]} | changes


def with_column(**changes: Any) -> dict[str, Any]:
    found = mapping()
    found["sheets"][0]["columns"].append({"column": "otra", "title": "Otra", "source": "units"} | changes)
    return found


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            with_column(source="unit"),
            "sheets.0: otra: source 'unit' is no figure of indicators; allowed are day, module",
        ),
        (
            with_column(formula="{sam}*{x}"),
            "sheets.0: otra: formula: {x} is no column of this sheet; there are sam",
        ),
        (with_column(formula="({sam}"), "its brackets or quotes do not match"),
        (with_column(formula="[other.xlsx]A!B1"), "'[' reaches outside of the sheet"),
        (with_column(formula='WEBSERVICE("x")'), "'WEBSERVICE' reaches outside"),
        (with_column(formula="{sam:all}"), "{sam:all} is for the row of totals only"),
        (with_column(format="nice"), "format 'nice' is none of formats; there are day, decimal"),
        (with_column(column="sam"), "sam: is there twice"),
        (with_column(colour="red"), "sheets.0.columns.1.colour: is no setting; check the spelling"),
        (with_column(width=0), "sheets.0.columns.1.width: Input should be greater than or equal to 1"),
        (mapping(sheets=[]), "sheets: List should have at least 1 item"),
        (mapping(formats={}), "formats: text, integer, decimal, percent, day, time: must be there"),
        (
            mapping(template={"cells": [{"to": "A!B1", "value": "x"}]}),
            "'x' is no figure; allowed are day, shift",
        ),
        (
            mapping(template={"ranges": [{"to": "A!B1:B9", "sheet": "Dos", "columns": ["sam"]}]}),
            "template: A!B1:B9: there is no sheet 'Dos'",
        ),
        ([], "Input should be a valid dictionary"),
    ],
)
def test_a_wrong_file_says_where_and_what_is_allowed(tmp_path: Path, data: Any, said: str) -> None:
    file = tmp_path / "workbook.yaml"
    file.write_text(yaml.safe_dump(data), "utf-8")
    with pytest.raises(ConfigError) as found:
        load_mapping(file)
    assert said in str(found.value)
    assert str(file) in str(found.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_mapping(tmp_path / "none.yaml")
    (tmp_path / "broken.yaml").write_text("a: [", "utf-8")
    with pytest.raises(ConfigError, match="is no valid YAML"):
        load_mapping(tmp_path / "broken.yaml")


def test_the_layout_is_data(tmp_path: Path) -> None:
    """Another order, other titles, another formula, another name: no code changes."""
    data = mapping(name="kpi")
    columns = data["sheets"][0]["columns"]
    columns += [
        {"column": "u", "title": "Prendas", "source": "units", "total": "sum"},
        {"column": "m", "title": "Min", "source": "productive_min", "formula": "ROUND({u}*{sam},9)"},
    ]
    file = tmp_path / "workbook.yaml"
    file.write_text(yaml.safe_dump(data), "utf-8")
    done = exported(make_day(tmp_path / "data"), mapping=file)
    assert done.workbook.name == "kpi-2026-07-15.xlsx"
    sheet = openpyxl.load_workbook(done.workbook)["Uno"]
    assert [cell.value for cell in sheet[1]] == ["SAM", "Prendas", "Min"]
    assert sheet["C2"].value == "=ROUND(B2*A2,9)"
    assert sheet["B10"].value == "=SUBTOTAL(109,B2:B9)"


def test_the_documentation_is_of_this_program() -> None:
    assert page().read_text("utf-8").endswith(tables()), "python -m lbzf_ros.reports.workbook.document"
