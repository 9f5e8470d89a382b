from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lbzf_ros.core.errors import StoreError
from lbzf_ros.resources import resource_path
from lbzf_ros.store.migrate import migrate, schema_sql, schema_version
from test.store.examples import MORNING_NS

KNOWN = 4

REFERENCE = {
    "modules": "id code display_name product_reference active created_at updated_at",
    "cameras": "id module_id label rtsp_url resolution fps status installed_at notes",
    "workstations": "id module_id primary_camera_id code display_name operation sequence_pos active notes",
    "standard_times": "id reference version operation sam_minutes sec_per_cycle machine_code source effective_from "
    "effective_to notes",
    "operators": "id external_code display_name active notes",
    "cv_model_versions": "id name version framework weights_hash deployed_at notes",
    "rois": "id camera_id workstation_id polygon_json ref_frame_path ref_homography_features created_at created_by "
    "notes superseded_by",
    "cycle_events": "id workstation_id camera_id operator_id cv_model_version_id roi_version_id start_ts end_ts "
    "duration_seconds status quality confidence mean_conf primary_track_dwell_ratio detection_count "
    "source_frame_path source_video_path ref_op_order notes created_at gt_verified_by gt_verified_at "
    "gt_corrected_duration_s",
    "cycle_events_rejected": "id workstation_id camera_id cv_model_version_id roi_version_id start_ts end_ts "
    "duration_seconds reason mean_conf primary_track_dwell_ratio detection_count notes created_at",
    "schema_version": "id version applied_at",
}

REFERENCE_INDEXES = {
    "idx_workstations_module": "workstations(module_id)",
    "idx_std_times_lookup": "standard_times(reference, operation, version)",
    "idx_rois_active": "rois(camera_id, workstation_id) WHERE superseded_by IS NULL",
    "idx_events_ws_start": "cycle_events(workstation_id, start_ts DESC)",
    "idx_events_start_ts": "cycle_events(start_ts)",
    "idx_events_operator": "cycle_events(operator_id, start_ts)",
    "idx_events_inflight": "cycle_events(status) WHERE status = 'in_progress'",
    "idx_events_quality": "cycle_events(quality, start_ts)",
    "idx_rejected_ws_start": "cycle_events_rejected(workstation_id, start_ts DESC)",
}


@contextmanager
def opened(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection


def names(database: Path, kind: str) -> set[str]:
    with opened(database) as connection:
        return {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = ?", (kind,))
        }


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """The program's migrations, to add more to."""
    return Path(shutil.copytree(resource_path("db", "migrations"), tmp_path / "migrations"))


def add_migration(folder: Path, sql: str) -> None:
    (folder / "0005_more.sql").write_text(f"-- depends: 0004_hours\n{sql}")


GOOD = "CREATE TABLE extra (id INTEGER);\nUPDATE schema_version SET version = 5;"


@pytest.mark.parametrize("table", REFERENCE)
def test_tables_have_the_columns_of_the_data_model(database: Path, table: str) -> None:
    with opened(database) as connection:
        columns = {row[1] for row in connection.execute(f"PRAGMA table_xinfo({table})")}
    assert set(REFERENCE[table].split()) <= columns


@pytest.mark.parametrize("index", REFERENCE_INDEXES)
def test_indexes_are_those_of_the_data_model(database: Path, index: str) -> None:
    with opened(database) as connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (index,)).fetchone()
    assert sql == f"CREATE INDEX {index} ON {REFERENCE_INDEXES[index]}"


def test_a_new_database_is_made_in_a_new_folder(tmp_path: Path) -> None:
    database = tmp_path / "a folder %20?#" / "lbzf.db"
    done = migrate(database, now_ns=MORNING_NS)
    assert (done.before, done.after, done.copy) == (0, KNOWN, None)
    assert schema_version(database) == KNOWN


def test_migrating_again_does_nothing(database: Path) -> None:
    before = database.read_bytes()
    assert migrate(database, now_ns=MORNING_NS).copy is None
    assert database.read_bytes() == before


def test_an_existing_database_is_copied_before_it_changes(database: Path, migrations: Path) -> None:
    add_migration(migrations, GOOD)
    with opened(database) as connection:
        connection.execute("INSERT INTO modules (code, display_name) VALUES ('ANGELA', 'Angela')")
    done = migrate(database, now_ns=MORNING_NS, folder=migrations)
    assert (done.before, done.after) == (KNOWN, KNOWN + 1)
    assert done.copy == database.parent / "backups" / "lbzf-20260715-133051-schema4.db"
    assert schema_version(done.copy) == KNOWN
    with opened(done.copy) as connection:
        assert connection.execute("SELECT code FROM modules").fetchall() == [("ANGELA",)]
    assert "extra" in names(database, "table")


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(
            "CREATE TABLE extra (id INTEGER);\nINSERT INTO nowhere VALUES (1);", id="later-statement-fails"
        ),
        pytest.param("DROP INDEX idx_events_quality;\nCREATE TABLE modules (id INTEGER);", id="table-exists"),
        pytest.param(
            "INSERT INTO workstations (module_id, code, display_name) VALUES (99, 'A', 'a');", id="orphan-row"
        ),
    ],
)
def test_a_migration_that_fails_changes_nothing(database: Path, migrations: Path, sql: str) -> None:
    add_migration(migrations, sql)
    before = names(database, "table") | names(database, "index")
    with pytest.raises(StoreError, match="migrate"):
        migrate(database, now_ns=MORNING_NS, folder=migrations)
    assert names(database, "table") | names(database, "index") == before
    assert schema_version(database) == KNOWN

    add_migration(migrations, GOOD)
    assert migrate(database, now_ns=MORNING_NS, folder=migrations).after == 3


def test_a_newer_database_is_refused_and_left_alone(database: Path) -> None:
    with opened(database) as connection:
        connection.execute("UPDATE schema_version SET version = 7")
    with pytest.raises(StoreError, match="has schema 7, this program knows schemas up to 2"):
        migrate(database, now_ns=MORNING_NS)
    assert schema_version(database) == 7


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "lbzf.db"
    with opened(database) as connection:
        connection.execute("CREATE TABLE recipes (id INTEGER)")
    with pytest.raises(StoreError, match="not one of LBZF"):
        migrate(database, now_ns=MORNING_NS)
    assert names(database, "table") == {"recipes"}


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "lbzf.db"
    database.write_text("a shopping list, long enough to be looked at as a database header\n" * 10)
    with pytest.raises(StoreError, match="not a database"):
        migrate(database, now_ns=MORNING_NS)


MIGRATE = """
import sys
from pathlib import Path
from lbzf_ros.store.migrate import migrate
migrate(Path(sys.argv[1]), now_ns=0)
"""


def test_two_that_migrate_at_once_both_succeed(tmp_path: Path) -> None:
    database = tmp_path / "lbzf.db"

    def run(_: int) -> int:
        return subprocess.run([sys.executable, "-c", MIGRATE, database], check=False).returncode

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(run, range(2))) == [0, 0]
    assert schema_version(database) == KNOWN


def test_schema_sql_is_up_to_date() -> None:
    stored = resource_path("db", "schema.sql").read_text("utf-8")
    assert stored == schema_sql(), "run python -m lbzf_ros.store.migrate"


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
