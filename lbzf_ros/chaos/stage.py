"""What every drill stands on: a plant, its running system, and who notes what was decided."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lbzf_ros.chaos.plan import write_plant
from lbzf_ros.chaos.system import System
from lbzf_ros.chaos.verdict import Verdict, half_written, judge
from lbzf_ros.chaos.witness import Witness
from lbzf_ros.core.errors import GraphError
from lbzf_ros.core.model import EventKind
from lbzf_ros.graph import node_names

DELIVERED_WITHIN_S = 90.0
_COMMAND_WITHIN_S = 120.0
_DAY_S = 86_400
ENDS = (EventKind.END, EventKind.REJECT)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is common to all drills.

    Attributes:
        folder: each drill makes a folder of its own in it.
        say: takes a line of progress.
        seed: of every random choice.
        plant: plant file; None: the demo plant.
        full: the long form; otherwise the short one of the test suite.
        blows: how often `kill` kills; None: as the form says.
        live: for `kill`: cameras keep to the clock and lose pictures that nobody takes.
    """

    folder: Path
    say: Say
    seed: int = 1
    plant: Path | None = None
    full: bool = True
    blows: int | None = None
    live: bool = False


@dataclass
class Result:
    """What a drill has found.

    Attributes:
        name: of the drill.
        seed: with it, it does the same again.
        figures: what was counted.
        problems: promises that were not kept.
        skipped: why it could not be done here; empty when it was.
    """

    name: str
    seed: int
    figures: dict[str, int | float | str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    skipped: str = ""
    took_s: float = 0.0

    def expect(self, holds: bool, otherwise: str) -> None:
        """A promise; what is wrong when it does not hold."""
        if not holds:
            self.problems.append(otherwise)

    def take(self, verdict: Verdict) -> None:
        """The verdict about the data folder belongs to it."""
        self.figures |= verdict.figures
        self.problems += verdict.problems


@dataclass(frozen=True, slots=True)
class Stage:
    """A running system under a drill."""

    system: System
    witness: Witness
    nodes: list[str]
    say: Say

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.system.data

    def start(self) -> None:
        """Start the system and wait until it is up."""
        self.system.launch()
        self.witness.listen(self.system.domain)
        self.system.wait_until_up()

    def wait_for_ends(self, more: int, within_s: float) -> float:
        """Wait until so many more cycles were decided.

        Returns:
            Seconds it took.
        """
        wanted, began_s = self.witness.count(*ENDS) + more, time.monotonic()
        self.system.wait_for(
            f"{more} more cycles decided", lambda: self.witness.count(*ENDS) >= wanted, within_s
        )
        return time.monotonic() - began_s

    def wait_until_delivered(self, within_s: float = DELIVERED_WITHIN_S) -> float:
        """Wait until persistence has acknowledged everything that is decided.

        Returns:
            Seconds it took.
        """
        began_s = time.monotonic()
        self.system.wait_for("all decisions delivered", lambda: self.witness.pending() == 0, within_s)
        return time.monotonic() - began_s

    def finish(self, *, once_more: bool = True) -> Verdict:
        """End the run and judge what is in its data folder.

        Args:
            once_more: stop the system in order and start it again before, so that it can clean up and deliver what was
                decided by stopping.
        """
        self.wait_until_delivered()
        if once_more:
            self.say("stopping in order and starting once more")
            self.system.stop()
            self.start()
        while not self._end_at_rest():
            self.wait_until_delivered()
        self.witness.look(everything=True)
        cleaned = self._clean_up()
        verdict = judge(self.data, self.witness.decisions, self.witness.acknowledged)
        verdict.figures["half_written_cleaned_up"] = cleaned
        return verdict

    def command(self, *words: str) -> None:
        """Run a command of `lbzf` on the data folder, as a user does.

        Raises:
            GraphError: it failed.
        """
        line = [sys.executable, "-m", "lbzf_ros.cli", *words]
        line += ["--data", str(self.data), "--plant", str(self.system.plant)]
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=_COMMAND_WITHIN_S)
        if done.returncode:
            raise GraphError(f"lbzf {' '.join(words)} failed: {done.stdout}{done.stderr}")

    def _clean_up(self) -> int:
        """Let the nightly maintenance's step remove what a SIGKILL has left half-written, as if a day had passed."""
        parts = list(half_written(self.data))
        for part in parts:
            os.utime(part, (time.time() - _DAY_S,) * 2)
        if parts:
            self.command("db", "orphans", "--repair")
        return len(parts)

    def _end_at_rest(self) -> bool:
        """Kill everything in a moment in which nothing waits for delivery; an orderly stop would decide again."""
        self.system.freeze()
        if self.witness.pending():
            self.system.thaw()
            return False
        self.system.kill_everything()
        return True


@contextmanager
def stage(
    settings: Settings,
    name: str,
    *,
    live: bool = False,
    environment: Mapping[str, str] | None = None,
    storage: Mapping[str, object] | None = None,
) -> Iterator[Stage]:
    """A system that is ready to be started; nothing of it runs any more when the block ends."""
    folder = settings.folder / name
    plant = write_plant(folder, settings.plant, live=live, storage=storage)
    data = folder / "data"
    labels = [camera.label for camera in plant.cameras]
    with System(folder / "plant.yaml", data, environment) as system, Witness(data, labels) as witness:
        yield Stage(system, witness, node_names(plant), settings.say)
