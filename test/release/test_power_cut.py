"""The power fails during an installation: before every STRIDE-th thing that it does to the machine, so in every step.

LBZF_DRILL=1 takes every single one: about 90, some minutes.
"""

import json
import os
import shutil
from pathlib import Path

import pytest

from test.release.scratch import Plant, make_release
from test.release.test_install import wait_until_runs

_KILLED = -9
STRIDE = int(os.environ.get("LBZF_DRILL", "5"))


@pytest.mark.timeout(900)
def test_whenever_the_power_fails_the_machine_measures_again_and_the_installation_can_be_repeated(
    tmp_path: Path,
) -> None:
    plant, archive = Plant(tmp_path), make_release(tmp_path, "2.0", schema=3)
    try:
        assert plant.install(make_release(tmp_path, "1.0", schema=1)).returncode == 0
        repeated, moment = set(), 0
        while True:
            moment += STRIDE
            known = plant.cycles()
            done = plant.install(archive, kill_at=moment)
            if done.returncode != _KILLED:
                assert done.returncode == 0, done.stderr
                break
            step = step_of(plant)
            plant.off()
            if (
                step not in repeated
            ):  # once a step: the same command again, instead of the start of the machine
                repeated.add(step)
                again = plant.install(archive)
                assert again.returncode == 0, f"{moment}, {step}: {again.stderr}"
                assert (plant.runs(), plant.schema()) == ("2.0", 3)
            else:
                plant.on()
                wait_until_runs(plant, expected := "2.0" if plant.current().startswith("2.0") else "1.0")
                assert plant.schema() == {"1.0": 1, "2.0": 3}[expected], f"{moment}, {step}"
            assert plant.cycles()[: len(known)] == known, f"{moment}, {step}"
            back_to_the_beginning(plant)
        assert {"stop", "copy", "link", "migrate", "start", "health", "finish"} <= repeated
    finally:
        plant.off()


def step_of(plant: Plant) -> str:
    """The step at which the power failed."""
    file = plant.root / "change.json"
    return str(json.loads(file.read_text())["step"]) if file.exists() else ""


def back_to_the_beginning(plant: Plant) -> None:
    """1.0 runs, and 2.0 has never been there."""
    if plant.current().startswith("2.0"):
        done = plant.work("rollback", next(path.name for path in (plant.root / "releases").glob("1.0-*")))
        assert done.returncode == 0, done.stderr
    (plant.root / "previous").unlink(missing_ok=True)
    for folder in (plant.root / "releases").glob("2.0-*"):
        shutil.rmtree(folder)
