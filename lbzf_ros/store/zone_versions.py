"""All versions of the zones, as they are read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people.paging import MAX_PAGE, id_key, page_limit
from lbzf_ros.store.rows import Page
from lbzf_ros.store.timestamps import from_text

_VERSIONS = """
SELECT r.id, m.code AS module, w.code AS workstation, c.label AS camera, r.name, r.kind, r.evidence, r.polygon_json,
       r.settings_json, r.ref_frame_path, r.created_at, r.created_by, r.superseded_by
FROM rois r JOIN workstations w ON w.id = r.workstation_id JOIN modules m ON m.id = w.module_id
JOIN cameras c ON c.id = r.camera_id
WHERE r.id > :after AND (:module IS NULL OR m.code = :module) AND (:workstation IS NULL OR w.code = :workstation)
  AND (:camera IS NULL OR c.label = :camera) AND (NOT :in_force OR r.superseded_by IS NULL)
ORDER BY r.id LIMIT :limit
"""
_IN_FORCE = """
SELECT r.id FROM rois r JOIN workstations w ON w.id = r.workstation_id JOIN modules m ON m.id = w.module_id
WHERE r.superseded_by IS NULL AND m.code = :module AND w.code = :workstation ORDER BY r.id
"""
_REFERENCE = "SELECT ref_frame_path FROM rois WHERE id = :id"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneVersionFilter:
    """Which versions. None: any."""

    module: str | None = None
    workstation: str | None = None
    camera: str | None = None
    in_force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneVersionRow:
    """A version of a zone; polygon in px. `superseded_by` None: in force; its own id: withdrawn."""

    id: int
    module: str
    workstation: str
    camera: str
    name: str
    kind: str
    evidence: str
    polygon_px: tuple[tuple[float, float], ...]
    settings: Mapping[str, Any]
    ref_frame_path: str
    created_ns: int
    created_by: str
    superseded_by: int | None


def zone_versions(
    engine: Engine, which: ZoneVersionFilter, *, limit: int = MAX_PAGE, after: str | None = None
) -> Page[ZoneVersionRow]:
    """Versions, oldest first.

    Raises:
        InvalidValue: the limit or the page key cannot be.
        StoreError: the database cannot be read.
    """
    asked = {
        "module": which.module,
        "workstation": which.workstation,
        "camera": which.camera,
        "in_force": which.in_force,
        "after": 0 if after is None else id_key(after),
        "limit": page_limit(limit) + 1,
    }
    with transaction(engine, "read the zones") as connection:
        rows = connection.execute(text(_VERSIONS), asked).mappings().all()
    items = tuple(_row(dict(row)) for row in rows[:limit])
    return Page(items, str(items[-1].id) if len(rows) > limit else None)


def versions_in_force(connection: Connection, module: str, workstation: str) -> list[int]:
    """Row ids of a station's zones in force; none: no such station, or it has no zone."""
    values = {"module": module, "workstation": workstation}
    return list(connection.execute(text(_IN_FORCE), values).scalars())


def reference_path(engine: Engine, version: int) -> str | None:
    """Picture on which a version was set, relative to the data folder; empty: there is none; None: no such version."""
    with transaction(engine, "read a reference picture") as connection:
        found: str | None = connection.execute(text(_REFERENCE), {"id": version}).scalar()
    return found


def _row(row: dict[str, Any]) -> ZoneVersionRow:
    corners, settings = json.loads(row.pop("polygon_json")), json.loads(row.pop("settings_json"))
    return ZoneVersionRow(
        polygon_px=tuple((float(corner["x"]), float(corner["y"])) for corner in corners),
        settings=settings,
        created_ns=from_text(row.pop("created_at")),
        **row,
    )
