"""What a check found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Level(str, Enum):
    """How bad it is, from least to worst."""

    FINE = "fine"
    UNKNOWN = "unknown"
    """It could not be looked at. That is not fine."""
    WARNING = "warning"
    """It works, and somebody should look at it."""
    WRONG = "wrong"
    """It does not work, or data is at risk."""


_ORDER = list(Level)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the page.

    Attributes:
        check: name of what was looked at: "clock", "camera cam1".
        level: how bad it is.
        text: what was found.
        advice: what to do; empty when it is fine.
    """

    check: str
    level: Level
    text: str
    advice: str = ""


def fine(check: str, text: str) -> Finding:
    """It is as it should be, or is not needed here."""
    return Finding(check, Level.FINE, text)


def unknown(check: str, text: str, advice: str) -> Finding:
    """It could not be looked at."""
    return Finding(check, Level.UNKNOWN, text, advice)


def warning(check: str, text: str, advice: str) -> Finding:
    """It works, and somebody should look at it."""
    return Finding(check, Level.WARNING, text, advice)


def wrong(check: str, text: str, advice: str) -> Finding:
    """It does not work, or data is at risk."""
    return Finding(check, Level.WRONG, text, advice)


def worst(findings: Iterable[Finding]) -> Level:
    """The worst level among findings; unknown when there are none."""
    levels = [finding.level for finding in findings]
    return max(levels, key=_ORDER.index) if levels else Level.UNKNOWN


def exit_status(level: Level) -> int:
    """For scripts: 0 all is fine, 1 warnings or something that could not be looked at, 2 something is wrong."""
    return {Level.FINE: 0, Level.WRONG: 2}.get(level, 1)
