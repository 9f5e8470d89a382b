"""Occupied zones become cycles: the stations of a camera, each with a tracker of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lbzf_ros.core.model import NS_PER_S, CycleEvent, FrameOccupancy, RoiSet, StationState
from lbzf_ros.core.station import StationMemory, StationTracker


@dataclass(slots=True)
class TrackerMemory:
    """All that the tracker of one camera remembers: with it, another process goes on where this one has stopped.

    Attributes:
        last_ns: stamp of the latest picture; 0: there was none.
        stations: in the order of the camera's stations.
    """

    last_ns: int
    stations: tuple[StationMemory, ...]


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
                frame.stamp_ns, occupancy, frame.model, frame.visible_track_ids
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
