from __future__ import annotations

from pathlib import Path

import pytest

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.imports.sheets import MAX_ROWS, column_letter, plain, read_sheet, tidy
from test.store.imports.conftest import WriteBook


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_a_text_file_is_read_whatever_program_made_it(tmp_path: Path, encoding: str, delimiter: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(f'Operación{delimiter}SAM\r\n"CUELLO"{delimiter}"0,38"\r\n'.encode(encoding))
    assert [(line.number, line.cells) for line in read_sheet(file).lines] == [
        (1, ("Operación", "SAM")),
        (2, ("CUELLO", "0,38")),
    ]


def test_rows_are_counted_as_the_editor_shows_them(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('a;b\n\n;;\n"two\nlines";1\nlast;2\n', "utf-8")
    assert [line.number for line in read_sheet(file).lines] == [1, 4, 6]


def test_a_workbook_gives_values_and_row_numbers(write_book: WriteBook) -> None:
    sheet = read_sheet(write_book(Balanceo=[["a", 1.5], [None, None], ["=1+1", "x"]]))
    assert [(line.number, line.cells) for line in sheet.lines] == [
        (1, ("a", 1.5)),
        (3, (None, "x")),  # a formula that nobody has calculated
    ]


def test_the_usual_sheet_is_taken_and_another_on_demand(write_book: WriteBook) -> None:
    file = write_book(**{"Resumen": [["r"]], "BALANCEO ": [["b"]]})
    assert read_sheet(file, usual="Balanceo").name == "BALANCEO "
    assert read_sheet(file, "resumen", "Balanceo").lines[0].cells == ("r",)
    with pytest.raises(InvalidValue, match="no sheet 'Hoja1'; name one with --sheet: Resumen, BALANCEO"):
        read_sheet(file, "Hoja1", "Balanceo")
    with pytest.raises(InvalidValue, match="several sheets"):
        read_sheet(file)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("a.xlsx", b"no zip", "is no Excel workbook", id="no-zip"),
        pytest.param("a.xlsx", b"PK\x05\x06" + b"\0" * 18, "is no Excel workbook", id="empty-zip"),
        pytest.param("a.xls", b"", r"is none of \.csv, .*\.xlsx", id="old-excel"),
        pytest.param("a.csv", None, "cannot be read: No such file", id="absent"),
        pytest.param("a.csv", b"a;b\n" * (MAX_ROWS + 1), f"more than {MAX_ROWS} rows", id="too-long"),
        pytest.param(
            "a.csv", b'a;"' + b"x" * 200_000 + b'"\n', "field larger than field limit", id="huge-cell"
        ),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidValue, match=says) as error:
        read_sheet(tmp_path / name)
    assert str(error.value).startswith(str(tmp_path / name))


def test_columns_and_texts_are_compared_as_people_do() -> None:
    assert [column_letter(number) for number in (0, 25, 26, 51, 52, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]
    assert plain("  Código_MÁQUINA (std.) ") == "codigo maquina std"
    assert tidy(" CUELLO \u00a0 N\u0303A ") == "CUELLO ÑA"
