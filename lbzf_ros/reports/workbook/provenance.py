"""What the cycles of each station were measured with, and how well: one pass over the cycles of a period."""

from __future__ import annotations

import sqlite3
from collections import defaultdict

from lbzf_ros.reports.workbook.kinds import Value
from lbzf_ros.reports.workbook.period import ModulePeriod
from lbzf_ros.store.timestamps import to_text

_FINISHED = "e.status IN ('complete', 'manual_override') AND e.end_ts IS NOT NULL"
_GROUPS = f"""
SELECT w.code, k.name || ' ' || k.version, e.roi_version_id, substr(e.parameter_hash, 1, 12), e.software_version,
       sum({_FINISHED}), sum({_FINISHED} AND e.quality = 'green'), sum({_FINISHED} AND e.quality = 'yellow'),
       sum({_FINISHED} AND e.quality = 'red'), sum(e.gt_verified_by IS NOT NULL)
FROM cycle_events e INDEXED BY idx_events_start_ts
JOIN workstations w ON w.id = e.workstation_id
JOIN cv_model_versions k ON k.id = e.cv_model_version_id
WHERE e.start_ts >= :from AND e.start_ts < :to AND w.module_id = :module
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""
_REJECTED = """
SELECT w.code, count(*) FROM cycle_events_rejected e JOIN workstations w ON w.id = e.workstation_id
WHERE e.start_ts >= :from AND e.start_ts < :to AND w.module_id = :module GROUP BY 1
"""
_COUNTS = ("units", "green", "yellow", "red", "verified")
_NAMES = ("detector", "zone_versions", "parameters", "software")


def provenance(connection: sqlite3.Connection, module: ModulePeriod) -> defaultdict[str, dict[str, Value]]:
    """Counts and names by code of the station; one without cycles has zeros."""
    values = {"from": to_text(module.from_ns), "to": to_text(module.to_ns), "module": module.id}
    found: defaultdict[str, dict[str, Value]] = defaultdict(_nothing)
    for code, *rest in connection.execute(_GROUPS, values):
        line = found[code]
        for name, value in zip(_NAMES, rest[:4], strict=True):
            line[name] = _joined(line[name], str(value))
        for name, count in zip(_COUNTS, rest[4:], strict=True):
            line[name] = int(line[name] or 0) + count
    for code, count in connection.execute(_REJECTED, values):
        found[code]["rejected"] = count
    return found


def _nothing() -> dict[str, Value]:
    return dict.fromkeys((*_COUNTS, "rejected"), 0) | dict.fromkeys(_NAMES)


def _joined(before: Value, new: str) -> str:
    names = str(before).split(", ") if before else []
    return ", ".join(names if new in names else [*names, new])
