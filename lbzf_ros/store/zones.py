"""The zones of a camera: as the set that the graph uses, and as rows of the table `rois` (append-only)."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from sqlalchemy import Connection, Engine, text

from lbzf_ros.config.schema import Camera, Module, Plant
from lbzf_ros.config.stations import WEEKDAYS, ShiftHoursConfig, StationConfig, ZoneConfig
from lbzf_ros.core.model import UNKNOWN, ReferenceView, RoiSet, ShiftHours, Workstation, Zone
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.event_rows import clean_path

_IN_FORCE = """
SELECT id, workstation_id, name, camera_id, kind, evidence, polygon_json, settings_json
FROM rois WHERE superseded_by IS NULL
"""

_INSERT = """
INSERT INTO rois (camera_id, workstation_id, name, kind, evidence, polygon_json, settings_json, created_at, created_by)
VALUES (:camera_id, :workstation_id, :name, :kind, :evidence, :polygon_json, :settings_json, :now, :created_by)
"""


RowId = Callable[[StationConfig, str, ZoneConfig], int]
"""Row id of a zone of a station by its name."""


class ZoneRows:
    """The rows of `rois` in force, and how they follow a plant file."""

    def __init__(self, connection: Connection, *, now: str, created_by: str) -> None:
        """Read what is in force; `now` and `created_by` go into new rows."""
        self._connection = connection
        self._now = now
        self._created_by = created_by
        self._in_force = {
            (row.workstation_id, row.name): (row.id, tuple(row[3:]))
            for row in connection.execute(text(_IN_FORCE))
        }

    def row_id(self, workstation_id: int, camera_id: int, camera: Camera, name: str, zone: ZoneConfig) -> int:
        """Row of a zone: the one in force when it is the same, otherwise a new one that supersedes it."""
        values = {
            "camera_id": camera_id,
            "kind": zone.kind.value,
            "evidence": zone.evidence.value,
            "polygon_json": canonical_json([{"x": x, "y": y} for x, y in zone.polygon_px]),
            "settings_json": canonical_json(_settings(zone, camera)),
        }
        old_id, old_values = self._in_force.pop((workstation_id, name), (None, ()))
        if old_id is not None and old_values == tuple(values.values()):
            return int(old_id)
        if old_id is not None:
            self._supersede(old_id, by=old_id)  # makes room: one row in force for each zone
        row = {
            "workstation_id": workstation_id,
            "name": name,
            "now": self._now,
            "created_by": self._created_by,
        }
        new_id = int(self._connection.execute(text(_INSERT), values | row).lastrowid)
        if old_id is not None:
            self._supersede(old_id, by=new_id)
        return new_id

    def withdraw_the_rest(self) -> None:
        """Take out of force every zone that `row_id` was not asked for: it is superseded by itself."""
        for row_id, _ in self._in_force.values():
            self._supersede(row_id, by=row_id)
        self._in_force.clear()

    def _supersede(self, row_id: int, *, by: int) -> None:
        self._connection.execute(
            text("UPDATE rois SET superseded_by = :by WHERE id = :id"), {"by": by, "id": row_id}
        )


_SET_REFERENCE = """
UPDATE rois SET ref_frame_path = :path, ref_homography_features = :features
WHERE ref_frame_path = '' AND id IN (SELECT value FROM json_each(:ids))
"""


def set_reference(engine: Engine, roi_version_ids: Sequence[int], path: str, features: bytes) -> int:
    """Give zones the picture that they were set on. A zone that has one keeps it.

    Args:
        engine: of `writing_engine`.
        roi_version_ids: rows of the zones.
        path: of the picture, relative to the data folder.
        features: ORB features of the picture, as a blob.

    Returns:
        How many zones had none.

    Raises:
        StoreError: a broken path, or the database refused.
    """
    values = {
        "path": clean_path(path, "reference picture"),
        "features": features,
        "ids": json.dumps(list(roi_version_ids)),
    }
    with transaction(engine, "write a reference picture") as connection:
        return connection.execute(text(_SET_REFERENCE), values).rowcount


_REFERENCES = """
SELECT id, ref_frame_path, ref_homography_features AS features FROM rois
WHERE ref_homography_features IS NOT NULL AND id IN (SELECT value FROM json_each(:ids)) ORDER BY id
"""


def with_references(connection: Connection, rois: RoiSet) -> RoiSet:
    """The same zones with the views on which they were drawn, as far as pictures of them are known."""
    views: dict[tuple[str, bytes], list[int]] = {}
    ids = json.dumps(rois.identity[1])
    for row in connection.execute(text(_REFERENCES), {"ids": ids}):
        views.setdefault((row.ref_frame_path, bytes(row.features)), []).append(row.id)
    references = tuple(ReferenceView(tuple(rows), features) for (_, features), rows in views.items())
    return replace(rois, references=references)


def roi_set(plant: Plant, module: Module, camera: Camera, row_id: RowId, now_ns: int) -> RoiSet:
    """The zones of a camera of the plant file, with the row ids that `row_id` gives."""
    workstations = tuple(
        _workstation(plant, module, station, row_id)
        for station in module.workstations
        if station.camera == camera.label
    )
    width_px, height_px = camera.resolution_px
    return RoiSet(
        camera=camera.label,
        stamp_ns=now_ns,
        width_px=width_px,
        height_px=height_px,
        fps=camera.fps,
        parameter_hash=parameter_hash(plant, camera, workstations),
        workstations=workstations,
        time_zone=plant.time_zone,
    )


def parameter_hash(plant: Plant, camera: Camera, workstations: Sequence[Workstation]) -> str:
    """Sha256 of `parameter_document`, hexadecimal."""
    return hashlib.sha256(parameter_document(plant, camera, workstations).encode()).hexdigest()


def parameter_document(plant: Plant, camera: Camera, workstations: Sequence[Workstation]) -> str:
    """All that decides what a camera's pictures become, as canonical JSON.

    Picture size, rate, detector settings, rules, limits, zones; not row ids and not what people call things, so that
    two databases with the same settings agree.
    """
    stations = []
    for station in workstations:
        values = asdict(station)
        del values["display_name"]
        for zone in values["zones"]:
            del zone["roi_version_id"]
        stations.append({name: None if _is_nan(value) else value for name, value in values.items()})
    settings = {
        "camera": camera.label,
        "resolution_px": camera.resolution_px,
        "fps": camera.fps,
        "time_zone": plant.time_zone,
        "detector": plant.detector.parameters(),
        "drift": plant.drift.model_dump(mode="json"),
        "workstations": stations,
    }
    return canonical_json(settings)


def canonical_json(value: object) -> str:
    """JSON text that is the same for the same value: keys sorted, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _settings(zone: ZoneConfig, camera: Camera) -> dict[str, object]:
    width_px, height_px = camera.resolution_px
    return {
        "width_px": width_px,
        "height_px": height_px,
        "anchor": zone.anchor.value,
        "motion_threshold": zone.motion_threshold,
        "enter_s": zone.enter_s,
        "leave_s": zone.leave_s,
        "linger_s": zone.linger_s,
    }


def _workstation(plant: Plant, module: Module, config: StationConfig, row_id: RowId) -> Workstation:
    sam_s = plant.sam_s(module, config)
    min_cycle_s, max_cycle_s = config.limits.for_sam(sam_s)
    return Workstation(
        module=module.code,
        code=config.code,
        display_name=config.display_name or config.code,
        operation=config.operation,
        rule=config.rule,
        sam_s=UNKNOWN if sam_s is None else sam_s,
        min_cycle_s=min_cycle_s,
        max_cycle_s=max_cycle_s,
        min_dwell_ratio=config.limits.min_dwell_ratio,
        max_gap_s=config.max_gap_s,
        min_confidence=config.limits.min_confidence,
        max_second_person_ratio=config.limits.max_second_person_ratio,
        max_drift_unknown_ratio=config.limits.max_drift_unknown_ratio,
        zones=tuple(
            Zone(
                name=name,
                kind=zone.kind,
                evidence=zone.evidence,
                anchor=zone.anchor,
                polygon_px=tuple(zone.polygon_px),
                motion_threshold=zone.motion_threshold,
                enter_s=zone.enter_s,
                leave_s=zone.leave_s,
                linger_s=zone.linger_s,
                roi_version_id=row_id(config, name, zone),
            )
            for name, zone in config.zones.items()
        ),
        shift_hours=tuple(_shift_hours(hours) for hours in module.shift_hours),
    )


def _shift_hours(config: ShiftHoursConfig) -> ShiftHours:
    return ShiftHours(
        label=config.label,
        weekdays=tuple(sorted({WEEKDAYS.index(day) for day in config.days})),
        start_min=config.minutes(config.start),
        end_min=config.minutes(config.end),
    )


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
