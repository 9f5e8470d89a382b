"""Which apt packages are missing, and how they get installed. Standard library only."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

LIST = Path(__file__).with_name("system-packages.txt")


@dataclass(frozen=True)
class Need:
    """One line of system-packages.txt."""

    level: str
    probe: str
    package: str

    @property
    def is_met(self) -> bool:
        """Whether the machine has it, from wherever."""
        kind, _, names = self.probe.partition(":")
        return any(_PROBES[kind](name) for name in names.split("|"))


def missing(level: str) -> list[str]:
    """Packages that the machine lacks for a level (`run`, `test`), sorted by the order of the list."""
    levels = {"run"} if level == "run" else {"run", "test"}
    return [need.package for need in _needs() if need.level in levels and not need.is_met]


def installer() -> list[str] | None:
    """The command prefix with which apt-get may be run without asking anybody; None where that is not possible."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return ["env", "DEBIAN_FRONTEND=noninteractive"]
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n", "env", "DEBIAN_FRONTEND=noninteractive"]
    return None


def advice(packages: list[str]) -> str:
    """What a person has to do where nothing may be installed."""
    return f"these system packages are missing: {' '.join(packages)}\n    sudo apt-get install {' '.join(packages)}"


def is_ubuntu() -> bool:
    """Whether apt's Chromium is only a pointer to a snap."""
    release = Path("/etc/os-release")
    return release.exists() and "ID=ubuntu" in release.read_text("utf-8").splitlines()


def _needs() -> list[Need]:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    rows = [
        line.split() for line in LIST.read_text("utf-8").splitlines() if line and not line.startswith("#")
    ]
    needs = [Need(level, probe, package.format(python=version)) for level, probe, package in rows]
    return [need for need in needs if need.package != "chromium" or not is_ubuntu()]


def _has_library(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _has_package(name: str) -> bool:
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", name]
    try:
        return subprocess.run(query, capture_output=True, text=True, check=False).stdout == "installed"
    except OSError:
        return False


_PROBES = {
    "command": lambda name: shutil.which(name) is not None,
    "file": lambda name: Path(name).exists(),
    "header": lambda name: Path(sysconfig.get_path("include"), name).exists(),
    "library": _has_library,
    "module": lambda name: find_spec(name) is not None,
    "package": _has_package,
}
