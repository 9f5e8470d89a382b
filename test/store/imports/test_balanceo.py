from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine, text

from lbzf_ros.config.schema import StandardTime
from lbzf_ros.core.errors import ConfigError, InvalidValue
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.imports.balanceo import read_balanceo
from lbzf_ros.store.imports.mapping import Mapping, read_mapping
from lbzf_ros.store.people.audit import audit_rows
from lbzf_ros.store.reader import StoreReader
from test.store.examples import MORNING_NS
from test.store.imports.conftest import ACTOR, REFERENCE, WriteBook, run_import

LATER_NS = MORNING_NS + 3600 * NS_PER_S


def csv(folder: Path, *rows: str, head: str = "operation,sam,machine_code") -> Path:
    path = folder / "balanceo.csv"
    path.write_text("\n".join((head, *rows)) + "\n", "utf-8")
    return path


def read(file: Path, mapping: Mapping | None = None) -> list[tuple[str, float, str | None]]:
    found = read_balanceo(file, mapping or Mapping(), reference=REFERENCE)
    return [(time.operation, time.sam_minutes, time.machine_code) for time in found.times]


def versions(reader: StoreReader) -> list[tuple[str, str, float, bool]]:
    return [
        (time.operation, time.version, time.sam_minutes, time.effective_to_ns is None)
        for time in reader.standard_times().items
    ]


# ---- reading


@pytest.mark.parametrize(
    ("head", "row"),
    [
        pytest.param("operation,sam,machine_code", "CUELLO,0.38,MPP", id="ours"),
        pytest.param("OPERACIÓN;S.A.M.;Máquina", "CUELLO;0,38;MPP", id="spanish-decimal-comma"),
        pytest.param("operacion,SAM (min),CODIGO MAQUINA", 'CUELLO,"0,38",MPP', id="comma-in-quotes"),
        pytest.param("maquina\tsam minutes\tOperación", "MPP\t0.38\tCUELLO", id="other-order"),
    ],
)
def test_usual_names_of_columns_are_known(tmp_path: Path, head: str, row: str) -> None:
    if "S.A.M." in head:
        head = head.replace("S.A.M.", "SAM")
    assert read(csv(tmp_path, row, head=head)) == [("CUELLO", 0.38, "MPP")]


PLANT_BOOK: list[list[Any]] = [
    ["BALANCEO DE LÍNEA", None, None, None],
    [None, "Ref22 Slim", None, None],
    [],
    ["N°", "Operación a realizar", "Tiempo (seg)", "Máq."],
    [1, " PESPUNTAR  CUELLO ", 22.8, "MPP"],
    [2, "PEGAR BOLSILLO", 25.2, None],
    [None, None, None, None],
    [3, "HACER OJAL", "27", "MOJA"],
    [None, "TOTAL", 75.0, None],
    [None, "Elaboró: ingeniería", None, None],
]
PLANT_MAPPING: dict[str, Any] = {
    "sheet": "Angela",
    "header_row": 4,
    "columns": {"operation": "operacion a realizar", "sam": "Tiempo (seg)", "machine_code": "D"},
    "reference": REFERENCE,
    "sam_unit": "seconds",
    "fill_down": ["machine_code"],
    "skip": [
        {"column": "operation", "matches": "total"},
        {"column": "operation", "matches": "elabor"},
    ],
}


def test_the_plants_own_workbook_is_read_by_a_mapping(tmp_path: Path, write_book: WriteBook) -> None:
    file = write_book(merged=["D5:D6"], Otra=[["x"]], Angela=PLANT_BOOK)
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(yaml.safe_dump(PLANT_MAPPING, allow_unicode=True), "utf-8")
    found = read_balanceo(file, read_mapping(mapping))
    assert found.times == (
        StandardTime(reference=REFERENCE, operation="PESPUNTAR CUELLO", sam_minutes=0.38, machine_code="MPP"),
        StandardTime(reference=REFERENCE, operation="PEGAR BOLSILLO", sam_minutes=0.42, machine_code="MPP"),
        StandardTime(reference=REFERENCE, operation="HACER OJAL", sam_minutes=0.45, machine_code="MOJA"),
    )
    assert found.skipped == ("row 9: TOTAL 75", "row 10: Elaboró: ingeniería")


def test_columns_without_names_are_letters(write_book: WriteBook) -> None:
    file = write_book(Hoja1=[["CUELLO", 0.38], ["BOLSILLO", 0.42]])
    mapping = Mapping(header_row=0, columns={"operation": "A", "sam": "B"})
    assert read(file, mapping) == [("CUELLO", 0.38, None), ("BOLSILLO", 0.42, None)]


def test_the_total_is_left_out_without_being_told(tmp_path: Path) -> None:
    file = csv(tmp_path, "CUELLO,0.38,", "Total,0.38,", "GRAN TOTAL,0.38,", "TOTALIZAR BORDE,0.1,")
    assert [name for name, _, _ in read(file)] == ["CUELLO", "TOTALIZAR BORDE"]


def test_a_number_of_a_workbook_may_name_a_reference(write_book: WriteBook) -> None:
    file = write_book(Hoja1=[["referencia", "operacion", "sam"], [22.0, "CUELLO", 1]])
    assert read_balanceo(file, Mapping()).times[0].reference == "22"


BAD_ROWS = (
    "CUELLO,0.38,MPP",
    ",0.40,MPP",
    "BOLSILLO,,MPP",
    "OJAL,abc,MPP",
    "OJAL 2,-0.4,MPP",
    "OJAL 3,0,MPP",
    "OJAL 4,1001,MPP",
    'OJAL 5,"1.000,5",MPP',
    "OJAL 6,nan,MPP",
    "CUELLO,0.39,MPP",
    "OJAL 7,1,CODIGO DEMASIADO LARGO",
    "OJAL\x008,1,MPP",
)


def test_every_bad_row_is_listed_and_nothing_is_imported(tmp_path: Path, engine: Engine) -> None:
    file = csv(tmp_path, *BAD_ROWS)
    with pytest.raises(InvalidValue) as error:
        run_import(engine, file)
    head, *lines = str(error.value).splitlines()
    assert head == f"{file}: 11 errors; nothing was imported"
    assert [line.removeprefix(f"{file}: ") for line in lines] == [
        "row 3, column A (operation): found nothing; allowed is text of 1 to 200 characters",
        "row 4, column B (sam): found nothing; allowed is a number of minutes such as 0,55 or 0.55",
        "row 5, column B (sam): found 'abc'; allowed is a number of minutes such as 0,55 or 0.55",
        "row 6, column B (sam): found '-0.4'; allowed is in minutes: input should be greater than 0",
        "row 7, column B (sam): found '0'; allowed is in minutes: input should be greater than 0",
        "row 8, column B (sam): found '1001'; allowed is in minutes: input should be less than or equal to 1000",
        "row 9, column B (sam): found '1.000,5'; allowed is a number of minutes such as 0,55 or 0.55",
        "row 10, column B (sam): found 'nan'; allowed is a number of minutes such as 0,55 or 0.55",
        "row 11, column A (operation): found 'CUELLO'; allowed is each operation once; it is in row 2 already",
        "row 12, column C (machine_code): found 'CODIGO DEMASIADO LARGO'; allowed is text of 1 to 20 characters",
        "row 13, column A (operation): found 'OJAL\\x008'; allowed is text of 1 to 200 characters",
    ]
    with transaction(engine, "look") as connection:
        assert connection.execute(text("SELECT count(*) FROM standard_times")).scalar_one() == 0


@pytest.mark.parametrize("value", [True, "#DIV/0!", "=1/3"])
def test_what_is_no_number_in_a_workbook_is_said(write_book: WriteBook, value: Any) -> None:
    file = write_book(Hoja1=[["operacion", "sam"], ["CUELLO", value]])
    with pytest.raises(InvalidValue, match=r"\[Hoja1\]: row 2, column B \(sam\)"):
        read(file)


@pytest.mark.parametrize(
    ("head", "mapping", "says"),
    [
        ("a,b", {}, r"no row has the names of the needed columns \(operation, sam\)"),
        ("operation,sam,SAM", {}, "columns B, C are all called sam"),
        (
            "operation,sam",
            {"header_row": 1, "columns": {"sam": "Tiempo"}},
            "has no column Tiempo; it has operation",
        ),
        ("operation,sam", {"header_row": 0}, "the mapping must name operation, sam"),
        ("operation,sam", {"header_row": 0, "columns": {"sam": "Tiempo"}}, "must be a letter"),
        ("operation,sam", {"header_row": 9}, "row 9 is empty"),
    ],
)
def test_columns_that_are_not_found_are_said(
    tmp_path: Path, head: str, mapping: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidValue, match=says):
        read(csv(tmp_path, "x,1,", head=head), Mapping.model_validate(mapping))


def test_a_file_without_rows_is_no_balanceo(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="has no operations below row 1"):
        read(csv(tmp_path, "Total,0,"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("columns: {color: x}", "columns.color"),
        ("skip: [{column: sam, matches: '('}]", "no regular expression"),
        ("sheeet: x", "sheeet"),
        (": :", "no valid YAML"),
        ("- a", "mapping"),
    ],
)
def test_a_wrong_mapping_is_said(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(content, "utf-8")
    with pytest.raises(ConfigError, match=says):
        read_mapping(path)


# ---- writing into the database


def test_a_changed_sam_is_a_new_version_and_history_stays(
    tmp_path: Path, engine: Engine, reader: StoreReader
) -> None:
    first = run_import(engine, csv(tmp_path, "CUELLO,0.38,MPP", "OJAL,0.45,MOJA"))
    assert [first.count(kind) for kind in ("new", "changed", "same")] == [2, 0, 0]
    changed = csv(tmp_path, "CUELLO,0.40,MPP", "OJAL,0.45,MOJA", "BOLSILLO,0.5,")
    second = run_import(engine, changed, now_ns=LATER_NS)
    assert [(one.time.operation, one.kind, one.time.version) for one in second.changes] == [
        ("CUELLO", "changed", "v2"),
        ("OJAL", "same", "v1"),
        ("BOLSILLO", "new", "v1"),
    ]
    third = run_import(engine, changed, now_ns=LATER_NS + NS_PER_S)
    assert third.count("same") == 3
    assert versions(reader) == [
        ("CUELLO", "v1", 0.38, False),
        ("OJAL", "v1", 0.45, True),
        ("CUELLO", "v2", 0.40, True),
        ("BOLSILLO", "v1", 0.5, True),
    ]
    old, _, new, _ = reader.standard_times().items
    assert (old.effective_from_ns, old.effective_to_ns) == (MORNING_NS, LATER_NS)
    assert new.effective_from_ns == LATER_NS


def test_what_an_import_changed_is_audited_and_what_stayed_is_not(tmp_path: Path, engine: Engine) -> None:
    run_import(engine, csv(tmp_path, "CUELLO,0.38,MPP", "OJAL,0.45,MOJA"))
    run_import(engine, csv(tmp_path, "CUELLO,0.40,MPP", "OJAL,0.45,MOJA"), now_ns=LATER_NS)
    newest, *created = audit_rows(engine).items
    assert [row.action for row in created] == ["standard_time.create"] * 2
    assert (newest.action, newest.subject, newest.actor) == (
        "standard_time.change",
        "standard_times/3",
        ACTOR.name,
    )
    assert newest.before is not None
    assert newest.after is not None
    assert (newest.before["sam_minutes"], newest.after["sam_minutes"]) == (0.38, 0.4)


def test_a_dry_run_says_the_same_and_writes_nothing(
    tmp_path: Path, engine: Engine, reader: StoreReader
) -> None:
    file = csv(tmp_path, "CUELLO,0.38,MPP")
    dry = run_import(engine, file, dry_run=True)
    assert versions(reader) == []
    assert audit_rows(engine).items == ()
    assert run_import(engine, file) == dry


def test_another_machine_is_a_new_version_too(tmp_path: Path, engine: Engine, reader: StoreReader) -> None:
    run_import(engine, csv(tmp_path, "CUELLO,0.38,MPP"))
    run_import(engine, csv(tmp_path, "CUELLO,0.38,MREV"), now_ns=LATER_NS)
    assert versions(reader) == [("CUELLO", "v1", 0.38, False), ("CUELLO", "v2", 0.38, True)]


def test_a_version_of_the_file_keeps_its_name(tmp_path: Path, engine: Engine, reader: StoreReader) -> None:
    head = "reference,version,operation,sam"
    run_import(engine, csv(tmp_path, f"{REFERENCE},2026,CUELLO,0.38", head=head))
    run_import(engine, csv(tmp_path, f"{REFERENCE},2027,CUELLO,0.38", head=head), now_ns=LATER_NS)
    again = run_import(engine, csv(tmp_path, f"{REFERENCE},2027,CUELLO,0.38", head=head), now_ns=LATER_NS)
    assert again.count("same") == 1
    assert versions(reader) == [("CUELLO", "2026", 0.38, False), ("CUELLO", "2027", 0.38, True)]


def test_a_clock_that_was_set_back_makes_no_span_that_ends_before_it_begins(
    tmp_path: Path, engine: Engine, reader: StoreReader
) -> None:
    run_import(engine, csv(tmp_path, "CUELLO,0.38,MPP"), now_ns=LATER_NS)
    run_import(engine, csv(tmp_path, "CUELLO,0.40,MPP"), now_ns=MORNING_NS)
    old, new = reader.standard_times().items
    assert old.effective_to_ns == old.effective_from_ns == new.effective_from_ns == LATER_NS


def test_stations_whose_operation_is_in_no_file_are_named(
    tmp_path: Path, engine: Engine, roi_sets: object
) -> None:
    with transaction(engine, "rename") as connection:
        connection.execute(text("UPDATE workstations SET operation = 'Pespuntar Cuello' WHERE id = 1"))
    done = run_import(engine, csv(tmp_path, "PESPUNTAR CUELLO,0.38,MPP"))
    (hint,) = done.hints
    assert "ANGELA/PUESTO_01 works at 'Pespuntar Cuello', which has no SAM" in hint
