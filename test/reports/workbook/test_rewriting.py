"""Files of a day that is exported again: after a correction, and by several at the same time."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
import yaml

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.reports.workbook.nightly import LAST_DAYS, write_workbooks
from lbzf_ros.reports.workbook.own_files import LIST, sha256_of
from lbzf_ros.resources import resource_path
from lbzf_ros.store.engine import DATABASE_NAME, reading_engine, writing_engine
from lbzf_ros.store.people.ground_truth import verify_event
from test.reports.workbook.plant_day import BEGIN_NS, ENGINEER, make_day, plant

NEXT_NIGHT_NS = BEGIN_NS + 20 * 3600 * NS_PER_S
DAY_NS = 86_400 * NS_PER_S


def events_in_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.mark.parametrize("days_later", [1, LAST_DAYS - 1])
def test_the_night_after_a_correction_replaces_workbook_and_mirror(tmp_path: Path, days_later: int) -> None:
    data = make_day(tmp_path)
    mirror = data / "exports" / "indicadores-2026-07-15.eventos.csv"
    reading, writing = reading_engine(data / DATABASE_NAME), writing_engine(data / DATABASE_NAME)
    try:
        (book,) = write_workbooks(reading, data, plant(), now_ns=NEXT_NIGHT_NS).written
        before, uid = book.read_bytes(), events_in_csv(mirror)[0]["Evento"]
        corrected = NEXT_NIGHT_NS + (days_later - 1) * DAY_NS + 3600 * NS_PER_S
        verify_event(writing, ENGINEER, now_ns=corrected, event_uid=uid, corrected_duration_s=44.25)
        later = NEXT_NIGHT_NS + days_later * DAY_NS
        assert write_workbooks(reading, data, plant(), now_ns=later).written == (book,)
    finally:
        reading.dispose()
        writing.dispose()
    assert book.read_bytes() != before
    titles, first, *_ = openpyxl.load_workbook(book)["Eventos"].iter_rows(values_only=True)
    shown = dict(zip(titles, first, strict=True))
    assert (shown["Evento"], shown["Duración (s)"], shown["Verificado por"]) == (uid, 44.25, ENGINEER.name)
    assert events_in_csv(mirror)[0]["Duración (s)"] == "44,25"
    assert len(list(mirror.parent.glob("*.xlsx"))) == 1


def test_exports_of_one_day_at_the_same_time_leave_the_whole_set_of_one_of_them(tmp_path: Path) -> None:
    data, out = make_day(tmp_path / "data"), tmp_path / "out"
    words = ("first", "second", "third")
    layout = yaml.safe_load(resource_path("config", "workbook.yaml").read_text("utf-8"))
    processes = []
    for word in words:  # by this word it can be told whose file it is
        for column in (sheet["columns"][0] for sheet in layout["sheets"]):
            column["title"] = word
        mapping = tmp_path / f"{word}.yaml"
        mapping.write_text(yaml.safe_dump(layout), "utf-8")
        command = [sys.executable, "-m", "lbzf_ros.cli", "export", "--data", str(data), "--out", str(out)]
        command += ["--day", "2026-07-15", "--mapping", str(mapping)]
        processes.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
    said = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said

    names = {path.name for path in out.iterdir()} - {LIST}
    assert len(names) == 8  # no second name, no unfinished file
    assert json.loads((out / LIST).read_text("utf-8")) == {name: sha256_of(out / name) for name in names}
    (book,) = out.glob("*.xlsx")
    found = {sheet["A1"].value for sheet in openpyxl.load_workbook(book)}
    found |= {
        next(csv.reader(path.open(encoding="utf-8-sig"), delimiter=";"))[0] for path in out.glob("*.csv")
    }
    assert len(found) == 1
    assert found <= set(words)
