"""Programs that an installation runs: with their output in a log, as the right user, never longer than allowed."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import subprocess
import time
import urllib.error
from collections.abc import Sequence
from pathlib import Path

from lbzf_ros.page import ask_page
from lbzf_ros.release.errors import ReleaseError
from lbzf_ros.release.site import STARTED_UNITS, STOPPED_UNITS, Settings

_TAIL_LINES = 15
_LONG_S = 7200.0
_ASK_EVERY_S = 0.5
_ENDS_S = 15.0
_ANSWER_S = 5.0


def run(
    command: Sequence[str], log: Path, doing: str, *, owner: Path | None = None, environment: str = ""
) -> None:
    """Run a program to its end.

    Args:
        command: of it.
        log: gets its output.
        doing: in words, for the message.
        owner: run it as the user who owns this folder, so that what it writes there belongs to him.
        environment: a file with lines NAME=value that it gets in addition; may be missing.

    Raises:
        ReleaseError: it could not be started, failed, or took too long; the text holds the end of its output.
    """
    with log.open("a") as output:
        output.write(f"$ {shlex.join(command)}\n")
        output.flush()
        begins = log.stat().st_size
        try:
            done = subprocess.run(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=_LONG_S,
                env=_environment(environment),
                check=False,
                **_user(owner),  # type: ignore[call-overload]
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise ReleaseError(f"{doing}: {error}") from None
    if done.returncode:
        raise ReleaseError(f"{doing}: exit status {done.returncode}\n{_tail(log, begins)}")


def release_command(folder: Path, *words: str) -> list[str]:
    """A command of the LBZF in a release: with ROS sourced where that is installed, and prepared if it must be."""
    return [str(folder / "deploy" / "with_ros"), str(folder / "lbzf"), *words]


def start(settings: Settings, log: Path) -> None:
    """Start LBZF."""
    command = shlex.split(settings.start) if settings.start else ["systemctl", "start", *STARTED_UNITS]
    run(command, log, "start LBZF")


def stop(settings: Settings, log: Path, *, has_units: bool) -> None:
    """Stop it, and what else uses the data folder.

    Raises:
        ReleaseError: it could not be stopped, or somebody runs the folder nevertheless.
    """
    if settings.stop:
        run(shlex.split(settings.stop), log, "stop LBZF")
    elif has_units:
        run(["systemctl", "stop", *STARTED_UNITS, *STOPPED_UNITS], log, "stop LBZF")
    until_s = time.monotonic() + _ENDS_S
    while _is_held(Path(settings.data)):
        if time.monotonic() > until_s:
            raise ReleaseError(
                f"{settings.data}: somebody still runs it after everything was stopped; stop that by hand, or "
                "correct the command with --set stop=…"
            )
        time.sleep(_ASK_EVERY_S)


def check_health(settings: Settings, version: str) -> None:
    """Wait until every node works, and goes on working.

    Raises:
        ReleaseError: that did not happen in time; the text says what is missing.
    """
    until_s = time.monotonic() + settings.health_s
    good, said = 0, "no answer"
    while good < settings.steady:
        if time.monotonic() > until_s:
            raise ReleaseError(f"{settings.health_url}: not well within {settings.health_s:.0f} s: {said}")
        is_well, said = _health(settings.health_url, version)
        good = good + 1 if is_well else 0
        time.sleep(_ASK_EVERY_S)


def _is_held(data: Path) -> bool:
    """Whether an `lbzf up` has the data folder."""
    try:
        with (data / "run" / "up.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _health(url: str, version: str) -> tuple[bool, str]:
    try:
        with ask_page(url, _ANSWER_S) as answer:
            found = json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return False, error.read(500).decode("utf-8", "replace")
    except (OSError, ValueError) as error:
        return False, str(error)
    if found.get("software_version") not in (None, version):
        return False, f"LBZF {found['software_version']} answers, not {version}"
    return True, ""


def _user(owner: Path | None) -> dict[str, object]:
    if owner is None or os.geteuid() != 0 or not owner.exists() or owner.stat().st_uid == 0:
        return {}
    return {"user": owner.stat().st_uid, "group": owner.stat().st_gid, "extra_groups": []}


def _environment(file: str) -> dict[str, str]:
    """The environment of the caller without his Python and ROS, and what the file adds."""
    leave = ("PYTHON", "VIRTUAL_ENV", "AMENT_", "COLCON_", "ROS_", "LD_LIBRARY_PATH", "_ROS_WHEELS")
    found = {name: value for name, value in os.environ.items() if not name.startswith(leave)}
    try:
        lines = Path(file).read_text("utf-8").splitlines() if file else []
    except OSError:
        lines = []
    for line in lines:
        name, equals, value = line.partition("=")
        if equals and not name.lstrip().startswith("#"):
            found[name.strip()] = value.strip().strip("\"'")
    return found


def _tail(log: Path, begins: int) -> str:
    with log.open("rb") as file:
        file.seek(begins)
        lines = file.read().decode("utf-8", "replace").splitlines()
    return "\n".join(f"    {line}" for line in lines[-_TAIL_LINES:])
