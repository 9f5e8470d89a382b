"""Everything that the graph has said about one picture, put together for whoever looks on."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.geometry import Polygon, moved
from lbzf_ros.core.model import (
    NS_PER_S,
    Activity,
    Drift,
    Evidence,
    FrameDetections,
    FrameOccupancy,
    RoiSet,
    StationState,
    Workstation,
    Zone,
)
from lbzf_ros.drift.report import worst_view


@dataclass(frozen=True, slots=True)
class PlacedZone:
    """A zone, and where it is in this picture. `evidence` is None when nothing was said about it."""

    station: Workstation
    zone: Zone
    polygon_px: Polygon
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class Caption:
    """What is written at a station, and where: the left upper corner of its zones, in pixels."""

    station: Workstation
    text: str
    activity: Activity | None
    at_px: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture of a camera as the graph has seen it.

    Attributes:
        rois: the zones in force.
        people: who was found in it.
        occupancy: which zones show evidence; None: not said, or said of other zones.
        states: what the stations do after it; None: not said.
    """

    rois: RoiSet
    people: FrameDetections
    occupancy: FrameOccupancy | None = None
    states: tuple[StationState, ...] | None = None

    def zones(self) -> Iterator[PlacedZone]:
        """The zones where they are now; without those that have no place in the present view."""
        evidence = self._evidence()
        moves = {v: s.homography for s in self.people.shifts if s.homography for v in s.roi_version_ids}
        for station in self.rois.workstations:
            for zone in station.zones:
                homography = moves.get(zone.roi_version_id)
                try:
                    polygon = moved(zone.polygon_px, homography) if homography else zone.polygon_px
                except InvalidValue:
                    continue
                yield PlacedZone(station, zone, polygon, evidence.get((*station.key, zone.name)))

    def captions(self) -> Iterator[Caption]:
        """One for each station that is in the picture: its name, and the time of the cycle that is running."""
        states = {(state.module, state.workstation): state for state in self.states or ()}
        zones = list(self.zones())
        for station in self.rois.workstations:
            corners = [
                corner for placed in zones if placed.station is station for corner in placed.polygon_px
            ]
            if corners:
                state = states.get(station.key)
                at_px = min(x for x, _ in corners), min(y for _, y in corners)
                text = f"{station.display_name or station.code} {self._doing(state)}".rstrip()
                yield Caption(station, text, state.activity if state else None, at_px)

    def heading(self) -> str:
        """The camera, and the time of the picture in the plant's own zone."""
        seconds, rest_ns = divmod(self.people.stamp_ns, NS_PER_S)
        time = dt.datetime.fromtimestamp(seconds, zoneinfo.ZoneInfo(self.rois.time_zone))
        return f"{self.people.camera}  {time:%Y-%m-%d %H:%M:%S}.{rest_ns // 100_000_000}"

    def warning(self) -> str:
        """What is wrong with the view, in a few words; empty: nothing."""
        if not self.people.view_clear:
            return "view not clear"
        view = worst_view(self.people.shifts)
        if view.drift is Drift.DRIFTED:
            return f"camera moved {view.shift_px:.0f} px"
        return "view not recognised" if view.drift is Drift.UNKNOWN else ""

    def _evidence(self) -> dict[tuple[str, str, str], Evidence]:
        if self.occupancy is None or self.occupancy.parameter_hash != self.rois.parameter_hash:
            return {}
        return {
            (station.module, station.workstation, zone.zone): zone.evidence
            for station in self.occupancy.stations
            for zone in station.zones
        }

    def _doing(self, state: StationState | None) -> str:
        if state is None or state.activity is Activity.UNKNOWN:
            return "?"
        if state.activity is Activity.IDLE:
            return ""
        return f"{max(0, self.people.stamp_ns - state.start_ns) / NS_PER_S:.1f} s"
