from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.resources import resource_path
from lbzf_ros.store.imports.lost_time_codes import read_lost_time_codes
from lbzf_ros.store.people.lost_time import LostTimeCode, sync_lost_time_codes
from test.store.examples import MORNING_NS
from test.store.imports.conftest import ACTOR, WriteBook


def test_codes_are_read_from_text_and_from_a_workbook(tmp_path: Path, write_book: WriteBook) -> None:
    file = tmp_path / "codes.csv"
    file.write_bytes("CÓDIGO;Descripción\r\nC001; Falta de  energía\r\n".encode("cp1252"))
    codes = (LostTimeCode("C001", "Falta de energía"),)
    assert read_lost_time_codes(file) == codes
    assert (
        read_lost_time_codes(write_book(H=[["code", "display_name"], ["C001", "Falta de energía"]])) == codes
    )


def test_every_bad_row_is_listed(tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    file.write_text("code,display_name\nC001,a\n,b\nC001,c\nC003,\n", "utf-8")
    with pytest.raises(InvalidValue) as error:
        read_lost_time_codes(file)
    assert str(error.value).splitlines()[1:] == [
        f"{file}: row 3, column A (code): found nothing; allowed is text of 1 to 200 characters on one line",
        f"{file}: row 4, column code: found 'C001'; allowed is each code once; it is in row 2 already",
        f"{file}: row 5, column B (display_name): found nothing; allowed is text of 1 to 200 characters on one line",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("code,colour\nC001,x\n", "needs one column display_name"),
        ("code,code\n", "one column code"),
    ],
)
def test_a_file_of_something_else_is_said(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "codes.csv"
    file.write_text(content, "utf-8")
    with pytest.raises(InvalidValue, match=says):
        read_lost_time_codes(file)


def test_twenty_two_codes_are_allowed_and_no_more(tmp_path: Path, engine: Engine) -> None:
    file = tmp_path / "codes.csv"
    for count in (22, 23):
        rows = "".join(f"C{number:03},Motivo {number}\n" for number in range(1, count + 1))
        file.write_text(f"code,display_name\n{rows}", "utf-8")
        codes = read_lost_time_codes(file)
        if count == 22:
            assert len(sync_lost_time_codes(engine, codes, ACTOR, now_ns=MORNING_NS).added) == 22
        else:
            with pytest.raises(InvalidValue, match="1 to 22 are allowed"):
                sync_lost_time_codes(engine, codes, ACTOR, now_ns=MORNING_NS)


def test_the_example_has_the_one_that_is_known_and_marks_the_others() -> None:
    real, *examples = read_lost_time_codes(resource_path("config", "lost_time_codes.example.csv"))
    assert real == LostTimeCode("C001", "Falta de energía")
    assert examples
    assert all(code.display_name.startswith("EJEMPLO") for code in examples)
