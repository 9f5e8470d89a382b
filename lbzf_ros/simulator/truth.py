"""The truth of a simulated camera, written beside the measured data for whoever evaluates them later."""

from __future__ import annotations

import errno
import json
import logging
import os
from pathlib import Path

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.simulator.model import as_record
from lbzf_ros.simulator.scene import Scene

_LOG = logging.getLogger(__name__)
_MOST_WAITING = 1000
"""Cycles that wait for a disk that takes no more: some hours of a camera."""
_STEP_BACK_S = 0.01  # cycles at the edge of what is written are looked at again and compared by their stamps


class TruthWriter:
    """Appends finished true cycles to a file, one JSON object a line, each once, also across restarts.

    A disk that takes no more does not end the camera: cycles wait, of too many the oldest are lost; the log says it.
    """

    def __init__(self, path: Path, scene: Scene, *, start_ns: int, from_s: float = 0.0) -> None:
        """Open a truth file, or go on with one.

        Args:
            path: the file; its folder is made.
            scene: what the camera shows.
            start_ns: capture time of the scene's second 0, nanoseconds since the epoch.
            from_s: when the camera began to look; cycles that had begun before are left out.
        """
        self._path, self._scene, self._start_ns, self._from_s = (path, scene, start_ns, from_s)
        self._waiting: list[str] = []
        self._lost, self._is_stuck = 0, False
        self._last = 0, ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._last = _last_key(path)
        except OSError as error:
            self._say_stuck(error)

    def write_until(self, t_s: float) -> int:
        """Append the cycles that ended up to a time, in seconds of the scene.

        Returns:
            How many were written.
        """
        since_s = max((self._last[0] - self._start_ns) / NS_PER_S - _STEP_BACK_S, self._from_s)
        for cycle in self._scene.true_cycles(t_s, from_s=since_s):
            key = self._stamp_ns(cycle.end_s), cycle.workstation
            if cycle.start_s < self._from_s or key <= self._last:
                continue
            record = as_record(cycle, self._scene.camera, self._stamp_ns(cycle.start_s), key[0])
            self._waiting.append(json.dumps(record) + "\n")
            self._last = key
        return self._write_waiting() if self._waiting else 0

    def _write_waiting(self) -> int:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _append(self._path, "".join(self._waiting).encode())
        except OSError as error:
            self._say_stuck(error)
            self._lost += max(0, len(self._waiting) - _MOST_WAITING)
            self._waiting = self._waiting[-_MOST_WAITING:]
            return 0
        if self._is_stuck:
            _LOG.warning("%s is written again; %d true cycles are lost", self._path, self._lost)
        written, self._waiting = len(self._waiting), []
        self._lost, self._is_stuck = 0, False
        return written

    def _say_stuck(self, error: OSError) -> None:
        """Once, until it works again."""
        if not self._is_stuck:
            _LOG.warning("%s cannot be written, true cycles wait: %s", self._path, error.strerror)
        self._is_stuck = True

    def _stamp_ns(self, t_s: float) -> int:
        return self._start_ns + round(t_s * 1000) * (NS_PER_S // 1000)


def _append(path: Path, content: bytes) -> None:
    """Append all of it or nothing.

    Raises:
        OSError: the disk takes no more.
    """
    with path.open("ab", buffering=0) as file:
        whole = file.tell()
        if file.write(content) < len(content):  # it filled the disk; half a line would spoil the next one
            file.truncate(whole)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _last_key(path: Path) -> tuple[int, str]:
    """End and workstation of the last whole line; half a line, left by a power cut, is taken away."""
    if not path.exists():
        return 0, ""
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        os.truncate(path, len(whole))  # a full disk would not take what is left a second time
    if not whole:
        return 0, ""
    last = json.loads(whole.splitlines()[-1])
    return int(last["end_ns"]), str(last["workstation"])
