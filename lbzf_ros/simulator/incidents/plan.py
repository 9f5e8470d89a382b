"""The work of one station with what comes between: pieces of routine work, and episodes that interrupt it.

A plan is made once, when the scene is built. The clock of the work stands still during an episode, or jumps over a part
of the routine that the episode replaces; so everything else goes on as it would have.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.simulator.itinerary import Itinerary, Leg
from lbzf_ros.simulator.layout import Layout, Place
from lbzf_ros.simulator.model import TrueCycle
from lbzf_ros.simulator.routine import Mark, Moment, Routine, crosses_s, paired

_MIDDLE_OF_CYCLE = (0.3, 0.6)
_CLEAR_OF_REACH_S = 2.5
"""After the start of a cycle, so that the hand is back from the bin."""
_BETWEEN_EPISODES_S = 3.0
_LOOK_AHEAD_BLOCKS = 4
_STILL_IN_S = 1.2


@dataclass(frozen=True, slots=True)
class Episode:
    """Something that is no routine work: who does it, where he is, and what is true about it.

    Attributes:
        legs: in seconds of the scene, in order.
        marks: true moments, in seconds of the scene.
        still: he does not move at all.
        dresses: he puts something on.
    """

    legs: tuple[Leg, ...]
    marks: tuple[Mark, ...] = ()
    still: bool = False
    dresses: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time at a station: routine work, or an episode.

    Attributes:
        start_s: in seconds of the scene.
        end_s: the same.
        person: who works there.
        routine: whose work it is.
        behind_s: how far the clock of the routine is behind the scene's.
        episode: instead of the routine.
    """

    start_s: float
    end_s: float
    person: str
    routine: Routine
    behind_s: float
    episode: Episode | None = None

    def moment(self, t_s: float) -> Moment:
        """What he does at a time within the piece."""
        if self.episode is None:
            return replace(self.routine.moment(t_s - self.behind_s), person=self.person)
        leg = Itinerary(self.episode.legs).leg_at(t_s)
        gone_s, left_s = t_s - self.start_s, self.end_s - t_s
        still = min(gone_s / _STILL_IN_S, left_s / _STILL_IN_S, 1.0) if self.episode.still else 0.0
        dresses = gone_s / (gone_s + left_s) if self.episode.dresses else 0.0
        return Moment(leg, None, t_s, self.person, still, dresses)

    def marks(self, from_s: float, until_s: float) -> Iterator[Mark]:
        """True moments in it; of routine work those in [from_s, until_s)."""
        if self.episode is not None:
            yield from self.episode.marks
            return
        from_s, until_s = max(self.start_s, from_s), min(self.end_s, until_s)
        if from_s < until_s:
            for mark in self.routine.marks(from_s - self.behind_s, until_s - self.behind_s):
                yield replace(mark, t_s=mark.t_s + self.behind_s)


class StationPlan:
    """All that happens at one station. Episodes are added in the order of time."""

    def __init__(self, routine: Routine, layout: Layout, person: str) -> None:
        self._layout = layout
        self._pieces = [Piece(-math.inf, math.inf, person, routine, 0.0)]
        self._starts_s = [-math.inf]

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.routine.place

    @property
    def routine(self) -> Routine:
        """The work that goes on at the end of the plan."""
        return self._pieces[-1].routine

    @property
    def person(self) -> str:
        """Who works there at the end of the plan."""
        return self._pieces[-1].person

    @property
    def comes_and_goes(self) -> bool:
        """Whether the operator is out of the picture between two cycles."""
        return self.place.station.rule == "presence"

    @property
    def longest_s(self) -> float:
        """No cycle is longer than this."""
        held_s = sum(piece.end_s - piece.start_s for piece in self._pieces if piece.episode)
        return held_s + 2 * max(piece.routine.block_s for piece in self._pieces)

    def moment(self, t_s: float) -> Moment:
        """What the station's operator does at a time."""
        return self._pieces[bisect_right(self._starts_s, t_s) - 1].moment(t_s)

    def cycles(self, from_s: float, until_s: float) -> list[TrueCycle]:
        """Cycles that end in (from_s, until_s], in order."""
        if len(self._pieces) == 1:
            return self.routine.cycles(from_s, until_s)
        since_s, end_s = max(from_s - self.longest_s, 0.0), until_s + 1.0
        marks = (mark for piece in self._pieces for mark in piece.marks(since_s, end_s))
        return [c for c in paired(self.place.station, marks) if from_s < c.end_s <= until_s]

    def middle_of_cycle_s(self, t_s: float) -> float:
        """The first moment well inside a cycle, at a time or after it, from which an episode can begin."""
        last = self._pieces[-1]
        work_s = self._free_s(t_s) - last.behind_s
        for cycle in last.routine.cycles(work_s, work_s + _LOOK_AHEAD_BLOCKS * last.routine.block_s):
            length_s = cycle.end_s - cycle.start_s
            first_s = cycle.start_s + max(_MIDDLE_OF_CYCLE[0] * length_s, _CLEAR_OF_REACH_S)
            at_s = max(first_s, work_s)
            if not cycle.unmeasurable and at_s <= cycle.start_s + _MIDDLE_OF_CYCLE[1] * length_s:
                return at_s + last.behind_s
        raise InvalidValue(
            f"{self.place.station.code}: no cycle after {t_s} s is long enough for an incident"
        )

    def between_cycles_s(self, t_s: float) -> float:
        """The first moment between two units of work, at a time or after it, from which an episode can begin."""
        last = self._pieces[-1]
        return last.routine.next_start_s(self._free_s(t_s) - last.behind_s) + last.behind_s

    def ways_around_s(self, t_s: float) -> tuple[float, float]:
        """When he next turns to leave his place between two units, at a time or after it, and when he is back.

        One moment for operators who stay at their place.
        """
        edge_s = self.between_cycles_s(t_s)
        if not self.comes_and_goes:
            return edge_s, edge_s
        behind_s, routine = self._pieces[-1].behind_s, self.routine
        legs = routine.block(routine.index_at(edge_s - behind_s - 0.001)).itinerary.legs
        turns_s = [leg.start_s + behind_s for leg in legs if leg.end_s + behind_s < edge_s][-1]
        if turns_s < t_s:
            return self.ways_around_s(edge_s + 0.001)
        return turns_s, edge_s + routine.way_in.end_s

    def interrupt(
        self,
        episodes: list[tuple[str, float, Episode]],
        *,
        start_s: float,
        skip_s: float = 0.0,
        routine: Routine | None = None,
    ) -> None:
        """Put episodes one after the other into the work that goes on at the end of the plan.

        Args:
            episodes: who, until when, and what. The last of these people goes on with the work.
            start_s: when the first begins; a moment that this plan has named.
            skip_s: how much of the routine they replace.
            routine: the work after them, from its beginning; None: what was interrupted.
        """
        last = self._pieces.pop()
        self._pieces.append(replace(last, end_s=start_s))
        at_s, person = start_s, last.person
        for person, end_s, episode in episodes:
            self._pieces.append(Piece(at_s, end_s, person, last.routine, last.behind_s, episode))
            at_s = end_s
        behind_s = at_s - (start_s - last.behind_s + skip_s) if routine is None else at_s
        self._pieces.append(Piece(at_s, math.inf, person, routine or last.routine, behind_s))
        self._starts_s = [piece.start_s for piece in self._pieces]

    def crosses_s(self, legs: list[Leg], *, inward: bool) -> float:
        """When somebody on these legs crosses into (or out of) this station's work zone."""
        found_s = crosses_s(self.place, legs, self._layout, inward=inward)
        if found_s is None:
            raise InvalidValue(f"{self.place.station.code}: a walk does not cross the edge of its work zone")
        return found_s

    def _free_s(self, t_s: float) -> float:
        start_s = self._pieces[-1].start_s
        return max(t_s, start_s + _BETWEEN_EPISODES_S, _BETWEEN_EPISODES_S)
