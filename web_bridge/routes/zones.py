"""Zones: all versions, those of a station, drawing them anew, trying them on what the camera sees."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from sqlalchemy import Connection
from starlette.responses import FileResponse, Response

from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.errors import Conflict, NotThere
from lbzf_ros.store.timestamps import to_text
from lbzf_ros.store.zone_versions import (
    ZoneVersionFilter,
    ZoneVersionRow,
    reference_path,
    versions_in_force,
    zone_versions,
)
from lbzf_ros.video.pictures import CALIBRATION
from web_bridge.errors import answers
from web_bridge.files import inside
from web_bridge.routes.parameters import (
    DEFAULT_PAGE,
    After,
    IdPath,
    InContext,
    InDatabase,
    Limit,
    ModulePath,
    ModuleQuery,
    StationPath,
    StationQuery,
)
from web_bridge.schemas.zones import (
    StationZones,
    StationZonesChange,
    ZonesTaken,
    ZoneVersion,
    ZoneVersionPage,
)
from web_bridge.writing import Writer, writes
from web_bridge.zone_editing import enter_zones, station_of

router = APIRouter(tags=["zones"])

_TAKEN_WITHIN_S = 3.0
_BACKUPS = "backups/plant"
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {}}, "description": "The picture."}
}


@router.get("/rois")
def rois(
    database: InDatabase,
    module: ModuleQuery = None,
    workstation: StationQuery = None,
    camera: Annotated[
        str | None, Query(pattern=r"^cam[1-9][0-9]{0,3}$", description="Only of this camera.")
    ] = None,
    in_force: Annotated[bool, Query(description="Only those in force.")] = False,
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> ZoneVersionPage:
    """All versions of zones, oldest first."""
    which = ZoneVersionFilter(module=module, workstation=workstation, camera=camera, in_force=in_force)
    page = zone_versions(database.reading, which, limit=limit, after=after)
    return ZoneVersionPage(items=[_version(row) for row in page.items], next_after=page.next_key)


@router.get("/rois/{id}/reference.jpg", response_class=FileResponse, responses={**answers(404), **_PICTURE})
def reference(context: InContext, database: InDatabase, id: IdPath) -> FileResponse:  # noqa: A002
    """The picture of the view on which a version was set."""
    name = reference_path(database.reading, id)
    path = inside(context.data, name, folder=CALIBRATION)
    if path is None:
        raise HTTPException(404, f"there is no picture of the view on which version {id} was set")
    return FileResponse(path, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400"})


@router.get("/workstations/{module}/{workstation}/zones", responses=answers(404))
def station_zones(
    context: InContext, database: InDatabase, module: ModulePath, workstation: StationPath
) -> StationZones:
    """Zones, rule and limits of a station, to be changed."""
    plant = context.present.now()
    station = station_of(plant, module, workstation)
    if station is None:
        raise NotThere(
            f"there is no workstation {module}/{workstation} in the plant file",
            "station_unknown",
            module=module,
            station=workstation,
        )
    width_px, height_px = next(c.resolution_px for c in plant.cameras if c.label == station.camera)
    with transaction(database.reading, "read the zones") as connection:
        versions = versions_in_force(connection, module, workstation)
    return StationZones(
        module=module,
        workstation=workstation,
        camera=station.camera,
        width_px=width_px,
        height_px=height_px,
        rule=station.rule,
        zones={name: zone.model_dump(mode="json") for name, zone in station.zones.items()},
        limits=station.limits.model_dump(mode="json", exclude_unset=True, exclude_none=True),
        versions=versions,
    )


@router.put("/workstations/{module}/{workstation}/zones", **writes(ZonesTaken))
def change_zones(
    writer: Writer, context: InContext, module: ModulePath, workstation: StationPath, new: StationZonesChange
) -> Response:
    """Draw the zones of a station anew, or add a station with its zones.

    The plant file is edited (the old one is kept under `backups/plant` of the data folder), each changed polygon is a
    new version, and the graph measures by it within seconds, without a restart. A cycle that runs at that station's
    camera is given up (`rois_changed`).
    """
    file = context.plant_file
    if file is None:
        raise Conflict(
            "this is the demo plant that comes with LBZF, which is not changed: copy it, and start with --plant FILE",
            "demo_plant",
        )

    def work(connection: Connection, actor: Actor, now_ns: int) -> ZonesTaken:
        camera, versions = enter_zones(
            connection,
            actor,
            now_ns,
            file=file,
            running=context.plant,
            module=module,
            code=workstation,
            new=new,
            backups=context.data / _BACKUPS,
        )
        asked.append(camera)
        return ZonesTaken(versions=versions, in_use=False)

    def in_use(taken: ZonesTaken) -> ZonesTaken:
        told = bool(asked) and context.looking.wait_for_rois(
            asked[0], set(taken.versions), timeout_s=_TAKEN_WITHIN_S
        )
        return taken.model_copy(update={"in_use": told})

    asked: list[str] = []
    return writer.answer("change zones", work, afterwards=in_use)


def _version(row: ZoneVersionRow) -> ZoneVersion:
    return ZoneVersion(
        id=row.id,
        module=row.module,
        workstation=row.workstation,
        camera=row.camera,
        name=row.name,
        kind=row.kind,  # type: ignore[arg-type]  # the database allows the same words only
        evidence=row.evidence,  # type: ignore[arg-type]
        polygon_px=[list(corner) for corner in row.polygon_px],
        settings=dict(row.settings),
        in_force=row.superseded_by is None,
        superseded_by=row.superseded_by,
        has_reference=bool(row.ref_frame_path),
        created_at=to_text(row.created_ns),
        created_by=row.created_by,
    )
