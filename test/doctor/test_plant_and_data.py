"""Checks of plant file, cameras and data folder, each broken on purpose on real files, databases and sockets."""

import http.server
import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from lbzf_ros.cli import claims
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.doctor import checks
from lbzf_ros.doctor.finding import Level
from lbzf_ros.store.engine import DATABASE_NAME, writing_engine
from lbzf_ros.store.identity import database_marker, remember_database
from lbzf_ros.store.keeping.report import State, StepReport, write_report
from lbzf_ros.store.keeping.status import BackupStatus, ContinuousStatus, update_status
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.writer import EventWriter
from test.doctor.patient import look, machine, one, subject
from test.store.examples import MORNING_NS, cycle, plant_data, plant_of
from test.support.ports import free_port

HOUR_NS = 3600 * NS_PER_S


@pytest.fixture(scope="module")
def whole_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with one cycle, to be copied."""
    path = tmp_path_factory.mktemp("whole") / DATABASE_NAME
    migrate(path, now_ns=MORNING_NS)
    engine = writing_engine(path)
    roi_sets = sync_plant(engine, plant_of(plant_data()), now_ns=MORNING_NS, software_version="0.1.0")
    assert EventWriter(engine).write([cycle(roi_sets)]) == ()
    engine.dispose()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def data(tmp_path: Path, whole_database: Path) -> Path:
    """A data folder as it is after a good night."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(whole_database, folder / DATABASE_NAME)
    remember_database(folder)
    os.utime(database_marker(folder), ns=(MORNING_NS - 100 * HOUR_NS,) * 2)
    good = MORNING_NS - HOUR_NS
    update_status(
        folder / "backups",
        backup=BackupStatus(success_ns=good),
        continuous=ContinuousStatus(success_ns=MORNING_NS),
    )
    return folder


def test_a_plant_file_that_is_wrong_leaves_the_rest_unknown_and_not_fine(tmp_path: Path, data: Path) -> None:
    patient = subject(tmp_path, modules=[])
    assert one(patient, "plant").level is Level.WRONG
    for name in ("tensorrt", "model", "cameras", "backups"):
        assert one(patient, name).level is Level.UNKNOWN, name


def test_a_check_that_fails_is_unknown_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_subject: object) -> Iterator[object]:
        raise RuntimeError("of the check itself")

    monkeypatch.setitem(checks.CHECKS, "ros", fails)
    found = dict(checks.run_checks(subject(tmp_path), ["ros", "plant"]))
    assert found["ros"][0].level is Level.UNKNOWN
    assert found["plant"][0].level is Level.FINE


# ---- cameras


def test_cameras_that_give_a_picture_and_that_do_not(tmp_path: Path) -> None:
    modules = plant_data()["modules"]
    modules[0]["cameras"][1]["source"] = f"rtsp://viewer:${{SECRET}}@127.0.0.1:{free_port()}/live"
    os.environ["SECRET"] = "hunter2hunter2"
    try:
        good, bad = look(subject(tmp_path, modules=modules), "cameras")
    finally:
        del os.environ["SECRET"]
    assert (good.check, good.level) == ("camera cam1", Level.FINE)
    assert (bad.check, bad.level) == ("camera cam2", Level.WRONG)
    assert "hunter2" not in bad.text


# ---- disk


def test_a_disk_with_room(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"storage": {"reserve_gb": 0}, "retention": {"video_min_free_percent": 0}}
    assert one(subject(tmp_path, **settings), "disk").level is Level.FINE


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        ({"storage": {"reserve_gb": 10000}}, Level.WRONG),
        (
            {
                "storage": {"reserve_gb": 0},
                "retention": {"video_min_free_percent": 95, "video_extra_free_percent": 0},
            },
            Level.WARNING,
        ),
    ],
)
def test_a_disk_without_room(tmp_path: Path, settings: dict[str, Any], level: Level) -> None:
    assert one(subject(tmp_path, **settings), "disk").level is level


def test_a_disk_that_is_not_mounted(tmp_path: Path) -> None:
    patient = subject(tmp_path)
    patient.data.rmdir()
    assert one(patient, "disk").level is Level.WRONG


def test_a_disk_that_cannot_be_written(tmp_path: Path) -> None:
    patient = subject(tmp_path, storage={"reserve_gb": 0}, retention={"video_min_free_percent": 0})
    patient.data.rmdir()
    patient.data.symlink_to("/proc/self/net")  # also root cannot write there
    assert next(finding.level for finding in look(patient, "disk")) is Level.WRONG


def test_a_network_share(tmp_path: Path) -> None:
    mounts = f"/dev/sda1 / ext4 rw 0 0\nserver:/x {tmp_path.resolve()} nfs4 rw 0 0\n"
    patient = subject(tmp_path, root=machine(tmp_path / "machine", {"proc/self/mounts": mounts}))
    found = look(patient, "disk")[0]
    assert found.level is Level.WRONG
    assert "nfs4" in found.text


# ---- database


def test_a_whole_database(tmp_path: Path, data: Path) -> None:
    assert one(subject(tmp_path), "database").level is Level.FINE


def test_a_damaged_database(tmp_path: Path, data: Path) -> None:
    with (data / DATABASE_NAME).open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 200_000)
    found = look(subject(tmp_path), "database")
    assert Level.WRONG in [finding.level for finding in found]
    assert "lbzf restore --latest" in found[-1].advice


def test_a_reference_to_nothing(tmp_path: Path, data: Path) -> None:
    with closing(sqlite3.connect(data / DATABASE_NAME)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM workstations")
        connection.commit()
    assert one(subject(tmp_path), "database").level is Level.WRONG


@pytest.mark.parametrize(("step", "level"), [(1, Level.WRONG), (-1, Level.WARNING)])
def test_a_database_of_another_lbzf(tmp_path: Path, data: Path, step: int, level: Level) -> None:
    with closing(sqlite3.connect(data / DATABASE_NAME)) as connection:
        connection.execute("UPDATE schema_version SET version = version + ?", (step,))
        connection.commit()
    assert look(subject(tmp_path), "database")[0].level is level


def test_no_database(tmp_path: Path, data: Path) -> None:
    (data / DATABASE_NAME).unlink()
    assert one(subject(tmp_path), "database").level is Level.WRONG
    database_marker(data).unlink()
    assert one(subject(tmp_path), "database").level is Level.WARNING


def test_a_cycle_in_the_future(tmp_path: Path, data: Path) -> None:
    found = look(subject(tmp_path, now_ns=MORNING_NS - 24 * HOUR_NS), "clock")
    assert found[0].level is Level.WRONG
    assert "a cycle in the database ended at 2026-07-15T13:31:21" in found[0].text


# ---- backups


def test_backups_after_a_good_night(tmp_path: Path, data: Path) -> None:
    assert one(subject(tmp_path, backup={"second_place": "/mnt/other"}), "backups").level is Level.FINE


def test_backups_that_are_too_old(tmp_path: Path, data: Path) -> None:
    found = look(subject(tmp_path, now_ns=MORNING_NS + 48 * HOUR_NS), "backups")
    assert [finding.level for finding in found] == [Level.WRONG, Level.WRONG, Level.WARNING]
    assert "49.0 h old" in found[0].text
    assert "continuous copies stand still" in found[1].text
    assert "no second place" in found[2].text


def test_maintenance_that_failed_and_a_status_that_is_damaged(tmp_path: Path, data: Path) -> None:
    write_report(data, StepReport(step="frames", state=State.FAILED, text="no rights", at_ns=1, took_s=1))
    settings = {"second_place": "/mnt/other"}
    levels = [finding.level for finding in look(subject(tmp_path, backup=settings), "backups")]
    assert levels == [Level.WARNING, Level.FINE]
    (data / "backups" / "status.json").write_text("{")
    assert one(subject(tmp_path, backup=settings), "backups").level is Level.WRONG


# ---- does it run


@contextmanager
def page(health: dict[str, object]) -> Iterator[int]:
    """Something that answers /healthz: a plant with exactly these troubles cannot be had at will."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503 if health["missing"] else 200)
            self.end_headers()
            self.wfile.write(json.dumps(health).encode())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_nobody_runs_it(tmp_path: Path, data: Path) -> None:
    assert one(subject(tmp_path), "running").level is Level.WARNING


def test_it_runs_and_does_not_answer(tmp_path: Path, data: Path) -> None:
    with claims.data_folder(data):
        assert one(subject(tmp_path, web={"port": free_port()}), "running").level is Level.WRONG


def test_it_runs_with_troubles(tmp_path: Path, data: Path) -> None:
    nodes = [
        {"name": "camera_driver_cam1", "errors": {"cam1": "no picture for 20 s"}, "warnings": {}},
        {
            "name": "camera_driver_cam2",
            "errors": {
                "cam2": "cam2: rtsp://x cannot be opened",
                "cam2 stream": "cam2: rtsp://x cannot be opened",
            },
        },
        {"name": "detector", "errors": {}, "warnings": {"speed": "too slow"}},
    ]
    with claims.data_folder(data), page({"missing": ["recorder"], "nodes": nodes}) as port:
        found = look(subject(tmp_path, web={"port": port}), "running")
    assert [(finding.level, finding.text) for finding in found] == [
        (Level.WRONG, "recorder is not heard"),
        (Level.WRONG, "camera_driver_cam1: cam1: no picture for 20 s"),
        (Level.WRONG, "camera_driver_cam2: cam2: rtsp://x cannot be opened"),
        (Level.WARNING, "detector: speed: too slow"),
    ]


def test_it_runs_well(tmp_path: Path, data: Path) -> None:
    nodes = [{"name": "detector", "errors": {}, "warnings": {}}]
    with claims.data_folder(data), page({"missing": [], "nodes": nodes}) as port:
        assert one(subject(tmp_path, web={"port": port}), "running").level is Level.FINE
