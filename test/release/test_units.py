"""The units under a real systemd, through installations: each release brings its own, and they go back with it.

The releases are small stand-ins (`test.release.scratch`) with the real units and the real scripts that install them.
The tests tell one story, in their order.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lbzf_ros.release.target import worker_file
from lbzf_ros.resources import resource_path
from test.release.scratch import make_release
from test.support.machine import Machine, machine, why_not

pytestmark = [
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "-"),
    pytest.mark.timeout(300),
]

ROOT, DATA, ARCHIVES = "/opt/lbzf", "/srv/lbzf", "/opt/archives"
SYSTEMD = resource_path("deploy", "systemd")
TIMERS = ("lbzf-maintenance.timer", "lbzf-space.timer")
RELEASES = {"0.9": (1, "unwell"), "1.0": (1, ""), "2.0": (3, ""), "3.0": (3, "unwell")}
"""Schema, and what does not work."""
WITHIN_S = 60.0


def make(folder: Path, version: str) -> Path:
    """A release whose units say which one they are of."""
    files = {f"deploy/systemd/{path.name}": path.read_text("utf-8") for path in SYSTEMD.iterdir()}
    unit = files["deploy/systemd/lbzf.service"]
    files["deploy/systemd/lbzf.service"] = unit.replace("Description=", f"Description={version} ", 1)
    schema, broken = RELEASES[version]
    return make_release(folder, version, schema, broken, files)


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine without LBZF."""
    folder = tmp_path_factory.mktemp("units")
    with machine(folder / f"lbzf-units-{os.getpid()}") as made:
        made.path("etc/lbzf/plant.yaml").touch()
        for version in RELEASES:
            shutil.move(make(folder, version), made.path(f"{ARCHIVES[1:]}/{version}"))
        shutil.move(worker_file(folder), made.path(f"{ROOT[1:]}/worker.pyz"))
        made.power_on()
        made.says("systemctl", "is-system-running", "--wait")
        yield made


def install(plant: Machine, version: str, health_s: float = WITHIN_S) -> int:
    settings = (f"--data={DATA}", "--plant=/etc/lbzf/plant.yaml", f"--health-s={health_s}", "--steady=1")
    return work(plant, "install", *settings, f"{ARCHIVES}/{version}")


def work(plant: Machine, action: str, *words: str) -> int:
    command = ("python3", f"{ROOT}/worker.pyz", action, "--root", ROOT, *words)
    done = plant.run(*command, within_s=120)
    print(done.stdout, done.stderr)
    return done.returncode


def assert_runs(plant: Machine, version: str) -> None:
    """It runs, with its own units, and they stay for the next start of the machine."""
    assert plant.property("lbzf.service", "Description").startswith(f"{version} ")
    assert plant.property("lbzf.service", "NeedDaemonReload") == "no"
    assert plant.says("systemctl", "is-active", "lbzf.service", *TIMERS).split() == ["active"] * 3
    enabled = plant.says("systemctl", "is-enabled", "lbzf-recover.service", "lbzf.service", *TIMERS)
    assert enabled.split() == ["enabled"] * 4
    assert plant.says("readlink", f"{ROOT}/current").startswith(f"releases/{version}-")


def units_there(plant: Machine) -> list[str]:
    """Whatever of LBZF is below systemd's folders."""
    return plant.says("find", "/etc/systemd", "-name", "*lbzf*").split()


def test_a_first_installation_that_fails_leaves_none(plant: Machine) -> None:
    assert install(plant, "0.9", health_s=3) == 1
    assert units_there(plant) == []
    assert plant.property("lbzf.service", "LoadState") == "not-found"


def test_the_first_release_brings_them(plant: Machine) -> None:
    assert install(plant, "1.0") == 0
    assert_runs(plant, "1.0")
    assert plant.says("stat", "--format=%U", DATA) == "lbzf"


def test_the_next_release_brings_its_own(plant: Machine) -> None:
    assert install(plant, "2.0") == 0
    assert_runs(plant, "2.0")


def test_who_is_to_run_it_stays(plant: Machine) -> None:
    plant.says("useradd", "--system", "worker")
    plant.says("chown", "-R", "worker:worker", DATA)
    plant.says("sed", "-i", "s/^User=.*/User=worker/", "/etc/systemd/system/lbzf.service")
    plant.says("systemctl", "daemon-reload")
    assert install(plant, "2.0") == 0
    assert_runs(plant, "2.0")
    assert plant.property("lbzf.service", "User") == "worker"


def test_with_a_release_that_is_not_well_they_go_back(plant: Machine) -> None:
    assert install(plant, "3.0", health_s=3) == 1
    assert_runs(plant, "2.0")


def test_rolled_back_by_hand_they_go_back_too(plant: Machine) -> None:
    assert work(plant, "rollback") == 0
    assert_runs(plant, "1.0")


def test_after_a_power_cut_in_an_update_they_are_those_of_the_release_that_runs(plant: Machine) -> None:
    command = f"python3 {ROOT}/worker.pyz install --root {ROOT} --data={DATA} --plant=/etc/lbzf/plant.yaml"
    plant.says("systemd-run", *command.split(), "--health-s=100", f"{ARCHIVES}/3.0")
    step = ("grep", "-q", '"step": "health"', f"{ROOT}/change.json")
    plant.wait_for("it waits to be well", lambda: plant.run(*step).returncode == 0, WITHIN_S)
    assert plant.property("lbzf.service", "Description").startswith("3.0 ")
    plant.cut_power()
    plant.power_on()
    running = ("systemctl", "is-active", "lbzf.service")
    plant.wait_for("LBZF runs", lambda: plant.run(*running).returncode == 0, WITHIN_S)
    assert_runs(plant, "1.0")
    assert plant.property("lbzf-recover.service", "Result") == "success"
    assert plant.run("test", "-e", f"{ROOT}/change.json").returncode == 1


def test_they_are_taken_away(plant: Machine) -> None:
    remove = f"{ROOT}/current/deploy/systemd/remove"
    for _ in range(2):
        plant.says(remove)
        assert units_there(plant) == []
    assert plant.run("systemctl", "is-active", "lbzf.service").stdout.strip() == "inactive"
    assert plant.says("ls", DATA)
    assert plant.run(remove, "all").returncode == 2
