"""Several growing log files shown as one stream, each line with its process's name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import typer

_COLOURS = (
    "cyan",
    "green",
    "magenta",
    "blue",
    "bright_cyan",
    "bright_green",
    "bright_magenta",
    "bright_blue",
)
_SEVERITIES = {"[WARN]": "yellow", "[WARNING]": "yellow", "[ERROR]": "red", "[FATAL]": "red", "error:": "red"}
_MAX_LINES = 500
"""Lines of one file taken at once, so that one that floods does not silence the others."""


class LogStream:
    """Prints what has been added to the log files since the last look."""

    def __init__(self, files: dict[str, Path], write: Callable[[str], None], *, coloured: bool) -> None:
        """Begin at the present end of the files.

        Args:
            files: log file of each process by its name.
            write: takes a finished line.
            coloured: whether names and severities get colours.
        """
        self._tails = {name: _Tail(path) for name, path in files.items()}
        self._width = max(map(len, files))
        self._write, self._coloured = write, coloured

    def show_new(self) -> None:
        """Print the lines that have come since."""
        for number, (name, tail) in enumerate(self._tails.items()):
            prefix = f"{name:<{self._width}} | "
            if self._coloured:
                prefix = typer.style(prefix, fg=_COLOURS[number % len(_COLOURS)])
            for line in tail.new_lines():
                self._write(prefix + self._marked(line))

    def _marked(self, line: str) -> str:
        for word, colour in _SEVERITIES.items():
            if self._coloured and word in line:
                return typer.style(line, fg=colour)
        return line


class _Tail:
    """The new lines of one file, also when it is rotated."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._rest = b""
        self._skip = path.stat().st_size if path.exists() else 0

    def new_lines(self) -> Iterator[str]:
        if self._file is None and not self._open():
            return
        assert self._file is not None
        for _ in range(_MAX_LINES):
            piece = self._file.readline()
            if not piece:
                break
            self._rest += piece
            if self._rest.endswith(b"\n"):
                yield self._rest.decode("utf-8", "replace").rstrip()
                self._rest = b""
        else:
            return
        if self._was_rotated():
            self._file.close()
            self._file = None

    def _open(self) -> bool:
        try:
            self._file = self._path.open("rb")
        except FileNotFoundError:
            return False
        self._file.seek(self._skip)
        self._skip = 0
        return True

    def _was_rotated(self) -> bool:
        assert self._file is not None
        try:
            now = self._path.stat()
        except FileNotFoundError:
            return True
        return now.st_ino != os.fstat(self._file.fileno()).st_ino
