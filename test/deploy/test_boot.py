"""The units under a real systemd: from power-on to measuring without a hand, and through what happens to a plant.

A machine of its own boots for it (`test.support.machine`), with the units as `deploy/systemd/install` writes them, run
by LBZF's own user under all that the units forbid. Only times are shorter: the watchdog's and the wait for the clock.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from lbzf_ros.clock import kernel_clock
from lbzf_ros.resources import resource_path
from test.support.machine import Machine, machine, why_not

pytestmark = [
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "-"),
    pytest.mark.timeout(600),
]

DISK = "lbzfdata"
DATA = "/data/lbzf"
SHORTER = """[Service]
WatchdogSec=40s
TimeoutStopSec=10s
RestartSec=2s
ExecStartPre=
ExecStartPre=-{prefix}/deploy/with_ros {prefix}/.venv/bin/python -m lbzf_ros.doctor.wait_for_clock 3
"""
QUERY = """
import sqlite3, sys
database = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
print(database.execute(sys.argv[2]).fetchone()[0])
"""
CUT_OFF_UPDATE = """
import json, sys
from pathlib import Path
from lbzf_ros.release.target import worker_file
from test.release.scratch import Plant, make_release
folder = Path(sys.argv[1])
folder.mkdir()
site = Plant(folder)
assert site.install(make_release(folder, "1.0", schema=1)).returncode == 0
update = make_release(folder, "2.0", schema=3)
for moment in range(5, 200, 5):
    site.install(update, kill_at=moment)
    change = site.root / "change.json"
    if change.exists() and json.loads(change.read_text())["step"] == "migrate":
        break
    assert site.work("recover").returncode == 0
site.off()
worker_file(folder).rename(site.root / "worker.pyz")
print(site.current(), json.loads(change.read_text())["step"])
"""
STARTS_WITHIN_S = 150.0


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine on which an admin has installed LBZF, and that is switched off. Of its two cameras one is missing."""
    with machine(tmp_path_factory.mktemp("boot") / f"lbzf-boot-{os.getpid()}") as made:
        prepare(made)
        made.power_on()
        made.says("systemctl", "is-system-running", "--wait")
        install = str(resource_path("deploy", "systemd", "install"))
        made.says(
            *(install, "--prefix", str(resource_path()), "--root", "/opt/lbzf"),
            *("--plant", "/etc/lbzf/plant.yaml", "--data", DATA),
        )
        made.says("sync")
        made.cut_power()
        yield made


def prepare(made: Machine) -> None:
    """What an admin does before LBZF comes: a data disk in /etc/fstab, a plant file."""
    made.make_disk(DISK, megabytes=2000)
    made.plug_in(DISK)
    fstab = f"LABEL={DISK} /data ext4 nofail,x-systemd.device-timeout=0 0 2\n"  # docs/operations.md, step 1
    made.path("etc/fstab").write_text(fstab, "utf-8")
    file = yaml.safe_load(resource_path("config", "plant.yaml").read_text("utf-8"))
    file["storage"] = {"reserve_gb": 0.2}
    file["modules"][0]["cameras"][1]["source"] = "rtsp://127.0.0.1:9/nobody"
    made.path("etc/lbzf/plant.yaml").write_text(yaml.safe_dump(file), "utf-8")
    shorter = made.path("etc/systemd/system/lbzf.service.d/shorter.conf")
    shorter.write_text(SHORTER.format(prefix=resource_path()), "utf-8")
    made.path("opt/lbzf/nothing").touch()
    for folder in (
        *Path(sys.executable).resolve().parents,
        *resource_path().parents,
    ):  # LBZF's user may go there
        if folder != Path("/"):
            made.path(f"{folder.relative_to('/')}/nothing").parent.chmod(0o755)


@pytest.fixture
def running(plant: Machine) -> Machine:
    """The machine with LBZF running, as the test before has left it."""
    if not plant.is_on:
        plant.power_on()
    plant.wait_for("LBZF runs", lambda: is_active(plant), STARTS_WITHIN_S)
    return plant


def is_active(made: Machine) -> bool:
    return made.property("lbzf.service", "ActiveState") == "active"


def query(made: Machine, text: str) -> str:
    """First figure of a query of the database; empty: there is none yet."""
    return made.run(sys.executable, "-c", QUERY, f"{DATA}/lbzf.db", text).stdout.strip()


def cycles(made: Machine) -> int:
    """Finished cycles."""
    return int(query(made, "SELECT count(*) FROM cycle_events WHERE status = 'complete'") or 0)


def wait_for_a_cycle(made: Machine) -> None:
    before = cycles(made)
    made.wait_for("another cycle", lambda: cycles(made) > before, 180)


def test_from_power_on_to_measuring_without_a_hand(plant: Machine) -> None:
    plant.power_on()
    plant.wait_for("LBZF runs", lambda: is_active(plant), STARTS_WITHIN_S)
    plant.wait_for(
        "the camera delivers", lambda: "1 of 2" in plant.property("lbzf.service", "StatusText"), 60
    )
    wait_for_a_cycle(plant)
    pid = plant.property("lbzf.service", "MainPID")
    assert plant.says("ps", "-o", "user=", "-p", pid) == "lbzf"
    assert plant.says("findmnt", "--noheadings", "--output", "FSTYPE", "/data") == "ext4"
    clock = kernel_clock()
    assert clock is not None
    waited = "no time server has set the clock within 3 s" in plant.log("lbzf.service", 10_000)
    assert waited is not clock[0]


def test_what_the_units_forbid_is_not_needed(running: Machine) -> None:
    for service in ("lbzf-maintenance.service", "lbzf-space.service"):
        running.says("systemctl", "start", service, within_s=300)
        assert running.property(service, "Result") == "success"
    assert (
        running.says("systemctl", "is-active", "lbzf-maintenance.timer", "lbzf-space.timer").split()
        == ["active"] * 2
    )
    assert query(running, "PRAGMA integrity_check") == "ok"
    assert running.says("sh", "-c", f"ls {DATA}/backups | head -1")
    journal = running.log("lbzf*", 10_000)
    assert "Permission denied" not in journal
    assert "Operation not permitted" not in journal


def test_killed_it_is_started_again(running: Machine) -> None:
    pid = running.property("lbzf.service", "MainPID")
    running.says("kill", "-9", pid)
    running.wait_for(
        "another process", lambda: running.property("lbzf.service", "MainPID") not in {"0", pid}, 60
    )
    running.wait_for("LBZF runs again", lambda: is_active(running), STARTS_WITHIN_S)


def test_when_it_hangs_systemd_notices(running: Machine) -> None:
    pid = running.property("lbzf.service", "MainPID")
    running.says("kill", "-STOP", pid)
    running.wait_for(
        "another process", lambda: running.property("lbzf.service", "MainPID") not in {"0", pid}, 120
    )
    assert "Watchdog timeout" in running.log("lbzf.service", 10_000)
    running.wait_for("LBZF runs again", lambda: is_active(running), STARTS_WITHIN_S)


def test_after_a_power_cut_it_goes_on_with_what_was_measured(running: Machine) -> None:
    before = cycles(running)
    assert before
    running.says("sh", "-c", "echo the power fails now | systemd-cat")
    running.cut_power()
    running.power_on()
    running.wait_for("LBZF runs again", lambda: is_active(running), STARTS_WITHIN_S)
    assert query(running, "PRAGMA integrity_check") == "ok"
    assert "the power fails now" in running.log(lines=10_000)  # what was logged before is kept
    wait_for_a_cycle(running)
    assert cycles(running) > before


def test_without_its_disk_it_waits_and_writes_nothing_elsewhere(plant: Machine) -> None:
    plant.cut_power()
    plant.unplug(DISK)
    plant.power_on()
    plant.wait_for("logging in", lambda: plant.property("getty.target", "ActiveState") == "active", 60)
    plant.says("systemctl", "start", "--no-block", "lbzf.service")  # whoever asks for it is told to wait
    assert plant.property("lbzf.service", "ActiveState") == "inactive"
    assert plant.run("sh", "-c", "ls -A /data").stdout == ""
    plant.plug_in(DISK)
    plant.wait_for("LBZF runs", lambda: is_active(plant), STARTS_WITHIN_S)
    plant.wait_for("it writes to its disk", lambda: bool(query(plant, "SELECT count(*) FROM modules")), 30)


def test_an_update_that_the_power_cut_through_is_undone_at_the_start(plant: Machine) -> None:
    """By the unit itself, under all that it forbids; what is installed is a small stand-in (`test.release.scratch`)."""
    site, units = "/opt/site", "/opt/units"
    if not plant.is_on:
        plant.power_on()
    python = ("env", f"PYTHONPATH={resource_path()}", sys.executable, "-c")
    said = plant.says(*python, CUT_OFF_UPDATE, site, within_s=300)
    assert said.startswith("2.0-")
    assert said.endswith(" migrate")
    plant.says("mkdir", units)
    plant.says(
        *(str(resource_path("deploy", "systemd", "install")), "--into", units, "--root", f"{site}/opt"),
        *("--plant", "/etc/lbzf/plant.yaml", "--data", f"{site}/data"),
    )
    plant.says("cp", f"{units}/lbzf-recover.service", "/etc/systemd/system/site-recover.service")
    plant.says("systemctl", "enable", "site-recover.service")
    plant.cut_power()
    plant.power_on()
    plant.wait_for(
        "it is undone", lambda: plant.run("test", "-e", f"{site}/opt/change.json").returncode == 1, 60
    )
    plant.wait_for(
        "the unit has ended", lambda: plant.property("site-recover.service", "ActiveState") == "inactive", 60
    )
    assert plant.property("site-recover.service", "Result") == "success"
    assert plant.says("readlink", "-f", f"{site}/opt/current").startswith(f"{site}/opt/releases/1.0-")
