"""`lbzf db erase-operator` and `lbzf db audit`, as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lbzf_ros.store.engine import DATABASE_NAME, reading_engine, writing_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.people.operators import create_operator, rename_operator
from lbzf_ros.store.people.reading import PeopleReader
from test.store.people.entries import ENGINEER, SECOND, at


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with an operator who was renamed."""
    database = tmp_path / DATABASE_NAME
    migrate(database, now_ns=at(0))
    engine = writing_engine(database)
    create_operator(engine, ENGINEER, now_ns=at(0), external_code="OP-17", display_name="Ana [bold]Peña")
    rename_operator(engine, SECOND, now_ns=at(5), external_code="OP-17", display_name="Ana Gómez Ruiz")
    engine.dispose()
    return tmp_path


def db(data: Path, *words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lbzf_ros.cli", "db", *words, "--data", str(data)]
    environment = os.environ | {"COLUMNS": "300"}
    return subprocess.run(
        command, input=answer, capture_output=True, text=True, check=False, timeout=60, env=environment
    )


def names(data: Path) -> list[str | None]:
    engine = reading_engine(data / DATABASE_NAME)
    found = [row.display_name for row in PeopleReader(engine).operators().items]
    engine.dispose()
    return found


def test_a_dry_run_shows_what_would_change(data: Path) -> None:
    done = db(data, "erase-operator", "OP-17", "--dry-run")
    assert done.returncode == 0, done.stderr
    for word in ("operators", "audit_log", "Nothing was changed."):
        assert word in done.stdout
    assert names(data) == ["Ana Gómez Ruiz"]
    assert not (data / "erasures.jsonl").exists()


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_it_asks_before_it_does_it(data: Path, answer: str) -> None:
    done = db(data, "erase-operator", "OP-17", answer=answer)
    assert done.returncode == 1
    assert "Erase OP-17, Ana Gómez Ruiz? It cannot be undone." in done.stdout
    assert names(data) == ["Ana Gómez Ruiz"]


@pytest.mark.parametrize(("words", "answer"), [([], "y\n"), (["--yes"], "")])
def test_it_erases_and_says_where_the_person_still_is(data: Path, words: list[str], answer: str) -> None:
    done = db(data, "erase-operator", "OP-17", *words, answer=answer)
    assert done.returncode == 0, done.stderr
    assert names(data) == [None]
    assert json.loads((data / "erasures.jsonl").read_text())["operator_id"] == 1
    for place in ("backups", "exports", "frames", "3 years"):
        assert place in done.stdout
    assert "action=operator.erase subject=operators/1" in done.stderr
    assert "Ana" not in done.stderr


def test_a_code_that_nobody_has_is_one_clear_line(data: Path) -> None:
    done = db(data, "erase-operator", "OP-99", "--yes")
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert "nobody has the operator code 'OP-99'" in line


@pytest.mark.parametrize("words", [["erase-operator", "OP-17"], ["audit"]])
def test_a_folder_without_a_database_is_one_clear_line_and_gets_none(
    tmp_path: Path, words: list[str]
) -> None:
    done = db(tmp_path / "nothing", *words)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert "--data" in line
    assert not (tmp_path / "nothing").exists()


def test_the_audit_log_is_shown_newest_first(data: Path) -> None:
    done = db(data, "audit")
    assert done.returncode == 0, done.stderr
    renamed, created = (done.stdout.index(word) for word in ("operator.rename", "operator.create"))
    assert renamed < created
    assert "display_name: Ana [bold]Peña → Ana Gómez Ruiz" in done.stdout
    assert "engineer@plant.example (engineer)" in done.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--actor", SECOND.name], ["operator.rename"]),
        (["--since", "2026-07-15T08:33:00-05:00"], ["operator.rename"]),
        (["--subject", "operators/1"], ["operator.rename", "operator.create"]),
        (["--subject", "operators/"], ["operator.rename", "operator.create"]),
        (["--subject", "operators/2"], []),
        (["--limit", "1"], ["operator.rename"]),
        (["--before", "2"], ["operator.create"]),
    ],
)
def test_the_audit_log_is_filtered(data: Path, words: list[str], expected: list[str]) -> None:
    done = db(data, "audit", *words)
    assert done.returncode == 0, done.stderr
    assert [word for word in ("operator.rename", "operator.create") if word in done.stdout] == expected
    assert ("--before 2" in done.stdout) == (words == ["--limit", "1"])


def test_a_time_without_zone_is_refused(data: Path) -> None:
    done = db(data, "audit", "--since", "2026-07-15T08:33:00")
    assert done.returncode == 1
    assert "no zone" in done.stderr
