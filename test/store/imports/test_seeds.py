from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from lbzf_ros.resources import resource_path
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.imports.balanceo import read_balanceo
from lbzf_ros.store.imports.mapping import Mapping, read_mapping
from lbzf_ros.store.imports.seeds import seed
from lbzf_ros.store.people.audit import audit_rows
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.reader import StoreReader
from test.store.examples import MORNING_NS, plant_data, plant_of
from test.store.imports.conftest import ACTOR, REFERENCE, run_import

EXAMPLE = resource_path("db", "seeds", "ref22_slim_balanceo.csv")


def in_force(engine: Engine, where: str = "TRUE") -> list[str]:
    query = f"SELECT operation FROM standard_times WHERE effective_to IS NULL AND {where} ORDER BY id"
    with transaction(engine, "look") as connection:
        return list(connection.execute(text(query)).scalars())


def test_a_new_database_has_the_modules_and_an_example(engine: Engine, reader: StoreReader) -> None:
    done = seed(engine, ACTOR, now_ns=MORNING_NS)
    assert done.modules == ("ANGELA", "CARMENZA", "CAMISETAS", "EMPAQUE")
    assert done.operations == ((REFERENCE, 21),)
    assert [(m.display_name, m.active) for m in reader.modules().items] == [
        ("Angela", False),
        ("Carmenza", False),
        ("Camisetas", False),
        ("Empaque", False),
    ]
    assert len(in_force(engine, "source = 'ejemplo'")) == 21
    assert len(audit_rows(engine).items) == 25


def test_the_example_has_what_is_known_of_the_reference_and_says_what_is_made_up() -> None:
    times = read_balanceo(EXAMPLE, Mapping()).times
    assert len(times) == 21
    assert sum(time.sam_minutes for time in times) == pytest.approx(24.16)
    assert {time.reference for time in times} == {REFERENCE}
    assert all(time.operation.startswith("EJEMPLO") for time in times)
    assert {time.version for time in times} == {"ejemplo"}
    assert "not the plant's figures" in (EXAMPLE.parent / "README.md").read_text("utf-8")


def test_seeding_again_changes_nothing(engine: Engine) -> None:
    seed(engine, ACTOR, now_ns=MORNING_NS)
    with transaction(engine, "rename") as connection:
        connection.execute(
            text("UPDATE modules SET display_name = 'Ángela', active = 1 WHERE code = 'ANGELA'")
        )
    again = seed(engine, ACTOR, now_ns=MORNING_NS)
    assert (again.modules, again.operations) == ((), ())
    with transaction(engine, "look") as connection:
        query = text("SELECT display_name, active FROM modules WHERE code = 'ANGELA'")
        assert tuple(connection.execute(query).one()) == ("Ángela", 1)


def test_a_plant_file_makes_a_seeded_module_active(engine: Engine, reader: StoreReader) -> None:
    seed(engine, ACTOR, now_ns=MORNING_NS)
    sync_plant(engine, plant_of(plant_data()), now_ns=MORNING_NS, software_version="0.1.0")
    assert [m.code for m in reader.modules().items if m.active] == ["ANGELA"]


def test_examples_go_when_real_figures_come(engine: Engine, tmp_path: Path) -> None:
    seed(engine, ACTOR, now_ns=MORNING_NS)
    file = tmp_path / "real.csv"
    file.write_text("operation,sam\nCUELLO,0.38\n", "utf-8")
    assert len(run_import(engine, file, dry_run=True).withdrawn) == 21
    assert len(in_force(engine)) == 21
    assert len(run_import(engine, file).withdrawn) == 21
    assert in_force(engine) == ["CUELLO"]
    assert seed(engine, ACTOR, now_ns=MORNING_NS).operations == ()


def test_the_example_of_a_mapping_can_be_read() -> None:
    assert read_mapping(resource_path("config", "balanceo_mapping.example.yaml")).header_row == 3
