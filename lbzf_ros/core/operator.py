"""Who of the people at a station is its operator. Others neither start, end nor prolong his cycle.

What is known of a person is the number of his track, which may change when he was out of sight. So:

- Who comes while the operator is there is a visitor, until he has been gone for `_VISIT_OVER_NS`.
- The operator has left when he is not in the zone; he may be beside it, or hidden behind a visitor (both NEAR).
- Somebody new in the zone while the operator, last seen in it, is nowhere in the picture is the operator with a new
  number, unless both were once seen in the same picture.
- Somebody who was seen beside the operator, and is in the zone while he is not, may have come to talk. He succeeds him
  after `successor_s`; the one has left and the other has come then, each dated back to his own picture.
- Visitors who are left alone for `_ALONE_NS` are visitors no longer: one of them works here now.
- Where two people pass one another their tracks may exchange numbers. Who came within `_PASSING_NS` before the
  operator's number was gone from the zone, and is there while it is not, is the operator: nobody hands a place over so
  fast. If the number comes back without having been seen elsewhere, it was only hidden, and is his again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lbzf_ros.core.debounce import Crossing
from lbzf_ros.core.model import NS_PER_S, Evidence, ZoneOccupancy

_VISIT_OVER_NS = 2 * NS_PER_S
_PASSING_NS = round(1.5 * NS_PER_S)
_ALONE_NS = 60 * NS_PER_S
_KNOWN_FOR_NS = 60 * NS_PER_S
"""How long it is remembered that somebody was seen beside the operator."""


@dataclass(slots=True)
class OperatorPresence:
    """What one picture says about the operator of a station. Not frozen: that would cost as much as filling it.

    Attributes:
        evidence: of each work zone, by its name.
        here: the operator is in one of them.
        somebody_else: only others are.
        tracked: people at the station have track numbers.
        successor_here: who may succeed the operator is.
        succeeded: somebody else has succeeded him: his entry; None most of the time.
    """

    evidence: dict[str, Evidence]
    here: bool = False
    somebody_else: bool = False
    tracked: bool = False
    successor_here: bool = False
    succeeded: Crossing | None = None


@dataclass(slots=True)
class Visit:
    """When a visitor was first and last seen in or beside the zone."""

    came_ns: int
    last_ns: int


@dataclass(slots=True)
class OperatorMemory:
    """All that is remembered of the people at a station.

    Attributes:
        operator: his track; None: nobody yet, or nobody since he left.
        previous: track of the one who left last.
        vanished_inside: he was in the zone when he was last seen.
        former: his number before it was taken for a visitor's, until that one is seen elsewhere; None: there is none.
        inside_ns: latest picture with him in the zone.
        visitors: of those who are here, by track.
        beside: stamp of the latest picture with them, by track, of everybody seen in a picture with the operator.
        alone_since_ns: since when only visitors have been here; 0: it is not so.
        successor: track of the one who may succeed.
        successor_since: his entry.
        last_ns: stamp of the latest picture that said anything.
    """

    operator: int | None = None
    previous: int | None = None
    vanished_inside: bool = False
    former: int | None = None
    inside_ns: int = 0
    visitors: dict[int, Visit] = field(default_factory=dict)
    beside: dict[int, int] = field(default_factory=dict)
    alone_since_ns: int = 0
    successor: int | None = None
    successor_since: Crossing | None = None
    last_ns: int = 0


class PrimaryOperator:
    """Follows the operator of one station from picture to picture."""

    def __init__(self, successor_s: float) -> None:
        """Begin without one.

        Args:
            successor_s: how long somebody else must be in the zone to succeed.
        """
        self._successor_ns = round(successor_s * NS_PER_S)
        self.memory = OperatorMemory()

    def update(
        self, stamp_ns: int, zones: Iterable[ZoneOccupancy], visible: Iterable[int]
    ) -> OperatorPresence:
        """Take the work zones of the next picture; stamps must increase.

        Args:
            stamp_ns: capture time.
            zones: the station's work zones.
            visible: tracks of everybody in the picture.
        """
        zones = tuple(zones)
        if all(zone.evidence is Evidence.UNKNOWN for zone in zones):
            return OperatorPresence({zone.zone: Evidence.UNKNOWN for zone in zones})
        here = {track for zone in zones for track in zone.track_ids}
        near = {track for zone in zones for track in zone.near_track_ids}
        seen = here | set(visible)  # who is hidden behind somebody is near, and not seen
        self._end_visits(stamp_ns, here | near)
        succeeded = self._follow(stamp_ns, here, near, seen)
        self.memory.last_ns = stamp_ns
        self._remember_beside(stamp_ns, seen)
        operator = self.memory.operator
        # A person has no number yet in the first picture that shows him.
        may_be_he = operator is None or (operator not in seen and self.memory.vanished_inside)
        evidence = {zone.zone: self._evidence(zone, may_be_he=may_be_he) for zone in zones}
        present = Evidence.PRESENT in evidence.values()
        self._note_alone(stamp_ns, alone=bool(here) and not present)
        return OperatorPresence(
            evidence,
            here=present,
            somebody_else=bool(here) and not present,
            tracked=bool(here | near),
            successor_here=self.memory.successor is not None,
            succeeded=succeeded,
        )

    def left(self) -> None:
        """The operator's exit is decided: whoever comes next, and is no visitor, is the operator."""
        self.memory.previous, self.memory.operator = self.memory.operator, None
        self.memory.vanished_inside, self.memory.former = False, None

    def _evidence(self, zone: ZoneOccupancy, *, may_be_he: bool) -> Evidence:
        if zone.evidence is Evidence.UNKNOWN:
            return Evidence.UNKNOWN
        operator = self.memory.operator
        unnumbered = zone.evidence is Evidence.PRESENT and not zone.track_ids
        if operator in zone.track_ids or (unnumbered and may_be_he):
            return Evidence.PRESENT
        return Evidence.NEAR if operator in zone.near_track_ids else Evidence.ABSENT

    def _follow(self, stamp_ns: int, here: set[int], near: set[int], seen: set[int]) -> Crossing | None:
        """Say who is the operator now; his entry, if he succeeded somebody else."""
        memory = self.memory
        if self._has_former_back(stamp_ns, here, seen):
            return None
        if memory.operator in here:
            self._welcome(stamp_ns, here - {memory.operator})
            memory.successor, memory.vanished_inside, memory.inside_ns = None, True, stamp_ns
            return None
        if (mistaken := self._mistaken_for_a_visitor(here, near & seen)) is not None:
            former = memory.operator if memory.operator not in seen else None
            self._appoint(stamp_ns, mistaken, here)
            memory.former = former
            return None
        others = here - memory.visitors.keys()
        unknown = others - memory.beside.keys()
        if memory.operator is None:
            if memory.previous in others or unknown:
                back = memory.previous if memory.previous in others else min(unknown)
                self._appoint(stamp_ns, back, here)
                return None
        elif memory.operator in seen:
            memory.vanished_inside = False
            if memory.operator in near:
                self._welcome(stamp_ns, others)
                others = set()
        elif unknown and memory.vanished_inside:
            self._appoint(stamp_ns, min(unknown), here)
            return None
        return self._succeed(stamp_ns, others, here)

    def _has_former_back(self, stamp_ns: int, here: set[int], seen: set[int]) -> bool:
        """Whether the operator has the number again that was taken for a visitor's."""
        memory = self.memory
        if memory.former is not None and memory.former in here:
            visitor = memory.operator
            self._appoint(stamp_ns, memory.former, here)
            if visitor in memory.visitors:
                memory.visitors[visitor].came_ns = 0  # long ago: he is not mistaken again
            return True
        if memory.former in seen:
            memory.former = None
        return False

    def _mistaken_for_a_visitor(self, here: set[int], beside: set[int]) -> int | None:
        """Track of the visitor in the zone who must be the operator: he came when the operator's number went.

        Not while the operator is seen `beside` the zone: he leans back.
        """
        memory = self.memory
        if memory.operator is None or memory.operator in beside:
            return None
        since_ns = memory.inside_ns - _PASSING_NS
        came = {track: memory.visitors[track].came_ns for track in here & memory.visitors.keys()}
        late = [track for track, came_ns in came.items() if came_ns >= since_ns]
        return max(late, key=lambda track: (came[track], track), default=None)

    def _succeed(self, stamp_ns: int, others: set[int], here: set[int]) -> Crossing | None:
        memory = self.memory
        if memory.successor not in others:
            memory.successor = min(others) if others else None
            memory.successor_since = Crossing(True, stamp_ns, stamp_ns - memory.last_ns)
        since = memory.successor_since
        if memory.successor is None or since is None or stamp_ns - since.stamp_ns < self._successor_ns:
            return None
        self._appoint(stamp_ns, memory.successor, here)
        memory.beside.clear()
        return since

    def _appoint(self, stamp_ns: int, track: int, here: set[int]) -> None:
        memory = self.memory
        memory.operator, memory.successor, memory.vanished_inside = track, None, True
        memory.inside_ns, memory.former = stamp_ns, None
        memory.visitors.pop(track, None)
        self._welcome(stamp_ns, here - {track})

    def _welcome(self, stamp_ns: int, people: Iterable[int]) -> None:
        for track in people:
            self.memory.visitors.setdefault(track, Visit(stamp_ns, stamp_ns)).last_ns = stamp_ns

    def _end_visits(self, stamp_ns: int, present: set[int]) -> None:
        visitors = self.memory.visitors
        if not visitors:
            return
        for track in visitors.keys() & present:
            visitors[track].last_ns = stamp_ns
        over_ns = stamp_ns - _VISIT_OVER_NS
        for track in [track for track, visit in visitors.items() if visit.last_ns <= over_ns]:
            del visitors[track]

    def _remember_beside(self, stamp_ns: int, seen: set[int]) -> None:
        memory = self.memory
        if memory.operator in seen and len(seen) > 1:
            memory.beside.update(dict.fromkeys(seen - {memory.operator}, stamp_ns))
        if not memory.beside:
            return
        over_ns = stamp_ns - _KNOWN_FOR_NS
        for track in [track for track, last_ns in memory.beside.items() if last_ns <= over_ns]:
            del memory.beside[track]

    def _note_alone(self, stamp_ns: int, *, alone: bool) -> None:
        memory = self.memory
        if not alone:
            memory.alone_since_ns = 0
            return
        memory.alone_since_ns = memory.alone_since_ns or stamp_ns
        if stamp_ns - memory.alone_since_ns >= _ALONE_NS:
            memory.visitors.clear()
            memory.beside.clear()
            memory.operator, memory.alone_since_ns = None, 0
