"""The second set: a database of its own in a folder of its own. The first one is read, and never written."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine

from lbzf_ros import __version__
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import CycleEvent, RoiSet
from lbzf_ros.store.engine import DATABASE_NAME, transaction, writing_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.writer import EventWriter

FOLDER = "remeasured"
"""Holds the second sets, in the data folder."""
_SHARED = (
    "modules",
    "cameras",
    "workstations",
    "standard_times",
    "cv_model_versions",
    "rois",
    "parameter_sets",
)
"""What both sets have in common: a zone that is the same keeps its number, its picture and its features."""
_BATCH = 500


def open_second_set(
    folder: Path, first: Engine, plant: Plant, *, is_new: bool, now_ns: int
) -> tuple[Engine, dict[str, RoiSet]]:
    """Make the database of a second set, or open it when it was begun before.

    Args:
        folder: of the second set; is a data folder for every other command.
        first: `reading_engine` of the first set.
        plant: the plant as it is measured now.
        is_new: make it; what an attempt that was killed meanwhile has left goes.
        now_ns: when the zones that the first set does not have come into force.

    Returns:
        The engine that writes it, and the zones by camera.

    Raises:
        StoreError: a database cannot be read or written.
    """
    database = folder / DATABASE_NAME
    if is_new:
        for left in folder.glob(f"{DATABASE_NAME}*"):
            left.unlink()
    migrate(database, now_ns=now_ns)
    engine = writing_engine(database)
    if is_new:
        _copy_plant(first, engine)
    return engine, sync_plant(engine, plant, now_ns=now_ns, software_version=__version__)


def write_events(engine: Engine, events: Sequence[CycleEvent]) -> None:
    """Write the events of a run; what is there already stays as it is.

    Raises:
        StoreError: one cannot be a row, or the database refused.
    """
    writer = EventWriter(engine)
    for begin in range(0, len(events), _BATCH):
        # The pictures of the first set's cycles are the first set's; here nobody has written any.
        batch = [replace(event, frame_path="") for event in events[begin : begin + _BATCH]]
        for _, error in writer.write(batch):
            raise error


def _copy_plant(first: Engine, second: Engine) -> None:
    """Copy the rows of the plant, in one transaction."""
    with transaction(first, "read the plant") as source, transaction(second, "copy the plant") as target:
        target.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for table in _SHARED:
            has, wants = (
                [row.name for row in c.exec_driver_sql(f"PRAGMA table_xinfo({table})") if row.hidden == 0]
                for c in (source, target)
            )
            columns = [name for name in wants if name in has]
            names, marks = ", ".join(columns), ", ".join("?" for _ in columns)
            rows = [tuple(row) for row in source.exec_driver_sql(f"SELECT {names} FROM {table}")]
            if rows:
                try:
                    target.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
                except sqlite3.Error as error:
                    raise StoreError(
                        f"the plant of the first set cannot be copied: {table}: {error}"
                    ) from error
