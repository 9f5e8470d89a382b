"""Releases installed and taken back in a scratch root."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lbzf_ros.release.build import build
from test.release.scratch import Plant, make_release


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    """A machine on which 1.0 (schema 1) runs."""
    found = Plant(tmp_path)
    done = found.install(make_release(tmp_path, "1.0", schema=1))
    assert done.returncode == 0, done.stdout + done.stderr
    yield found
    found.off()


def test_the_same_files_give_the_same_archive_under_the_same_name(tmp_path: Path) -> None:
    first = make_release(tmp_path, "1.0", schema=1)
    content = first.read_bytes()
    second, _ = build(tmp_path / "source-1.0", tmp_path / "again")
    assert (second.name, second.read_bytes()) == (first.name, content)


def test_a_good_release_is_installed_and_gone_back_from_with_what_was_measured(
    plant: Plant, tmp_path: Path
) -> None:
    assert (plant.runs(), plant.schema(), plant.cycles()) == ("1.0", 1, ["1.0"])
    done = plant.install(make_release(tmp_path, "2.0", schema=2))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (plant.runs(), plant.schema(), plant.cycles()) == ("2.0", 2, ["1.0", "2.0"])
    assert list((plant.data / "backups").glob("before-2.0-*.db"))
    assert plant.work("rollback").returncode == 0
    assert (plant.runs(), plant.schema(), plant.cycles()) == ("1.0", 1, ["1.0", "2.0", "1.0"])
    found = json.loads(plant.work("list", "--json").stdout)
    assert [entry["state"] for entry in found["releases"]] == ["current", "previous"]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("prepare", "prepare does not work in 3.0"),
        ("check", "check does not work in 3.0"),
        ("migrate", "this migration fails"),
        ("start", "not well within 4 s"),
        ("unwell", "detector"),
    ],
)
def test_a_release_that_does_not_work_goes_back_by_itself(
    plant: Plant, tmp_path: Path, broken: str, said: str
) -> None:
    done = plant.install(make_release(tmp_path, "3.0", schema=3, broken=broken))
    assert done.returncode == 1
    assert said in done.stderr
    assert plant.current().startswith("1.0-")
    assert plant.schema() == 1
    assert plant.cycles()[0] == "1.0"
    assert "3.0" not in plant.cycles()
    wait_until_runs(plant, "1.0")
    assert not (plant.root / "change.json").exists()


def test_what_a_bad_release_measured_is_kept_and_asked_for_again(plant: Plant, tmp_path: Path) -> None:
    before = plant.rows("PRAGMA user_version")
    assert plant.install(make_release(tmp_path, "3.0", schema=3, broken="unwell")).returncode == 1
    assert list((plant.data / "backups").glob("failed-3.0-*.db"))
    assert (
        plant.rows("PRAGMA user_version") != before
    )  # by this the cycle tracker sends again what is missing


def test_an_archive_that_is_damaged_changes_nothing(plant: Plant, tmp_path: Path) -> None:
    archive = make_release(tmp_path, "2.0", schema=2)
    content = archive.read_bytes()
    for damaged in (content[: len(content) // 2], content[:400] + b"x" + content[401:], b"", b"no archive"):
        archive.write_bytes(damaged)
        done = plant.install(archive)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert plant.runs() == "1.0"
    assert [path.name for path in (plant.root / "releases").iterdir() if path.name.startswith("2.0")] == []


def test_something_that_still_runs_stops_the_change(plant: Plant, tmp_path: Path) -> None:
    archive = make_release(tmp_path, "2.0", schema=2)
    plant.settings.append("--stop=true")
    done = plant.install(archive)
    assert done.returncode == 1
    assert "somebody still runs it" in done.stderr


def test_only_so_many_releases_stay(plant: Plant, tmp_path: Path) -> None:
    for version in ("1.1", "1.2", "1.3"):
        assert plant.install(make_release(tmp_path, version, schema=1)).returncode == 0
    names = sorted(path.name[:3] for path in (plant.root / "releases").iterdir())
    assert names == ["1.1", "1.2", "1.3"]


def test_going_back_without_anything_before_says_so(plant: Plant) -> None:
    done = plant.work("rollback")
    assert done.returncode == 1
    assert "no release was installed before" in done.stderr


def test_units_are_installed_before_anything_is_written_and_started_at_the_end(tmp_path: Path) -> None:
    # A script stands for systemctl, and says what it was asked; a real systemd: test_units.py.
    plant = Plant(tmp_path)
    service = next(word for word in plant.settings if word.startswith("--start=")).removeprefix("--start=")
    plant.settings = [word for word in plant.settings if not word.startswith(("--start=", "--stop="))]
    stop = service.replace(" start ", " stop ")
    asked, units, programs = tmp_path / "asked", tmp_path / "units", tmp_path / "bin"
    programs.mkdir()
    (programs / "systemctl").write_text(
        f"#!/bin/sh\necho $1 $2 >>{asked}\n"
        f"case $1 in cat) cat {units};; start) {service};; stop) {stop};; esac\n"
    )
    (programs / "systemctl").chmod(0o755)
    plant.programs = str(programs)
    # Its user's folder comes before anything is written into it.
    install = f"#!/bin/sh\ntest -e {units} -o ! -e {plant.data}/lbzf.db && echo $@ >{units}\n"
    try:
        for version in ("1.0", "2.0"):
            archive = make_release(tmp_path, version, schema=1, extra={"deploy/systemd/install": install})
            done = plant.install(archive)
            assert done.returncode == 0, done.stdout + done.stderr
            assert plant.runs() == version
        assert units.read_text().split()[:4] == [
            "--prefix",
            f"{plant.root}/current",
            "--root",
            str(plant.root),
        ]
        assert asked.read_text().splitlines() == [
            *("cat lbzf.service", "show --property=User", "start lbzf.service"),
            *("cat lbzf.service", "stop lbzf.service", "show --property=User", "start lbzf.service"),
        ]
    finally:
        plant.off()


def wait_until_runs(plant: Plant, version: str) -> None:
    for _ in range(100):
        if plant.runs() == version:
            return
        time.sleep(0.1)
    raise AssertionError(f"{version} does not run: {(plant.root / 'service.log').read_text()}")
