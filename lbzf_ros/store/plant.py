"""Bring a plant file into the database, and give back the zones of each camera as the graph uses them.

Nothing is deleted: what is no longer in the file becomes inactive, because cycles refer to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from sqlalchemy import Connection, Engine, text

from lbzf_ros.config.schema import Camera, Module, Plant
from lbzf_ros.config.secrets import WRITE_INSTEAD, holds_secret
from lbzf_ros.config.stations import StationConfig, ZoneConfig
from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import RoiSet
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.standard_times import in_force, sync_standard_times
from lbzf_ros.store.timestamps import to_text
from lbzf_ros.store.zones import ZoneRows, parameter_document, roi_set, with_references

_MODULE = """
INSERT INTO modules (code, display_name, product_reference, created_at, updated_at)
VALUES (:code, :display_name, :product_reference, :now, :now)
ON CONFLICT (code) DO UPDATE
SET display_name = excluded.display_name, product_reference = excluded.product_reference, active = 1, updated_at = :now
WHERE (display_name, product_reference, active) IS NOT (excluded.display_name, excluded.product_reference, 1)
"""

_CAMERA = """
INSERT INTO cameras (module_id, label, rtsp_url, credentials_file, resolution, fps, installed_at, notes)
VALUES (:module_id, :label, :source, :credentials_file, :resolution, :fps, :now, :notes)
ON CONFLICT (module_id, label) DO UPDATE
SET rtsp_url = excluded.rtsp_url, credentials_file = excluded.credentials_file,
    resolution = excluded.resolution, fps = excluded.fps, notes = excluded.notes,
    status = CASE status WHEN 'inactive' THEN 'active' ELSE status END
"""

_WORKSTATION = """
INSERT INTO workstations (module_id, primary_camera_id, code, display_name, operation, sequence_pos)
VALUES (:module_id, :camera_id, :code, :display_name, :operation, :sequence_pos)
ON CONFLICT (module_id, code) DO UPDATE
SET primary_camera_id = excluded.primary_camera_id, display_name = excluded.display_name,
    operation = excluded.operation, sequence_pos = excluded.sequence_pos, active = 1
"""

_KEEP_PARAMETERS = """
INSERT INTO parameter_sets (parameter_hash, settings_json, recorded_at) VALUES (:hash, :settings, :now)
ON CONFLICT (parameter_hash) DO NOTHING
"""


def sync_plant(engine: Engine, plant: Plant, *, now_ns: int, software_version: str) -> dict[str, RoiSet]:
    """Write a plant into the database in one transaction; twice the same file changes nothing the second time.

    Args:
        engine: of `writing_engine`.
        plant: what the plant file says.
        now_ns: when the changes come into force.
        software_version: of LBZF; stands beside new zones as who made them.

    Returns:
        The zones in force by camera label, with their row ids and the views on which they were drawn.

    Raises:
        StoreError: the database refused, or a source holds a password; nothing has changed.
    """
    with transaction(engine, "write the plant") as connection:
        return enter_plant(
            connection, plant, now_ns=now_ns, created_by=f"plant file, LBZF {software_version}"
        )


def enter_plant(connection: Connection, plant: Plant, *, now_ns: int, created_by: str) -> dict[str, RoiSet]:
    """The same inside a transaction; `created_by` stands beside new zones as who made them."""
    now = to_text(now_ns)
    _deactivate_missing(connection, plant, now)
    sync_standard_times(connection, plant.standard_times, now)
    # What was imported also decides the limits of a cycle, so that they agree with the efficiency that is shown.
    plant = plant.model_copy(update={"standard_times": in_force(connection)})
    zones = ZoneRows(connection, now=now, created_by=created_by)
    sets: dict[str, RoiSet] = {}
    for module in plant.modules:
        module_id = _module(connection, module, now)
        for camera in module.cameras:
            camera_id = _camera(connection, module_id, camera, now)
            stations = {
                station.code: _workstation(connection, module_id, camera_id, station)
                for station in module.workstations
                if station.camera == camera.label
            }
            row_id = partial(_zone_row, zones, stations, camera_id, camera)
            rois = sets[camera.label] = roi_set(plant, module, camera, row_id, now_ns)
            settings = parameter_document(plant, camera, rois.workstations)
            values = {"hash": rois.parameter_hash, "settings": settings, "now": now}
            connection.execute(text(_KEEP_PARAMETERS), values)
    zones.withdraw_the_rest()
    return {camera: with_references(connection, rois) for camera, rois in sets.items()}


def roi_sets(plant: Plant) -> dict[str, RoiSet]:
    """The zones of a plant file by camera label without a database: row ids and times are 0."""
    return {
        camera.label: roi_set(plant, module, camera, lambda *_: 0, now_ns=0)
        for module in plant.modules
        for camera in module.cameras
    }


def _zone_row(
    zones: ZoneRows,
    stations: Mapping[str, int],
    camera_id: int,
    camera: Camera,
    station: StationConfig,
    name: str,
    zone: ZoneConfig,
) -> int:
    return zones.row_id(stations[station.code], camera_id, camera, name, zone)


def _module(connection: Connection, module: Module, now: str) -> int:
    values = {
        "code": module.code,
        "display_name": module.display_name or module.code,
        "product_reference": module.product_reference,
        "now": now,
    }
    connection.execute(text(_MODULE), values)
    return _id(connection, "SELECT id FROM modules WHERE code = :code", values)


def _camera(connection: Connection, module_id: int, camera: Camera, now: str) -> int:
    if holds_secret(camera.source):
        raise StoreError(
            f"{camera.label}: its source holds a password, which is not shown here; {WRITE_INSTEAD}"
        )
    values = {
        "module_id": module_id,
        "label": camera.label,
        "source": camera.source,  # as written: the environment is not filled in
        "credentials_file": camera.credentials_file,
        "resolution": "{}x{}".format(*camera.resolution_px),
        "fps": camera.fps,
        "notes": camera.notes or None,
        "now": now,
    }
    connection.execute(text(_CAMERA), values)
    return _id(connection, "SELECT id FROM cameras WHERE module_id = :module_id AND label = :label", values)


def _workstation(connection: Connection, module_id: int, camera_id: int, station: StationConfig) -> int:
    values = {
        "module_id": module_id,
        "camera_id": camera_id,
        "code": station.code,
        "display_name": station.display_name or station.code,
        "operation": station.operation or None,
        "sequence_pos": station.sequence_pos,
    }
    connection.execute(text(_WORKSTATION), values)
    return _id(
        connection, "SELECT id FROM workstations WHERE module_id = :module_id AND code = :code", values
    )


def _id(connection: Connection, query: str, values: Mapping[str, object]) -> int:
    return int(connection.execute(text(query), values).scalar_one())


def _deactivate_missing(connection: Connection, plant: Plant, now: str) -> None:
    """Mark what the file no longer has. Before anything is added, so that a camera can move to another module."""
    modules = {module.code for module in plant.modules}
    cameras = {(module.code, camera.label) for module in plant.modules for camera in module.cameras}
    stations = {(module.code, station.code) for module in plant.modules for station in module.workstations}
    for module_id, code in connection.execute(text("SELECT id, code FROM modules WHERE active")).all():
        if code not in modules:
            connection.execute(
                text("UPDATE modules SET active = 0, updated_at = :now WHERE id = :id"),
                {"id": module_id, "now": now},
            )
    for table, name, live, off, kept in (
        ("cameras", "label", "status <> 'inactive'", "status = 'inactive'", cameras),
        ("workstations", "code", "active", "active = 0", stations),
    ):
        query = f"SELECT x.id, m.code, x.{name} FROM {table} x JOIN modules m ON m.id = x.module_id WHERE x.{live}"
        for row_id, module, code in connection.execute(text(query)).all():
            if (module, code) not in kept:
                connection.execute(text(f"UPDATE {table} SET {off} WHERE id = :id"), {"id": row_id})
