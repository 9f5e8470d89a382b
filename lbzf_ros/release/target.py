"""Where a release goes: this machine, or another one over SSH. Both do the same steps, with the same program."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import sys
import zipapp
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import lbzf_ros
from lbzf_ros.release.errors import ReleaseError
from lbzf_ros.release.worker import WORKER

_PACKAGE = Path(lbzf_ros.__file__).resolve().parent
_PARTS = (
    "__init__.py",
    "disk.py",
    "page.py",
    "core/__init__.py",
    "core/causes.py",
    "core/errors.py",
    "release/*.py",
)
_SSH = ("ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "-o", "ServerAliveInterval=15")
_MAIN = "from lbzf_ros.release.worker import main\n\nmain()\n"


class Target:
    """A machine on which commands can be run. `host` empty: this one."""

    def __init__(self, host: str, *, sudo: bool = False, options: Sequence[str] = ()) -> None:
        """Nothing is done yet.

        Args:
            host: as ssh takes it, e.g. admin@plant1.
            sudo: run everything there through `sudo -n`.
            options: of ssh.
        """
        self.host = host
        self._prefix = ["sudo", "-n"] if sudo else []
        self._ssh = [*_SSH, *options, "--", host] if host else []

    def run(self, words: Sequence[str]) -> int:
        """Run a command there with this terminal's output; its exit status.

        Raises:
            ReleaseError: the machine cannot be reached.
        """
        status = self._call(words)
        if self.host and status == 255:
            raise ReleaseError(
                f"{self.host}: cannot be reached with ssh, or the connection broke; what had begun goes on there: "
                "`lbzf release list --host` shows how it ended"
            )
        return status

    def put(self, file: Path, path: str) -> None:
        """Copy a file there; it has its name when it is whole. Nothing is sent when it is there already.

        Raises:
            ReleaseError: it did not arrive.
        """
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        there = shlex.quote(path)
        check = f"echo {digest}'  '{there} | sha256sum --check --status 2>/dev/null"
        script = (
            f"mkdir -p $(dirname {there}) && cat > {there}.partial && mv {there}.partial {there} && {check}"
        )
        if self._call(["sh", "-c", check]) == 0:
            return
        with file.open("rb") as content:
            status = self._call(["sh", "-c", script], content)
        if status:
            where = f"{self.host}:{path}" if self.host else path
            raise ReleaseError(
                f"{where}: {file.name} did not arrive (exit status {status}). Is there room, and may this "
                "user write there? With --sudo it is done as root."
            )

    def _call(self, words: Sequence[str], content: IO[bytes] | int = subprocess.DEVNULL) -> int:
        words = [*self._prefix, *words]
        command = [*self._ssh, shlex.join(words)] if self._ssh else words
        try:
            process = subprocess.Popen(command, stdin=content)
        except OSError as error:
            raise ReleaseError(f"{command[0]}: {error.strerror}; install it") from None
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the terminal tells it too: it undoes what it has begun, and then ends
                continue


def run_worker(target: Target, root: str, words: Sequence[str], archive: Path | None = None) -> int:
    """Send the worker, and the archive, and run it there; its exit status.

    Args:
        target: where.
        root: folder of the releases there.
        words: action and options.
        archive: is sent too; its path there follows the action.
    """
    incoming = f"{root}/incoming"
    python = "python3" if target.host else sys.executable
    with TemporaryDirectory(prefix="lbzf-release-") as scratch:
        target.put(worker_file(Path(scratch)), f"{incoming}/{WORKER}")
        if archive is not None:
            target.put(archive, f"{incoming}/{archive.name}")
            words = [*words, f"{incoming}/{archive.name}"]
        action, *options = words
        return target.run([python, f"{incoming}/{WORKER}", action, "--root", root, *options])


def worker_file(folder: Path) -> Path:
    """Pack what runs on the target into one file."""
    source, file = folder / "worker", folder / WORKER
    for part in _PARTS:
        for path in sorted(_PACKAGE.glob(part)):
            copy = source / "lbzf_ros" / path.relative_to(_PACKAGE)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    (source / "__main__.py").write_text(_MAIN, "utf-8")
    zipapp.create_archive(source, file)
    return file
