"""Zones to messages and back."""

from __future__ import annotations

from lbzf_interfaces import msg

from lbzf_ros.core.model import (
    Anchor,
    EvidenceKind,
    ReferenceView,
    RoiSet,
    ShiftHours,
    Workstation,
    Zone,
    ZoneKind,
)
from lbzf_ros.ros.convert_time import header, time_from_msg


def rois_to_msg(rois: RoiSet) -> msg.RoiSet:
    """The zones in force as a message."""
    return msg.RoiSet(
        header=header(rois.camera, rois.stamp_ns),
        camera=rois.camera,
        image_width=rois.width_px,
        image_height=rois.height_px,
        fps=rois.fps,
        parameter_hash=rois.parameter_hash,
        time_zone=rois.time_zone,
        workstations=[_workstation_to_msg(station) for station in rois.workstations],
        references=[
            msg.ReferenceView(roi_version_ids=view.roi_version_ids, features=view.features)
            for view in rois.references
        ],
    )


def _workstation_to_msg(station: Workstation) -> msg.Workstation:
    return msg.Workstation(
        module=station.module,
        code=station.code,
        display_name=station.display_name,
        operation=station.operation,
        rule=station.rule,
        sam_s=station.sam_s,
        min_cycle_s=station.min_cycle_s,
        max_cycle_s=station.max_cycle_s,
        min_dwell_ratio=station.min_dwell_ratio,
        max_gap_s=station.max_gap_s,
        min_confidence=station.min_confidence,
        max_second_person_ratio=station.max_second_person_ratio,
        max_drift_unknown_ratio=station.max_drift_unknown_ratio,
        zones=[
            msg.Zone(
                name=zone.name,
                kind=zone.kind.value,
                evidence=zone.evidence.value,
                anchor=zone.anchor.value,
                polygon_px=[float(value) for corner in zone.polygon_px for value in corner],
                motion_threshold=zone.motion_threshold,
                enter_s=zone.enter_s,
                leave_s=zone.leave_s,
                linger_s=zone.linger_s,
                roi_version_id=zone.roi_version_id,
            )
            for zone in station.zones
        ],
        shift_hours=[
            msg.ShiftHours(
                label=hours.label,
                weekdays=hours.weekdays,
                start_min=hours.start_min,
                end_min=hours.end_min,
            )
            for hours in station.shift_hours
        ],
    )


def rois_from_msg(message: msg.RoiSet) -> RoiSet:
    """The zones in force."""
    return RoiSet(
        camera=message.camera,
        stamp_ns=time_from_msg(message.header.stamp),
        width_px=message.image_width,
        height_px=message.image_height,
        fps=message.fps,
        parameter_hash=message.parameter_hash,
        workstations=tuple(_workstation_from_msg(station) for station in message.workstations),
        time_zone=message.time_zone,
        references=tuple(
            ReferenceView(tuple(view.roi_version_ids), bytes(view.features)) for view in message.references
        ),
    )


def _workstation_from_msg(station: msg.Workstation) -> Workstation:
    return Workstation(
        module=station.module,
        code=station.code,
        display_name=station.display_name,
        operation=station.operation,
        rule=station.rule,
        sam_s=station.sam_s,
        min_cycle_s=station.min_cycle_s,
        max_cycle_s=station.max_cycle_s,
        min_dwell_ratio=station.min_dwell_ratio,
        max_gap_s=station.max_gap_s,
        min_confidence=station.min_confidence,
        max_second_person_ratio=station.max_second_person_ratio,
        max_drift_unknown_ratio=station.max_drift_unknown_ratio,
        zones=tuple(
            Zone(
                name=zone.name,
                kind=ZoneKind(zone.kind),
                evidence=EvidenceKind(zone.evidence),
                anchor=Anchor(zone.anchor),
                polygon_px=tuple(zip(zone.polygon_px[::2], zone.polygon_px[1::2], strict=True)),
                motion_threshold=zone.motion_threshold,
                enter_s=zone.enter_s,
                leave_s=zone.leave_s,
                linger_s=zone.linger_s,
                roi_version_id=zone.roi_version_id,
            )
            for zone in station.zones
        ),
        shift_hours=tuple(
            ShiftHours(hours.label, tuple(hours.weekdays), hours.start_min, hours.end_min)
            for hours in station.shift_hours
        ),
    )
