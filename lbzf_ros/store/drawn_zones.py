"""The zones of a camera as they were drawn, with the view on which that was done, and its newest pictures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, text

from lbzf_ros.store.engine import transaction

_ZONES = """
SELECT m.code AS module, w.code AS workstation, r.name, r.polygon_json, r.settings_json, r.ref_frame_path,
       r.ref_homography_features AS features
FROM rois r JOIN workstations w ON w.id = r.workstation_id JOIN modules m ON m.id = w.module_id
JOIN cameras c ON c.id = r.camera_id
WHERE r.superseded_by IS NULL AND c.label = :camera AND c.status <> 'inactive'
ORDER BY w.sequence_pos, w.code, r.name
"""

_PICTURES = """
SELECT e.source_frame_path AS path, e.start_ts FROM cycle_events e JOIN cameras c ON c.id = e.camera_id
WHERE c.label = :camera AND e.source_frame_path IS NOT NULL ORDER BY e.start_ts DESC LIMIT :most
"""


@dataclass(frozen=True, slots=True)
class DrawnZone:
    """A zone in force. `features` of its reference picture (`lbzf_ros.drift.features`); None: there is none."""

    module: str
    workstation: str
    name: str
    polygon_px: tuple[tuple[float, float], ...]
    width_px: int
    height_px: int
    reference_path: str
    features: bytes | None

    @property
    def key(self) -> tuple[str, str, str]:
        """Module, workstation and name."""
        return self.module, self.workstation, self.name


def drawn_zones(engine: Engine, camera: str) -> list[DrawnZone]:
    """The zones in force of a camera (its label), in the order of the flow.

    Raises:
        StoreError: the database cannot be read.
    """
    with transaction(engine, "read the zones") as connection:
        rows = connection.execute(text(_ZONES), {"camera": camera}).all()
    return [_zone(row) for row in rows]


def newest_pictures(engine: Engine, camera: str, most: int = 50) -> list[tuple[str, str]]:
    """Pictures of a camera's newest cycles, relative to the data folder, with their times as text; newest first.

    Raises:
        StoreError: the database cannot be read.
    """
    with transaction(engine, "read the newest pictures") as connection:
        rows = connection.execute(text(_PICTURES), {"camera": camera, "most": most}).all()
    return [(row.path, row.start_ts) for row in rows]


def _zone(row: Row[Any]) -> DrawnZone:
    values = row._mapping
    settings = json.loads(values["settings_json"])
    return DrawnZone(
        module=values["module"],
        workstation=values["workstation"],
        name=values["name"],
        polygon_px=tuple((float(c["x"]), float(c["y"])) for c in json.loads(values["polygon_json"])),
        width_px=settings["width_px"],
        height_px=settings["height_px"],
        reference_path=values["ref_frame_path"],
        features=values["features"],
    )
