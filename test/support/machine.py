"""A machine that boots: systemd as process 1, units that are really started, disks, and a power switch.

Its file system is this machine's, under a layer of its own that keeps what is written between boots and is thrown away
at the end; its processes, network, host name, mounts and control groups are its own (namespaces). It shares the kernel,
and so the clock; its disks are loop devices. Its power cut ends every process at once, but what had been written and
not yet synced is kept by the kernel that goes on: what a disk loses is not seen here.
"""

from __future__ import annotations

import functools
import os
import shutil
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

_BOOT = Path(__file__).with_name("power_on.sh")
_BOOTS_WITHIN_S = 60.0
_ONLY_LOOPS = (
    "[Service]\nExecStart=\nExecStart=udevadm trigger --type=devices --action=add --sysname-match=loop*\n"
)
"""Of all devices of the machine outside, only those that are disks here are to be looked at."""

_TRY = """
set -e
cd "$0"
mkdir layer work root cgroup
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=/,upperdir=$0/layer,workdir=$0/work" root
mount -t cgroup2 none cgroup
mkdir "cgroup/lbzf-try-$$"
rmdir "cgroup/lbzf-try-$$"
"""
"""What a machine needs of the kernel."""


@functools.cache
def why_not() -> str:
    """Why no machine can be booted here; empty: it can."""
    if os.geteuid() != 0:
        return "a machine is booted by root only"
    for program in ("systemd", "systemd-udevd"):
        if not Path("/lib/systemd", program).exists():
            return f"{program} is not installed"
    if missing := [
        name for name in ("unshare", "nsenter", "setpriv", "losetup", "mkfs.ext4") if not shutil.which(name)
    ]:
        return f"not installed: {', '.join(missing)}"
    if subprocess.run(["losetup", "--find"], capture_output=True, check=False).returncode != 0:
        return "there is no free loop device"
    with TemporaryDirectory() as folder:
        command = ["unshare", "--mount", "--pid", "--fork", "--net", "--cgroup", "sh", "-c", _TRY, folder]
        tried = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else f"not allowed here: {tried.stderr.strip()[-200:]}"


class Machine:
    """Switched off at first."""

    def __init__(self, folder: Path) -> None:
        """Args: folder: new; its name is also that of the machine's control group."""
        self._folder = folder
        folder.mkdir()
        self._console = folder / "console"
        self._process: subprocess.Popen[bytes] | None = None
        self._first: psutil.Process | None = None
        self._plugged: dict[str, str] = {}
        # What is started at the boot of this machine is none of the new one's business.
        for target in ("multi-user", "sysinit", "timers"):
            layer = folder / f"layer/etc/systemd/system/{target}.target.wants"
            layer.mkdir(parents=True)
            os.setxattr(layer, "trusted.overlay.opaque", b"y")
        self.path("etc/systemd/system/systemd-udev-trigger.service.d/loops.conf").write_text(
            _ONLY_LOOPS, "utf-8"
        )
        self.path("etc/systemd/system/console-getty.service").symlink_to("/dev/null")  # there is no console
        # Deleted in the layer: by it systemd would take the machine for a container, and leave disks alone.
        os.mknod(folder / "layer" / ".dockerenv", stat.S_IFCHR, os.makedev(0, 0))

    def path(self, name: str) -> Path:
        """A file of a machine that is switched off, to be written: `name` without the leading slash."""
        path = self._folder / "layer" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def make_disk(self, label: str, megabytes: int) -> None:
        """A new disk with ext4, not plugged in."""
        file = str(self._folder / f"{label}.img")
        subprocess.run(["truncate", f"--size={megabytes}M", file], check=True)
        subprocess.run(["mkfs.ext4", "-q", "-L", label, file], check=True)

    def plug_in(self, label: str) -> None:
        """The disk is there; udev notices, when the machine is on."""
        found = subprocess.run(
            ["losetup", "--find", "--show", str(self._folder / f"{label}.img")],
            capture_output=True,
            text=True,
            check=True,
        )
        self._plugged[label] = found.stdout.strip()

    def unplug(self, label: str) -> None:
        """Of a machine that is off."""
        subprocess.run(["losetup", "--detach", self._plugged.pop(label)], check=True)

    @property
    def is_on(self) -> bool:
        """Whether it is switched on."""
        return self._process is not None

    def power_on(self) -> None:
        """Boot; back when systemd answers."""
        with self._console.open("ab") as console:
            self._process = subprocess.Popen(
                [
                    *("setpriv", "--pdeathsig", "KILL"),  # should the tests be killed, it goes off
                    *("unshare", "--mount", "--fork", "--kill-child", "sh", str(_BOOT), str(self._folder)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        self.wait_for("systemd is process 1", self._has_booted, _BOOTS_WITHIN_S)
        self.wait_for(
            "systemd answers", lambda: self.run("systemctl", "list-jobs").returncode == 0, _BOOTS_WITHIN_S
        )

    def cut_power(self) -> None:
        """Everything ends at once."""
        if self._process is None:
            return
        if self._first is not None and self._first.is_running():
            self._first.kill()
        self._process.kill()
        self._process.wait()
        self._process = self._first = None

    def run(self, *command: str, within_s: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a command in it, as its root."""
        assert self._first is not None, "it is switched off"
        entering = ["nsenter", "--target", str(self._first.pid), "--all"]
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return subprocess.run(
            [*entering, "env", "-i", path, *command],
            capture_output=True,
            text=True,
            check=False,
            timeout=within_s,
            cwd="/",
        )

    def says(self, *command: str, within_s: float = 60.0) -> str:
        """What a command prints that must work."""
        done = self.run(*command, within_s=within_s)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}{self.log()}"
        return done.stdout.strip()

    def property(self, unit: str, name: str) -> str:
        """What `systemctl show` says of a unit."""
        return self.says("systemctl", "show", "--value", "--property", name, unit)

    def wait_for(self, what: str, condition: Callable[[], bool], within_s: float) -> None:
        """Wait until a condition holds.

        Raises:
            AssertionError: it did not in time, or the machine went off by itself.
        """
        until_s = time.monotonic() + within_s
        while not condition():
            assert self._process is not None
            assert self._process.poll() is None, (
                f"the machine went off: {self._console.read_text('utf-8', 'replace')}"
            )
            assert time.monotonic() < until_s, f"waited {within_s:.0f} s in vain: {what}\n{self.log()}"
            time.sleep(0.3)

    def log(self, unit: str = "", lines: int = 60) -> str:
        """End of the journal."""
        if self._first is None:
            return self._console.read_text("utf-8", "replace")
        words = ["journalctl", "--no-pager", "--output=short-monotonic", f"--lines={lines}"]
        return self.run(*words, *([f"--unit={unit}"] if unit else [])).stdout

    def throw_away(self) -> None:
        """Off, and nothing is left of it."""
        self.cut_power()
        for label in list(self._plugged):
            self.unplug(label)
        name = self._folder.name
        remove = (
            f'mount -t cgroup2 none "$0/cgroup" && find "$0/cgroup/{name}" -depth -type d -exec rmdir {{}} +'
        )
        subprocess.run(
            ["unshare", "--mount", "sh", "-c", remove, str(self._folder)], capture_output=True, check=False
        )
        shutil.rmtree(self._folder)

    def _has_booted(self) -> bool:
        assert self._process is not None
        for child in psutil.Process(self._process.pid).children(recursive=True):
            if child.name() == "systemd":
                self._first = child
                return True
        return False


@contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    """A machine, thrown away at the end."""
    made = Machine(folder)
    try:
        yield made
    finally:
        made.throw_away()
