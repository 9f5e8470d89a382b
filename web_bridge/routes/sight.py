"""What a camera shows now: its picture, and what the detector makes of zones that are being drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import FileResponse, Response

from lbzf_ros.config.schema import Camera, Plant
from lbzf_ros.config.streams import PrivacySettings
from lbzf_ros.core.association import Associator
from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.model import Evidence, EvidenceKind, FrameDetections, zone_id
from lbzf_ros.store.drawn_zones import newest_pictures
from lbzf_ros.store.people.errors import NotThere
from lbzf_ros.store.plant import roi_sets
from lbzf_ros.store.timestamps import to_text
from web_bridge.access.identity import Identity
from web_bridge.context import Context
from web_bridge.errors import Refusal, answers
from web_bridge.files import inside
from web_bridge.looking import Sight
from web_bridge.routes.parameters import CameraPath, InContext, InDatabase, Who
from web_bridge.schemas.zones import Preview, PreviewAsked, SeenPerson, SeenZone
from web_bridge.zone_editing import check_inside, config_of, with_candidate

router = APIRouter(prefix="/cameras/{camera}", tags=["zones"])

_WAIT_S = 2.5
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"image/jpeg": {}},
        "description": "The picture. `X-Frame-Time`: its capture time; `X-Frame-Source`: `now`, or `recorded`: the "
        "newest one on disk, as the camera sends none.",
    }
}
_NO_STORE = {"Cache-Control": "no-store"}
_WORDS = {
    Evidence.ABSENT: "absent",
    Evidence.NEAR: "near",
    Evidence.PRESENT: "present",
    Evidence.UNKNOWN: "unknown",
}


@router.get("/frame.jpg", response_class=Response, responses={**answers(404), **_PICTURE})
def frame(context: InContext, database: InDatabase, who: Who, camera: CameraPath) -> Response:
    """What the camera shows now, in the size that polygons refer to. What is masked or blurred on disk is here too."""
    settings = _camera(context, who, camera)
    blurred = settings.privacy.blur_heads
    sight = context.looking.look(camera, timeout_s=_WAIT_S, people=blurred)
    if sight is None or sight.image_bgr is None:
        for name, start in newest_pictures(database.reading, camera, most=5):
            if path := inside(context.data, name):
                headers = _NO_STORE | {"X-Frame-Time": start, "X-Frame-Source": "recorded"}
                if settings.privacy.masks_px:
                    return Response(_masked(path, settings), media_type="image/jpeg", headers=headers)
                return FileResponse(path, media_type="image/jpeg", headers=headers)
        raise HTTPException(404, f"{camera} sends no picture, and none of it is on disk")
    headers = _NO_STORE | {"X-Frame-Time": to_text(sight.stamp_ns), "X-Frame-Source": "now"}
    return Response(_jpeg(sight, settings), media_type="image/jpeg", headers=headers)


@router.post("/preview", responses=answers(404))
def preview(context: InContext, who: Who, camera: CameraPath, asked: PreviewAsked) -> Preview:
    """Try zones on what the detector sees now: who is where, and in which zone each would count. Nothing is saved."""
    settings = _camera(context, who, camera)
    plant = context.present.now()
    for one in asked.stations:
        if not who.may_see(one.module):
            raise NotThere(f"there is no module {one.module}", "module_unknown", module=one.module)
        station = config_of(plant, one.module, one.workstation, one, camera=camera)
        if station.camera != camera:
            raise InvalidValue(
                f"{one.module}/{one.workstation} is seen by {station.camera}, not by {camera}",
                "zone_camera",
                station=one.workstation,
                camera=station.camera,
            )
        check_inside(station, settings)
        plant = with_candidate(plant, one.module, station)
    sight = context.looking.look(camera, timeout_s=_WAIT_S, picture=False)
    if sight is None or sight.people is None:
        raise Refusal(
            503,
            f"the detector says nothing about {camera} at present",
            "detector_silent",
            headers={"Retry-After": "2"},
        )
    return _tried(plant, camera, sight.people, context)


def _camera(context: Context, who: Identity, label: str) -> Camera:
    """A camera of a module that somebody may see; to others it is as if there were none."""
    for module in context.plant.modules:
        for camera in module.cameras if who.may_see(module.code) else ():
            if camera.label == label:
                return camera
    raise NotThere(f"there is no camera {label} in the plant")


def _jpeg(sight: Sight, camera: Camera) -> bytes:
    # Imported here: OpenCV takes memory, and mostly nobody looks.
    import cv2

    from lbzf_ros.video.privacy import Privacy

    assert sight.image_bgr is not None  # who calls has looked
    boxes = sight.people.boxes.xyxy if sight.people is not None else None
    image = Privacy(camera.privacy).applied(sight.image_bgr, boxes)
    return bytes(cv2.imencode(".jpg", image)[1])


def _masked(path: Path, camera: Camera) -> bytes:
    """A recorded picture: it was written with the masks of that time, which may have been fewer."""
    import cv2
    import numpy as np

    from lbzf_ros.video.privacy import Privacy

    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise HTTPException(404, f"the newest picture of {camera.label} cannot be read")
    masks = PrivacySettings(masks_px=camera.privacy.masks_px)
    return bytes(cv2.imencode(".jpg", Privacy(masks).applied(np.asarray(image, np.uint8), None))[1])


def _tried(plant: Plant, camera: str, people: FrameDetections, context: Context) -> Preview:
    rois = roi_sets(plant)[camera]
    known = _known_motion(people, context, plant, camera)
    # Candidates are drawn on the present view: they lie where they are, whatever the camera has done since.
    occupancy = Associator(rois).update(_seen(people, known))
    zones: list[SeenZone] = []
    in_zone: dict[int, list[str]] = {}
    for station in occupancy.stations:
        for zone in station.zones:
            identifier = zone_id(station.module, station.workstation, zone.zone)
            for track in zone.track_ids:
                in_zone.setdefault(track, []).append(identifier)
            zones.append(
                SeenZone(
                    module=station.module,
                    workstation=station.workstation,
                    zone=zone.zone,
                    evidence=_WORDS[zone.evidence],  # type: ignore[arg-type]  # the four words of the schema
                    motion_share=known.get(identifier),
                )
            )
    boxes = people.boxes
    seen = [
        SeenPerson(
            box_px=[round(side, 1) for side in box],
            confidence=round(confidence, 3),
            track_id=track,
            zones=in_zone.get(track, []),
        )
        for box, confidence, track in zip(
            boxes.xyxy.tolist(), boxes.confidence.tolist(), people.track_ids.tolist(), strict=True
        )
    ]
    return Preview(stamp=to_text(people.stamp_ns), people=seen, zones=zones)


def _known_motion(people: FrameDetections, context: Context, plant: Plant, camera: str) -> dict[str, float]:
    """Moving shares of the zones that are as the detector has them; of others nothing is known yet."""
    used = context.looking.rois(camera)
    if used is None:
        return {}
    now = {
        zone_id(station.module, station.code, zone.name): zone.polygon_px
        for station in used.workstations
        for zone in station.zones
    }
    return {
        identifier: people.motion[identifier]
        for station in roi_sets(plant)[camera].workstations
        for zone in station.zones
        if zone.evidence is EvidenceKind.MOTION
        and (identifier := zone_id(station.module, station.code, zone.name)) in people.motion
        and now.get(identifier) == zone.polygon_px
    }


def _seen(people: FrameDetections, motion: dict[str, float]) -> FrameDetections:
    return replace(people, motion=motion, shifts=())
