"""`lbzf db migrate | status | rollback | seed | import-…`, as a user runs them."""

from __future__ import annotations

import io
import os
import sqlite3
import sys
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from lbzf_ros.cli import claims, main
from lbzf_ros.resources import resource_path
from lbzf_ros.store.engine import DATABASE_NAME
from lbzf_ros.store.migrate import migrate, schema_version
from test.store.examples import MORNING_NS
from test.store.test_migrate import KNOWN

CODES = resource_path("config", "lost_time_codes.example.csv")


@dataclass(frozen=True)
class Done:
    """What a command has said, and its exit status."""

    returncode: int
    stdout: str
    stderr: str


def db(data: Path, *words: str | Path) -> Done:
    """Run `lbzf db …` in this process."""
    output, errors = io.StringIO(), io.StringIO()
    arguments = ["lbzf", "db", *map(str, words), "--data", str(data)]
    with (
        mock.patch.object(sys, "argv", arguments),
        mock.patch.dict(os.environ, COLUMNS="200"),
        redirect_stdout(output),
        redirect_stderr(errors),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    assert isinstance(ended.value.code, int)
    return Done(ended.value.code, output.getvalue(), errors.getvalue())


def refused(done: Done) -> str:
    """The one error of a command that was refused."""
    assert done.returncode == 1
    return done.stderr


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with an empty database."""
    migrate(tmp_path / DATABASE_NAME, now_ns=MORNING_NS)
    return tmp_path


def execute(data: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(data / DATABASE_NAME, isolation_level=None)) as connection:
        return connection.execute(sql).fetchall()


def test_a_new_database_is_made_step_by_step(tmp_path: Path) -> None:
    dry = db(tmp_path, "migrate", "--dry-run")
    assert f"new → schema {KNOWN}" in dry.stdout
    assert "would apply 0001_plant" in dry.stdout
    assert not (tmp_path / DATABASE_NAME).exists()
    done = db(tmp_path, "migrate")
    assert done.returncode == 0, done.stderr
    assert "applying 0001_plant" in done.stdout
    assert "nothing to do" in db(tmp_path, "migrate").stdout


def test_back_and_forth_with_a_copy_each_time(data: Path) -> None:
    back = db(data, "rollback")
    assert f"schema {KNOWN} → schema {KNOWN - 1}" in back.stdout
    assert "pending" in db(data, "status").stdout
    dry = db(data, "migrate", "--dry-run")
    assert f"would copy it to {data / 'backups'}" in dry.stdout
    forth = db(data, "migrate")
    assert schema_version(data / DATABASE_NAME) == KNOWN
    copies = sorted((data / "backups").glob("*.db"))
    assert {copy.stem[-7:] for copy in copies} == {f"schema{KNOWN - 1}", f"schema{KNOWN}"}
    assert all(str(copy) in back.stdout + forth.stdout for copy in copies)


def test_a_rollback_that_would_lose_rows_is_refused(data: Path) -> None:
    execute(data, "INSERT INTO modules (id, code, display_name) VALUES (1, 'A', 'a')")
    execute(data, "INSERT INTO workstations (id, module_id, code, display_name) VALUES (1, 1, 'P', 'p')")
    execute(data, "INSERT INTO cycle_hours VALUES (1, '2026-07-15T13', 'green', 1, 30000)")
    for _ in range(KNOWN - 4):  # to the migration whose table it is
        assert db(data, "rollback").returncode == 0
    text = refused(db(data, "rollback"))
    assert "cycle_hours (1 row)" in text
    assert "--drop-data" in text
    assert "deleted: cycle_hours (1 row)" in db(data, "rollback", "--drop-data").stdout


def test_the_schema_is_not_changed_under_a_running_graph(data: Path) -> None:
    execute(data, f"UPDATE schema_version SET version = {KNOWN - 1}")
    with claims.data_folder(data):
        for command in ("migrate", "rollback"):
            assert "in use by another lbzf up" in refused(db(data, command))


def test_a_newer_database_is_refused_everywhere_and_still_shown(data: Path, tmp_path: Path) -> None:
    execute(data, "UPDATE schema_version SET version = 99")
    for words in (("migrate",), ("rollback",), ("seed",), ("import-lost-time-codes", CODES)):
        assert f"has schema 99, this program knows schemas up to {KNOWN}" in refused(db(data, *words))
    assert "newer than this program's" in db(data, "status").stdout


def test_the_status_shows_schema_sizes_rows_and_settings(data: Path) -> None:
    db(data, "seed")
    done = db(data, "status")
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert f"schema {KNOWN} (that of this program)" in words
    for text in ("0001_plant │", "│ modules │ 4 │", "│ journal_mode │ wal │", "WAL", "on its disk"):
        assert text in words


def test_without_a_database_the_status_says_what_to_do(tmp_path: Path) -> None:
    assert "lbzf db migrate" in refused(db(tmp_path, "status"))
    assert list(tmp_path.iterdir()) == []


def test_seeds_and_codes_are_entered_and_audited(data: Path) -> None:
    assert "ANGELA, CARMENZA, CAMISETAS, EMPAQUE" in db(data, "seed").stdout
    assert "they are all there" in db(data, "seed").stdout
    assert "added: C001" in db(data, "import-lost-time-codes", CODES).stdout
    done = execute(data, "SELECT role, count(DISTINCT request_id) FROM audit_log GROUP BY role")
    assert done == [("cli", 2)]
    log = (data / "logs" / "maintenance.log").read_text("utf-8")
    assert "(cli) action=lost_time_code.create subject=lost_time_codes/C001" in log


def test_a_balanceo_is_shown_and_imported(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "balanceo.csv"
    file.write_text("operation;sam\nCUELLO [1];0,38\nTotal;0,38\n", "utf-8")
    words = ("import-balanceo", file, "--reference", "Ref22 Slim")
    assert "Nothing was written" in db(data, *words, "--dry-run").stdout
    first = db(data, *words)
    assert first.returncode == 0, first.stderr
    for text in ("CUELLO [1]", "1 operations, 0.38 min in all: 1 new", "left out: row 3: Total 0,38"):
        assert text in first.stdout
    assert "0 new, 0 changed, 1 same" in db(data, *words).stdout
    assert execute(data, "SELECT operation, sam_minutes FROM standard_times") == [("CUELLO [1]", 0.38)]


def test_a_wrong_file_is_refused_with_every_place(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "balanceo.csv"
    file.write_text("operation;sam\nCUELLO;x\nOJAL;y\n", "utf-8")
    text = refused(db(data, "import-balanceo", file, "--reference", "R"))
    assert "2 errors; nothing was imported" in text
    assert f"{file}: row 3, column B (sam): found 'y'" in text


def test_an_older_database_is_not_changed_by_an_import(data: Path) -> None:
    db(data, "rollback")
    assert "run lbzf db migrate first" in refused(db(data, "seed"))
    assert schema_version(data / DATABASE_NAME) == KNOWN - 1
