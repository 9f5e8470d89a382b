"""The schema is the reference data model: every table, column, key, index and check of it, and ours beside them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lbzf_ros.store.engine import transaction
from lbzf_ros.store.migrate import migrate
from test.store import reference
from test.store.test_migrate import opened

NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"


def columns_of_reference(table: str) -> dict[str, str]:
    pairs = (column.split(":", 1) for column in reference.TABLES[table].split(";"))
    return {name.strip(): text.strip() for name, text in pairs}


def columns_of_database(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """The columns of a table in the notation of `reference`."""
    targets = {row[3]: row[2] for row in connection.execute(f"PRAGMA foreign_key_list({table})")}
    found = {}
    for _, name, kind, not_null, default, _, hidden in connection.execute(f"PRAGMA table_xinfo({table})"):
        flags = ["!"] * not_null
        flags += [f"={'now' if default == NOW else default}"] * (default is not None)
        flags += [f"→{targets[name]}"] if name in targets else []
        flags += ["*"] * (hidden == 3)
        found[name] = " ".join([kind.removesuffix(" GENERATED ALWAYS"), *flags])
    return found


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """An empty database that the tests of this file only look at."""
    database = tmp_path_factory.mktemp("schema") / "lbzf.db"
    migrate(database, now_ns=0)
    with opened(database) as connection:
        yield connection


def same(sql: str) -> str:
    return " ".join(sql.split())


@pytest.mark.parametrize("table", reference.TABLES)
def test_columns_are_those_of_the_data_model(schema: sqlite3.Connection, table: str) -> None:
    found = columns_of_database(schema, table)
    expected = {
        name: f"{text} {reference.ADDED.get((table, name), '')}".strip()
        for name, text in columns_of_reference(table).items()
    }
    assert {name: found.get(name) for name in expected} == expected


@pytest.mark.parametrize("table", reference.TABLES)
def test_columns_of_ours_are_only_those(schema: sqlite3.Connection, table: str) -> None:
    ours = columns_of_database(schema, table).keys() - columns_of_reference(table).keys()
    assert ours == OURS.get(table, set())


OURS = {
    "cameras": {"credentials_file"},
    "operators": {"erased_at"},
    "rois": {"name", "kind", "evidence", "settings_json"},
    "cycle_events": {
        "event_uid",
        "rule",
        "parameter_hash",
        "software_version",
        "duration_uncertainty_s",
        "observed_share",
        "reasons_json",
        "frame_archived_at",
        "drift_state",
        "clock_kept",
    },
    "cycle_events_rejected": {
        "event_uid",
        "rule",
        "parameter_hash",
        "software_version",
        "duration_uncertainty_s",
        "observed_share",
        "reasons_json",
        "source_frame_path",
        "source_video_path",
        "frame_archived_at",
        "drift_state",
        "clock_kept",
    },
    "manual_observations": {"event_uid"},
}


@pytest.mark.parametrize("table", reference.TABLES)
def test_the_primary_key_is_a_row_number(schema: sqlite3.Connection, table: str) -> None:
    keys = [row[1:3] for row in schema.execute(f"PRAGMA table_xinfo({table})") if row[5]]
    assert keys == [("id", "INTEGER")]


@pytest.mark.parametrize("table", reference.UNIQUE)
def test_what_is_unique_in_the_data_model_is_unique(schema: sqlite3.Connection, table: str) -> None:
    unique = [
        tuple(row[2] for row in schema.execute(f"PRAGMA index_info({name})"))
        for _, name, is_unique, _, partial in schema.execute(f"PRAGMA index_list({table})")
        if is_unique and not partial
    ]
    assert reference.UNIQUE[table] in unique


@pytest.mark.parametrize("table", ["cycle_events", "cycle_events_rejected"])
def test_an_event_is_in_a_table_once(schema: sqlite3.Connection, table: str) -> None:
    unique = [
        [row[2] for row in schema.execute(f"PRAGMA index_info({row[1]})")]
        for row in schema.execute(f"PRAGMA index_list({table})")
        if row[2]
    ]
    assert ["event_uid"] in unique


@pytest.mark.parametrize("index", reference.INDEXES)
def test_indexes_are_those_of_the_data_model(schema: sqlite3.Connection, index: str) -> None:
    (sql,) = schema.execute("SELECT sql FROM sqlite_master WHERE name = ?", (index,)).fetchone()
    assert sql == f"CREATE INDEX {index} ON {reference.INDEXES[index]}"


@pytest.mark.parametrize(("table", "column"), reference.COMPUTED)
def test_computed_columns_are_those_of_the_data_model(
    schema: sqlite3.Connection, table: str, column: str
) -> None:
    (sql,) = schema.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    without_comments = same(re.sub("--.*", "", sql)).replace("( ", "(").replace(" )", ")")
    expression = reference.COMPUTED[table, column]
    assert f"{column} REAL GENERATED ALWAYS AS ({expression}) STORED" in without_comments


@pytest.mark.parametrize(("table", "column"), reference.ALLOWED)
def test_the_database_allows_the_words_of_the_data_model_and_no_others(
    schema: sqlite3.Connection, table: str, column: str
) -> None:
    (sql,) = schema.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    (words,) = re.findall(rf"CHECK \(\s*{column} IN \(([^)]*)\)\s*\)", sql)
    assert set(re.findall(r"'(\w+)'", words)) == reference.ALLOWED[table, column]


def test_pragmas_are_those_of_the_data_model(engine: Engine) -> None:
    with transaction(engine, "read PRAGMAs") as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in reference.PRAGMAS
        }
    stricter = {"synchronous": 2}  # FULL: what is acknowledged is on the disk
    assert found == reference.PRAGMAS | stricter


def test_there_is_one_schema_version(schema: sqlite3.Connection) -> None:
    assert schema.execute("SELECT id FROM schema_version").fetchall() == [(1,)]
    with pytest.raises(sqlite3.IntegrityError):
        schema.execute("INSERT INTO schema_version (id, version) VALUES (2, 9)")


SETUP = """
INSERT INTO modules (id, code, display_name) VALUES (1, 'ANGELA', 'Angela');
INSERT INTO cameras (id, module_id, label, rtsp_url) VALUES (1, 1, 'cam1', 'simulator:seed=1');
INSERT INTO workstations (id, module_id, code, display_name) VALUES (1, 1, 'PUESTO_01', 'Puesto 1');
INSERT INTO cv_model_versions (id, name, version, framework) VALUES (1, 'hog', '1', 'opencv');
INSERT INTO standard_times (reference, operation, sam_minutes) VALUES ('Ref22 Slim', 'CUELLO', 0.5);
INSERT INTO rois (id, camera_id, workstation_id, name, kind, evidence, polygon_json, settings_json, created_by)
VALUES (1, 1, 1, 'work', 'work', 'person', '[]', '{}', 'engineer');
"""

EVENT = """
INSERT INTO cycle_events (event_uid, workstation_id, camera_id, cv_model_version_id, roi_version_id, rule,
                          parameter_hash, software_version, start_ts, end_ts, status, quality)
VALUES ({uid}, {station}, 1, {model}, {roi}, 'presence', 'h', '0.1.0', {start}, {end}, {status}, {quality})
"""
VALID = {
    "uid": "'u'",
    "station": "1",
    "model": "1",
    "roi": "1",
    "start": "'2026-07-15T13:30:51.000Z'",
    "end": "'2026-07-15T13:31:21.250Z'",
    "status": "'complete'",
    "quality": "'green'",
}


@pytest.fixture
def filled(database: Path) -> Iterator[sqlite3.Connection]:
    """A database with one row of each table that a cycle refers to."""
    with opened(database) as connection:
        connection.executescript(SETUP)
        yield connection


def test_durations_and_seconds_are_computed_by_the_database(filled: sqlite3.Connection) -> None:
    filled.execute(EVENT.format(**VALID))
    (duration_s,) = filled.execute("SELECT duration_seconds FROM cycle_events").fetchone()
    assert duration_s == pytest.approx(30.25, abs=1e-4)
    assert filled.execute("SELECT sec_per_cycle FROM standard_times").fetchone() == (30.0,)


@pytest.mark.parametrize(
    "change",
    [
        {"station": "99"},
        {"model": "NULL"},
        {"roi": "99"},
        {"status": "'paused'"},
        {"quality": "'blue'"},
        {"end": "'2026-07-15T13:30:50.999Z'"},
        {"end": "NULL"},
        {"start": "'2026-07-15 13:30:51'"},
        {"start": "'2026-07-15T13:30:51.000'"},
        {"end": "'2026-07-15T13:31:21Z'"},
    ],
    ids=str,
)
def test_the_database_itself_refuses_a_cycle_that_cannot_be(
    filled: sqlite3.Connection, change: dict[str, str]
) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        filled.execute(EVENT.format(**VALID | change))


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("UPDATE rois SET polygon_json = '[1]'", id="change-a-polygon"),
        pytest.param("UPDATE rois SET settings_json = '{1}'", id="change-settings"),
        pytest.param("DELETE FROM rois", id="delete-a-zone"),
        pytest.param("INSERT INTO modules (code, display_name) VALUES ('ANGELA', 'x')", id="module-twice"),
        pytest.param("UPDATE cameras SET status = 'broken'", id="camera-status"),
        pytest.param("INSERT INTO schema_version (id, version) VALUES (2, 9)", id="second-schema-version"),
        pytest.param(
            "INSERT INTO rois (camera_id, workstation_id, name, kind, evidence, polygon_json, settings_json, "
            "created_by) VALUES (1, 1, 'work', 'work', 'person', '[]', '{}', 'x')",
            id="two-zones-in-force",
        ),
        pytest.param(
            "INSERT INTO standard_times (reference, version, operation, sam_minutes) "
            "VALUES ('Ref22 Slim', 'v2', 'CUELLO', 0.6)",
            id="two-standard-times-in-force",
        ),
    ],
)
def test_the_database_itself_refuses(filled: sqlite3.Connection, sql: str) -> None:
    before = list(filled.iterdump())
    with pytest.raises(sqlite3.DatabaseError):
        filled.execute(sql)
    assert list(filled.iterdump()) == before
