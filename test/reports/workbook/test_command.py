"""`lbzf export` as a user meets it, and the workbooks of the night."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from lbzf_ros.reports.workbook.nightly import write_workbooks
from lbzf_ros.resources import resource_path
from lbzf_ros.store.engine import DATABASE_NAME, reading_engine
from test.reports.workbook.plant_day import LATER_NS, exported, make_day, plant
from test.reports.workbook.test_template import plants_own


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_day(tmp_path_factory.mktemp("day"))


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "lbzf_ros.cli", "export", *words]


def lbzf_export(*words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"COLUMNS": "300"}
    return subprocess.run(
        command(*words), capture_output=True, text=True, check=False, env=environment, timeout=100
    )


def test_it_says_what_it_wrote(data: Path, tmp_path: Path) -> None:
    done = lbzf_export("--data", str(data), "--day", "2026-07-15", "--out", str(tmp_path))
    assert (done.returncode, done.stderr.strip()) == (0, "")
    assert done.stdout.startswith(
        f"{tmp_path}/indicadores-2026-07-15.xlsx: Indicadores 8, Resumen 1, Eventos 360"
    )
    assert (tmp_path / "indicadores-2026-07-15.eventos.csv").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--day", "15/07/2026"], "--day '15/07/2026': must be a day from 2000-01-01 to today"),
        (["--day", "2999-01-01"], "must be a day from 2000-01-01 to today"),
        ([], "--day: name the day"),
        (
            ["--day", "2026-07-15", "--shift", "x"],
            "shift 'x': there is none on 15/07/2026; there are: jornada_1",
        ),
        (["--day", "2026-07-15", "--mapping", "/none.yaml"], "/none.yaml: cannot be read"),
        (
            ["--day", "2026-07-15", "--template", "/none.xlsx"],
            "--template: the mapping file does not say where",
        ),
        (["--day", "2026-07-15", "--out", "/dev/null/x"], "Not a directory; nothing was written"),
    ],
)
def test_what_is_wrong_is_one_line_and_status_1(data: Path, words: list[str], said: str) -> None:
    done = lbzf_export("--data", str(data), *words)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_ctrl_c_leaves_nothing(data: Path, tmp_path: Path) -> None:
    for attempt in range(10):  # the day is small: on a quick machine all may be done before the signal comes
        place = tmp_path / str(attempt)
        place.mkdir()
        words = ("--data", str(data), "--day", "2026-07-15", "--out", str(place))
        with subprocess.Popen(
            command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            until = time.monotonic() + 60
            while process.poll() is None and not list(place.glob(".export-*")):
                assert time.monotonic() < until
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
        if process.returncode != 0:
            break
    assert (process.returncode, said.strip()) == (130, "Stopped; nothing was written.")
    assert list(place.iterdir()) == []


def test_a_full_disk_is_one_line_and_leaves_nothing(data: Path, tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=60k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        done = lbzf_export("--data", str(data), "--day", "2026-07-15", "--out", str(place))
        left = list(place.iterdir())
    finally:
        subprocess.run(["umount", str(place)], check=True)
    assert done.returncode == 1
    assert "No space left on device; nothing was written" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert left == []


def test_the_night_writes_the_last_days_and_lets_a_changed_file_be(tmp_path: Path) -> None:
    data = make_day(tmp_path)
    engine = reading_engine(data / DATABASE_NAME)
    try:
        (book,) = write_workbooks(engine, data, plant(), now_ns=LATER_NS).written
        assert book == data / "exports" / "indicadores-2026-07-15.xlsx"
        before = book.stat()
        assert write_workbooks(engine, data, plant(), now_ns=LATER_NS).written == (book,)
        assert (book.stat().st_ino, book.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        book.write_bytes(b"mine")
        again = write_workbooks(engine, data, plant(), now_ns=LATER_NS)
        assert [path.name for path in again.renamed] == ["indicadores-2026-07-15-2.xlsx"]
        assert book.read_bytes() == b"mine"
        write_workbooks(engine, data, plant(), now_ns=LATER_NS)
        assert {path.name for path in data.glob("exports/*.xlsx")} == {
            "indicadores-2026-07-15-2.xlsx",
            "indicadores-2026-07-15.xlsx",
        }  # and no third
    finally:
        engine.dispose()


def test_a_mapping_in_the_data_folder_fills_the_plants_workbook_without_being_asked(tmp_path: Path) -> None:
    data = make_day(tmp_path)
    plants_own(data / "INDICADORES.xlsx")
    layout = yaml.safe_load(resource_path("config", "workbook.yaml").read_text("utf-8"))
    layout["template"] = {"file": "INDICADORES.xlsx", "cells": [{"to": "Portada!B2", "value": "day"}]}
    (data / "workbook.yaml").write_text(yaml.safe_dump(layout), "utf-8")
    import openpyxl

    assert openpyxl.load_workbook(exported(data).workbook).sheetnames == [
        "Portada",
        "INDICADORES",
        "Lista negra",
    ]
