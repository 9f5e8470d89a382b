"""The workbook of a day: what is in it, that it is the same whenever it is made, and whose files are left alone."""

from __future__ import annotations

import csv
import datetime as dt
import threading
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from lbzf_ros.core.errors import InvalidValue, LbzfError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.reports.workbook.export import Busy, Stopped
from test.reports.workbook.plant_day import DAY, LATER_NS, SHIFT, exported, make_day, plant


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_day(tmp_path_factory.mktemp("day"))


def values(path: Path, sheet: str) -> list[dict[str, Any]]:
    """Rows of a sheet by the titles of its columns, as they are kept beside the formulas."""
    book = openpyxl.load_workbook(path, data_only=True)
    titles, *rows = book[sheet].iter_rows(values_only=True)
    return [dict(zip(map(str, titles), row, strict=True)) for row in rows]


def test_name_sheets_and_files(data: Path, tmp_path: Path) -> None:
    done = exported(data, out=tmp_path)
    assert done.workbook == tmp_path / "indicadores-2026-07-15.xlsx"
    assert openpyxl.load_workbook(done.workbook).sheetnames == [
        "Indicadores", "Resumen", "Eventos", "Rechazados", "Balanceo", "Tiempo perdido", "Calidad",
    ]  # fmt: skip
    assert done.rows["Eventos"] == 360
    assert [path.name for path in done.csv][:2] == [
        "indicadores-2026-07-15.csv",
        "indicadores-2026-07-15.resumen.csv",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [done.workbook.name, *(path.name for path in done.csv), ".lbzf-exports.json"]
    )
    of_shift = exported(data, out=tmp_path, shift=SHIFT, module="ANGELA")
    assert of_shift.workbook.name == "indicadores-2026-07-15-angela-jornada_1.xlsx"
    assert of_shift.rows == done.rows


def test_the_numbers_of_the_trade(data: Path, tmp_path: Path) -> None:
    book = exported(data, out=tmp_path).workbook
    first, second, *_ = values(book, "Indicadores")
    assert (first["Fecha"], first["Hora"], first["Puesto"]) == (
        dt.datetime.combine(DAY, dt.time()),
        "06:00",
        "Puesto 1",
    )
    assert (first["Operario"], first["N.º de operarios"], second["Operario"]) == ("Luz Marina Peña", 1, None)
    assert (first["OP"], first["SAM (min)"], first["Unidades"]) == ("OP-2026-0712", 0.5, 62)
    assert first["Total minutos productivos"] == 31
    assert first["Eficiencia"] == pytest.approx(31 / 60)
    assert (first["Meta módulo"], first["Real módulo"]) == (49, 31)
    assert first["Rendimiento módulo"] == pytest.approx(31 / 49)
    total = values(book, "Indicadores")[-1]
    assert (total["Fecha"], total["Total minutos productivos"]) == ("Total", 210)
    assert total["Eficiencia"] == pytest.approx(210 / 480)
    (shift, _) = values(book, "Resumen")
    assert (shift["Jornada"], shift["N.º de operarios"], shift["Unidades"]) == (SHIFT, 2, 120)
    assert shift["Total minutos productivos"] == pytest.approx(120 * 1.25)
    assert shift["Eficiencia"] == pytest.approx(150 / 480)
    lost = values(book, "Tiempo perdido")[0]
    assert (lost["Código"], lost["Motivo"], lost["Minutos"]) == ("C001", "Falta de energía", 12.5)
    quality = values(book, "Calidad")
    assert [row["Amarillo"] for row in quality] == [60, 120, 180]
    assert [row["Cobertura"] for row in quality] == [None, None, None]  # no video: not known, never 0
    assert [row["Minutos observados"] for row in quality] == [None, None, None]


def test_times_are_the_plants_without_a_zone_and_numbers_are_numbers(data: Path, tmp_path: Path) -> None:
    first = values(exported(data, out=tmp_path).workbook, "Eventos")[0]
    assert first["Inicio"] == dt.datetime.combine(DAY, dt.time(6))
    assert first["Inicio"].tzinfo is None
    assert isinstance(first["Duración (s)"], (int, float))
    assert first["Estado"] == "completo"


def test_sums_and_efficiencies_are_live_formulas(data: Path, tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(exported(data, out=tmp_path).workbook)["Indicadores"]
    assert sheet["M2"].value == "=L2*K2"
    assert sheet["O2"].value == "=M2/N2"
    assert sheet["M10"].value == "=SUBTOTAL(109,M2:M9)"
    assert sheet["O10"].value == "=M10/N10"


def test_it_prints_well(data: Path, tmp_path: Path) -> None:
    for sheet in openpyxl.load_workbook(exported(data, out=tmp_path).workbook):
        assert sheet.freeze_panes == "A2", sheet.title
        assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth) == ("landscape", None)  # None: 1
        assert sheet.page_setup.fitToHeight == 0
        assert sheet.sheet_properties.pageSetUpPr is not None
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows == "$1:$1"
        footer = sheet.oddFooter
        assert footer is not None
        assert "&P" in str(footer.right.text if footer.right else "")
        assert all(dimension.width > 5 for dimension in sheet.column_dimensions.values())


def test_the_mirror_says_the_same(data: Path, tmp_path: Path) -> None:
    done = exported(data, out=tmp_path)
    with done.csv[0].open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert len(rows) == done.rows["Indicadores"]
    assert (rows[0]["Fecha"], rows[0]["Total minutos productivos"], rows[0]["Eficiencia"]) == (
        "15/07/2026", "31,0", "0,516667",
    )  # fmt: skip


@pytest.mark.parametrize("shift", [None, SHIFT])
def test_a_day_that_is_over_gives_the_same_bytes_whenever_it_is_exported(
    data: Path, tmp_path: Path, shift: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = exported(data, out=tmp_path / "a", shift=shift)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    later = exported(data, out=tmp_path / "b", shift=shift, now_ns=LATER_NS + 10**9 * 86_400 * 400)
    for one, other in zip((first.workbook, *first.csv), (later.workbook, *later.csv), strict=True):
        assert one.name == other.name
        assert one.read_bytes() == other.read_bytes(), one.name


def test_what_a_person_changed_is_never_overwritten(data: Path, tmp_path: Path) -> None:
    first = exported(data, out=tmp_path)
    again = exported(data, out=tmp_path)
    assert again.workbook == first.workbook
    first.workbook.write_bytes(b"the engineer's own")
    third = exported(data, out=tmp_path)
    assert third.workbook.name == "indicadores-2026-07-15-2.xlsx"
    assert third.csv[0].name == "indicadores-2026-07-15-2.csv"
    assert third.wanted_name == "indicadores-2026-07-15.xlsx"
    assert first.workbook.read_bytes() == b"the engineer's own"


def test_what_we_wrote_is_replaced_when_the_day_has_changed(tmp_path: Path) -> None:
    data = make_day(tmp_path / "data")
    running = exported(data, now_ns=LATER_NS - 86_400 * 3 * NS_PER_S + 3600 * NS_PER_S)
    before = running.workbook.read_bytes()
    over = exported(data)
    assert over.workbook == running.workbook
    assert over.workbook.read_bytes() != before


def test_a_link_to_somebodys_file_is_left_alone(data: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.xlsx"
    mine.write_bytes(b"mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "indicadores-2026-07-15.xlsx").symlink_to(mine)
    assert exported(data, out=tmp_path / "out").workbook.name.endswith("-2.xlsx")
    assert mine.read_bytes() == b"mine"


def test_unknown_names_say_which_there_are(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"shift 'noche'.*15/07/2026.*jornada_1"):
        exported(data, out=tmp_path, shift="noche")
    with pytest.raises(InvalidValue, match=r"module 'X'.*ANGELA"):
        exported(data, out=tmp_path, module="X")
    assert list(tmp_path.iterdir()) == []


def test_a_day_without_anything_is_a_workbook_too(data: Path, tmp_path: Path) -> None:
    done = exported(data, out=tmp_path, day=DAY - dt.timedelta(days=30))
    assert (done.rows["Eventos"], done.rows["Indicadores"]) == (0, 0)


def test_it_can_be_stopped_and_leaves_nothing(data: Path, tmp_path: Path) -> None:
    from lbzf_ros.reports.workbook.export import Order, export_day

    seen: list[str] = []

    def show(doing: str, _done: int, _total: int) -> None:
        seen.append(doing)

    order = Order(data=data, plant=plant(), day=DAY, now_ns=LATER_NS, out=tmp_path)
    with pytest.raises(Stopped):
        export_day(order, progress=show, should_stop=lambda: "Eventos" in seen)
    assert list(tmp_path.iterdir()) == []


def test_only_so_many_at_once(data: Path, tmp_path: Path) -> None:
    from lbzf_ros.reports.workbook.export import Order, export_day

    inside, go_on = threading.Event(), threading.Event()

    def wait(_doing: str, _done: int, _total: int) -> None:
        inside.set()
        go_on.wait(60)

    order = Order(data=data, plant=plant(), day=DAY, now_ns=LATER_NS, out=tmp_path)
    thread = threading.Thread(target=lambda: export_day(order, progress=wait))
    thread.start()
    try:
        assert inside.wait(60)
        with pytest.raises(Busy, match="another export"):
            export_day(order)
    finally:
        go_on.set()
        thread.join()
    assert (tmp_path / "indicadores-2026-07-15.xlsx").exists()


def test_a_folder_that_cannot_be_written_is_one_line(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LbzfError, match="nothing was written") as found:
        exported(data, out=tmp_path / "file")
    assert "\n" not in str(found.value)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
