"""Zones of a camera that has moved, carried over to what it shows now, as `lbzf rois transfer` proposes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.drawn_zones import DrawnZone, drawn_zones, newest_pictures
from web_bridge.context import Context
from web_bridge.files import inside

_WAIT_S = 2.5
NO_PICTURE, NO_REFERENCE, NOT_RECOGNISED = "no_picture", "no_reference", "not_recognised"
"""Why nothing can be proposed."""


def proposal_of(context: Context, engine: Engine, camera: str) -> dict[str, Any]:
    """Polygons in the present view; `problem` says why there are none, `null`: there are.

    Raises:
        StoreError: the database cannot be read.
    """
    zones = drawn_zones(engine, camera)
    picture = _picture(context, engine, camera, zones)
    if picture is None:
        return _none(NO_PICTURE)
    if any(zone.features is None for zone in zones):
        return _none(NO_REFERENCE)
    try:
        return {"zones": _moved(zones, picture), "problem": None}
    except InvalidValue:
        return _none(NOT_RECOGNISED)


def _none(problem: str) -> dict[str, Any]:
    return {"zones": [], "problem": problem}


def _moved(zones: list[DrawnZone], picture: NDArray[np.uint8]) -> list[dict[str, Any]]:
    """Each zone by its own reference: not all were drawn on the same view."""
    # Imported here: OpenCV takes memory, and a camera seldom moves.
    from lbzf_ros.drift.features import features_from_bytes
    from lbzf_ros.drift.transfer import find_move, propose

    moves = {
        zone.reference_path: find_move(features_from_bytes(zone.features or b""), picture) for zone in zones
    }
    found = []
    for zone in zones:
        one = propose(zone.polygon_px, moves[zone.reference_path], zone.width_px, zone.height_px)
        found.append(
            {
                "module": zone.module,
                "workstation": zone.workstation,
                "zone": zone.name,
                "polygon_px": one.polygon_px,
                "shift_px": round(one.shift_px, 1),
            }
        )
    return found


def _picture(
    context: Context, engine: Engine, camera: str, zones: list[DrawnZone]
) -> NDArray[np.uint8] | None:
    """What the camera shows now, else its newest picture on disk; None: neither, or there are no zones."""
    if not zones:
        return None
    sight = context.looking.look(camera, timeout_s=_WAIT_S, people=False)
    image = None if sight is None else sight.image_bgr
    if image is None:
        image = _recorded(context, engine, camera)
    if image is None:
        return None
    import cv2

    size = zones[0].width_px, zones[0].height_px
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _recorded(context: Context, engine: Engine, camera: str) -> NDArray[np.uint8] | None:
    import cv2

    for name, _ in newest_pictures(engine, camera, most=5):
        if (path := inside(context.data, name)) and (image := cv2.imread(str(path))) is not None:
            return np.asarray(image, np.uint8)
    return None
