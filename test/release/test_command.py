"""`lbzf release`, on this machine and over a real SSH connection to it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from test.release.scratch import Plant, make_release
from test.support.ports import free_port

_SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")


def release(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lbzf_ros.cli", "release", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def options(plant: Plant) -> list[str]:
    """The site's settings, as a person gives them."""
    given = [word.removeprefix("--").partition("=") for word in plant.settings]
    named = {name.replace("-", "_"): value for name, _, value in given}
    first = ["--root", str(plant.root), "--data", named.pop("data"), "--plant", named.pop("plant")]
    return first + [word for name, value in named.items() for word in ("--set", f"{name}={value}")]


def test_on_this_machine(tmp_path: Path) -> None:
    plant = Plant(tmp_path)
    try:
        for version in ("1.0", "2.0"):
            done = release("install", str(make_release(tmp_path, version, schema=1)), *options(plant))
            assert done.returncode == 0, done.stdout + done.stderr
            assert plant.runs() == version
        assert (plant.root / "worker.pyz").exists()  # for the start of the machine
        assert release("rollback", "--root", str(plant.root)).returncode == 0
        assert plant.runs() == "1.0"
        bad = release(
            "install", str(make_release(tmp_path, "3.0", schema=1, broken="start")), "--root", str(plant.root)
        )
        assert bad.returncode == 1
        assert "1.0" in release("list", "--root", str(plant.root)).stdout.splitlines()[0]
    finally:
        plant.off()


def test_ctrl_c_puts_everything_back(tmp_path: Path) -> None:
    plant = Plant(tmp_path)
    try:
        assert plant.install(make_release(tmp_path, "1.0", schema=1)).returncode == 0
        archive = make_release(tmp_path, "2.0", schema=2, broken="unwell")
        command = [sys.executable, "-m", "lbzf_ros.cli", "release", "install", str(archive), *options(plant)]
        command += ["--set", "health_s=100"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        assert process.stdout is not None
        while "is well" not in process.stdout.readline():
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)  # as the terminal does
        assert process.wait(60) == 1
        assert plant.current().startswith("1.0-")
        assert plant.schema() == 1
        assert not (plant.root / "change.json").exists()
    finally:
        plant.off()


def test_the_first_time_it_must_be_told_where_the_data_is(tmp_path: Path) -> None:
    done = release("install", str(make_release(tmp_path, "1.0", schema=1)), "--root", str(tmp_path / "opt"))
    assert done.returncode == 1
    assert "the first time --data and --plant is needed" in done.stderr


def test_a_machine_that_cannot_be_reached(tmp_path: Path) -> None:
    done = release("list", "--host", "127.0.0.1", "--ssh-option", f"-p{free_port()}", "--root", str(tmp_path))
    assert done.returncode == 1
    assert "127.0.0.1:" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(_SSHD is None, reason="no sshd here (package openssh-server)")
def test_over_ssh(tmp_path: Path) -> None:
    plant = Plant(tmp_path)
    with ssh_server(tmp_path) as there:
        try:
            for version in ("1.0", "2.0"):
                done = release(
                    "install", str(make_release(tmp_path, version, schema=1)), *options(plant), *there
                )
                assert done.returncode == 0, done.stdout + done.stderr
                assert plant.runs() == version
            assert release("rollback", "--root", str(plant.root), *there).returncode == 0
            assert plant.runs() == "1.0"
        finally:
            plant.off()


@contextmanager
def ssh_server(folder: Path) -> Iterator[list[str]]:
    """A server of our own on 127.0.0.1, with keys of its own; the options to reach it."""
    keys, port = folder / "keys", free_port()
    keys.mkdir(mode=0o700)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / name)], check=True)
    lines = [
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {keys / 'host'}",
        f"AuthorizedKeysFile {keys / 'user.pub'}",
        f"PidFile {keys / 'pid'}",
        "StrictModes no",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
    ]
    (keys / "config").write_text("\n".join(lines) + "\n")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    assert _SSHD is not None
    server = subprocess.Popen(
        [_SSHD, "-D", "-e", "-f", str(keys / "config")], stderr=(keys / "log").open("w")
    )
    try:
        while "listening" not in (keys / "log").read_text():
            assert server.poll() is None, (keys / "log").read_text()
            time.sleep(0.05)
        given = [
            f"-p{port}",
            f"-i{keys / 'user'}",
            "-oStrictHostKeyChecking=no",
            "-oUserKnownHostsFile=/dev/null",
        ]
        yield ["--host", "127.0.0.1", *(word for option in given for word in ("--ssh-option", option))]
    finally:
        server.terminate()
        server.wait()
