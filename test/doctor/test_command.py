"""`lbzf doctor`, as a person and as a script call it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lbzf_ros.doctor.checks import CHECKS
from lbzf_ros.doctor.finding import Finding, Level, exit_status, fine, unknown, warning, worst, wrong
from lbzf_ros.graph import DEMO_PLANT
from lbzf_ros.resources import resource_path
from test.support.graph import running_graph

FINE, UNKNOWN = fine("a", "x"), unknown("a", "x", "y")
WARNING, WRONG = warning("a", "x", "y"), wrong("a", "x", "y")


def doctor(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lbzf_ros.cli", "doctor", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ([FINE, FINE], 0),
        ([FINE, UNKNOWN], 1),
        ([UNKNOWN, WARNING, FINE], 1),
        ([WARNING, WRONG, UNKNOWN], 2),
        ([], 1),
    ],
)
def test_exit_status(findings: list[Finding], status: int) -> None:
    assert exit_status(worst(findings)) == status


def test_the_page_begins_with_what_is_wrong_and_says_what_to_do(tmp_path: Path) -> None:
    done = doctor(
        "--data", str(tmp_path / "nowhere"), "--only", "disk", "--only", "power", "--only", "running"
    )
    assert done.returncode == 2
    lines = done.stdout.splitlines()
    assert lines[0].startswith("wrong    disk: ")
    assert "→ mount the data disk" in lines[1]
    assert lines[-1] == "1 wrong, 1 warning, 0 unknown, 1 fine"


def test_json_for_programs(tmp_path: Path) -> None:
    done = doctor("--data", str(tmp_path), "--only", "power", "--only", "database", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 1
    assert answer["status"] == Level.WARNING.value
    assert {finding["check"] for finding in answer["findings"]} == {"power", "database"}
    assert all(finding["advice"] for finding in answer["findings"] if finding["level"] != "fine")


def test_a_plant_file_that_cannot_be_read_does_not_stop_it(tmp_path: Path) -> None:
    done = doctor(
        "--data", str(tmp_path), "--plant", str(tmp_path / "none.yaml"), "--only", "plant", "--only", "power"
    )
    assert done.returncode == 2
    assert "cannot be read" in done.stdout
    assert "fine     power" in done.stdout


def test_the_demo_plant_while_it_runs(tmp_path: Path) -> None:
    settings = yaml.safe_load(resource_path("config", DEMO_PLANT).read_text("utf-8"))
    data, plant = tmp_path / "data", tmp_path / "plant.yaml"
    with running_graph(None, data) as running:
        settings["web"] = {"port": int(running.url.rpartition(":")[2])}
        plant.write_text(yaml.safe_dump(settings), "utf-8")
        only = ["--only", "running", "--only", "database", "--only", "plant"]
        done = doctor("--data", str(data), "--plant", str(plant), *only)
    assert done.returncode == 0, done.stdout
    assert "all 9 nodes work" in done.stdout


def test_every_check_stands_on_the_page_in_docs() -> None:
    text = resource_path("docs", "doctor.md").read_text("utf-8")
    assert [name for name in CHECKS if f"| `{name}` |" not in text] == []
