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


@dataclass(slots=True)
class Run:
    """Evidence that may become an entry: the entry, the pictures since, and how many of them showed it."""

    entry: Crossing
    pictures: int = 0
    seen: int = 0


@dataclass(slots=True)
class DebounceMemory:
    """All that a `Debounce` remembers: with it, another one goes on where the first has stopped.

    Attributes:
        inside: the zone counts as entered.
        run: evidence that may become an entry.
        exit: absence that may become an exit.
        last_ns: latest picture with known evidence; None before the first.
        last_present_ns: latest picture with evidence, or the first picture.
        settled_ns: evidence that begins earlier was there before.
    """

    inside: bool = False
    run: Run | None = None
    exit: Crossing | None = None
    last_ns: int | None = None
    last_present_ns: int = 0
    settled_ns: int = 0


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
        self._enter_ns = round(enter_s * NS_PER_S)
        self._leave_ns = round(leave_s * NS_PER_S)
        self.memory = DebounceMemory()

    @property
    def inside(self) -> bool:
        """Whether the zone counts as entered."""
        return self.memory.inside

    def update(self, stamp_ns: int, evidence: Evidence) -> Crossing | None:
        """Take the evidence of the next picture; stamps must increase.

        Returns:
            The crossing that this picture decided, None most of the time.
        """
        if evidence is Evidence.UNKNOWN:
            return None
        present = evidence is Evidence.PRESENT
        memory = self.memory
        if memory.last_ns is None:
            memory.last_ns = memory.last_present_ns = stamp_ns
            memory.settled_ns = stamp_ns + self._settle_ns
            memory.inside = present
            return None
        slack_ns, memory.last_ns = stamp_ns - memory.last_ns, stamp_ns
        decide = self._while_inside if memory.inside else self._while_outside
        return decide(memory, stamp_ns, slack_ns, present)

    def _while_outside(
        self, memory: DebounceMemory, stamp_ns: int, slack_ns: int, present: bool
    ) -> Crossing | None:
        if memory.run is None:
            if not present:
                return None
            memory.run = Run(Crossing(True, stamp_ns, slack_ns))
        memory.run.pictures += 1
        memory.run.seen += present
        if memory.run.seen * 2 < memory.run.pictures:
            memory.run = None
            return None
        if not present or stamp_ns - memory.run.entry.stamp_ns < self._enter_ns:
            return None
        entry, memory.run = memory.run.entry, None
        memory.inside, memory.last_present_ns, memory.exit = True, stamp_ns, None
        return entry if entry.stamp_ns >= memory.settled_ns else None

    def _while_inside(
        self, memory: DebounceMemory, stamp_ns: int, slack_ns: int, present: bool
    ) -> Crossing | None:
        if present:
            memory.last_present_ns, memory.exit = stamp_ns, None
            return None
        memory.exit = memory.exit or Crossing(False, stamp_ns, slack_ns)
        if stamp_ns - memory.last_present_ns < self._leave_ns:
            return None
        memory.inside = False
        return memory.exit
