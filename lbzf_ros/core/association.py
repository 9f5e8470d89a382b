"""Which person stands in which zone: people become occupied zones.

A person counts in one station only: the station whose work zone holds his anchor, and of several the one whose
zone's middle is nearest. Motion zones compare their moving share with their threshold.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.core import geometry
from lbzf_ros.core.model import (
    Anchor,
    Boxes,
    Drift,
    Evidence,
    EvidenceKind,
    FrameDetections,
    FrameOccupancy,
    RoiSet,
    StationOccupancy,
    Workstation,
    Zone,
    ZoneKind,
    ZoneOccupancy,
    zone_id,
)
from lbzf_ros.core.rules import RULES


def anchors_px(boxes: Boxes, anchor: Anchor) -> NDArray[np.float32]:
    """The anchor point of each box: (n, 2) x and y in pixels."""
    x = (boxes.xyxy[:, 0] + boxes.xyxy[:, 2]) / 2
    y = boxes.xyxy[:, 3] if anchor is Anchor.FEET else (boxes.xyxy[:, 1] + boxes.xyxy[:, 3]) / 2
    return np.stack([x, y], axis=1)


class Associator:
    """Applies the zones of one camera to its pictures."""

    def __init__(self, rois: RoiSet) -> None:
        self.rois = rois
        self._person_zones = [
            (station, zone)
            for station in rois.workstations
            for zone in station.zones
            if zone.evidence is EvidenceKind.PERSON
        ]

    def update(self, detections: FrameDetections) -> FrameOccupancy:
        """Say for every zone whether the picture shows evidence in it."""
        members = self._members(detections)
        stations = tuple(
            StationOccupancy(
                module=station.module,
                workstation=station.code,
                drift=Drift.UNKNOWN,
                roi_version_id=opening_zone(station).roi_version_id,
                zones=tuple(
                    _by_person(zone, detections, members[station.key, zone.name])
                    if zone.evidence is EvidenceKind.PERSON
                    else _by_motion(
                        zone, detections.motion.get(zone_id(station.module, station.code, zone.name))
                    )
                    for zone in station.zones
                ),
            )
            for station in self.rois.workstations
        )
        return FrameOccupancy(
            camera=detections.camera,
            stamp_ns=detections.stamp_ns,
            parameter_hash=self.rois.parameter_hash,
            model=detections.model,
            stations=stations,
        )

    def _members(self, detections: FrameDetections) -> dict[tuple[tuple[str, str], str], NDArray[np.bool_]]:
        """bool (n,) for each person zone: who stands in it, after everybody was given to one station."""
        inside, distance = [], []
        for _, zone in self._person_zones:
            points = anchors_px(detections.boxes, zone.anchor)
            inside.append(geometry.inside(zone.polygon_px, points))
            middle = np.mean(np.asarray(zone.polygon_px, np.float32), axis=0)
            distance.append(np.hypot(*(points - middle).T))
        if not inside:
            return {}
        holds, away = np.stack(inside), np.stack(distance)
        nearest = np.where(holds, away, np.inf).argmin(axis=0)
        keys = [station.key for station, _ in self._person_zones]
        return {
            (key, zone.name): holds[row] & np.array([keys[i] == key for i in nearest], bool)
            for row, (key, (_, zone)) in enumerate(zip(keys, self._person_zones, strict=True))
        }


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


def _by_person(zone: Zone, detections: FrameDetections, members: NDArray[np.bool_]) -> ZoneOccupancy:
    if not members.any():
        return ZoneOccupancy(zone.name, Evidence.ABSENT)
    tracks = sorted(int(track) for track in detections.track_ids[members] if track >= 0)
    confidence = float(detections.boxes.confidence[members].max())
    return ZoneOccupancy(zone.name, Evidence.PRESENT, track_ids=tuple(tracks), confidence=confidence)


def _by_motion(zone: Zone, share: float | None) -> ZoneOccupancy:
    if share is None or math.isnan(share):
        return ZoneOccupancy(zone.name, Evidence.UNKNOWN)
    present = Evidence.PRESENT if share >= zone.motion_threshold else Evidence.ABSENT
    return ZoneOccupancy(zone.name, present, motion_share=share)
