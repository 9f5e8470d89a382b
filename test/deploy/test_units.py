"""The systemd units: complete, hardened, in the right order, and installed with the paths of a machine."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lbzf_ros.resources import resource_path

SYSTEMD = resource_path("deploy", "systemd")
UNITS = sorted(path.name for ending in ("service", "timer") for path in SYSTEMD.glob(f"*.{ending}"))
SERVICES = [name for name in UNITS if name.endswith(".service")]
MOST_EXPOSED = 4.0

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")


def install(into: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    options = {
        "plant": "/etc/lbzf/plant.yaml",
        "data": "/srv/lbzf",
        "user": "root",
        "into": str(into),
    } | changes
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return subprocess.run([str(SYSTEMD / "install"), *words], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units as they are written on a machine; LBZF itself is where it is here, so that it can be found."""
    folder = tmp_path_factory.mktemp("units")
    assert install(folder, prefix=str(resource_path())).returncode == 0
    return folder


def settings(unit: Path, section: str) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False, comment_prefixes="#")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text("utf-8"))
    return dict(parser[section])


def test_every_placeholder_is_filled_in(units: Path) -> None:
    assert sorted(path.name for path in units.iterdir()) == UNITS
    for name in UNITS:
        assert re.findall(r"@[A-Z_]+@", (units / name).read_text("utf-8")) == [], name


@needs_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_could_do_is_little(units: Path, name: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(units / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) < MOST_EXPOSED


@needs_systemd
def test_systemd_takes_them_all(units: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(units / name) for name in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "lbzf" in line]
    assert ours == []


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_starts_before_the_data_disk_and_before_an_update_was_undone(units: Path, name: str) -> None:
    unit = settings(units / name, "Unit")
    assert "/srv/lbzf" in unit["RequiresMountsFor"].split()
    if name != "lbzf-recover.service":
        assert "lbzf-recover.service" in unit["After"].split()
        assert name in settings(units / "lbzf-recover.service", "Unit")["Before"].split()
        assert settings(units / name, "Service")["User"] == "root"


def test_the_plant_starts_without_a_hand_and_waits_for_nothing_that_may_never_come(units: Path) -> None:
    unit, service = settings(units / "lbzf.service", "Unit"), settings(units / "lbzf.service", "Service")
    waits_for = {*unit.get("Wants", "").split(), *unit.get("Requires", "").split(), *unit["After"].split()}
    assert waits_for & {"network-online.target", "time-sync.target"} == set()
    assert (service["Type"], service["Restart"], unit["StartLimitIntervalSec"]) == ("notify", "always", "0")
    assert service["ExecStartPre"].startswith("-")  # the clock: a minute at most, then without it
    assert settings(units / "lbzf.service", "Install")["WantedBy"] == "multi-user.target"
    assert settings(units / "lbzf-maintenance.timer", "Timer")["Persistent"] == "true"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data": "relative"}, "relative is no absolute path"),
        ({"plant": "/etc/a b.yaml"}, "holds a blank"),
        ({"colour": "red"}, "--colour is unknown"),
        ({"plant": ""}, "--plant is missing"),
    ],
)
def test_wrong_arguments_write_nothing(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    done = install(tmp_path, **changes)
    assert done.returncode == 2
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_page_may_change_the_plant_file(units: Path) -> None:
    """Zones are drawn in the page; what else is in /etc stays as it is."""
    service = settings(units / "lbzf.service", "Service")
    assert service["ProtectSystem"] == "strict"
    assert service["ReadWritePaths"].split() == ["/srv/lbzf", "-/etc/lbzf"]


@pytest.mark.parametrize("script", ["deploy/systemd/install", "deploy/systemd/remove", "deploy/with_ros"])
def test_scripts_are_posix_shell(script: str) -> None:
    assert subprocess.run(["sh", "-n", str(resource_path(script))], check=False).returncode == 0
    assert (resource_path(script).stat().st_mode & 0o111) == 0o111


def test_ros_is_sourced_where_it_is_installed(tmp_path: Path) -> None:
    setup = tmp_path / "setup.sh"
    setup.write_text("export ROS_DISTRO=jazzy; echo $UNSET_BY_NOBODY\n")
    with_ros = str(resource_path("deploy", "with_ros"))
    command = [with_ros, "sh", "-c", "echo distro=$ROS_DISTRO"]
    for given, expected in ((str(setup), "distro=jazzy"), ("", "distro=")):
        environment = {"PATH": "/usr/bin:/bin", "LBZF_ROS_SETUP": given}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.split()[-1] == expected
