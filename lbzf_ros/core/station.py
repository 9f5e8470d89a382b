"""The cycles of one station: a state machine whose rule is a row of `core.rules`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from lbzf_ros import __version__
from lbzf_ros.core import rejection
from lbzf_ros.core.association import opening_zone, work_zones
from lbzf_ros.core.debounce import Crossing, Debounce, DebounceMemory
from lbzf_ros.core.explanation import Explanation, ZoneDecision
from lbzf_ros.core.figures import figures
from lbzf_ros.core.model import (
    NS_PER_S,
    Activity,
    CycleEvent,
    Drift,
    EventKind,
    Evidence,
    EvidenceKind,
    ModelInfo,
    RoiSet,
    StationOccupancy,
    StationState,
    Workstation,
    ZoneKind,
    event_uid,
)
from lbzf_ros.core.operator import OperatorMemory, OperatorPresence, PrimaryOperator
from lbzf_ros.core.quality import quality
from lbzf_ros.core.rules import RULES
from lbzf_ros.core.tally import Picture, Recent, Tally
from lbzf_ros.core.trace import Trace, TraceMemory
from lbzf_ros.core.uncertainty import duration_uncertainty_s, place_error_s

_HORIZON_MARGIN_NS = NS_PER_S
_SOMEBODY = frozenset((Evidence.PRESENT, Evidence.NEAR))
_SETTLE_S = 1.0
"""A detector sees somebody who was there before the first picture up to 0.6 s later (docs/detectors.md)."""


def frame_path(camera: str, uid: str, start_ns: int) -> str:
    """Where the picture of a cycle's start lies, relative to the data folder; the day is UTC."""
    day = dt.datetime.fromtimestamp(start_ns // NS_PER_S, dt.timezone.utc)
    return f"frames/{day:%Y/%m/%d}/{camera}_{uid}.jpg"


@dataclass(slots=True)
class Running:
    """A cycle that has begun: the entry that opened it, its START, and what was seen of it so far."""

    opened: Crossing
    start: CycleEvent
    tally: Tally = field(default_factory=Tally)


@dataclass(slots=True)
class StationMemory:
    """All that the tracker of one station remembers between two pictures.

    Attributes:
        zones: of each zone by its name.
        operator: of the people at the station.
        operator_ns: latest picture with the operator in or beside his zone; 0: there was none.
        seen_ns: latest picture that said anything about the station; 0: there was none.
        recent: latest pictures, oldest first.
        running: the cycle that has begun.
        last_end_ns: when the cycle before ended; 0: there was none.
        known: whether the latest picture said anything about the station.
        held: crossings of hands' zones that count if the operator is there again soon, with what decided them.
        trace: what leads to its decisions.
    """

    zones: dict[str, DebounceMemory]
    trace: TraceMemory
    operator: OperatorMemory = field(default_factory=OperatorMemory)
    operator_ns: int = 0
    seen_ns: int = 0
    drift: Drift = Drift.UNCHECKED
    recent: tuple[Picture, ...] = ()
    running: Running | None = None
    last_end_ns: int = 0
    known: bool = False
    held: tuple[tuple[Crossing, ZoneDecision], ...] = ()


class StationTracker:
    """Decides the cycles of one station."""

    def __init__(self, station: Workstation, rois: RoiSet) -> None:
        self._station, self._rois = station, rois
        self._rule = RULES[station.rule]
        self._place_error_s = place_error_s(station)
        self._kinds = {zone.name: zone.kind for zone in station.zones}
        self._debounce = {
            z.name: Debounce(
                enter_s=z.enter_s,
                leave_s=z.leave_s,
                linger_s=z.linger_s,
                weak_counts=z.evidence is EvidenceKind.MOTION,
                settle_s=_SETTLE_S if z.evidence is EvidenceKind.PERSON else 0.0,
            )
            for z in station.zones
        }
        self._work = work_zones(station)
        self._decisive = {zone.name for zone in station.zones if zone.kind in self._rule.zone_kinds}
        longest_s = max(max(2 * z.enter_s, z.leave_s, z.linger_s) for z in station.zones)
        self._horizon_ns = round(longest_s * NS_PER_S) + _HORIZON_MARGIN_NS
        work = [zone for zone in station.zones if zone.name in self._work]
        self._away_ns = round(max((zone.leave_s for zone in work), default=0.0) * NS_PER_S)
        self._successor_s = max((max(zone.leave_s, zone.linger_s) for zone in work), default=0.0)
        self._operator = PrimaryOperator(self._successor_s)
        self._held: list[tuple[Crossing, ZoneDecision]] = []
        self._trace = Trace(station, rois, self._horizon_ns)
        self._operator_ns = self._seen_ns = 0
        self._drift = Drift.UNCHECKED
        self._recent = Recent(self._horizon_ns)
        self._running: Running | None = None
        self._last_end_ns = 0
        self._known = False

    def update(
        self,
        stamp_ns: int,
        occupancy: StationOccupancy,
        model: ModelInfo,
        visible_track_ids: Sequence[int] = (),
    ) -> list[CycleEvent]:
        """Take one picture's occupancy; stamps must increase.

        Returns:
            The decisions of this picture, an END or REJECT before the START that follows it.
        """
        presence = self._operator.update(
            stamp_ns, [zone for zone in occupancy.zones if zone.zone in self._work], visible_track_ids
        )
        self._trace.see(stamp_ns, occupancy, presence, self._operator.memory.operator)
        if presence.successor_here or not _SOMEBODY.isdisjoint(presence.evidence.values()):
            self._operator_ns = stamp_ns
        crossings = self._crossings(stamp_ns, occupancy, presence)
        self._drift = occupancy.drift
        self._recent.append(self._picture(stamp_ns, occupancy, presence))
        events: list[CycleEvent] = []
        if len(crossings) > 1:
            crossings.sort(key=lambda item: (item[0].stamp_ns, item[1]))
        for crossing, zone in crossings:
            transition = (self._kinds[zone], crossing.entered)
            if (
                self._running
                and transition == self._rule.closes_on
                and crossing.stamp_ns > self._running.opened.stamp_ns
            ):
                events.append(self._close(self._running, crossing, zone, stamp_ns))
            if self._running is None and transition == self._rule.opens_on:
                events.append(self._open(crossing, zone, stamp_ns, model))
        if self._running:
            self._recent.settle(self._running.tally, self._running.opened.stamp_ns)
        else:
            self._recent.settle(None, 0)
        return events

    def abort(self, decided_ns: int, reasons: Mapping[str, str]) -> list[CycleEvent]:
        """Give up the running cycle, if there is one: its end will never be known."""
        running, self._running = self._running, None
        if running is None:
            return []
        return [_given_up(running, decided_ns, reasons, self._trace.given_up(decided_ns))]

    @property
    def memory(self) -> StationMemory:
        """What it remembers; changes with the next picture."""
        return StationMemory(
            zones={name: debounce.memory for name, debounce in self._debounce.items()},
            recent=self._recent.pictures,
            running=self._running,
            last_end_ns=self._last_end_ns,
            known=self._known,
            operator=self._operator.memory,
            operator_ns=self._operator_ns,
            seen_ns=self._seen_ns,
            drift=self._drift,
            held=tuple(self._held),
            trace=self._trace.memory,
        )

    def resume(self, memory: StationMemory) -> None:
        """Go on from what the tracker of the same station and zones remembered."""
        for name, debounce in self._debounce.items():
            debounce.memory = memory.zones[name]
        self._recent = Recent(self._horizon_ns, memory.recent)
        self._running, self._last_end_ns = memory.running, memory.last_end_ns
        self._known, self._drift = memory.known, memory.drift
        self._operator.memory, self._trace.memory = memory.operator, memory.trace
        self._operator_ns, self._seen_ns = memory.operator_ns, memory.seen_ns
        self._held = list(memory.held)

    def anew(self) -> StationTracker:
        """A tracker of the same station that has seen nothing yet."""
        return StationTracker(self._station, self._rois)

    @property
    def running_uid(self) -> str:
        """Uid of the cycle that has begun; empty without one."""
        return self._running.start.event_uid if self._running else ""

    @property
    def exit_grace_ns(self) -> int:
        """For how long nothing may be seen of the station without its operator counting as gone."""
        return min(round(zone.leave_s * NS_PER_S) for zone in self._station.zones)

    @property
    def state(self) -> StationState:
        """What the station is doing after the last picture."""
        occupied = self._is_occupied
        module, code = self._station.key
        if self._running:
            start = self._running.start
            activity, uid, start_ns = Activity.IN_CYCLE, start.event_uid, start.start_ns
        else:
            activity, uid, start_ns = Activity.IDLE if self._known else Activity.UNKNOWN, "", 0
        return StationState(module, code, activity, occupied, uid, start_ns, self._drift)

    def _crossings(
        self, stamp_ns: int, occupancy: StationOccupancy, presence: OperatorPresence
    ) -> list[tuple[Crossing, str]]:
        """Entries and exits that this picture decided: of work zones those of the operator."""
        found = self._attended(stamp_ns, occupancy)
        for zone in occupancy.zones:
            name, debounce = zone.zone, self._debounce[zone.zone]
            if presence.succeeded and presence.evidence.get(name) is Evidence.PRESENT:
                since = presence.succeeded
                followed = debounce.succeed(since, stamp_ns)
                self._trace.succeeded(followed, name, stamp_ns, since.stamp_ns, self._successor_s)
                found += [(crossing, name) for crossing in followed]
            elif crossing := debounce.update(stamp_ns, presence.evidence.get(name, zone.evidence)):
                decision = self._trace.decision(crossing, name, stamp_ns, debounce.memory)
                if self._work and self._kinds[name] is not ZoneKind.WORK:
                    self._held.append((crossing, decision))
                    continue
                self._trace.crossed(decision)
                found.append((crossing, name))
                if name in self._work and not self._is_occupied:
                    self._operator.left()
        return found

    def _attended(self, stamp_ns: int, occupancy: StationOccupancy) -> list[tuple[Crossing, str]]:
        """Crossings of hands' zones in earlier pictures that count: the operator is at the station.

        A machine may run, and somebody pass, with nobody there. But a detector may lose the operator for a moment, so
        a crossing is held until he is there again, for as long as he may be out of sight without having left. What
        blocks the view passes through the zones first: if the picture after the crossing is not clear, it is no hand.
        """
        if not self._held:
            return []
        there = self._operator_ns == stamp_ns
        unclear = {zone.zone for zone in occupancy.zones if zone.evidence is Evidence.UNKNOWN}
        counting, waiting = [], []
        for crossing, decision in self._held:
            if decision.zone in unclear:
                continue
            if there:
                counting.append((crossing, decision.zone))
            elif stamp_ns - crossing.stamp_ns < self._away_ns:
                waiting.append((crossing, decision))
                continue
            self._trace.attended(decision, stamp_ns, None if there else self._operator_ns)
        self._held = waiting
        return counting

    @property
    def _is_occupied(self) -> bool:
        return any(self._debounce[name].inside for name in self._work)

    def _picture(self, stamp_ns: int, occupancy: StationOccupancy, presence: OperatorPresence) -> Picture:
        decisive = [zone for zone in occupancy.zones if zone.zone in self._decisive]
        self._known = all(zone.evidence is not Evidence.UNKNOWN for zone in decisive)
        gap_ns = stamp_ns - self._seen_ns if self._seen_ns else 0
        if self._known:
            self._seen_ns = stamp_ns
        here = [z for z in occupancy.zones if z.zone in self._work and z.evidence is Evidence.PRESENT]
        return Picture(
            stamp_ns,
            gap_ns,
            known=self._known,
            occupied=bool(here),
            operator=presence.here or presence.successor_here,
            tracked=presence.tracked,
            confidence=max((zone.confidence for zone in here), default=0.0),
            drift=occupancy.drift,
        )

    def _open(self, crossing: Crossing, zone: str, decided_ns: int, model: ModelInfo) -> CycleEvent:
        # An entry is dated back; it may not reach into the cycle before.
        opened = replace(crossing, stamp_ns=max(crossing.stamp_ns, self._last_end_ns))
        station, camera = self._station, self._rois.camera
        uid = event_uid(
            module=station.module,
            camera=camera,
            workstation=station.code,
            rule=station.rule,
            start_ns=opened.stamp_ns,
        )
        start = CycleEvent(
            event_uid=uid,
            kind=EventKind.START,
            module=station.module,
            workstation=station.code,
            camera=camera,
            rule=station.rule,
            start_ns=opened.stamp_ns,
            end_ns=None,
            decided_ns=decided_ns,
            roi_version_id=opening_zone(station).roi_version_id,
            parameter_hash=self._rois.parameter_hash,
            model=model,
            software_version=__version__,
            frame_path=frame_path(camera, uid, opened.stamp_ns),
            drift=self._drift,
        )
        self._running = Running(opened, start)
        return replace(start, explanation=self._trace.opened(crossing, zone, decided_ns))

    def _close(self, running: Running, crossing: Crossing, zone: str, decided_ns: int) -> CycleEvent:
        opened, tally = running.opened, running.tally
        self._running, self._last_end_ns = None, crossing.stamp_ns
        self._recent.close(tally, opened.stamp_ns, crossing.stamp_ns)
        duration_s = (crossing.stamp_ns - opened.stamp_ns) / NS_PER_S
        slacks_s = opened.slack_ns / NS_PER_S, crossing.slack_ns / NS_PER_S
        uncertainty_s = duration_uncertainty_s(*slacks_s, self._place_error_s)
        observed_share = min(1.0, tally.known / (duration_s * self._rois.fps))
        finished = rejection.Finished(
            start_ns=opened.stamp_ns,
            time_zone=self._rois.time_zone,
            duration_s=duration_s,
            primary_dwell_ratio=tally.primary_dwell_ratio,
            second_person_ratio=tally.second_person_ratio,
            mean_confidence=tally.mean_confidence,
            longest_gap_s=max(tally.longest_gap_ns / NS_PER_S, *slacks_s),
            drift_unknown_ratio=tally.drift_unknown_ratio,
        )
        against = rejection.reasons(finished, self._station)
        why = figures(
            finished,
            self._station,
            start_slack_s=slacks_s[0],
            end_slack_s=slacks_s[1],
            place_error_s=self._place_error_s,
            uncertainty_s=uncertainty_s,
            observed_share=observed_share,
            drift=tally.drift,
        )
        return replace(
            running.start,
            kind=EventKind.REJECT if against else EventKind.END,
            end_ns=crossing.stamp_ns,
            decided_ns=decided_ns,
            duration_uncertainty_s=uncertainty_s,
            quality=quality(
                observed_share=observed_share,
                primary_dwell_ratio=tally.primary_dwell_ratio,
                uncertainty_share=uncertainty_s / duration_s,
                drift=tally.drift,
            ),
            mean_confidence=tally.mean_confidence,
            primary_dwell_ratio=tally.primary_dwell_ratio,
            observed_share=observed_share,
            detection_count=tally.with_person,
            reasons=against,
            drift=tally.drift,
            explanation=self._trace.closed(crossing, zone, decided_ns, why),
        )


def _given_up(
    running: Running, decided_ns: int, reasons: Mapping[str, str], why: Explanation | None
) -> CycleEvent:
    return replace(
        running.start, kind=EventKind.ABORT, decided_ns=decided_ns, reasons=dict(reasons), explanation=why
    )
