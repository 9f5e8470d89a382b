"""Flickering evidence becomes entries and exits, in seconds and dated back to the picture that showed them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lbzf_ros.core.model import NS_PER_S, Evidence

_WEAK_NS = NS_PER_S
"""Weak evidence that lasts longer is something else: a fan, a shadow."""


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
        weak: weak evidence that may be the begin of an entry.
        last_ns: latest picture with known evidence; None before the first.
        last_present_ns: latest picture with evidence, or the first picture.
        last_near_ns: latest picture with somebody in or beside it.
        settled_ns: evidence that begins earlier was there before.
    """

    inside: bool = False
    run: Run | None = None
    exit: Crossing | None = None
    weak: Crossing | None = None
    last_ns: int | None = None
    last_present_ns: int = 0
    last_near_ns: int = 0
    settled_ns: int = 0


class Debounce:
    """Turns the evidence of one zone, picture by picture, into crossings.

    Entry: evidence that has lasted `enter_s`, in which at least half of the pictures showed it. A run of evidence
    is given up as soon as less than half of its pictures show it, so a lonely false detection dates nothing back.
    Where weak evidence counts (motion), NEAR right before is part of the entry: a hand fills a zone little by little.
    Exit: no evidence for `leave_s`, and nobody beside it either, who may be leaning back; or, whoever is beside it, no
    evidence for `linger_s`. It is dated back to the first picture without evidence all the same. After pictures were
    missing for longer than `leave_s`, absence has to be seen for so long. A picture whose evidence is unknown is no
    picture, and an absence first seen in the picture right before it is none: what blocks the view hides the zones
    first. Evidence in the very first picture is no entry: when it began is not known. Memory is constant.
    """

    def __init__(
        self,
        *,
        enter_s: float,
        leave_s: float,
        linger_s: float = 0.0,
        settle_s: float = 0.0,
        weak_counts: bool = False,
    ) -> None:
        """Begin outside.

        Args:
            enter_s: how long evidence must last.
            leave_s: how long it must be away.
            linger_s: how long somebody may be beside it and not count as gone; less than `leave_s` is as long as that.
            settle_s: evidence that begins so soon after the first picture was there before, and is no entry either:
                a detector needs a moment to see who stands there already.
            weak_counts: NEAR means weak evidence, and not somebody beside the zone.
        """
        self._settle_ns = round(settle_s * NS_PER_S)
        self._enter_ns = round(enter_s * NS_PER_S)
        self._leave_ns = round(leave_s * NS_PER_S)
        self._weak_counts = weak_counts
        self._linger_ns = round(max(linger_s, leave_s) * NS_PER_S)
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
        memory = self.memory
        if evidence is Evidence.UNKNOWN:
            if memory.exit and memory.exit.stamp_ns == memory.last_ns:
                memory.exit = None
            return None
        present = evidence is Evidence.PRESENT
        if memory.last_ns is None:
            memory.last_ns = memory.last_present_ns = memory.last_near_ns = stamp_ns
            memory.settled_ns = stamp_ns + self._settle_ns
            memory.inside = present
            return None
        slack_ns, memory.last_ns = stamp_ns - memory.last_ns, stamp_ns
        if evidence is not Evidence.ABSENT:
            memory.last_near_ns = stamp_ns
        decide = self._while_inside if memory.inside else self._while_outside
        return decide(memory, stamp_ns, slack_ns, present)

    def succeed(self, since: Crossing, stamp_ns: int) -> list[Crossing]:
        """Somebody else is in the zone instead of who was: the one has left, the other has come.

        Args:
            since: the entry of the other one.
            stamp_ns: of the present picture, which `update` does not get.

        Returns:
            The exit, if the zone counted as entered, and the entry.
        """
        memory = self.memory
        crossings = [memory.exit or replace(since, entered=False)] if memory.inside else []
        memory.inside, memory.run, memory.exit = True, None, None
        memory.last_ns = memory.last_present_ns = memory.last_near_ns = stamp_ns
        return [*crossings, since]

    def _while_outside(
        self, memory: DebounceMemory, stamp_ns: int, slack_ns: int, present: bool
    ) -> Crossing | None:
        weak, memory.weak = memory.weak, None
        if memory.run is None:
            now = Crossing(True, stamp_ns, slack_ns)
            if not present:
                memory.weak = weak or now if self._weak_counts and memory.last_near_ns == stamp_ns else None
                return None
            memory.run = Run(weak if weak and stamp_ns - weak.stamp_ns <= _WEAK_NS else now)
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
        missed = memory.exit.slack_ns > self._leave_ns
        seen_since_ns = memory.exit.stamp_ns if missed else memory.last_present_ns
        gone = stamp_ns - max(memory.last_near_ns, seen_since_ns) >= self._leave_ns
        if not gone and stamp_ns - seen_since_ns < self._linger_ns:
            return None
        memory.inside = False
        return memory.exit
