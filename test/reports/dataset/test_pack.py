"""What is in a pack, that a researcher reads it as it was measured, and that it names nobody."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lbzf_ros.core.errors import ConfigError, StoreError
from lbzf_ros.reports.dataset import tables
from lbzf_ros.reports.dataset.manifest import ENVIRONMENT, GAPS, verify
from lbzf_ros.reports.dataset.pack import events_source, write_pack
from lbzf_ros.reports.dataset.people import People
from lbzf_ros.reports.dataset.provenance import Picked
from lbzf_ros.reports.evaluation.spans import Window
from lbzf_ros.store.dictionary import tables as schema
from lbzf_ros.store.engine import DATABASE_NAME
from lbzf_ros.store.keeping.packing import silent
from lbzf_ros.store.timestamps import to_text
from lbzf_ros.store.zones import canonical_json
from test.reports.dataset.pack import (
    CHECKER,
    CYCLES,
    EXPLANATION,
    KEY,
    NAMES,
    NOTE,
    OBSERVER,
    OPERATOR,
    PICTURE,
    content,
    labels,
    order,
    pack,
    plant_folder,
)
from test.reports.plant import FIRST_STATION, at, uid


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plant_folder(tmp_path_factory.mktemp("plant"))


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without anything to evaluate, which takes seconds."""
    return plant_folder(tmp_path_factory.mktemp("quiet"), second_opinions=False)


@pytest.fixture(scope="module")
def folder(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("packs") / "pack"
    pack(data, target, labels=(labels(), labels("luis", CYCLES[1:])))
    return target


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def facts(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "provenance.json").read_text("utf-8"))
    return found


def test_all_files_are_there_and_verified(folder: Path) -> None:
    names = set(content(folder))
    assert {
        *("events.csv", "events.parquet", "rejected.csv", "rejected.parquet", "explanations.parquet"),
        *("data_dictionary.md", "provenance.json", "plant.json", "environment.json", "README.md"),
        *("evaluation/evaluation.json", "evaluation/tables.tex", "MANIFEST.sha256", "CHECKSUM", GAPS),
    } <= names
    assert not [name for name in names if name.endswith((".db", ".jpg", ".mp4", ".key"))]
    assert verify(folder).problems == ()


def test_pandas_reads_types_and_nulls(folder: Path) -> None:
    events = pd.read_parquet(folder / "events.parquet")
    assert len(events) == 8
    assert str(events.start_ts.dtype) == "datetime64[ms, UTC]"
    assert isinstance(events.status.dtype, pd.CategoricalDtype)
    assert isinstance(events.workstation.dtype, pd.CategoricalDtype)
    first = events[events.event_uid == uid(10)].iloc[0]
    assert first.start_ts == pd.Timestamp("2026-07-15T13:31:01Z")
    assert (first.duration_seconds, first.mean_conf, first.ref_op_order) == (30.0, 0.1 + 0.2, 'OP 1, "2"')
    running = events[events.status == "in_progress"].iloc[0]
    assert pd.isna(running.end_ts)
    assert pd.isna(running.duration_seconds)
    assert list(events.start_ts) == sorted(events.start_ts)


def test_gaps_of_the_cameras_and_time_asked_for_and_the_same_checksum(quiet: Path, tmp_path: Path) -> None:
    before = pack(quiet, tmp_path / "before", window=Window(at(0), at(400))).checksum
    data = Path(shutil.copytree(quiet, tmp_path / "data"))
    with closing(sqlite3.connect(data / DATABASE_NAME)) as database, database:
        database.execute("INSERT INTO cameras (module_id, label, rtsp_url) VALUES (1, 'cam77', 'simulator:')")
        for label, begin, end, cause in (
            ("cam1", 390, 500, "camera"),
            ("cam1", 100, 160, "restart"),
            ("cam1", 400, 410, "disk"),  # after that time
            ("cam77", 100, 160, "camera"),  # sees no station
        ):
            database.execute(
                "INSERT INTO video_gaps (camera_id, start_ts, end_ts, cause, detail) "
                "SELECT id, ?, ?, ?, 'rtsp://10.0.0.7' FROM cameras WHERE label = ?",
                (to_text(at(begin)), to_text(at(end)), cause, label),
            )
    folder = tmp_path / "pack"
    assert pack(data, folder, window=Window(at(0), at(400))).checksum == before
    assert rows(folder / GAPS) == [
        {"camera": "cam1", "start_ts": to_text(at(begin)), "end_ts": to_text(at(end)), "cause": cause}
        for begin, end, cause in ((100, 160, "restart"), (390, 500, "camera"))
    ]


def test_unknown_is_null_and_never_nan(folder: Path) -> None:
    table = pq.read_table(folder / "events.parquet")
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_floating(column.type):
            assert not any(value != value for value in column.to_pylist()), name  # noqa: PLR0124
    assert table["duration_uncertainty_s"].null_count == 7
    assert (table.schema.field("duration_uncertainty_s").metadata or {})[b"unit"] == b"s"
    assert not table.schema.field("event_uid").nullable


def test_duckdb_joins_what_belongs_together(folder: Path) -> None:
    with duckdb.connect() as database:
        found = database.execute(f"""
            SELECT e.status, count(*), count(x.explanation_json), any_value(x.explanation_json)
            FROM '{folder}/events.parquet' e LEFT JOIN '{folder}/explanations.parquet' x USING (event_uid)
            GROUP BY ALL ORDER BY ALL""").fetchall()
        assert found == [("complete", 7, 7, EXPLANATION), ("in_progress", 1, 0, None)]
        counted = database.execute(
            f"SELECT reason, count(*) FROM '{folder}/rejected.csv' GROUP BY ALL"
        ).fetchall()
        assert counted == [("too_short", 2)]


@pytest.mark.parametrize("name", ["events", "rejected"])
def test_csv_and_parquet_say_the_same(folder: Path, name: str) -> None:
    def cell(value: Any) -> str:
        if value is None:
            return ""
        return f"{value:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z" if hasattr(value, "year") else str(value)

    expected = [
        {key: cell(value) for key, value in row.items()}
        for row in pq.read_table(folder / f"{name}.parquet").to_pylist()
    ]
    assert rows(folder / f"{name}.csv") == expected


def test_the_pack_says_what_the_database_says(data: Path, folder: Path) -> None:
    """Every column that both have, against bare SQL."""
    with closing(sqlite3.connect(data / DATABASE_NAME)) as connection:
        connection.row_factory = sqlite3.Row
        stored = {row["event_uid"]: row for row in connection.execute("SELECT * FROM cycle_events")}
    found = rows(folder / "events.csv")
    assert {row["event_uid"] for row in found} == set(stored)
    for row in found:
        expected = stored[row["event_uid"]]
        for name in set(row) & set(expected.keys()) - {"gt_verified_by", "duration_seconds"}:
            assert row[name] == ("" if expected[name] is None else str(expected[name])), name


def test_the_dictionary_has_just_the_columns_of_the_pack(folder: Path) -> None:
    sections = (folder / "data_dictionary.md").read_text("utf-8").split("\n## ")[1:]
    assert len(sections) == 3
    for section, name in zip(sections, ("events", "rejected", "explanations"), strict=True):
        described = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]
        assert described == pq.read_schema(folder / f"{name}.parquet").names


def test_provenance(folder: Path) -> None:
    found = facts(folder)
    assert [row["workstation"] for row in found["stations"]] == ["PUESTO_01", "PUESTO_02"]
    assert found["models"] == [
        {"name": "hog_background", "version": "1", "framework": "opencv", "weights_sha256": None, "events": 8,
         "rejected": 2, "first_start": "2026-07-15T13:31:01.000Z", "last_start": "2026-07-15T13:35:51.000Z"}
    ]  # fmt: skip
    assert found["software_versions"][0]["software_version"] == "0.1.0"
    assert {zone["name"] for zone in found["zones"]} == {"work", "pick", "drop"}
    assert found["zones"][0]["polygon_px"] == [[10, 10], [200, 10], [200, 300], [10, 300]]
    assert found["standard_times"][0]["sam_minutes"] == 0.5
    used = {int(row["roi_version_id"]) for row in rows(folder / "events.csv")}
    assert used <= {zone["roi_version_id"] for zone in found["zones"]}


def test_the_parameters_behind_a_hash_are_there_and_prove_it(folder: Path) -> None:
    for row in facts(folder)["parameters"]:
        text = (folder / row["settings"]).read_text("utf-8")
        assert hashlib.sha256(text.encode()).hexdigest() == row["parameter_hash"]
        settings = json.loads(text)
        assert settings["workstations"][0]["max_cycle_s"] > 0
        assert canonical_json(settings) == text


def test_parameters_come_from_the_database(quiet: Path, tmp_path: Path) -> None:
    pack(quiet, tmp_path / "pack", plant=None)
    (known,) = facts(tmp_path / "pack")["parameters"]
    assert known["settings"] is not None
    assert not (tmp_path / "pack" / "plant.json").exists()


def test_parameters_that_nobody_kept_are_said_to_be_unknown(quiet: Path, tmp_path: Path) -> None:
    shutil.copytree(quiet, tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / DATABASE_NAME)) as connection, connection:
        connection.execute("DELETE FROM parameter_sets")
    found = pack(tmp_path / "data", tmp_path / "pack", plant=None)
    assert any("the settings behind 1 of 1 parameter hashes are not known" in note for note in found.notes)
    assert facts(tmp_path / "pack")["parameters"][0]["settings"] is None
    assert "parameter hashes are not known" in (tmp_path / "pack" / "README.md").read_text("utf-8")


def test_nobody_is_named(folder: Path) -> None:
    """In no file: operator, observer, who checked, labelled, drew; notes; addresses of cameras; the key."""
    for name, found in content(folder).items():
        for secret in (*(word.encode() for word in NAMES), KEY, KEY.hex().encode(), b"luis"):
            assert secret.lower() not in found.lower(), f"{secret!r} in {name}"
            assert secret.decode().lower() not in name.lower()


def test_people_can_be_told_apart(folder: Path) -> None:
    found = {row["event_uid"]: row for row in rows(folder / "events.csv")}
    assert found[uid(10)]["operator"].startswith("operator-")
    assert found[uid(90)]["operator"] == ""
    assert found[uid(50)]["gt_verified_by"].startswith("person-")
    evaluation = json.loads((folder / "evaluation" / "evaluation.json").read_text("utf-8"))
    raters = [one["rater"] for one in evaluation["labels"]]
    assert len(set(raters)) == 2
    assert all(rater.startswith("rater-") for rater in raters)


def test_with_operators_names_stay(data: Path, tmp_path: Path) -> None:
    pack(data, tmp_path / "pack", people=People(None), labels=(labels(),))
    found = {row["event_uid"]: row for row in rows(tmp_path / "pack" / "events.csv")}
    assert (found[uid(10)]["operator"], found[uid(10)]["notes"]) == (OPERATOR, NOTE)
    assert found[uid(50)]["gt_verified_by"] == CHECKER
    readme = (tmp_path / "pack" / "README.md").read_text("utf-8")
    assert "It holds personal data" in readme
    pairs = (tmp_path / "pack" / "evaluation" / "pairs.csv").read_text("utf-8")
    assert "Carmen Gómez.csv: line 0" in pairs
    assert OBSERVER not in readme


def test_what_people_said_is_evaluated(folder: Path) -> None:
    found = json.loads((folder / "evaluation" / "evaluation.json").read_text("utf-8"))
    titles = [(one["one"], one["two"]) for one in found["comparisons"]]
    assert ("cycles", "stopwatch") in titles
    assert [two for _, two in titles].count("checked by hand") == 1
    assert len(titles) == 5  # the two raters, one against the other, the stopwatch, the check


def test_without_anything_to_compare_with_there_is_no_evaluation(quiet: Path, tmp_path: Path) -> None:
    found = pack(quiet, tmp_path / "pack")
    assert any("nothing is evaluated" in note for note in found.notes)
    assert not (tmp_path / "pack" / "evaluation").exists()


def test_only_what_is_chosen(quiet: Path, tmp_path: Path) -> None:
    made = order(quiet, window=Window(at(50), at(131)))
    made = replace(made, question=replace(made.question, stations=(FIRST_STATION,)))
    found = write_pack(made, tmp_path / "pack", replace_old=False, progress=silent)
    assert found.rows == {"events": 3, "rejected": 0, "explanations": 3}
    assert {row["event_uid"] for row in rows(tmp_path / "pack" / "events.csv")} == {
        uid(50),
        uid(90),
        uid(130),
    }
    assert [row["workstation"] for row in facts(tmp_path / "pack")["stations"]] == ["PUESTO_01"]
    assert {zone["workstation"] for zone in facts(tmp_path / "pack")["zones"]} == {"PUESTO_01"}


def test_a_time_without_cycles_is_no_pack(quiet: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no cycle of these stations began in that time"):
        pack(quiet, tmp_path / "pack", window=Window(at(5000), None))
    assert not list(tmp_path.iterdir())


def test_frames_are_copied_when_asked_for(quiet: Path, tmp_path: Path) -> None:
    pack(quiet, tmp_path / "pack", frames=True)
    found = {row["event_uid"]: row["frame"] for row in rows(tmp_path / "pack" / "events.csv")}
    assert (tmp_path / "pack" / found[uid(10)]).read_bytes() == PICTURE
    assert found[uid(50)] == ""  # its time was up
    assert "pictures of people" in (tmp_path / "pack" / "README.md").read_text("utf-8")
    assert verify(tmp_path / "pack").problems == ()


def test_a_path_out_of_the_data_folder_is_not_followed(quiet: Path, tmp_path: Path) -> None:
    shutil.copytree(quiet, tmp_path / "data")
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    with closing(sqlite3.connect(tmp_path / "data" / DATABASE_NAME)) as connection, connection:
        connection.execute("UPDATE cycle_events SET source_frame_path = '../secret.jpg'")
    pack(tmp_path / "data", tmp_path / "pack", frames=True)
    assert not (tmp_path / "pack" / "frames").exists() or not list(
        (tmp_path / "pack" / "frames").rglob("*secret*")
    )
    assert {row["frame"] for row in rows(tmp_path / "pack" / "events.csv")} == {""}


def test_the_same_recording_processed_again_gives_the_same_checksum(data: Path, tmp_path: Path) -> None:
    """Another database with the same cycles, entered at another time."""
    with closing(sqlite3.connect(plant_folder(tmp_path / "again") / DATABASE_NAME)) as connection, connection:
        connection.execute("UPDATE cycle_events SET created_at = '2027-01-01T00:00:00.000Z'")
        connection.execute("UPDATE rois SET created_at = '2027-01-01T00:00:00.000Z'")
        connection.execute("UPDATE standard_times SET effective_from = '2027-01-01T00:00:00.000Z'")
    one = pack(data, tmp_path / "one", labels=(labels(),))
    two = pack(tmp_path / "again", tmp_path / "two", labels=(labels(),), now_ns=at(99999))
    assert one.checksum == two.checksum
    differ = {
        name for name, found in content(tmp_path / "one").items() if found != content(tmp_path / "two")[name]
    }
    assert differ == {ENVIRONMENT, "MANIFEST.sha256"}


def test_rows_come_in_batches_of_one_size(
    quiet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(quiet, tmp_path / "one")
    monkeypatch.setattr(tables, "BATCH_ROWS", 3)
    seen: list[tuple[str, int, int]] = []
    write_pack(order(quiet), tmp_path / "two", replace_old=False, progress=lambda *step: seen.append(step))
    assert pq.read_metadata(tmp_path / "two" / "events.parquet").num_row_groups == 3
    assert pq.read_table(tmp_path / "one" / "events.parquet").to_pylist() == pq.read_table(
        tmp_path / "two" / "events.parquet"
    ).to_pylist()  # fmt: skip
    assert [step for step in seen if step[0] == "writing events"] == [
        ("writing events", done, 8) for done in (3, 6, 8)
    ]


@pytest.mark.parametrize(
    "after", ["copying", "writing events", "comparing with labels", "making the checksum"]
)
def test_ctrl_c_leaves_nothing(quiet: Path, tmp_path: Path, after: str) -> None:
    def stop(doing: str, _done: int, _total: int) -> None:
        if doing == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_pack(order(quiet), tmp_path / "pack", replace_old=False, progress=stop)
    assert not list(tmp_path.iterdir())


def test_a_value_of_the_wrong_type_is_named(quiet: Path, tmp_path: Path) -> None:
    shutil.copytree(quiet, tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / DATABASE_NAME)) as connection, connection:
        connection.execute("UPDATE cycle_events SET gt_corrected_duration_s = 'long'")
    with pytest.raises(
        StoreError, match="column gt_corrected_duration_s: the database holds a value that is no real"
    ):
        pack(tmp_path / "data", tmp_path / "pack")
    assert not (tmp_path / "pack").exists()


def test_an_older_database_says_what_to_do(quiet: Path, tmp_path: Path) -> None:
    shutil.copytree(quiet, tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / DATABASE_NAME)) as connection, connection:
        connection.execute("UPDATE schema_version SET version = 3")
    with pytest.raises(StoreError, match=r"has schema 3, .* bring it up to date with lbzf db migrate"):
        pack(tmp_path / "data", tmp_path / "pack")


def test_a_million_events_are_read_in_order_and_not_sorted(data: Path) -> None:
    table = next(one for one in schema() if one.name == "cycle_events")
    source = events_source(table, Picked("e.start_ts >= :from", {}))
    query = f"EXPLAIN QUERY PLAN SELECT * FROM {source} ORDER BY e.start_ts, e.event_uid"
    with closing(sqlite3.connect(data / DATABASE_NAME)) as connection:
        first, *others = [row[3] for row in connection.execute(query, {"from": "2026"})]
    assert "e USING INDEX idx_events_start_ts" in first
    assert "USE TEMP B-TREE FOR ORDER BY" not in others
