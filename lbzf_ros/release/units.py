"""LBZF's systemd units: a release brings its own, and they go back with it.

Nothing is done at a site with commands of its own for starting and stopping (`Settings.start`).
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from lbzf_ros.release.commands import run
from lbzf_ros.release.errors import ReleaseError
from lbzf_ros.release.site import STARTED_UNITS, Settings

_PLACE = "/etc/systemd/system"


def are_installed(settings: Settings) -> bool:
    """Whether systemd knows them.

    Raises:
        ReleaseError: there is no systemd, and no command that is used instead.
    """
    return not settings.start and bool(_systemctl("cat", STARTED_UNITS[0]))


def install(settings: Settings, root: Path, log: Path) -> None:
    """Install and enable the units of the release that `current` leads to.

    The first time this makes LBZF's user and his data folder, too: before anything is written into it.

    Raises:
        ReleaseError: it could not be done.
    """
    if not settings.start:
        run(_installer(settings, root), log, "install the systemd units")


def put_back(settings: Settings, root: Path, log: Path) -> None:
    """Write the units of the release that `current` leads to again; they are enabled already.

    Raises:
        ReleaseError: it could not be done.
    """
    if not settings.start:
        run([*_installer(settings, root), "--into", _PLACE], log, "write the systemd units")
        run(["systemctl", "daemon-reload"], log, "let systemd read its units")


def remove(settings: Settings, release: Path, log: Path) -> None:
    """Take away the units that a release has installed.

    Raises:
        ReleaseError: it could not be done.
    """
    if not settings.start:
        run([str(release / "deploy" / "systemd" / "remove")], log, "remove the systemd units")


def _installer(settings: Settings, root: Path) -> list[str]:
    current = root / "current"
    command = [str(current / "deploy" / "systemd" / "install"), "--prefix", str(current), "--root", str(root)]
    command += ["--plant", settings.plant, "--data", settings.data]
    user = _systemctl("show", "--property=User", "--value", STARTED_UNITS[0])  # whom an admin has chosen
    return [*command, "--user", user] if user else command


def _systemctl(*words: str) -> str:
    """What it prints; empty: nothing, or it failed."""
    try:
        done = subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False)
    except OSError as error:
        raise ReleaseError(
            f"systemctl: {error.strerror}; where there is no systemd give commands with --set start=… --set stop=…"
        ) from None
    return done.stdout.strip() if done.returncode == 0 else ""
