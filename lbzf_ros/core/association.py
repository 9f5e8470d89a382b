"""Which person stands in which zone: people become occupied zones. The rule, with a picture: docs/association.md.

A person counts in one station only. Who comes into a zone with his anchor is a member of its station, and stays one,
beside the zone (NEAR), while enough of his box overlaps it, or while somebody stands before where he was last seen. Of
several stations the one whose zone's middle is nearest has him, and the one he is in keeps him until another is nearer
by a margin. People without a track have no past: for them the anchor alone decides. Motion zones compare their moving
share with their threshold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core import geometry
from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import (
    NS_PER_S,
    UNKNOWN,
    Anchor,
    Drift,
    Evidence,
    EvidenceKind,
    FrameDetections,
    FrameOccupancy,
    Homography,
    RoiSet,
    StationOccupancy,
    ViewShift,
    Workstation,
    Zone,
    ZoneKind,
    ZoneOccupancy,
    zone_id,
)
from lbzf_ros.core.rules import RULES
from lbzf_ros.core.zone_map import ZoneMap

NEAR_SHARE = 0.05
"""Share of his box (of its lowest quarter where the feet count) that overlaps the zone of somebody beside it."""
_FEET_PART = 0.25
HIDDEN_SHARE = 0.6
"""Part of his last box that another person's box must cover for him to be hidden there: then detectors lose people."""
HIDDEN_NS = 60 * NS_PER_S
"""Who was not seen for so long is not taken for hidden any more."""
WEAK_MOTION = 0.5
"""Part of a zone's threshold from which on its motion may be the begin of something (`core.debounce`)."""
MARGIN_WIDTHS = 0.25
"""By how many widths of his box another station must be nearer."""
MEMORY_NS = 3 * NS_PER_S
"""Who was neither in nor beside his station for so long is no member of it any more; the tracker forgets as fast."""
_WORST_FIRST = (Drift.DRIFTED, Drift.UNKNOWN, Drift.UNCHECKED, Drift.OK)

Box = Sequence[float]
Keys = tuple[int, ...]
"""Person zones of the camera, by their numbers."""


class Associator:
    """Applies the zones of one camera to its pictures. Remembers its members, and nobody for longer than 3 s."""

    def __init__(self, rois: RoiSet) -> None:
        self.rois = rois
        zones = [
            (number, zone)
            for number, station in enumerate(rois.workstations)
            for zone in station.zones
            if zone.evidence is EvidenceKind.PERSON
        ]
        keys = {(number, zone.name): key for key, (number, zone) in enumerate(zones)}
        self._stations = [
            _Station(station, {zone.name: keys.get((number, zone.name)) for zone in station.zones})
            for number, station in enumerate(rois.workstations)
        ]
        self._station_of = [number for number, _ in zones]
        self._zones = [zone for _, zone in zones]
        self._layout = _Layout(self._zones, rois, {})
        self._members: dict[int, _Member] = {}

    def update(self, detections: FrameDetections) -> FrameOccupancy:
        """Say for every zone whether the picture shows evidence in it; stamps must increase."""
        shifts = detections.shifts
        clear = detections.view_clear and self._find_zones(shifts)
        drift_of = {version: shift.drift for shift in shifts for version in shift.roi_version_ids}
        here: dict[int, _Here] = {}
        visible: tuple[int, ...] = ()
        if clear:
            here = self._people(detections)
            visible = tuple(sorted(track for track in detections.track_ids.tolist() if track >= 0))
        stations = tuple(
            station.occupancy(here, detections.motion, station.drift(drift_of), clear=clear)
            for station in self._stations
        )
        return FrameOccupancy(
            detections.camera,
            detections.stamp_ns,
            self.rois.parameter_hash,
            detections.model,
            stations,
            visible,
        )

    def _find_zones(self, shifts: Sequence[ViewShift]) -> bool:
        """Move the zones to where they are now; False when one has no place in the view: then nobody knows."""
        moves = {version: s.homography for s in shifts if s.homography for version in s.roi_version_ids}
        if moves != self._layout.moves:
            try:
                self._layout = _Layout(self._zones, self.rois, moves)
            except InvalidValue:
                return False
        return True

    def _people(self, detections: FrameDetections) -> dict[int, _Here]:
        """The people of each zone, by its number; zones without anybody are left out."""
        here: dict[int, _Here] = {}
        boxes, stamp_ns = detections.boxes, detections.stamp_ns
        self._forget(stamp_ns)
        others = frozenset(detections.track_ids.tolist()) - {-1}
        people = zip(
            detections.track_ids.tolist(),
            self._layout.holding(boxes.xyxy),
            boxes.xyxy.tolist(),
            boxes.confidence.tolist(),
            strict=True,
        )
        for track, holding, box, confidence in people:
            known = self._members.get(track)
            if not holding and known is None:
                continue
            inside, near = self._place(holding, known, box)
            for key in inside:
                here.setdefault(key, _Here()).enter(track, confidence)
            for key in near:
                here.setdefault(key, _Here()).near.append(track)
            if known is not None and (near or known.zones == inside):
                known.confirmed_ns = known.seen_ns = stamp_ns
                known.box, known.gone_from, known.others = box, near or inside, others
            elif inside and track >= 0:
                station = self._station_of[inside[0]]
                self._members[track] = _Member(station, inside, stamp_ns, stamp_ns, box, inside, others)
            elif known is not None:
                known.gone_from = ()
        self._add_hidden(detections, here)
        return here

    def _add_hidden(self, detections: FrameDetections, here: dict[int, _Here]) -> None:
        """Who is not seen is beside his zone while somebody who was seen with him stands before his last place."""
        tracks = detections.track_ids.tolist()
        unseen = [(track, m) for track, m in self._members.items() if m.gone_from and track not in tracks]
        if not unseen:
            return
        boxes = dict(zip(tracks, detections.boxes.xyxy.tolist(), strict=True))
        for track, member in unseen:
            before = [boxes[other] for other in member.others if other in boxes]
            hidden_ns = detections.stamp_ns - member.seen_ns
            if (
                before
                and hidden_ns <= HIDDEN_NS
                and geometry.covered_share(member.box, before) >= HIDDEN_SHARE
            ):
                member.confirmed_ns = detections.stamp_ns
                for key in member.gone_from:
                    here.setdefault(key, _Here()).near.append(track)

    def _place(self, holding: Keys, known: _Member | None, box: Box) -> tuple[Keys, Keys]:
        """The zones that somebody is in, and those that he is beside.

        Args:
            holding: those that hold his anchor, of any station.
            known: where he was, if anybody knows.
            box: his.
        """
        if len(holding) == 1 and (known is None or known.zones == holding):
            return holding, ()
        beside: Keys = ()
        stations = {self._station_of[key] for key in holding}
        if known is not None and known.station not in stations:
            beside = tuple(key for key in known.zones if self._layout.overlap(key, box) >= NEAR_SHARE)
            stations.update(self._station_of[key] for key in beside)
        if len(stations) > 1:
            stations = {self._nearest(holding + beside, known, box)}
        inside = tuple(key for key in holding if self._station_of[key] in stations)
        return inside, beside if not inside else ()

    def _nearest(self, keys: Keys, known: _Member | None, box: Box) -> int:
        """The station of the zone whose middle is nearest; the one he is in is taken for nearer than it is."""
        own = known.station if known is not None else None
        margin_px = MARGIN_WIDTHS * (box[2] - box[0])
        away_px = {
            key: self._layout.distance_px(key, box) - (margin_px if self._station_of[key] == own else 0.0)
            for key in keys
        }
        return self._station_of[min(keys, key=away_px.__getitem__)]

    def _forget(self, stamp_ns: int) -> None:
        for track in [t for t, m in self._members.items() if stamp_ns - m.confirmed_ns > MEMORY_NS]:
            del self._members[track]


@dataclass(slots=True)
class _Member:
    """Somebody who was in a station with his anchor.

    Attributes:
        station: its number.
        zones: those that he was in last.
        confirmed_ns: when he was in or beside them last, or hidden there; seen_ns: when he was seen there last.
        box: his, then.
        gone_from: the zones that he was in or beside when he was last seen; empty: he has been seen elsewhere since.
        others: tracks of all who were seen in that picture.
    """

    station: int
    zones: Keys
    confirmed_ns: int
    seen_ns: int
    box: Box
    gone_from: Keys
    others: frozenset[int]


@dataclass(slots=True)
class _Here:
    """The people of one zone in one picture."""

    tracks: list[int] = field(default_factory=list)
    near: list[int] = field(default_factory=list)
    confidences: list[float] = field(default_factory=list)

    def enter(self, track: int, confidence: float) -> None:
        """Somebody is in it; his track may be -1."""
        if track >= 0:
            self.tracks.append(track)
        self.confidences.append(confidence)

    def occupancy(self, name: str) -> ZoneOccupancy:
        """What is known of the zone of this name."""
        return ZoneOccupancy(
            name,
            Evidence.PRESENT if self.confidences else Evidence.NEAR,
            track_ids=tuple(sorted(self.tracks)),
            confidence=max(self.confidences, default=UNKNOWN),
            near_track_ids=tuple(sorted(self.near)),
        )


class _Layout:
    """Where the person zones lie in the present view.

    Attributes:
        moves: homographies by zone version; the others lie as they were drawn.
    """

    def __init__(self, zones: Sequence[Zone], rois: RoiSet, moves: Mapping[int, Homography]) -> None:
        self.moves = moves
        self._anchors = [zone.anchor for zone in zones]
        self._polygons = [
            geometry.moved(zone.polygon_px, moves[zone.roi_version_id])
            if zone.roi_version_id in moves
            else zone.polygon_px
            for zone in zones
        ]
        self._middles = [tuple(np.mean(polygon, axis=0).tolist()) for polygon in self._polygons]
        self._maps = [
            ZoneMap(
                {key: p for key, p in enumerate(self._polygons) if self._anchors[key] is anchor},
                anchor,
                rois.width_px,
                rois.height_px,
            )
            for anchor in Anchor
            if anchor in self._anchors
        ]

    def holding(self, xyxy: NDArray[np.float32]) -> list[Keys]:
        """For each box (n, 4) the zones that hold its anchor."""
        found: list[Keys] = [()] * len(xyxy)
        for zone_map in self._maps if len(xyxy) else ():
            for i, label in enumerate(zone_map.look_up(xyxy)):
                if label:
                    found[i] += zone_map.sets[label]
        return found

    def overlap(self, key: int, box: Box) -> float:
        """Share 0..1 of the part of a box around its anchor that lies in a zone."""
        left, top, right, bottom = box
        if self._anchors[key] is Anchor.FEET:
            top = bottom - _FEET_PART * (bottom - top)
        return geometry.share_inside((left, top, right, bottom), self._polygons[key])

    def distance_px(self, key: int, box: Box) -> float:
        """From a box's anchor to the middle of a zone."""
        left, top, right, bottom = box
        y = bottom if self._anchors[key] is Anchor.FEET else (top + bottom) / 2
        middle_x, middle_y = self._middles[key]
        return math.hypot((left + right) / 2 - middle_x, y - middle_y)


class _Station:
    """The zones of one station, and what is said of them when there is nothing to see."""

    def __init__(self, station: Workstation, keys: Mapping[str, int | None]) -> None:
        """Prepare.

        Args:
            station: it.
            keys: numbers of its person zones by name; None: its evidence is motion.
        """
        self._station = station
        self._keys = frozenset(key for key in keys.values() if key is not None)
        self._zones = [
            (zone, keys[zone.name], zone_id(station.module, station.code, zone.name))
            for zone in station.zones
        ]
        self._versions = tuple(zone.roi_version_id for zone in station.zones)
        self._opening_version = opening_zone(station).roi_version_id
        self._always_still = all(key is not None for key in keys.values())
        self._still: dict[tuple[Drift, bool], StationOccupancy] = {}

    def drift(self, drift_of: Mapping[int, Drift]) -> Drift:
        """The worst that is known of the views on which its zones were drawn, by their versions."""
        if not drift_of:
            return Drift.UNCHECKED
        known = {drift_of.get(version, Drift.UNCHECKED) for version in self._versions}
        return next(drift for drift in _WORST_FIRST if drift in known)

    def occupancy(
        self, here: Mapping[int, _Here], motion: Mapping[str, float], drift: Drift, *, clear: bool
    ) -> StationOccupancy:
        """Its zones in one picture.

        Args:
            here: people by the number of their zone.
            motion: moving shares by zone id.
            drift: of the station.
            clear: False: nothing in the picture is evidence.
        """
        if clear and not (self._always_still and self._keys.isdisjoint(here)):
            return self._with(drift, tuple(self._zone(zone, here, motion) for zone in self._zones))
        if (drift, clear) not in self._still:
            evidence = Evidence.ABSENT if clear else Evidence.UNKNOWN
            self._still[drift, clear] = self._with(
                drift, tuple(ZoneOccupancy(zone.name, evidence) for zone, _, _ in self._zones)
            )
        return self._still[drift, clear]

    def _with(self, drift: Drift, zones: tuple[ZoneOccupancy, ...]) -> StationOccupancy:
        station = self._station
        return StationOccupancy(station.module, station.code, drift, self._opening_version, zones)

    @staticmethod
    def _zone(
        numbered: tuple[Zone, int | None, str], here: Mapping[int, _Here], motion: Mapping[str, float]
    ) -> ZoneOccupancy:
        zone, key, identifier = numbered
        if key is None:
            return _by_motion(zone, motion.get(identifier))
        return here[key].occupancy(zone.name) if key in here else ZoneOccupancy(zone.name, Evidence.ABSENT)


def opening_zone(station: Workstation) -> Zone:
    """The zone whose crossing opens a cycle: its version is the one an event refers to."""
    kind = RULES[station.rule].opens_on[0]
    return next(zone for zone in station.zones if zone.kind is kind)


def work_zones(station: Workstation) -> frozenset[str]:
    """Names of the zones in which the operator is looked for."""
    return frozenset(
        zone.name
        for zone in station.zones
        if zone.kind is ZoneKind.WORK and zone.evidence is EvidenceKind.PERSON
    )


def _by_motion(zone: Zone, share: float | None) -> ZoneOccupancy:
    if share is None or math.isnan(share):
        return ZoneOccupancy(zone.name, Evidence.UNKNOWN)
    if share >= zone.motion_threshold:
        evidence = Evidence.PRESENT
    else:
        evidence = Evidence.NEAR if share >= WEAK_MOTION * zone.motion_threshold else Evidence.ABSENT
    return ZoneOccupancy(zone.name, evidence, motion_share=share)
