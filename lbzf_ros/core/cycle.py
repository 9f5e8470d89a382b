"""Occupied zones become cycles: one state machine a station, its rule a row of `core.rules`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from lbzf_ros import __version__
from lbzf_ros.core import rejection
from lbzf_ros.core.association import opening_zone, work_zones
from lbzf_ros.core.debounce import Crossing, Debounce, DebounceMemory
from lbzf_ros.core.model import (
    NS_PER_S,
    Activity,
    CycleEvent,
    EventKind,
    Evidence,
    EvidenceKind,
    FrameOccupancy,
    ModelInfo,
    RoiSet,
    StationOccupancy,
    StationState,
    Workstation,
    event_uid,
)
from lbzf_ros.core.quality import quality
from lbzf_ros.core.rules import RULES
from lbzf_ros.core.tally import Picture, Recent, Tally

_HORIZON_MARGIN_NS = NS_PER_S
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
        recent: latest pictures, oldest first.
        running: the cycle that has begun.
        last_end_ns: when the cycle before ended; 0: there was none.
        known: whether the latest picture said anything about the station.
    """

    zones: dict[str, DebounceMemory]
    recent: tuple[Picture, ...] = ()
    running: Running | None = None
    last_end_ns: int = 0
    known: bool = False


@dataclass(slots=True)
class TrackerMemory:
    """All that the tracker of one camera remembers: with it, another process goes on where this one has stopped.

    Attributes:
        last_ns: stamp of the latest picture; 0: there was none.
        stations: in the order of the camera's stations.
    """

    last_ns: int
    stations: tuple[StationMemory, ...]


class StationTracker:
    """Decides the cycles of one station."""

    def __init__(self, station: Workstation, rois: RoiSet) -> None:
        self._station, self._rois = station, rois
        self._rule = RULES[station.rule]
        self._kinds = {zone.name: zone.kind for zone in station.zones}
        self._debounce = {
            z.name: Debounce(
                enter_s=z.enter_s,
                leave_s=z.leave_s,
                settle_s=_SETTLE_S if z.evidence is EvidenceKind.PERSON else 0.0,
            )
            for z in station.zones
        }
        self._work = work_zones(station)
        longest_s = max(max(2 * z.enter_s, z.leave_s) for z in station.zones)
        self._horizon_ns = round(longest_s * NS_PER_S) + _HORIZON_MARGIN_NS
        self._recent = Recent(self._horizon_ns)
        self._running: Running | None = None
        self._last_end_ns = 0
        self._known = False

    def update(self, stamp_ns: int, occupancy: StationOccupancy, model: ModelInfo) -> list[CycleEvent]:
        """Take one picture's occupancy; stamps must increase.

        Returns:
            The decisions of this picture, an END or REJECT before the START that follows it.
        """
        crossings = [
            (crossing, zone.zone)
            for zone in occupancy.zones
            if (crossing := self._debounce[zone.zone].update(stamp_ns, zone.evidence))
        ]
        self._known = any(zone.evidence is not Evidence.UNKNOWN for zone in occupancy.zones)
        self._recent.append(self._picture(stamp_ns, occupancy))
        events: list[CycleEvent] = []
        for crossing, zone in sorted(crossings, key=lambda item: (item[0].stamp_ns, item[1])):
            transition = (self._kinds[zone], crossing.entered)
            if (
                self._running
                and transition == self._rule.closes_on
                and crossing.stamp_ns > self._running.opened.stamp_ns
            ):
                events.append(self._close(self._running, crossing, stamp_ns))
            if self._running is None and transition == self._rule.opens_on:
                events.append(self._open(crossing, stamp_ns, model))
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
        return [_given_up(running, decided_ns, reasons)]

    @property
    def memory(self) -> StationMemory:
        """What it remembers; changes with the next picture."""
        return StationMemory(
            zones={name: debounce.memory for name, debounce in self._debounce.items()},
            recent=self._recent.pictures,
            running=self._running,
            last_end_ns=self._last_end_ns,
            known=self._known,
        )

    def resume(self, memory: StationMemory) -> None:
        """Go on from what the tracker of the same station and zones remembered."""
        for name, debounce in self._debounce.items():
            debounce.memory = memory.zones[name]
        self._recent = Recent(self._horizon_ns, memory.recent)
        self._running, self._last_end_ns = memory.running, memory.last_end_ns
        self._known = memory.known

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
        occupied = any(self._debounce[name].inside for name in self._work)
        module, code = self._station.key
        if self._running:
            start = self._running.start
            return StationState(module, code, Activity.IN_CYCLE, occupied, start.event_uid, start.start_ns)
        return StationState(module, code, Activity.IDLE if self._known else Activity.UNKNOWN, occupied)

    def _picture(self, stamp_ns: int, occupancy: StationOccupancy) -> Picture:
        here = [z for z in occupancy.zones if z.zone in self._work and z.evidence is Evidence.PRESENT]
        tracks = {track for zone in here for track in zone.track_ids}
        return Picture(
            stamp_ns, bool(here), max((z.confidence for z in here), default=0.0), tuple(sorted(tracks))
        )

    def _open(self, crossing: Crossing, decided_ns: int, model: ModelInfo) -> CycleEvent:
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
        )
        self._running = Running(opened, start)
        return start

    def _close(self, running: Running, crossing: Crossing, decided_ns: int) -> CycleEvent:
        opened, tally = running.opened, running.tally
        self._running, self._last_end_ns = None, crossing.stamp_ns
        self._recent.close(tally, opened.stamp_ns, crossing.stamp_ns)
        duration_s = (crossing.stamp_ns - opened.stamp_ns) / NS_PER_S
        observed_share = min(1.0, tally.pictures / (duration_s * self._rois.fps))
        against = rejection.reasons(
            rejection.Finished(duration_s, tally.primary_dwell_ratio, observed_share), self._station
        )
        return replace(
            running.start,
            kind=EventKind.REJECT if against else EventKind.END,
            end_ns=crossing.stamp_ns,
            decided_ns=decided_ns,
            # Start and end each lie somewhere between two pictures: half of both gaps, to either side.
            duration_uncertainty_s=(opened.slack_ns + crossing.slack_ns) / 2 / NS_PER_S,
            quality=quality(observed_share=observed_share, primary_dwell_ratio=tally.primary_dwell_ratio),
            mean_confidence=tally.mean_confidence,
            primary_dwell_ratio=tally.primary_dwell_ratio,
            observed_share=observed_share,
            detection_count=tally.with_person,
            reasons=against,
        )


class CycleTracker:
    """Decides the cycles of all stations of one camera."""

    def __init__(self, rois: RoiSet) -> None:
        self.rois = rois
        self._stations = {station.key: StationTracker(station, rois) for station in rois.workstations}
        self._last_ns = 0

    def update(self, frame: FrameOccupancy) -> tuple[list[CycleEvent], list[StationState]]:
        """Take one picture's occupancy; stamps must increase.

        Returns:
            The decisions of this picture, and what every station is doing after it.
        """
        self._last_ns = frame.stamp_ns
        events = [
            event
            for occupancy in frame.stations
            for event in self._stations[occupancy.module, occupancy.workstation].update(
                frame.stamp_ns, occupancy, frame.model
            )
        ]
        return events, self.states

    @property
    def memory(self) -> TrackerMemory:
        """What it remembers; changes with the next picture."""
        return TrackerMemory(self._last_ns, tuple(station.memory for station in self._stations.values()))

    def resume(self, memory: TrackerMemory) -> None:
        """Go on from what the tracker of the same zones remembered. Before its next picture: `after_pause`."""
        self._last_ns = memory.last_ns
        for station, remembered in zip(self._stations.values(), memory.stations, strict=True):
            station.resume(remembered)

    def after_pause(self, now_ns: int) -> list[CycleEvent]:
        """Decide whether to go on as if nothing had happened, when the first picture after `resume` is there.

        A station goes on when the pause was not longer than its exit grace: pictures that are missing for so long
        cut no cycle of a running tracker either. Otherwise nobody knows what happened meanwhile: its cycle is given
        up and it begins anew.

        Args:
            now_ns: stamp of the picture that comes next.

        Returns:
            The ABORTs of cycles that are given up.
        """
        pause_ns = now_ns - self._last_ns
        why = {"restart": f"the cycle tracker was restarted, {pause_ns / NS_PER_S:.1f} s were not seen"}
        events: list[CycleEvent] = []
        for key, station in self._stations.items():
            if pause_ns > station.exit_grace_ns:
                events += station.abort(self._last_ns, why)
                self._stations[key] = station.anew()
        return events

    def drop_ended(self, has_ended: Callable[[str], bool]) -> None:
        """Forget running cycles whose end is decided already, by a process that could not remember it any more."""
        for station in self._stations.values():
            if station.running_uid and has_ended(station.running_uid):
                station.abort(0, {})

    @property
    def states(self) -> list[StationState]:
        """What every station is doing."""
        return [station.state for station in self._stations.values()]

    def abort(self, code: str, text: str) -> list[CycleEvent]:
        """Give up every running cycle, for one reason (a code and its words)."""
        return [
            event
            for station in self._stations.values()
            for event in station.abort(self._last_ns, {code: text})
        ]


def _given_up(running: Running, decided_ns: int, reasons: Mapping[str, str]) -> CycleEvent:
    return replace(running.start, kind=EventKind.ABORT, decided_ns=decided_ns, reasons=dict(reasons))
