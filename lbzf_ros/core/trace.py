"""Collects what leads to the decisions of one station, picture by picture, for `core.explanation`.

A picture costs the same however long a cycle lasts, and so does the memory, which is saved with every picture: runs of
the same evidence are one span. A zone has at most `MAX_SPANS` of them; when there are more, the short ones are merged
into their neighbours, shorter than 0.5 s at first, then 1, 2, 4 s and so on, until half of them are left. What is left
out or merged is counted and said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from lbzf_ros.core.debounce import Crossing, DebounceMemory
from lbzf_ros.core.explanation import (
    Explanation,
    Figure,
    Gap,
    PersonSpan,
    PictureSpan,
    ZoneDecision,
    ZoneEvidence,
)
from lbzf_ros.core.model import (
    NS_PER_S,
    Evidence,
    RoiSet,
    StationOccupancy,
    Workstation,
    Zone,
    ZoneOccupancy,
)
from lbzf_ros.core.operator import OperatorPresence
from lbzf_ros.core.rules import RULES, Transition

MAX_SPANS = 64
"""Most spans of a zone, and of the camera's view."""
MAX_PEOPLE = 32
MAX_DECISIONS = 24
MAX_GAPS = 16
LEAD_S = 5.0
"""How long before the start an explanation begins."""

_FIRST_MERGED_NS = NS_PER_S // 2
_STAYS_NS = NS_PER_S
"""Somebody who is not seen for so long is the same span of a person."""
_GAP_PERIODS = 2.5
"""Pictures that come later than so many periods after the one before are worth a word."""
_UNTRACKED, _VIEW = -1, ""

Run = list[int]
"""First and last picture, and how many said what: a `PictureSpan` that still grows."""


@dataclass(slots=True)
class Presence:
    """A `PersonSpan` that still grows. `confidence` is a sum over `confident` pictures: those inside that have one."""

    track_id: int
    operator: bool
    start_ns: int
    end_ns: int
    inside: int = 0
    beside: int = 0
    confident: int = 0
    confidence: float = 0.0

    @property
    def span(self) -> PersonSpan:
        """What it is now."""
        mean = self.confidence / self.confident if self.confident else None
        return PersonSpan(
            self.track_id, self.operator, self.start_ns, self.end_ns, self.inside, self.beside, mean
        )


@dataclass(slots=True)
class TraceMemory:
    """All that a `Trace` remembers. `merged_ns`: runs shorter than this were merged since the cycle began; 0: none."""

    zones: dict[str, list[Run]] = field(default_factory=dict)
    drift: list[Run] = field(default_factory=list)
    people: list[Presence] = field(default_factory=list)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    decisions: list[ZoneDecision] = field(default_factory=list)
    opened_by: ZoneDecision | None = None
    last_ns: int = 0
    merged_ns: int = 0
    decisions_left_out: int = 0
    people_left_out: int = 0
    gaps_left_out: int = 0


class Trace:
    """What led to the decisions of one station."""

    def __init__(self, station: Workstation, rois: RoiSet, horizon_ns: int) -> None:
        """Begin without anything.

        Args:
            station: whose zones they are.
            rois: the set it is of.
            horizon_ns: by how much a crossing can be dated back.
        """
        self._station, self._rois = station, rois
        self._zones = {zone.name: zone for zone in station.zones}
        self._kept_ns = horizon_ns + round(LEAD_S * NS_PER_S)
        self._gap_ns = round(_GAP_PERIODS * NS_PER_S / rois.fps)
        self.memory = TraceMemory(zones={zone.name: [] for zone in station.zones})

    @property
    def memory(self) -> TraceMemory:
        """What it remembers; changes with the next picture."""
        return self._memory

    @memory.setter
    def memory(self, memory: TraceMemory) -> None:
        self._memory = memory
        self._latest = _latest(memory.people)
        # What the latest picture said, and its run, by zone ("": of the view).
        self._now: dict[str, tuple[int, Run]] = {}
        self._forgotten_ns = 0

    def see(
        self, stamp_ns: int, occupancy: StationOccupancy, presence: OperatorPresence, operator: int | None
    ) -> None:
        """Take one picture.

        Args:
            stamp_ns: capture time.
            occupancy: of the station.
            presence: what it says about the operator, by work zone.
            operator: his track; None: nobody.
        """
        memory = self._memory
        if stamp_ns - memory.last_ns > self._gap_ns and memory.last_ns:
            self._miss(memory.last_ns, stamp_ns)
        memory.last_ns = stamp_ns
        of_operator = presence.evidence
        for zone in occupancy.zones:
            evidence = of_operator.get(zone.zone)
            if evidence is None:
                evidence = zone.evidence
            elif zone.track_ids or zone.near_track_ids or zone.evidence is Evidence.PRESENT:
                self._meet_all(zone, operator, evidence, stamp_ns)
            self._add(zone.zone, evidence, stamp_ns)
        self._add(_VIEW, occupancy.drift, stamp_ns)
        if memory.opened_by is None and stamp_ns - self._forgotten_ns >= NS_PER_S:
            self._forgotten_ns = stamp_ns
            self._forget(stamp_ns - self._kept_ns)

    def decision(self, crossing: Crossing, zone: str, stamp_ns: int, memory: DebounceMemory) -> ZoneDecision:
        """Why a zone's debounce, which has this memory after a picture, has given a crossing back."""
        timer, since_ns, limit_s = _timer(self._zones[zone], crossing, memory)
        return ZoneDecision(
            zone,
            crossing.entered,
            crossing.stamp_ns,
            crossing.slack_ns,
            stamp_ns,
            timer,
            lasted_ns=stamp_ns - since_ns,
            limit_ns=round(limit_s * NS_PER_S),
        )

    def crossed(self, decision: ZoneDecision) -> None:
        """A zone counts as entered or left."""
        decisions = self._memory.decisions
        decisions.append(decision)
        if len(decisions) > MAX_DECISIONS:
            del decisions[0]
            self._memory.decisions_left_out += 1

    def attended(self, decision: ZoneDecision, stamp_ns: int, away_ns: int | None) -> None:
        """A hand's zone was entered or left, and this picture says whether that counts.

        Args:
            decision: what an earlier picture has decided.
            stamp_ns: of this picture.
            away_ns: when the operator was last at the station, if it does not count because he was not there (0: he
                never was); None: it counts.
        """
        alone_ns = decision.since_ns - away_ns if away_ns else None
        self.crossed(replace(decision, decided_ns=stamp_ns, attended=away_ns is None, alone_ns=alone_ns))

    def succeeded(
        self, crossings: Iterable[Crossing], zone: str, stamp_ns: int, since_ns: int, limit_s: float
    ) -> None:
        """Somebody else has been in a zone since then, which is long enough to be its operator."""
        for crossing in crossings:
            self.crossed(
                ZoneDecision(
                    zone,
                    crossing.entered,
                    crossing.stamp_ns,
                    crossing.slack_ns,
                    stamp_ns,
                    "successor_s",
                    lasted_ns=stamp_ns - since_ns,
                    limit_ns=round(limit_s * NS_PER_S),
                )
            )

    def opened(self, crossing: Crossing, zone: str, stamp_ns: int) -> Explanation:
        """A crossing of this picture has opened a cycle: why."""
        memory = self._memory
        memory.opened_by = self._decision(crossing, zone)
        memory.merged_ns = 0
        memory.decisions_left_out = memory.people_left_out = memory.gaps_left_out = 0
        self._forget(crossing.stamp_ns - round(LEAD_S * NS_PER_S))
        return self._explanation(stamp_ns, memory.opened_by)

    def closed(
        self, crossing: Crossing, zone: str, stamp_ns: int, figures: Sequence[Figure]
    ) -> Explanation | None:
        """A crossing of this picture has closed the cycle: why."""
        return self._ended(stamp_ns, self._decision(crossing, zone), figures)

    def given_up(self, stamp_ns: int) -> Explanation | None:
        """The cycle was given up: what was known of it."""
        return self._ended(stamp_ns, None, ())

    def _ended(
        self, stamp_ns: int, closed_by: ZoneDecision | None, figures: Sequence[Figure]
    ) -> Explanation | None:
        opened_by, self._memory.opened_by = self._memory.opened_by, None
        return self._explanation(stamp_ns, opened_by, closed_by, figures) if opened_by else None

    def _explanation(
        self,
        stamp_ns: int,
        opened_by: ZoneDecision,
        closed_by: ZoneDecision | None = None,
        figures: Sequence[Figure] = (),
    ) -> Explanation:
        memory, rule = self._memory, RULES[self._station.rule]
        runs = [*memory.zones.values(), memory.drift]
        is_mixed = any(max(run[2:]) < sum(run[2:]) for spans in runs for run in spans)
        return Explanation(
            decided_ns=stamp_ns,
            time_zone=self._rois.time_zone,
            rule=self._station.rule,
            opens_on=_in_words(rule.opens_on),
            closes_on=_in_words(rule.closes_on),
            fps=self._rois.fps,
            opened_by=opened_by,
            closed_by=closed_by,
            others=tuple(d for d in memory.decisions if d not in (opened_by, closed_by)),
            zones=tuple(
                ZoneEvidence(
                    zone.name,
                    zone.kind.value,
                    zone.evidence.value,
                    zone.enter_s,
                    zone.leave_s,
                    zone.linger_s,
                    _spans(memory.zones[zone.name]),
                )
                for zone in self._station.zones
            ),
            people=tuple(person.span for person in memory.people),
            drift=_spans(memory.drift),
            gaps=tuple(Gap(*gap) for gap in memory.gaps),
            figures=tuple(figures),
            merged_below_s=memory.merged_ns / NS_PER_S if is_mixed else 0.0,
            others_left_out=memory.decisions_left_out,
            people_left_out=memory.people_left_out,
            gaps_left_out=memory.gaps_left_out,
        )

    def _add(self, name: str, value: int, stamp_ns: int) -> None:
        """Count a picture of a zone, or of the view."""
        known = self._now.get(name)
        if known is None or known[0] != value:
            known = self._now[name] = (value, self._run(name, value, stamp_ns))
        run = known[1]
        run[1] = stamp_ns
        run[2 + value] += 1

    def _run(self, name: str, value: int, stamp_ns: int) -> Run:
        """The run that a picture belongs to. The last one is never merged: all its pictures say the same."""
        runs = self._memory.drift if name == _VIEW else self._memory.zones[name]
        if not (runs and runs[-1][2 + value]):
            runs.append([stamp_ns, stamp_ns, 0, 0, 0, 0])
            if len(runs) > MAX_SPANS:
                self._merge(runs)
        return runs[-1]

    def _merge(self, runs: list[Run]) -> None:
        shortest_ns = _FIRST_MERGED_NS
        while len(runs) > MAX_SPANS // 2:
            runs[:] = _merged(runs, shortest_ns)
            self._memory.merged_ns = max(self._memory.merged_ns, shortest_ns)
            shortest_ns *= 2

    def _meet_all(self, zone: ZoneOccupancy, operator: int | None, evidence: Evidence, stamp_ns: int) -> None:
        """Count a picture of everybody in a work zone or beside it."""
        for track in zone.track_ids:
            self._inside(self._person(track, track == operator, stamp_ns), zone.confidence)
        if not zone.track_ids and zone.evidence is Evidence.PRESENT:
            self._inside(self._person(_UNTRACKED, evidence is Evidence.PRESENT, stamp_ns), zone.confidence)
        for track in zone.near_track_ids:
            self._person(track, track == operator, stamp_ns).beside += 1

    @staticmethod
    def _inside(person: Presence, confidence: float) -> None:
        person.inside += 1
        if confidence >= 0:  # NaN is not
            person.confident += 1
            person.confidence += confidence

    def _person(self, track: int, is_operator: bool, stamp_ns: int) -> Presence:
        """The span of somebody who is seen now."""
        person = self._latest.get((track, is_operator))
        if person is None or stamp_ns - person.end_ns > _STAYS_NS:
            person = self._latest[track, is_operator] = Presence(track, is_operator, stamp_ns, stamp_ns)
            self._memory.people.append(person)
            if len(self._memory.people) > MAX_PEOPLE:
                self._leave_out_people()
        person.end_ns = stamp_ns
        return person

    def _leave_out_people(self) -> None:
        """Keep those with the most pictures, and who came last."""
        memory = self._memory
        *before, last = memory.people
        before.sort(key=lambda person: person.inside + person.beside, reverse=True)
        kept = before[: MAX_PEOPLE // 2]
        memory.people_left_out += len(before) - len(kept)
        kept.sort(key=lambda person: person.start_ns)
        memory.people = [*kept, last]
        self._latest = _latest(memory.people)

    def _miss(self, from_ns: int, to_ns: int) -> None:
        gaps = self._memory.gaps
        gaps.append((from_ns, to_ns))
        if len(gaps) > MAX_GAPS:
            gaps.remove(min(gaps, key=lambda gap: gap[1] - gap[0]))
            self._memory.gaps_left_out += 1

    def _decision(self, crossing: Crossing, zone: str) -> ZoneDecision:
        """The one that was noted for a crossing of this picture."""
        same = (zone, crossing.entered, crossing.stamp_ns)
        return next(d for d in reversed(self._memory.decisions) if (d.zone, d.entered, d.since_ns) == same)

    def _forget(self, before_ns: int) -> None:
        """Drop what ended before a time; the last run of a zone stays, for it goes on."""
        memory = self._memory
        for runs in (*memory.zones.values(), memory.drift):
            while len(runs) > 1 and runs[0][1] < before_ns:
                del runs[0]
        if memory.people and any(person.end_ns < before_ns for person in memory.people):
            memory.people = [person for person in memory.people if person.end_ns >= before_ns]
            self._latest = _latest(memory.people)
        while memory.gaps and memory.gaps[0][1] < before_ns:
            del memory.gaps[0]
        while memory.decisions and memory.decisions[0].decided_ns < before_ns:
            del memory.decisions[0]


def _timer(zone: Zone, crossing: Crossing, memory: DebounceMemory) -> tuple[str, int, float]:
    """The timer that decided a crossing, since when it had run, and its limit in seconds (as `Debounce` has it)."""
    if crossing.entered:
        return "enter_s", crossing.stamp_ns, zone.enter_s
    leave_ns = round(zone.leave_s * NS_PER_S)
    seen_ns = crossing.stamp_ns if crossing.slack_ns > leave_ns else memory.last_present_ns
    gone_ns = max(memory.last_near_ns, seen_ns)
    if (memory.last_ns or 0) - gone_ns >= leave_ns:
        return "leave_s", gone_ns, zone.leave_s
    return "linger_s", seen_ns, max(zone.linger_s, zone.leave_s)


def _latest(people: Iterable[Presence]) -> dict[tuple[int, bool], Presence]:
    """The last span of everybody."""
    return {(person.track_id, person.operator): person for person in people}


def _merged(runs: list[Run], shortest_ns: int) -> list[Run]:
    """Runs in which none but the first and the last are shorter: the shorter of two neighbours goes into the other."""
    *before, last = runs
    merged: list[Run] = []
    for run in before:
        if merged and min(run[1] - run[0], merged[-1][1] - merged[-1][0]) < shortest_ns:
            known = merged[-1]
            merged[-1] = [known[0], run[1], *(one + two for one, two in zip(known[2:], run[2:], strict=True))]
        else:
            merged.append(run)
    return [*merged, last]


def _spans(runs: Iterable[Run]) -> tuple[PictureSpan, ...]:
    return tuple(PictureSpan(run[0], run[1], (run[2], run[3], run[4], run[5])) for run in runs)


def _in_words(transition: Transition) -> str:
    kind, entered = transition
    return f"{kind.value} {'entered' if entered else 'left'}"
