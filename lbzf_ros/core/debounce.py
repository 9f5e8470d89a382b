"""Flickering evidence becomes entries and exits, in seconds and dated back to the picture that showed them."""

from __future__ import annotations

from dataclasses import dataclass

from lbzf_ros.core.model import NS_PER_S, Evidence


@dataclass(frozen=True, slots=True)
class Crossing:
    """A zone was entered or left.

    Attributes:
        entered: True for an entry, False for an exit.
        stamp_ns: the first picture with evidence, or the first without.
        slack_ns: time since the picture before: the true moment lies in (stamp_ns - slack_ns, stamp_ns].
    """

    entered: bool
    stamp_ns: int
    slack_ns: int


class Debounce:
    """Turns the evidence of one zone, picture by picture, into crossings.

    Entry: evidence that has lasted `enter_s`, in which at least half of the pictures showed it. A run of evidence
    is given up as soon as less than half of its pictures show it, so a lonely false detection dates nothing back.
    Exit: no evidence for `leave_s`. A picture whose evidence is unknown is no picture. Evidence in the very first
    picture is no entry: when it began is not known. Memory is constant.
    """

    def __init__(self, *, enter_s: float, leave_s: float, settle_s: float = 0.0) -> None:
        """Begin outside.

        Args:
            enter_s: how long evidence must last.
            leave_s: how long it must be away.
            settle_s: evidence that begins so soon after the first picture was there before, and is no entry either:
                a detector needs a moment to see who stands there already.
        """
        self._settle_ns = round(settle_s * NS_PER_S)
        self._settled_ns = 0
        self._enter_ns = round(enter_s * NS_PER_S)
        self._leave_ns = round(leave_s * NS_PER_S)
        self._inside = False
        self._run: _Run | None = None
        self._last_ns: int | None = None
        self._last_present_ns = 0
        self._exit: Crossing | None = None

    @property
    def inside(self) -> bool:
        """Whether the zone counts as entered."""
        return self._inside

    def update(self, stamp_ns: int, evidence: Evidence) -> Crossing | None:
        """Take the evidence of the next picture; stamps must increase.

        Returns:
            The crossing that this picture decided, None most of the time.
        """
        if evidence is Evidence.UNKNOWN:
            return None
        present = evidence is Evidence.PRESENT
        if self._last_ns is None:
            self._last_ns = self._last_present_ns = stamp_ns
            self._settled_ns = stamp_ns + self._settle_ns
            self._inside = present
            return None
        slack_ns, self._last_ns = stamp_ns - self._last_ns, stamp_ns
        decide = self._while_inside if self._inside else self._while_outside
        return decide(stamp_ns, slack_ns, present)

    def _while_outside(self, stamp_ns: int, slack_ns: int, present: bool) -> Crossing | None:
        if self._run is None:
            if not present:
                return None
            self._run = _Run(Crossing(True, stamp_ns, slack_ns))
        self._run.pictures += 1
        self._run.seen += present
        if self._run.seen * 2 < self._run.pictures:
            self._run = None
            return None
        if not present or stamp_ns - self._run.entry.stamp_ns < self._enter_ns:
            return None
        entry, self._run = self._run.entry, None
        self._inside, self._last_present_ns, self._exit = True, stamp_ns, None
        return entry if entry.stamp_ns >= self._settled_ns else None

    def _while_inside(self, stamp_ns: int, slack_ns: int, present: bool) -> Crossing | None:
        if present:
            self._last_present_ns, self._exit = stamp_ns, None
            return None
        self._exit = self._exit or Crossing(False, stamp_ns, slack_ns)
        if stamp_ns - self._last_present_ns < self._leave_ns:
            return None
        self._inside = False
        return self._exit


@dataclass(slots=True)
class _Run:
    entry: Crossing
    pictures: int = 0
    seen: int = 0
