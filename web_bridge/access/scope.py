"""To which module a cycle or a row belongs; asked only for people who may not see every module."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Engine, text

from lbzf_ros.store.engine import transaction

_OF_MODULE = "SELECT m.code FROM {table} t JOIN modules m ON m.id = t.module_id WHERE t.id = :key"
_OF_STATION = (
    "SELECT m.code FROM {table} t LEFT JOIN workstations w ON w.id = t.workstation_id "
    "JOIN modules m ON m.id = coalesce({own}w.module_id) WHERE t.id = :key"
)
_CYCLE = """
SELECT m.code FROM (
  SELECT workstation_id FROM cycle_events WHERE event_uid = :key
  UNION ALL SELECT workstation_id FROM cycle_events_rejected WHERE event_uid = :key
) c JOIN workstations w ON w.id = c.workstation_id JOIN modules m ON m.id = w.module_id LIMIT 1
"""
CYCLE = "cycle"

QUESTIONS: Mapping[str, str] = MappingProxyType(
    {CYCLE: _CYCLE}
    | {table: _OF_MODULE.format(table=table) for table in ("shifts", "targets", "production_orders")}
    | {table: _OF_STATION.format(table=table, own="NULL, ") for table in ("operator_assignments", "rois")}
    | {"lost_time_events": _OF_STATION.format(table="lost_time_events", own="t.module_id, ")}
)
"""By kind of subject; `:key` is the cycle's uid or the row's id."""


def module_of(engine: Engine, kind: str, key: str) -> str | None:
    """Code of the module; None: there is no such row.

    Args:
        engine: of the database.
        kind: one of `QUESTIONS`.
        key: as it stands in the path.

    Raises:
        StoreError: the database cannot be read.
    """
    with transaction(engine, "see to which module something belongs") as connection:
        found = connection.execute(text(QUESTIONS[kind]), {"key": key}).scalar()
    return None if found is None else str(found)
