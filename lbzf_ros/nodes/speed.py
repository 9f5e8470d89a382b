"""Whether the detector keeps up with its cameras: how many pictures of each it had to leave out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_TOO_MANY = 0.05
"""Share of a camera's pictures; fewer are a machine that was busy for a moment."""
_SAY_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it was too slow since the last time, and one line for people."""

    too_slow: bool
    text: str


class Speed:
    """Compares the figures of all cameras with those of the last time."""

    def __init__(self) -> None:
        self._before: dict[str, tuple[int, int]] = {}
        self._said_s: float | None = None
        self._unsaid: dict[str, int] = {}

    def judge(self, figures: Mapping[str, tuple[int, int]]) -> Verdict:
        """Look at what has happened since the last time.

        Args:
            figures: for each camera, pictures received and pictures left out, since the start.
        """
        slow = []
        for camera, (received, left_out) in figures.items():
            received_before, left_out_before = self._before.get(camera, (0, 0))
            came, lost = received - received_before, left_out - left_out_before
            self._unsaid[camera] = self._unsaid.get(camera, 0) + lost
            if lost > _TOO_MANY * came:
                slow.append(f"{camera} {lost} of {came}")
        self._before = dict(figures)
        if not slow:
            return Verdict(False, "keeps up with its cameras")
        return Verdict(True, f"too slow for its cameras, pictures skipped: {', '.join(slow)}")

    def to_log(self, verdict: Verdict, now_s: float) -> str:
        """A line for the log, at most once a minute, with all that was left out since the last one; or nothing."""
        if not verdict.too_slow or (self._said_s is not None and now_s - self._said_s < _SAY_EVERY_S):
            return ""
        counts = ", ".join(f"{camera} {lost}" for camera, lost in self._unsaid.items())
        self._said_s, self._unsaid = now_s, {}
        return (
            f"{verdict.text}; since the last such line: {counts}. Give it fewer or smaller pictures, or a faster "
            "detector"
        )
