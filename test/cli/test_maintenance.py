"""`lbzf maintenance`, `lbzf db prune`, `lbzf db orphans` and the units that run them, as a user meets them."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer.main

from lbzf_ros.cli import app, commands, plant_file
from lbzf_ros.cli.keeping import only_one
from lbzf_ros.cli.maintenance import StepName
from lbzf_ros.cli.maintenance_steps import STEPS
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.resources import resource_path
from lbzf_ros.store.engine import DATABASE_NAME, writing_engine
from lbzf_ros.store.keeping.report import State, maintenance_alarms, read_reports
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from test.store.examples import MORNING_NS, plant_data, plant_of
from test.store.keeping.folder import Folder

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
DEMO_PLANT = resource_path("config", "plant.yaml")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """A data folder whose cycles began days before the example morning; for the commands that was long ago."""
    data = tmp_path / "data"
    migrate(data / DATABASE_NAME, now_ns=MORNING_NS)
    engine = writing_engine(data / DATABASE_NAME)
    rois = sync_plant(engine, plant_of(plant_data()), now_ns=MORNING_NS, software_version="0.1.0")
    yield Folder(data, engine, rois)
    engine.dispose()


def days_ago(days: float) -> float:
    """Days before now as days before the example morning, from which the folder counts."""
    return (MORNING_NS - time.time_ns()) / (86_400 * NS_PER_S) + days


def lbzf(*words: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lbzf_ros.cli", *words]
    environment = os.environ | {"COLUMNS": "300"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=timeout_s, env=environment
    )


class TestMaintenance:
    def test_every_step_in_its_order(self) -> None:
        assert [name.value for name in StepName] == list(STEPS)

    def test_all_of_it_in_one_run(self, folder: Folder) -> None:
        old, young = folder.cycle(days_ago(130)), folder.cycle(days_ago(1))
        done = lbzf("maintenance", "--data", str(folder.data), "--plant", str(DEMO_PLANT))
        assert (done.returncode, done.stdout) == (0, "")
        assert [line.split(":")[0] for line in done.stderr.splitlines() if not line.startswith("actor=")] == [
            *STEPS
        ]
        assert [report.step for report in read_reports(folder.data)] == [*STEPS]
        assert {report.state for report in read_reports(folder.data)} == {State.OK}
        assert folder.picture(old)[0] is None
        assert folder.picture(young)[0] is not None
        assert (folder.data / "backups" / "latest").exists()
        log = (folder.data / "logs" / "maintenance.log").read_text("utf-8")
        assert "frames: ok: 1 pictures removed" in log
        assert "actor=maintenance () action=frames.archive subject=frames request_id=" in log

    def test_one_step_only(self, folder: Folder) -> None:
        done = lbzf("maintenance", "--data", str(folder.data), "--only", "orphans", "--only", "frames")
        assert done.returncode == 0
        assert [report.step for report in read_reports(folder.data)] == ["frames", "orphans"]

    def test_a_step_that_fails_does_not_stop_the_others_and_is_told(self, folder: Folder) -> None:
        folder.cycle(days_ago(130), picture=False)
        folder.execute("UPDATE cycle_events SET source_frame_path = '../secret.jpg'")
        done = lbzf("maintenance", "--data", str(folder.data))
        assert done.returncode == 1
        states = {report.step: report.state for report in read_reports(folder.data)}
        assert [*states] == [*STEPS]
        assert [step for step, state in states.items() if state is State.FAILED] == ["frames"]
        assert states["orphans"] is State.WARNING
        (alarm,) = maintenance_alarms(folder.data)
        assert "'../secret.jpg'" in alarm

    def test_when_no_room_can_be_made_it_is_an_alarm(self, folder: Folder, tmp_path: Path) -> None:
        plant = tmp_path / "plant.yaml"
        plant.write_text(
            DEMO_PLANT.read_text("utf-8") + "\nretention: {video_min_free_percent: 95}\n", "utf-8"
        )
        usage = shutil.disk_usage(folder.data)
        if usage.free > 0.95 * usage.total:
            pytest.skip("the disk is nearly empty: no limit can be above what is free")
        path = folder.segment(days_ago(3))
        folder.hold(path)
        done = lbzf("maintenance", "--space", "--data", str(folder.data), "--plant", str(plant))
        assert done.returncode == 1
        assert "no more video may go (1 segments are still needed)" in done.stderr
        assert "no more video may go" in maintenance_alarms(folder.data)[0]
        assert (folder.data / path).exists()
        folder.execute("UPDATE video_holds SET released_at = end_ts")
        lbzf("maintenance", "--space", "--data", str(folder.data), "--plant", str(plant))
        assert not (folder.data / path).exists()

    def test_a_damaged_database_fails_and_keeps_its_pictures(self, folder: Folder) -> None:
        old = folder.cycle(days_ago(130))
        with closing(sqlite3.connect(folder.data / DATABASE_NAME)) as database:
            database.execute("PRAGMA foreign_keys = OFF")
            database.execute("UPDATE cycle_events SET workstation_id = 99")
            database.commit()
        done = lbzf("maintenance", "--data", str(folder.data))
        assert done.returncode == 1
        states = {report.step: (report.state, report.text) for report in read_reports(folder.data)}
        assert states["integrity"][0] is State.FAILED
        assert "the database is damaged" in states["frames"][1]
        assert (folder.data / old.frame_path).exists()

    @pytest.mark.parametrize("words", [("maintenance",), ("db", "prune"), ("db", "orphans", "--repair")])
    def test_two_at_once_are_refused(self, folder: Folder, words: tuple[str, ...]) -> None:
        with only_one(folder.data, "maintenance"):
            done = lbzf(*words, "--data", str(folder.data))
        assert done.returncode == 1
        assert "another maintenance run is under way" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1

    def test_room_is_made_while_the_nightly_run_is_under_way(self, folder: Folder) -> None:
        with only_one(folder.data, "maintenance"):
            assert lbzf("maintenance", "--space", "--data", str(folder.data)).returncode == 0

    def test_a_folder_without_a_database_stays_as_it_is(self, tmp_path: Path) -> None:
        done = lbzf("maintenance", "--data", str(tmp_path / "nothing"))
        assert done.returncode == 1
        assert done.stderr.startswith("error: ")
        assert not (tmp_path / "nothing").exists()


class TestPrune:
    def test_a_dry_run_says_what_and_why_and_changes_nothing(self, folder: Folder) -> None:
        old = folder.cycle(days_ago(130))
        folder.cycle(days_ago(2))
        done = lbzf("db", "prune", "--dry-run", "--data", str(folder.data))
        assert done.returncode == 0
        goes = next(line for line in done.stdout.splitlines() if "pictures of cycles" in line)
        assert re.search(r"goes .* 1 .* 4\.1 kB .* older than 120 days", goes)
        assert "not yet 120 days old" in done.stdout
        assert (folder.data / old.frame_path).exists()
        assert folder.picture(old)[0] == old.frame_path
        assert folder.audit() == []

    def test_it_does_what_it_said(self, folder: Folder) -> None:
        old = folder.cycle(days_ago(130))
        done = lbzf("db", "prune", "--data", str(folder.data))
        assert done.returncode == 0
        assert "Removed 1 pictures (4.1 kB)" in done.stdout
        assert not (folder.data / old.frame_path).exists()
        assert folder.rows("SELECT role, action FROM audit_log") == [("cli", "frames.archive")]

    def test_ctrl_c_stops_between_two_files(self, folder: Folder) -> None:
        cycles = [folder.cycle(days_ago(130) + n / 100) for n in range(3000)]
        command = [sys.executable, "-m", "lbzf_ros.cli", "db", "prune", "--data", str(folder.data)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            until_s = time.monotonic() + 30
            while (folder.data / cycles[0].frame_path).exists():
                assert time.monotonic() < until_s
                time.sleep(0.001)
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=30)
        assert process.returncode == 130, errors
        assert "Stopped between two files" in output
        named = {path for (path,) in folder.rows("SELECT source_frame_path FROM cycle_events") if path}
        there = {str(path.relative_to(folder.data)) for path in folder.data.rglob("*.jpg")}
        assert named == there
        assert 0 < len(there) < 3000

    def test_it_takes_the_plant_file_that_the_folder_was_run_with(
        self, folder: Folder, tmp_path: Path
    ) -> None:
        plant = tmp_path / "own.yaml"
        plant.write_text(DEMO_PLANT.read_text("utf-8") + "\nretention: {frames_days: 400}\n", "utf-8")
        (folder.data / "run").mkdir(exist_ok=True)
        plant_file.remember_plant(folder.data, plant)
        old = folder.cycle(days_ago(130))
        assert str(plant) in lbzf("db", "prune", "--data", str(folder.data)).stdout
        assert (folder.data / old.frame_path).exists()
        plant.unlink()
        assert "own.yaml: cannot be read" in lbzf("db", "prune", "--data", str(folder.data)).stderr


class TestOrphans:
    def test_they_are_shown_and_repaired(self, folder: Folder) -> None:
        missing = folder.cycle(days_ago(3), picture=False)
        folder.cycle(days_ago(4))
        folder.file("frames/2026/07/15/x.jpg.partial", 1)
        shown = lbzf("db", "orphans", "--data", str(folder.data))
        assert shown.returncode == 0
        assert "cycle whose picture is missing" in shown.stdout
        assert "half-written file" in shown.stdout
        assert folder.picture(missing)[0] is not None
        repaired = lbzf("db", "orphans", "--repair", "--data", str(folder.data))
        assert (
            "1 paths that led nowhere are empty now, 0 pictures are named again, 1 half-written"
            in repaired.stdout
        )
        assert folder.picture(missing) == (None, None)
        assert "No orphans" in lbzf("db", "orphans", "--data", str(folder.data)).stdout


def settings_of(unit: Path) -> list[tuple[str, str]]:
    lines = unit.read_text("utf-8").splitlines()
    return [tuple(line.split("=", 1)) for line in lines if "=" in line and not line.startswith("#")]  # type: ignore[misc]


class TestUnits:
    def test_there_is_a_service_for_every_timer(self) -> None:
        timers = {unit.stem for unit in UNITS.glob("*.timer")}
        assert timers == {"lbzf-maintenance", "lbzf-space"}
        assert timers <= {unit.stem for unit in UNITS.glob("*.service")}

    @pytest.mark.parametrize("unit", ["lbzf", "lbzf-maintenance", "lbzf-space"])
    def test_its_command_and_all_options_are_there(self, unit: str) -> None:
        assert commands  # registers them
        (line,) = [value for key, value in settings_of(UNITS / f"{unit}.service") if key == "ExecStart"]
        with_ros, program, *words = shlex.split(line)
        assert (with_ros, program) == ("@PREFIX@/deploy/with_ros", "@PREFIX@/lbzf")
        command: Any = typer.main.get_command(app)  # typer brings its own copy of click, under a private name
        while hasattr(command, "commands"):
            name, *words = words
            command = command.commands[name]
        parameters = command.make_context("lbzf", words).params
        assert str(parameters["data"]) == "@DATA@"
        assert str(parameters["plant"]) == "@PLANT@"

    def test_the_nightly_run_is_made_up_for_after_a_power_cut(self) -> None:
        parser = configparser.ConfigParser()
        parser.read(UNITS / "lbzf-maintenance.timer")
        timer = parser["Timer"]
        assert timer["Persistent"] == "true"
        assert timer["RandomizedDelaySec"]


def test_the_report_can_be_read_by_others(folder: Folder) -> None:
    lbzf("maintenance", "--only", "wal", "--data", str(folder.data))
    content = json.loads((folder.data / "run" / "maintenance.json").read_text("utf-8"))
    assert [(item["step"], item["state"]) for item in content] == [("wal", "ok")]
