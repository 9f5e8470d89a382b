"""A replay through the graph: the nodes from the chosen step on, each its own process, and the player before them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from lbzf_ros import graph
from lbzf_ros.bags.errors import BagError
from lbzf_ros.bags.prepare import Prepared
from lbzf_ros.bags.reading import Origin
from lbzf_ros.environment import node_environment, picture_environment
from lbzf_ros.graph import NodeProcess

_NEEDED = {
    Origin.images: ("persistence", "detector", "roi_associator", "cycle_tracker"),
    Origin.detections: ("persistence", "roi_associator", "cycle_tracker"),
    Origin.occupancy: ("persistence", "cycle_tracker"),
}
PLAYER = "player"
_ENDS_WITHIN_S = 10.0


def processes(
    prepared: Prepared, origin: Origin, *, page: bool = False, port: int | None = None
) -> list[NodeProcess]:
    """The nodes that a replay needs, without the player: they take their time from /clock.

    The recorder is none of them: there is nothing to record, and nobody waits for it. The player keeps the pictures
    of cycles itself.
    """
    wanted = (*_NEEDED[origin], *(("web_bridge", "annotator") if page else ()))
    every = graph.node_processes(
        prepared.plant, prepared.plant_file, prepared.folder, port=port, use_sim_time=True
    )
    return [process for process in every if process.name in wanted]


def player(prepared: Prepared, origin: Origin, paths: list[Path], speed: float | None) -> NodeProcess:
    """The process that plays."""
    return NodeProcess(
        name=PLAYER,
        module="lbzf_ros.bags.player",
        executable=PLAYER,
        parameters={
            "plant": str(prepared.plant_file.resolve()),
            "data": str(prepared.folder.resolve()),
            "recording": os.pathsep.join(str(path.resolve()) for path in paths),
            "origin": origin.value,
            "speed": "max" if speed is None else repr(speed),
            "progress": "yes",
        },
        environment=picture_environment(),
    )


class Playing:
    """A player that runs, until the end of the block."""

    def __init__(
        self, process: NodeProcess, log: Path, log_level: str, progress: Callable[[int, int], None]
    ) -> None:
        """Not started yet.

        Args:
            process: of `player`.
            log: gets what it says.
            log_level: of the node.
            progress: is told the stamp and the number of the latest picture, now and then, by a thread.
        """
        self._process, self._log_file, self._level, self._progress = process, log, log_level, progress
        self._running: subprocess.Popen[str] | None = None
        self._listener: threading.Thread | None = None

    def __enter__(self) -> Playing:
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", self._process.module, *self._process.arguments(self._level)]
        with self._log_file.open("ab") as log:
            self._running = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=node_environment({**os.environ, **self._process.environment}),
                start_new_session=True,  # Ctrl-C reaches the command alone, which ends all in order
            )
        self._listener = threading.Thread(target=self._listen, name="player's words", daemon=True)
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        running = self._running
        if running is None:
            return
        if running.poll() is None:
            running.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(_ENDS_WITHIN_S)
            running.kill()
        running.wait()
        if self._listener:
            self._listener.join(1.0)

    @property
    def is_over(self) -> bool:
        """Whether it has ended by itself, with everything answered.

        Raises:
            BagError: it has ended before that.
        """
        status = self._running.poll() if self._running else None
        if status:
            said = self._log_file.read_text("utf-8", "replace").strip().splitlines()
            raise BagError(
                f"the player has ended (exit status {status}): {said[-1] if said else self._log_file}"
            )
        return status == 0

    def _listen(self) -> None:
        words = self._running.stdout if self._running else None
        for line in words or ():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                said = json.loads(line)
                self._progress(int(said["stamp_ns"]), int(said["played"]))
