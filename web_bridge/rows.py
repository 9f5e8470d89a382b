"""Rows of the store as answers of the API."""

from __future__ import annotations

from typing import Any

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.rows import CameraRow, CycleRow, ModuleRow, StandardTimeRow, WorkstationRow
from lbzf_ros.store.timestamps import to_text
from web_bridge import schemas


def module(row: ModuleRow) -> schemas.Module:
    """A production line."""
    return schemas.Module(
        code=row.code,
        display_name=row.display_name,
        product_reference=row.product_reference,
        active=row.active,
    )


def camera(row: CameraRow) -> schemas.Camera:
    """A camera without its address."""
    return schemas.Camera(
        label=row.label,
        module=row.module,
        resolution=row.resolution,
        fps=row.fps,
        status=row.status,
        notes=row.notes,
    )


def workstation(row: WorkstationRow) -> schemas.Workstation:
    """A station."""
    return schemas.Workstation(
        code=row.code,
        module=row.module,
        display_name=row.display_name,
        operation=row.operation,
        sequence_pos=row.sequence_pos,
        camera=row.camera,
        sam_s=row.sam_s,
        active=row.active,
    )


def standard_time(row: StandardTimeRow) -> schemas.StandardTime:
    """A version of a SAM."""
    return schemas.StandardTime(
        reference=row.reference,
        version=row.version,
        operation=row.operation,
        sam_minutes=row.sam_minutes,
        cycle_s=row.sec_per_cycle,
        machine_code=row.machine_code,
        effective_from=to_text(row.effective_from_ns),
        effective_to=text_or_none(row.effective_to_ns),
    )


def cycle(row: CycleRow) -> schemas.Cycle:
    """A cycle of either table."""
    return schemas.Cycle(
        **_observed(row),
        status=row.status,  # type: ignore[arg-type]  # the database allows the words of the schema only
        quality=row.quality,  # type: ignore[arg-type]
        operator_display_name=row.operator_display_name,
        verified_by=row.gt_verified_by,
        verified_at=row.gt_verified_at,
        corrected_duration_s=row.gt_corrected_duration_s,
    )


def rejected(row: CycleRow) -> schemas.RejectedCycle:
    """A cycle that does not count."""
    return schemas.RejectedCycle(**_observed(row))


def _observed(row: CycleRow) -> dict[str, Any]:
    return {
        "event_uid": row.event_uid,
        "module": row.module,
        "module_display_name": row.module_display_name,
        "workstation": row.workstation,
        "workstation_display_name": row.workstation_display_name,
        "camera": row.camera,
        "rule": row.rule,
        "start": to_text(row.start_ns),
        "end": text_or_none(row.end_ns),
        "duration_s": row.duration_s,
        "duration_uncertainty_s": row.duration_uncertainty_s,
        "observed_share": row.observed_share,
        "mean_confidence": row.mean_confidence,
        "primary_dwell_ratio": row.primary_dwell_ratio,
        "detection_count": row.detection_count,
        "drift": row.drift_state,
        "clock_kept": row.clock_kept,
        "reasons": dict(row.reasons),
        "has_frame": row.source_frame_path is not None,
        "frame_archived_at": row.frame_archived_at,
        "video_path": row.source_video_path,
        "video_offset_s": _offset_s(row),
        "model": schemas.Model(
            name=row.model_name,
            version=row.model_version,
            framework=row.model_framework,
            weights_hash=row.model_weights_hash,
        ),
        "roi_version_id": row.roi_version_id,
        "parameter_hash": row.parameter_hash,
        "software_version": row.software_version,
        "notes": row.notes,
        "created_at": row.created_at,
    }


def _offset_s(row: CycleRow) -> float | None:
    return None if row.video_start_ns is None else (row.start_ns - row.video_start_ns) / NS_PER_S


def text_or_none(time_ns: int | None) -> str | None:
    """A time of the database; None stays None."""
    return None if time_ns is None else to_text(time_ns)
