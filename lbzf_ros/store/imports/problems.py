"""What is wrong with a file: every place at once, and then nothing of it is imported."""

from __future__ import annotations

from pathlib import Path

from lbzf_ros.core.errors import InvalidValue

_MOST = 200
_LONGEST = 60


class Problems:
    """Collects what is wrong; each with its place, what was found and what is allowed."""

    def __init__(self, file: Path, sheet: str = "") -> None:
        """Nothing is wrong yet."""
        self._where = f"{file}" + (f" [{sheet}]" if sheet else "")
        self._lines: list[str] = []

    def add(self, row: int, column: str, found: object, allowed: str) -> None:
        """One cell is wrong."""
        self._lines.append(f"row {row}, column {column}: found {shown(found)}; allowed is {allowed}")

    def stop_if_any(self) -> None:
        """Refuse the file.

        Raises:
            InvalidValue: something is wrong; the text lists it all.
        """
        if not self._lines:
            return
        count = f"{len(self._lines)} error" + ("s" if len(self._lines) > 1 else "")
        lines = [f"{self._where}: {line}" for line in self._lines[:_MOST]]
        if len(self._lines) > _MOST:
            lines.append(f"{self._where}: and {len(self._lines) - _MOST} more")
        raise InvalidValue("\n".join([f"{self._where}: {count}; nothing was imported", *lines]))


def shown(value: object) -> str:
    """A cell as a message shows it: short, on one line."""
    if value is None or value == "":
        return "nothing"
    text = repr(value) if isinstance(value, str | int | float) else f"{value} ({type(value).__name__})"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
