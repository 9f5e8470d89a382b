"""Why a cycle was decided as it was, and finding the cycle that somebody means."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from lbzf_ros.core.explanation import Explanation
from lbzf_ros.store import queries
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.explanation_json import explanation_unpacked
from lbzf_ros.store.rows import CycleName
from lbzf_ros.store.timestamps import to_text

_UID_LENGTH = 36


class ExplanationReader:
    """Reads explanations; each call sees one consistent state of the database."""

    def __init__(self, engine: Engine) -> None:
        """Read through an engine of `reading_engine`."""
        self._engine = engine

    def explanation(self, event_uid: str) -> Explanation | None:
        """Why a cycle was decided as it was; None: nobody has kept it (a cycle from before that was done).

        Raises:
            StoreError: it cannot be read.
        """
        with transaction(self._engine, "read an explanation") as connection:
            packed = connection.exec_driver_sql(queries.EXPLANATION, {"uid": event_uid}).scalar()
        return None if packed is None else explanation_unpacked(packed)

    def by_prefix(self, prefix: str, *, limit: int) -> tuple[CycleName, ...]:
        """Cycles whose uid begins so, in its order."""
        found = self._named(queries.CYCLES_FROM_UID, {"uid": prefix, "limit": limit})
        return tuple(cycle for cycle in found if cycle.event_uid.startswith(prefix))

    def near_uid(self, uid: str) -> tuple[CycleName, ...]:
        """The cycles before and after it in the order of uids: it may be a slip of the pen."""
        begin = uid[:_UID_LENGTH]
        before = self._named(queries.CYCLES_BEFORE_UID, {"uid": begin, "limit": 1})
        return (*before, *self._named(queries.CYCLES_FROM_UID, {"uid": begin, "limit": 1}))

    def around(
        self, module: str, workstation: str, at_ns: int, *, limit: int
    ) -> tuple[tuple[CycleName, ...], tuple[CycleName, ...]]:
        """Cycles of a station that began up to a time, newest first, and those that began later, oldest first."""
        with transaction(self._engine, "find a station") as connection:
            names = {"module": module, "workstation": workstation}
            station = connection.exec_driver_sql(queries.STATION_IDS, names).scalar()
        values = {"station": station, "at": to_text(at_ns), "limit": limit}
        return self._named(queries.CYCLES_BEFORE, values), self._named(queries.CYCLES_AFTER, values)

    def stations(self) -> tuple[str, ...]:
        """All stations as MODULE/CODE."""
        with transaction(self._engine, "read stations") as connection:
            rows = connection.exec_driver_sql(queries.STATION_NAMES)
            return tuple(f"{module}/{code}" for module, code in rows)

    def _named(self, query: str, values: dict[str, Any]) -> tuple[CycleName, ...]:
        with transaction(self._engine, "find a cycle") as connection:
            return tuple(CycleName._make(row) for row in connection.exec_driver_sql(query, values))
