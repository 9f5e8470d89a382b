"""The folder of a replay: its plant, and a database of its own with the zones of the recording."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import yaml
from sqlalchemy import Engine

from lbzf_ros import __version__
from lbzf_ros.bags.errors import BagError
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.model import RoiSet
from lbzf_ros.disk import write_whole
from lbzf_ros.store.engine import DATABASE_NAME, writing_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.outbox import Outbox
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.writer import EventWriter
from lbzf_ros.store.zones import set_reference
from lbzf_ros.video.pictures import reference_path

MARKER = "replay.json"
_LOCK = Path("run", "up.lock")
"""In the folder of a replay: what was played. A folder without it is never written into."""
_PLANT = "plant.yaml"
_NEVER_CHANGE = "rois_never_change"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A folder that is ready for a replay.

    Attributes:
        folder: the data folder.
        plant_file: the plant in it.
        plant: its content.
        rois: the zones by camera, with the row ids of the recording.
    """

    folder: Path
    plant_file: Path
    plant: Plant
    rois: dict[str, RoiSet]

    @property
    def database(self) -> Path:
        """The database in it."""
        return self.folder / DATABASE_NAME

    def counts(self) -> dict[str, int]:
        """How many cycles it has by status, rejected ones included."""
        query = (
            "SELECT status, count(*) FROM cycle_events GROUP BY status "
            "UNION ALL SELECT 'rejected', count(*) FROM cycle_events_rejected"
        )
        with closing(sqlite3.connect(self.database)) as connection:
            return {status: count for status, count in connection.execute(query) if count}


def prepare(
    folder: Path,
    plant: Plant,
    zones: Mapping[str, RoiSet],
    *,
    played: dict[str, str],
    other_parameters: bool,
    replace: bool,
) -> Prepared:
    """Make the folder of a replay.

    Args:
        folder: the data folder; made anew.
        plant: of `for_replay`.
        zones: those that were in force when the recording began, by camera, as far as they are known.
        played: what is played, for whoever finds the folder.
        other_parameters: the plant may say something else than what was in force.
        replace: delete what an earlier replay has left in the folder.

    Raises:
        BagError: something else is in the folder, or the zones of plant and recording differ.
        StoreError: the database cannot be made.
        OSError: the disk takes no more.
    """
    check_free(folder, replace=replace)
    _clear(folder)
    write_whole(folder / MARKER, json.dumps({**played, "software": __version__}, indent=1).encode())
    plant_file = folder / _PLANT
    write_whole(
        plant_file,
        yaml.safe_dump(plant.model_dump(mode="json"), sort_keys=False, allow_unicode=True).encode(),
    )
    database = folder / DATABASE_NAME
    now_ns = time.time_ns()
    migrate(database, now_ns=now_ns)
    engine = writing_engine(database)
    try:
        rois = sync_plant(engine, plant, now_ns=now_ns, software_version=__version__)
        if not other_parameters:
            _check(rois, zones)
        _renumber(engine, database, _new_numbers(rois, zones))
        for label, known in zones.items():
            if label in rois:
                enter_references(engine, known)
        rois = sync_plant(engine, plant, now_ns=now_ns, software_version=__version__)
    finally:
        engine.dispose()
    return Prepared(folder, plant_file, plant, rois)


def enter_references(engine: Engine, rois: RoiSet) -> None:
    """Enter the views on which zones were drawn, for zones that have none yet.

    Raises:
        StoreError: the database refused.
    """
    for view in rois.references:
        set_reference(engine, view.roi_version_ids, reference_path(rois), view.features)


def finish(folder: Path, references: Mapping[str, RoiSet]) -> int:
    """Write what was decided and not yet written when the nodes ended, and the views that the recording knows.

    Returns:
        How many decisions were still to be written.

    Raises:
        StoreError: the database refused.
    """
    engine = writing_engine(folder / DATABASE_NAME)
    outbox_file = folder / "run" / "cycle_tracker.outbox"
    waiting = 0
    try:
        writer = EventWriter(engine)
        outbox = Outbox(outbox_file) if outbox_file.exists() else None
        while outbox and (events := outbox.pending()):
            writer.write(events)
            outbox.acknowledge([(event.event_uid, event.kind) for event in events], now_ns=time.time_ns())
            waiting += len(events)
        if outbox:
            outbox.close()
        for rois in references.values():
            enter_references(engine, rois)
    finally:
        engine.dispose()
    return waiting


def check_free(folder: Path, *, replace: bool) -> None:
    """See that a replay may be written there.

    Raises:
        BagError: something else is in the folder, or a replay that is not to be replaced.
    """
    if any(_content(folder)):
        if not (folder / MARKER).is_file():
            raise BagError(
                f"{folder}: holds something that is no replay; nothing is written over what was measured. Name a new "
                "folder with --out"
            )
        if not replace:
            raise BagError(
                f"{folder}: holds a replay already; --force replaces it, --out names another folder"
            )


def _clear(folder: Path) -> None:
    for path in _content(folder):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    folder.mkdir(parents=True, exist_ok=True)


def _content(folder: Path) -> list[Path]:
    """What is in it, without the lock by which whoever plays there holds it."""
    if not folder.exists():
        return []
    lock = folder / _LOCK
    others = [path for path in folder.iterdir() if path != lock.parent]
    return others + [path for path in lock.parent.glob("*") if path != lock]


def _check(rois: Mapping[str, RoiSet], zones: Mapping[str, RoiSet]) -> None:
    for label, recorded in zones.items():
        if label not in rois:
            raise BagError(
                f"{label} is in the recording and not in the plant file; name the right one with --plant"
            )
        if rois[label].parameter_hash != recorded.parameter_hash:
            raise BagError(
                f"{label}: zones, rules, limits or detector of the plant differ from those in force when it was "
                "recorded (they may have come from the database, as imported standard times do). To measure with "
                "those of a plant file, name it with --plant; then cycles may differ"
            )


def _new_numbers(rois: Mapping[str, RoiSet], zones: Mapping[str, RoiSet]) -> dict[int, int]:
    """What row of a zone becomes which: the one that it had when it was recorded."""
    recorded = _rows(zones.values())
    return {
        row: recorded[zone] for zone, row in _rows(rois.values()).items() if recorded.get(zone, row) != row
    }


def _rows(sets: Iterable[RoiSet]) -> dict[tuple[str, str, str], int]:
    return {
        (station.module, station.code, zone.name): zone.roi_version_id
        for rois in sets
        for station in rois.workstations
        for zone in station.zones
    }


def _renumber(engine: Engine, database: Path, numbers: Mapping[int, int]) -> None:
    """Give zones the row numbers of the recording: its messages name zones by them.

    Rows of zones never change; these were made a moment ago, in a database that nothing refers to yet.
    """
    if not numbers:
        return
    engine.dispose()
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        (guard,) = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = ?", (_NEVER_CHANGE,)
        ).fetchone()
        others = [row for (row,) in connection.execute("SELECT id FROM rois") if row not in numbers]
        free = max([*others, *numbers, *numbers.values()]) + 1
        # Who sits on a number that is needed moves out of the way; he is in no message of the recording.
        moved = {row: free + n for n, row in enumerate(sorted(set(others) & set(numbers.values())))}
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"DROP TRIGGER {_NEVER_CHANGE}")
        for old in [*numbers, *moved]:
            connection.execute("UPDATE rois SET id = ? WHERE id = ?", (-old, old))
        for old, new in {**numbers, **moved}.items():
            connection.execute("UPDATE rois SET id = ? WHERE id = ?", (new, -old))
        connection.execute(guard)
        connection.execute("COMMIT")
