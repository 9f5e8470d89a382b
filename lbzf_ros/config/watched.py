"""A plant file that may be changed while the plant runs."""

from __future__ import annotations

from pathlib import Path

from lbzf_ros.config.load import load_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.errors import ConfigError

_State = tuple[int, int, int]
"""Time of change, size, inode: tells states apart without reading."""


class PlantFile:
    """Says when the file has changed since it was last looked at."""

    def __init__(self, path: Path) -> None:
        """Watch from now on."""
        self._path = path
        self._seen = self._state()

    def changed(self) -> Plant | str | None:
        """The plant as it is now; a text: what is wrong with the file; None: nothing has changed."""
        state = self._state()
        if state == self._seen or state is None:
            return None  # one that is gone for a moment is being replaced
        self._seen = state
        try:
            return load_plant(self._path)
        except ConfigError as error:
            return str(error)

    def forget(self) -> None:
        """Take it for changed at the next look."""
        self._seen = None

    def _state(self) -> _State | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
