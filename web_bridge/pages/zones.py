"""`/zones`: where stations lie in a camera's picture, drawn with the pointer or the keyboard."""

from __future__ import annotations

import json
import os
from typing import Annotated

from fastapi import Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse

from lbzf_ros.config.schema import Camera, Module
from web_bridge.context import Context
from web_bridge.pages.proposal import proposal_of
from web_bridge.pages.reader import Reader, reader_of
from web_bridge.pages.rendering import render
from web_bridge.pages.routing import page_router
from web_bridge.routes.parameters import CameraPath, InContext, InDatabase
from web_bridge.routes.zones import station_zones

router = page_router()
_Label = Annotated[str | None, Query(pattern=r"^cam[1-9][0-9]{0,3}$", description="The first when left out.")]


@router.get("/zones")
def zones(request: Request, context: InContext, database: InDatabase, camera: _Label = None) -> HTMLResponse:
    """The editor of a camera's zones."""
    reader = reader_of(request)
    cameras = _cameras(context, reader)
    if not cameras:
        raise HTTPException(404, "there is no camera")
    module, shown = _one(cameras, camera)
    plant = context.present.now()
    stations = [
        {
            "module": one.code,
            "code": station.code,
            "display_name": station.display_name,
            "operation": station.operation,
            "sequence_pos": station.sequence_pos,
            **station_zones(context, database, one.code, station.code).model_dump(mode="json"),
        }
        for one in plant.modules
        for station in one.workstations
        if station.camera == shown.label and reader.may_see(one.code)
    ]
    width_px, height_px = shown.resolution_px
    own = [station for one in plant.modules if one.code == module.code for station in one.workstations]
    new = {
        "module": module.code,
        "taken": [station.code for station in own],
        "next_pos": 1 + max((station.sequence_pos or 0 for station in own), default=0),
    }
    return render(
        request,
        "zones.html",
        here="zones",
        module=module.code,
        camera=shown.label,
        cameras=cameras,
        name=module.display_name or module.code,
        width_px=width_px,
        height_px=height_px,
        obstacle=_obstacle(context),
        operations=[
            one.operation for one in plant.standard_times if one.reference == module.product_reference
        ],
        data=json.dumps({**new, "stations": stations}),
    )


@router.get("/zones/{camera}/proposal")
def proposal(request: Request, context: InContext, database: InDatabase, camera: CameraPath) -> JSONResponse:
    """Where the zones of a camera that has moved should lie now: `{"zones": [...], "problem": ...}`."""
    if camera not in {one.label for _, one in _cameras(context, reader_of(request))}:
        raise HTTPException(404, f"there is no camera {camera}")
    found = proposal_of(context, database.reading, camera)
    return JSONResponse(found, headers={"Cache-Control": "no-store"})


def _obstacle(context: Context) -> str | None:
    """Why zones cannot be saved, a key of the catalogue; it is said before somebody has drawn them all."""
    file = context.plant_file
    if file is None:
        return "zones_demo"
    return None if os.access(file.parent, os.W_OK) else "zones_read_only"  # a new file takes its place


def _cameras(context: Context, reader: Reader) -> list[tuple[Module, Camera]]:
    """Those of the plant that the reader may see, with their modules."""
    return [
        (module, camera)
        for module in context.plant.modules
        if reader.may_see(module.code)
        for camera in module.cameras
    ]


def _one(cameras: list[tuple[Module, Camera]], label: str | None) -> tuple[Module, Camera]:
    if label is None:
        return cameras[0]
    for module, camera in cameras:
        if camera.label == label:
            return module, camera
    raise HTTPException(404, f"there is no camera {label}")
