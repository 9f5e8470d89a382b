"""Where the cycles of a pack come from: models, zones, parameters, software, and the plant as it was set."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lbzf_ros.config.schema import Plant
from lbzf_ros.reports.dataset.people import People
from lbzf_ros.store.plant import roi_sets
from lbzf_ros.store.zones import parameter_document

FORMAT = 1
"""Of the pack: a higher one may have other files or columns."""

_CYCLES = """
WITH picked AS (
  SELECT 'events' AS kind, e.* FROM (SELECT {shared} FROM cycle_events) e
  UNION ALL
  SELECT 'rejected', e.* FROM (SELECT {shared} FROM cycle_events_rejected) e
)
SELECT {what}, count(*) FILTER (WHERE kind = 'events') AS events,
  count(*) FILTER (WHERE kind = 'rejected') AS rejected, min(start_ts) AS first_start, max(start_ts) AS last_start
FROM picked e {joins} WHERE {where} GROUP BY {by} ORDER BY {by}
"""
_SHARED = "workstation_id, cv_model_version_id, rule, parameter_hash, software_version, start_ts"

_STATIONS = """
SELECT m.code AS module, w.code AS workstation, w.display_name, w.operation, w.sequence_pos, c.label AS camera,
  m.product_reference
FROM workstations w JOIN modules m ON m.id = w.module_id LEFT JOIN cameras c ON c.id = w.primary_camera_id
WHERE w.id IN (SELECT value FROM json_each(:stations)) ORDER BY m.code, w.code
"""
_CAMERAS = """
SELECT c.label AS camera, m.code AS module, c.resolution AS resolution_px, c.fps FROM cameras c
JOIN modules m ON m.id = c.module_id
WHERE c.id IN (SELECT camera_id FROM rois WHERE workstation_id IN (SELECT value FROM json_each(:stations)))
ORDER BY c.label, m.code
"""
_ROIS = """
SELECT r.id AS roi_version_id, m.code AS module, w.code AS workstation, c.label AS camera, r.name, r.kind, r.evidence,
  r.polygon_json, r.settings_json, r.created_by, r.superseded_by, r.ref_homography_features AS features, r.created_at
FROM rois r JOIN workstations w ON w.id = r.workstation_id JOIN modules m ON m.id = w.module_id
JOIN cameras c ON c.id = r.camera_id
WHERE r.workstation_id IN (SELECT value FROM json_each(:stations)) ORDER BY r.id
"""
_STANDARD_TIMES = """
SELECT reference, version, operation, sam_minutes, sec_per_cycle AS sam_s, machine_code, source,
  effective_to IS NULL AS in_force, effective_from, effective_to
FROM standard_times
WHERE reference IN (SELECT product_reference FROM modules m JOIN workstations w ON w.module_id = m.id
                    WHERE w.id IN (SELECT value FROM json_each(:stations)))
ORDER BY reference, operation, id
"""
_MODELS = "k.name, k.version, k.framework, k.weights_hash AS weights_sha256"
_STORED = "SELECT parameter_hash, settings_json FROM parameter_sets"
_FROM_PLANT_FILE = "plant file"
"""Begin of `created_by` of zones that nobody drew on the page."""


@dataclass(frozen=True, slots=True)
class Picked:
    """The cycles of a pack as SQL: conditions on `e`, and their values; `stations` is a JSON list of row ids."""

    where: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is known.

    Attributes:
        facts: `provenance.json`.
        parameters: canonical JSON by its SHA-256, which is the `parameter_hash` of cycles.
        plant: settings of the plant file, if it is the one that cycles were measured with.
        entered: when zones and standard times were written into the database. Not among the facts: processing the
            same recording again gives other times and the same cycles.
    """

    facts: dict[str, Any]
    parameters: dict[str, str]
    plant: dict[str, object] | None
    entered: dict[str, object]


def provenance(
    connection: sqlite3.Connection, picked: Picked, people: People, plant: Plant | None
) -> Provenance:
    """What the database, and the plant file where it fits, say about the origin of cycles.

    Args:
        connection: to the database.
        picked: which cycles.
        people: names of who drew zones.
        plant: with the standard times of the database; None: there is none.
    """
    known = _stored(connection) | (_documents(plant) if plant else {})
    hashes = _counted(connection, picked, "parameter_hash")
    used = {str(row["parameter_hash"]) for row in hashes}
    documents = {digest: known[digest] for digest in sorted(used) if digest in known}
    zones = _rows(connection, _ROIS, picked)
    times = _rows(connection, _STANDARD_TIMES, picked)
    entered: dict[str, object] = {
        "zones": {str(row["roi_version_id"]): row.pop("created_at") for row in zones},
        "standard_times": [
            {"reference": row["reference"], "operation": row["operation"], "version": row["version"]}
            | {name: row.pop(name) for name in ("effective_from", "effective_to")}
            for row in times
        ],
    }
    fits = plant is not None and not used.isdisjoint(_documents(plant))
    facts: dict[str, Any] = {
        "stations": _rows(connection, _STATIONS, picked),
        "cameras": _rows(connection, _CAMERAS, picked),
        "models": _counted(connection, picked, _MODELS, by="k.name, k.version"),
        "software_versions": _counted(connection, picked, "software_version"),
        "rules": _counted(connection, picked, "rule"),
        "parameters": [
            row
            | {
                "settings": f"parameters/{row['parameter_hash']}.json"
                if row["parameter_hash"] in documents
                else None
            }
            for row in hashes
        ],
        "zones": [_zone(row, people) for row in zones],
        "standard_times": [row | {"in_force": bool(row["in_force"])} for row in times],
    }
    return Provenance(facts, documents, _settings(plant) if fits and plant is not None else None, entered)


def to_json(value: object) -> bytes:
    """JSON that people can read, the same for the same value."""
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _rows(connection: sqlite3.Connection, query: str, picked: Picked) -> list[dict[str, Any]]:
    cursor = connection.execute(query, dict(picked.values))
    names = [name for name, *_ in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _counted(
    connection: sqlite3.Connection, picked: Picked, what: str, by: str | None = None
) -> list[dict[str, Any]]:
    joins = "JOIN cv_model_versions k ON k.id = e.cv_model_version_id" if "k." in what else ""
    query = _CYCLES.format(shared=_SHARED, what=what, joins=joins, where=picked.where, by=by or what)
    return _rows(connection, query, picked)


def _stored(connection: sqlite3.Connection) -> dict[str, str]:
    """Parameters that the database keeps."""
    there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'parameter_sets'").fetchone()
    rows = connection.execute(_STORED) if there else ()
    return {digest: text for digest, text in rows if hashlib.sha256(text.encode()).hexdigest() == digest}


def _documents(plant: Plant) -> dict[str, str]:
    """Parameters of each camera of a plant file by their hash."""
    sets = roi_sets(plant)
    texts = (
        parameter_document(plant, camera, sets[camera.label].workstations)
        for module in plant.modules
        for camera in module.cameras
    )
    return {hashlib.sha256(text.encode()).hexdigest(): text for text in texts}


def _zone(row: dict[str, Any], people: People) -> dict[str, object]:
    features, drawn_by = row.pop("features"), row.pop("created_by")
    polygon = json.loads(row.pop("polygon_json"))
    return row | {
        "polygon_px": [[corner["x"], corner["y"]] for corner in polygon],
        "settings": json.loads(row.pop("settings_json")),
        "reference_features_sha256": None if features is None else hashlib.sha256(features).hexdigest(),
        "created_by": drawn_by if drawn_by.startswith(_FROM_PLANT_FILE) else people.name("person", drawn_by),
    }


def _settings(plant: Plant) -> dict[str, object]:
    """What of a plant file says how is measured: no addresses, no people, not how the machine is run."""
    cameras = {"source", "credentials_file", "notes"}
    found = plant.model_dump(mode="json", include={"time_zone", "modules", "standard_times", "drift"})
    found["detector"] = plant.detector.parameters()  # without paths of files
    for module in found["modules"]:
        module["cameras"] = [_without(camera, cameras) for camera in module["cameras"]]
    return found


def _without(values: Mapping[str, object], names: set[str]) -> dict[str, object]:
    return {name: value for name, value in values.items() if name not in names}


def note_unknown(facts: Mapping[str, Any]) -> Iterator[str]:
    """What a reader has to know about the parameters."""
    missing = [row for row in facts["parameters"] if row["settings"] is None]
    if missing:
        cycles = sum(row["events"] + row["rejected"] for row in missing)
        yield (
            f"the settings behind {len(missing)} of {len(facts['parameters'])} parameter hashes are not known "
            f"({cycles} cycles): they are neither in the database nor in the plant file; name the "
            "one of that time with --plant"
        )
