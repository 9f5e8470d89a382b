"""What is looked at: the plant file, the data folder and the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lbzf_ros.config.schema import Plant


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program said. `status` None: it is not there, or did not end in time."""

    status: int | None
    out: str
    err: str

    @property
    def last_line(self) -> str:
        """The last thing it said: of an exception, what it is."""
        lines = [line for line in (self.err or self.out).splitlines() if line.strip()]
        return lines[-1].strip() if lines else f"exit status {self.status}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What every check gets.

    Attributes:
        plant_file: the plant file.
        plant: its content; None: it cannot be used, `plant_error` says why.
        plant_error: empty when there is none.
        data: the data folder.
        now_ns: present time of the machine.
        root: where /proc, /sys and /etc are.
        environment: of the programs that checks start.
    """

    plant_file: Path
    plant: Plant | None
    plant_error: str = ""
    data: Path
    now_ns: int
    root: Path = Path("/")
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    def read(self, path: str) -> str | None:
        """A small text file of the machine, e.g. `proc/meminfo`, stripped; None: it is not there or not readable."""
        try:
            return (self.root / path).read_text("utf-8", "replace").strip().strip("\0")
        except OSError:
            return None

    def number(self, path: str) -> int | None:
        """A file of the machine that holds one whole number; None: it holds none."""
        text = self.read(path)
        return int(text) if text is not None and text.lstrip("-").isdecimal() else None

    def ask(self, command: Sequence[str], within_s: float) -> Answer:
        """Run a program and wait for it; whatever happens, it does not outlive the time it has."""
        try:
            done = subprocess.run(
                list(command),
                capture_output=True,
                text=True,
                errors="replace",
                timeout=within_s,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except OSError as error:
            return Answer(None, "", f"{command[0]}: {error.strerror}")
        except subprocess.TimeoutExpired:
            return Answer(None, "", f"no answer within {within_s:.0f} s")
        return Answer(done.returncode, done.stdout, done.stderr)

    def python(self, *words: str, within_s: float) -> Answer:
        """Run this Python in the environment of a node: what crashes there crashes there only."""
        from lbzf_ros.environment import node_environment

        nodes = node_environment(self.environment)
        return Subject(
            plant_file=self.plant_file,
            plant=self.plant,
            data=self.data,
            now_ns=self.now_ns,
            environment=nodes,
        ).ask([sys.executable, *words], within_s)
