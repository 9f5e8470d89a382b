"""Checks of the machine, each broken on purpose.

The machine itself cannot be broken here (another board, a full /dev/shm, an empty RTC): there a folder stands for / and
a script for NVIDIA's and systemd's programs.
"""

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from lbzf_ros.clock import kernel_clock
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.doctor import clock, wait_for_clock
from lbzf_ros.doctor.finding import Level
from lbzf_ros.doctor.subject import Subject
from lbzf_ros.resources import resource_path
from test.doctor.patient import look, machine, one, program, subject
from test.store.examples import MORNING_NS

DAY_NS = 86_400 * NS_PER_S
JETSON = {"proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit\0"}
ENOUGH = {
    "proc/meminfo": "MemTotal: 8000000 kB\nMemAvailable: 4000000 kB",
    "proc/sys/fs/inotify/max_user_instances": "128",
    "proc/sys/fs/inotify/max_user_watches": "65536",
}


def modules(folder: Path, **texts: str) -> dict[str, str]:
    """An environment in which these Python modules are found first."""
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, "utf-8")
    return {"PYTHONPATH": f"{folder}:{resource_path()}"}


# ---- ROS


def test_ros_that_works_and_a_picture_that_arrives(tmp_path: Path) -> None:
    assert one(subject(tmp_path), "ros").level is Level.FINE
    assert one(subject(tmp_path), "dds").level is Level.FINE


def test_a_service_without_a_home_has_ros_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    assert one(subject(tmp_path), "dds").level is Level.FINE


def test_ros_that_cannot_be_imported(tmp_path: Path) -> None:
    environment = modules(tmp_path / "broken", rclpy="raise ImportError('librcl.so: cannot open')")
    found = one(subject(tmp_path, environment=environment), "ros")
    assert found.level is Level.WRONG
    assert "librcl.so" in found.text


def test_a_ros_that_is_not_supported(tmp_path: Path) -> None:
    found = one(subject(tmp_path, environment={"ROS_DISTRO": "foxy"}), "ros")
    assert found.level is Level.WRONG
    assert "humble, jazzy, kilted" in found.advice


def test_processes_that_do_not_hear_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lbzf_ros.doctor.ros.LISTEN_S", 3.0)
    found = one(subject(tmp_path, environment={"ROS_AUTOMATIC_DISCOVERY_RANGE": "OFF"}), "dds")
    assert found.level is Level.WRONG
    assert "nothing arrived within 3 s" in found.text


def test_a_graph_that_is_open_to_the_network(tmp_path: Path) -> None:
    found = look(subject(tmp_path, environment={"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"}), "dds")
    assert [finding.level for finding in found] == [Level.FINE, Level.WARNING]


# ---- GPU, TensorRT, model


def test_a_gpu_that_is_not_needed_is_fine_without(tmp_path: Path) -> None:
    assert one(subject(tmp_path, environment={"CUDA_VISIBLE_DEVICES": ""}), "gpu").level is Level.FINE


def test_a_gpu_that_is_needed_and_hidden(tmp_path: Path) -> None:
    patient = subject(
        tmp_path, environment={"CUDA_VISIBLE_DEVICES": ""}, detector={"backend": "tensorrt", "network": {}}
    )
    assert one(patient, "gpu").level is Level.WRONG


@pytest.mark.parametrize(
    ("module", "level"),
    [
        ("__version__ = '10.3.0'", Level.FINE),
        ("__version__ = '8.5.2.2'", Level.WRONG),
        ("raise ImportError('libnvinfer.so.10')", Level.WRONG),
    ],
)
def test_tensorrt(tmp_path: Path, module: str, level: Level) -> None:
    environment = modules(tmp_path / "modules", tensorrt=module)
    patient = subject(tmp_path, environment=environment, detector={"backend": "tensorrt"})
    assert one(patient, "tensorrt").level is level


def test_onnxruntime_without_the_provider_that_is_wanted(tmp_path: Path) -> None:
    module = "__version__ = '1.20'\ndef get_available_providers(): return ['CPUExecutionProvider']"
    network = {"backend": "onnx", "network": {"provider": "cuda"}}
    patient = subject(tmp_path, environment=modules(tmp_path / "m", onnxruntime=module), detector=network)
    found = one(patient, "tensorrt")
    assert found.level is Level.WARNING
    assert "runs on the CPU" in found.text


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    settings = {"backend": "onnx", "network": {"weights": "people.onnx"}}
    assert one(subject(tmp_path, detector=settings), "model").level is Level.WRONG
    (tmp_path / "people.onnx").write_bytes(b"weights")
    assert one(subject(tmp_path, detector=settings), "model").level is Level.FINE


# ---- clock


def test_a_clock_of_1970(tmp_path: Path) -> None:
    found = look(subject(tmp_path, now_ns=90 * NS_PER_S), "clock")[0]
    assert found.level is Level.WRONG
    assert "1970-01-01 00:01:30 UTC cannot be" in found.text


@pytest.mark.parametrize(
    ("kernel", "level"),
    [((True, 0.01), Level.FINE), ((False, 16.0), Level.WARNING), (None, Level.UNKNOWN)],
)
def test_a_clock_that_nobody_keeps_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel: tuple[bool, float] | None, level: Level
) -> None:
    monkeypatch.setattr(clock, "kernel_clock", lambda: kernel)  # the machine's own must not be changed
    assert one(subject(tmp_path), "clock").level is level


def test_the_kernel_says_how_its_clock_is_kept() -> None:
    state = kernel_clock()
    assert state is not None
    assert state[1] > 0


@pytest.mark.parametrize(
    ("states", "status", "waits"),
    [
        ([(True, 0.0)], 0, 0),
        ([(False, 0.0), (False, 0.0), (True, 0.0)], 0, 2),
        ([(False, 0.0)] * 9, 1, 4),
        ([None], 1, 0),
    ],
    ids=["set", "set-soon", "never-set", "the-kernel-does-not-say"],
)
def test_the_start_waits_for_the_clock(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    states: list[tuple[bool, float] | None],
    status: int,
    waits: int,
) -> None:
    """The machine's own clock must not be changed, and nobody waits here: time goes on when it sleeps."""
    slept: list[float] = []
    monkeypatch.setattr(wait_for_clock, "kernel_clock", iter(states).__next__)
    passing = SimpleNamespace(monotonic=lambda: sum(slept), sleep=slept.append)
    monkeypatch.setattr(wait_for_clock, "time", passing)
    monkeypatch.setattr("sys.argv", ["wait_for_clock", "2"])
    with pytest.raises(SystemExit) as ended:
        wait_for_clock.main()
    assert (ended.value.code, len(slept)) == (status, waits)
    assert ("going on with the clock as it is" in capsys.readouterr().out) is (waits == 4)


# ---- certificates


def certificate(file: Path) -> int:
    """One for 60 days; when it was made, ns."""
    make = ["openssl", "req", "-x509", "-nodes", "-days", "60", "-subj", "/CN=plant", "-newkey", "ec"]
    make += [
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-keyout",
        str(file.with_suffix(".key")),
        "-out",
        str(file),
    ]
    subprocess.run(make, check=True, capture_output=True)
    return int(file.stat().st_mtime) * NS_PER_S


def test_certificates_that_end(tmp_path: Path) -> None:
    folder = tmp_path / "etc" / "lbzf" / "certificates"
    folder.mkdir(parents=True)
    made_ns = certificate(folder / "page.pem")
    levels = [
        one(subject(tmp_path, root=tmp_path, now_ns=made_ns + days * DAY_NS), "certificates").level
        for days in (1, 50, 61)
    ]
    assert levels == [Level.FINE, Level.WARNING, Level.WRONG]
    (folder / "page.pem").write_text("no certificate")
    assert one(subject(tmp_path, root=tmp_path), "certificates").level is Level.WRONG


def test_the_pages_own_certificate_ends(tmp_path: Path) -> None:
    own = tmp_path / "page.pem"
    made_ns = certificate(own)
    web = {"access": {"tls_certificate": str(own), "tls_key": str(own.with_suffix(".key"))}}
    found = one(subject(tmp_path, root=tmp_path, now_ns=made_ns + 61 * DAY_NS, web=web), "certificates")
    assert (found.level, str(own) in found.text) == (Level.WRONG, True)
    found = one(subject(tmp_path, root=tmp_path, now_ns=made_ns), "certificates")
    assert (found.level, "none is in use" in found.text) == (Level.FINE, True)


def test_certificates_that_cannot_be_read_are_unknown(tmp_path: Path) -> None:
    (tmp_path / "etc" / "lbzf" / "certificates").mkdir(parents=True)
    (tmp_path / "etc" / "lbzf" / "certificates" / "page.crt").touch()
    found = one(subject(tmp_path, root=tmp_path, environment={"PATH": ""}), "certificates")
    assert found.level is Level.UNKNOWN


# ---- a Jetson


@pytest.mark.parametrize(
    ("script", "level"),
    [
        ("echo 'NV Power Mode: MAXN_SUPER'; echo 2", Level.FINE),
        ("echo 'NV Power Mode: 25W'; echo 1", Level.FINE),
        ("echo 'NV Power Mode: 7W'; echo 3", Level.WARNING),
        ("echo 'permission denied' >&2; exit 1", Level.UNKNOWN),
    ],
)
def test_power_mode(tmp_path: Path, script: str, level: Level) -> None:
    board = machine(tmp_path / "jetson", JETSON)
    programs = program(tmp_path / "bin", "nvpmodel", script)
    assert one(subject(tmp_path, root=board, path=programs), "power").level is level


def test_no_power_mode_where_there_is_no_jetson(tmp_path: Path) -> None:
    assert one(subject(tmp_path, root=tmp_path), "power").level is Level.FINE


@pytest.mark.parametrize(
    ("millidegrees", "level"), [("55000", Level.FINE), ("88500", Level.WARNING), ("97000", Level.WRONG)]
)
def test_temperature(tmp_path: Path, millidegrees: str, level: Level) -> None:
    zone = "sys/class/thermal/thermal_zone1"
    files = {
        "sys/class/thermal/thermal_zone0/temp": "40000",
        f"{zone}/temp": millidegrees,
        f"{zone}/type": "tj-thermal",
    }
    found = one(subject(tmp_path, root=machine(tmp_path / "board", files)), "temperature")
    assert found.level is level
    assert "tj-thermal" in found.text


def test_a_jetson_that_tells_no_temperature(tmp_path: Path) -> None:
    assert (
        one(subject(tmp_path, root=machine(tmp_path / "board", JETSON)), "temperature").level is Level.UNKNOWN
    )


# ---- limits


def limits_of(tmp_path: Path, files: dict[str, str]) -> dict[str, Level]:
    root = machine(tmp_path / "machine", ENOUGH | files)
    (root / "dev").mkdir(exist_ok=True)
    if not (root / "dev" / "shm").exists():
        (root / "dev" / "shm").symlink_to("/dev/shm")
    return {finding.text: finding.level for finding in look(subject(tmp_path, root=root), "limits")}


def test_limits_that_are_enough(tmp_path: Path) -> None:
    assert list(limits_of(tmp_path, {}).values()) == [Level.FINE]


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("proc/sys/fs/inotify/max_user_watches", "100", "fs.inotify.max_user_watches is 100"),
        ("proc/sys/fs/inotify/max_user_instances", "8", "fs.inotify.max_user_instances is 8"),
        ("proc/meminfo", "MemAvailable: 100000 kB", "only 102 MB of memory"),
    ],
)
def test_limits_that_are_too_low(tmp_path: Path, file: str, content: str, said: str) -> None:
    found = limits_of(tmp_path, {file: content})
    assert [level for text, level in found.items() if said in text] == [Level.WARNING]


def test_shared_memory_that_is_not_there(tmp_path: Path) -> None:
    found = look(subject(tmp_path, root=machine(tmp_path / "machine", ENOUGH)), "limits")
    assert [finding.level for finding in found] == [Level.WRONG]


def test_shared_memory_that_is_too_small_for_the_cameras(tmp_path: Path) -> None:
    patient = subject(tmp_path, root=machine(tmp_path / "machine", ENOUGH))
    (patient.root / "dev").mkdir()
    (patient.root / "dev" / "shm").symlink_to("/proc/self")  # a file system of no size
    found = look(patient, "limits")
    assert [finding.level for finding in found] == [Level.WRONG]
    assert "2 cameras need" in found[0].text


# ---- systemd


def service_of(tmp_path: Path, script: str) -> list[Level]:
    root = machine(tmp_path / "machine", {"run/systemd/system/x": ""})
    programs = program(tmp_path / "bin", "systemctl", script)
    return [finding.level for finding in look(subject(tmp_path, root=root, path=programs), "service")]


def test_services(tmp_path: Path) -> None:
    assert service_of(tmp_path, "[ $1 = is-enabled ] && echo enabled || echo active") == [Level.FINE]
    assert (
        service_of(tmp_path, "[ $1 = is-enabled ] && echo disabled || echo inactive") == [Level.WARNING] * 3
    )
    assert service_of(tmp_path, "[ $1 = is-enabled ] && echo enabled || echo failed") == [Level.WRONG] * 3


def test_services_where_systemd_does_not_run(tmp_path: Path) -> None:
    assert one(subject(tmp_path, root=tmp_path, now_ns=MORNING_NS), "service").level is Level.UNKNOWN


def with_units(tmp_path: Path, prefix: str = "/opt/lbzf/current") -> Subject:
    """A machine with the units as they are installed, for the LBZF in `prefix`; /opt/lbzf/current is this one."""
    root = machine(tmp_path / "machine", {"opt/lbzf/nothing": ""})
    (root / "opt" / "lbzf" / "current").symlink_to(resource_path())
    units = root / "etc" / "systemd" / "system"
    units.mkdir(parents=True)
    words = (
        "--into",
        str(units),
        "--prefix",
        prefix,
        "--plant",
        "/etc/lbzf/plant.yaml",
        "--data",
        "/data/lbzf",
    )
    subprocess.run(
        [str(resource_path("deploy", "systemd", "install")), *words, "--user", "worker"], check=True
    )
    return subject(tmp_path, root=root)


def test_units_of_this_version(tmp_path: Path) -> None:
    assert one(with_units(tmp_path), "units").level is Level.FINE


def test_units_that_another_version_has_left(tmp_path: Path) -> None:
    patient = with_units(tmp_path)
    units = patient.root / "etc" / "systemd" / "system"
    timer = units / "lbzf-space.timer"
    timer.write_text(timer.read_text("utf-8").replace("5min", "9min"), "utf-8")
    (units / "lbzf-maintenance.service").unlink()
    found = one(patient, "units")
    assert found.level is Level.WARNING
    assert found.text == "not those of this version: lbzf-maintenance.service, lbzf-space.timer"
    for words in ("--user worker", "--data /data/lbzf", "--prefix /opt/lbzf/current", "--root /opt/lbzf"):
        assert words in found.advice


def test_units_written_by_hand(tmp_path: Path) -> None:
    patient = with_units(tmp_path)
    unit = patient.root / "etc" / "systemd" / "system" / "lbzf.service"
    unit.write_text(unit.read_text("utf-8").replace("lbzf up", "lbzf up --log-level debug"), "utf-8")
    found = one(patient, "units")
    assert found.level is Level.WARNING
    assert "systemctl edit lbzf" in found.advice


def test_units_of_another_lbzf_on_the_machine(tmp_path: Path) -> None:
    found = one(with_units(tmp_path, prefix="/home/engineer/lbzf"), "units")
    assert found.level is Level.UNKNOWN
    assert "/home/engineer/lbzf/lbzf doctor" in found.advice


def test_a_machine_without_units(tmp_path: Path) -> None:
    assert one(subject(tmp_path, root=tmp_path), "units").level is Level.FINE
