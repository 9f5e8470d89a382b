"""Makes a paper pack. Read `write_pack` first; what goes into it is in the other files of this package.

Everything is read from one copy of the database, so that a plant that runs meanwhile changes nothing between two files.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from lbzf_ros.config.schema import Plant
from lbzf_ros.core.errors import ConfigError, StoreError
from lbzf_ros.reports.dataset import columns as packed
from lbzf_ros.reports.dataset.columns import PackColumn
from lbzf_ros.reports.dataset.environment import environment
from lbzf_ros.reports.dataset.folder import whole_folder
from lbzf_ros.reports.dataset.gaps import write_gaps
from lbzf_ros.reports.dataset.manifest import ENVIRONMENT, GAPS, MANIFEST, write_manifest
from lbzf_ros.reports.dataset.people import People
from lbzf_ros.reports.dataset.provenance import (
    FORMAT,
    Picked,
    Provenance,
    note_unknown,
    provenance,
    to_json,
)
from lbzf_ros.reports.dataset.tables import Row, write_rows
from lbzf_ros.reports.dataset.texts import Described, Summary, data_dictionary, readme
from lbzf_ros.reports.evaluation.evaluate import NothingToCompare, Question, evaluate
from lbzf_ros.reports.evaluation.output import write as write_evaluation
from lbzf_ros.reports.evaluation.parameters import Parameters
from lbzf_ros.reports.evaluation.spans import Window
from lbzf_ros.store.dictionary import Table, tables
from lbzf_ros.store.engine import DATABASE_NAME, reading_engine, transaction
from lbzf_ros.store.errors import sqlite_errors
from lbzf_ros.store.keeping.packing import Progress
from lbzf_ros.store.keeping.snapshot import checked_copy
from lbzf_ros.store.migrate import connect, known_version, migrations_folder, schema_version
from lbzf_ros.store.standard_times import in_force
from lbzf_ros.store.timestamps import to_text

_JOINS = {
    "workstation_id": "CROSS JOIN workstations w ON w.id = e.workstation_id "
    "CROSS JOIN modules m ON m.id = w.module_id",
    "cv_model_version_id": "CROSS JOIN cv_model_versions k ON k.id = e.cv_model_version_id",
    "camera_id": "LEFT JOIN cameras c ON c.id = e.camera_id",
    "operator_id": "LEFT JOIN operators o ON o.id = e.operator_id",
}
"""By the column that has to be there. CROSS: SQLite begins with the events, whose index has them in the right order."""
_PICTURES = "frames"
_PROVENANCE = (
    "stations, cameras, models with the SHA-256 of their weights, versions of LBZF, parameters, zones with their "
    "polygons, standard times"
)


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted.

    Attributes:
        data: the data folder.
        question: stations, time and labels.
        people: what people are called.
        frames: whether the pictures of the cycles' starts are copied.
        plant: the plant file, if there is one.
        software_version: of LBZF.
        now_ns: current time, for environment.json.
    """

    data: Path
    question: Question
    people: People
    frames: bool
    plant: Plant | None
    software_version: str
    now_ns: int


@dataclass(frozen=True, slots=True)
class Packed:
    """A pack that was written: its checksum, rows by table, and what has to be known."""

    checksum: str
    rows: dict[str, int]
    notes: tuple[str, ...]


def write_pack(order: Order, target: Path, *, replace_old: bool, progress: Progress) -> Packed:
    """Write a pack; it appears whole or not at all.

    Args:
        order: what is wanted.
        target: the folder.
        replace_old: whether a pack that is there already is replaced.
        progress: shown on the way.

    Raises:
        ConfigError: no cycle is meant, or the folder is there already.
        StoreError: the database cannot be read.
        LbzfError: the folder cannot be written.
    """
    database = order.data / DATABASE_NAME
    with whole_folder(target, marker=MANIFEST, replace=replace_old) as (folder, scratch):
        copy = scratch / DATABASE_NAME
        with sqlite_errors(database, "read it"):
            _check_schema(database)
            with closing(connect(database)) as source:
                source.execute("BEGIN")
                checked_copy(source, copy, progress=progress)
            with closing(connect(copy)) as connection:
                return _Pack(order, folder, connection, copy, progress).write()


def events_source(table: Table, picked: Picked) -> str:
    """FROM and WHERE of a table of events, with what they refer to."""
    present = {column.name for column in table.columns}
    joins = " ".join(join for column, join in _JOINS.items() if column in present)
    return f"{table.name} e {joins} WHERE {picked.where}"


def _explained(table: Table, picked: Picked) -> str:
    """The rows of a table that says more about events."""
    events = " UNION ALL ".join(
        f"SELECT e.event_uid FROM {name} e WHERE {picked.where}"
        for name in (packed.TABLES["events"], packed.TABLES["rejected"])
    )
    return f"{table.name} e WHERE e.event_uid IN ({events})"


def _check_schema(database: Path) -> None:
    found, known = schema_version(database), known_version(migrations_folder())
    if found != known:
        what = (
            "newer than this program" if found > known else "older: bring it up to date with lbzf db migrate"
        )
        raise StoreError(f"{database}: has schema {found}, this program reads schema {known}; it is {what}")


class _Pack:
    """A pack in the making."""

    def __init__(
        self, order: Order, folder: Path, connection: sqlite3.Connection, copy: Path, progress: Progress
    ) -> None:
        self._order, self._folder, self._connection = order, folder, connection
        self._copy, self._progress = copy, progress
        self._notes: list[str] = []
        self._files: dict[str, str] = {}

    def write(self) -> Packed:
        picked = self._picked()
        schema = {table.name: table for table in tables()}
        described = [self._table(name, schema[table], picked) for name, table in packed.TABLES.items()]
        if not sum(table.rows for table in described):
            raise ConfigError(
                "no cycle of these stations began in that time; choose others, or another --from and --to"
            )
        engine = reading_engine(self._copy)
        try:
            self._provenance(picked, engine)
            self._evaluation(engine)
        finally:
            engine.dispose()
        write_gaps(self._connection, picked, self._order.question.window, self._folder / GAPS)
        self._files[GAPS] = (
            "when there was no video of a camera of these stations, and why; not in the checksum"
        )
        self._texts(described)
        self._progress("making the checksum", 0, 0)
        checksum = write_manifest(self._folder)
        return Packed(checksum, {table.name: table.rows for table in described}, tuple(self._notes))

    def _picked(self) -> Picked:
        """The cycles as SQL, on any table of events called e."""
        window, chosen = self._order.question.window, set(self._order.question.stations)
        query = "SELECT w.id, m.code, w.code FROM workstations w JOIN modules m ON m.id = w.module_id ORDER BY w.id"
        known = self._connection.execute(query).fetchall()
        stations = [row for row, module, code in known if (module, code) in chosen]
        parts = ["TRUE"]
        if len(stations) < len(known):
            parts.append("+e.workstation_id IN (SELECT value FROM json_each(:stations))")
        values: dict[str, object] = {"stations": json.dumps(stations)}
        for sign, name, time_ns in ((">=", "from", window.from_ns), ("<", "to", window.to_ns)):
            if time_ns is not None:
                parts.append(f"e.start_ts {sign} :{name}")
                values[name] = to_text(time_ns)
        return Picked(" AND ".join(parts), values)

    def _table(self, name: str, table: Table, picked: Picked) -> Described:
        order, is_of_events = self._order, any(column.name == "start_ts" for column in table.columns)
        personal, frames = order.people.key is None, order.frames
        columns = packed.pack_columns(
            table, personal=personal and is_of_events, frames=frames and is_of_events
        )
        source = events_source(table, picked) if is_of_events else _explained(table, picked)
        values = dict(picked.values)
        total = self._connection.execute(f"SELECT count(*) FROM {source}", values).fetchone()[0]
        by = (
            "e.start_ts, e.event_uid" if is_of_events else "e.event_uid"
        )  # as an index has them: nothing is sorted
        query = f"SELECT {', '.join(column.sql for column in columns)} FROM {source} ORDER BY {by}"
        rows = write_rows(
            self._connection.execute(query, values),
            columns,
            self._folder / name,
            has_csv=is_of_events,
            convert=self._turn(columns),
            progress=self._progress,
            total=total,
        )
        return Described(name, table.meaning, columns, packed.left_out(table, columns), rows, is_of_events)

    def _turn(self, columns: Sequence[PackColumn]) -> Callable[[list[Row]], list[Row]]:
        """Makes rows of the database rows of the pack: pseudonyms, unpacked texts, copied pictures.

        Not by functions in the SQL: SQLite would turn Ctrl-C in one of them into an error of its own.
        """
        people, numbers = self._order.people, {column.name: n for n, column in enumerate(columns)}
        turns: dict[str, Callable[[Any], Any]] = {
            packed.OPERATOR: partial(people.name, "operator"),
            packed.PERSON: partial(people.name, "person"),
            packed.PACKED: lambda content: zlib.decompress(content).decode(),
        }

        def turn(rows: list[Row]) -> list[Row]:
            values: list[Sequence[Any]] = list(zip(*rows, strict=True))
            for number, column in enumerate(columns if rows else ()):
                if column.turned:
                    values[number] = list(map(turns[column.turned], values[number]))
                elif column is packed.FRAME:
                    uids, starts = values[numbers["event_uid"]], values[numbers["start_ts"]]
                    values[number] = list(map(self._picture, values[number], uids, starts))
            return list(zip(*values, strict=True))

        return turn

    def _picture(self, path: str | None, uid: str, start: str) -> str | None:
        """Copy a picture; None: there is none any more."""
        data = self._order.data.resolve()
        source = None if path is None else (data / path).resolve()
        if source is None or not source.is_relative_to(data) or not source.is_file():
            return None
        name = f"{_PICTURES}/{start[:10]}/{uid}{source.suffix}"
        (self._folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, self._folder / name)
        return name

    def _provenance(self, picked: Picked, engine: Engine) -> None:
        self._progress("collecting the provenance", 0, 0)
        plant = self._order.plant
        if plant is not None:
            with transaction(engine, "read standard times") as connection:
                plant = plant.model_copy(update={"standard_times": in_force(connection)})
        found = provenance(self._connection, picked, self._order.people, plant)
        self._notes += note_unknown(found.facts)
        self._write("provenance.json", to_json(self._selection() | found.facts), _PROVENANCE)
        for digest, text in found.parameters.items():
            (self._folder / "parameters").mkdir(exist_ok=True)
            (self._folder / "parameters" / f"{digest}.json").write_text(text, "utf-8")
        if found.parameters:
            self._files["parameters/HASH.json"] = (
                "all settings behind a `parameter_hash`, which is the SHA-256 of that file"
            )
        if found.plant is not None:
            self._write("plant.json", to_json(found.plant), "settings of the plant file, without addresses")
        self._environment(found)

    def _environment(self, found: Provenance) -> None:
        content = environment(self._order.now_ns) | {"entered": found.entered}
        self._write(
            ENVIRONMENT, to_json(content), "with what and when the pack was made; not in the checksum"
        )

    def _selection(self) -> dict[str, object]:
        order = self._order
        window = order.question.window
        return {
            "format": FORMAT,
            "lbzf": order.software_version,
            "schema": schema_version(self._copy),
            "from": None if window.from_ns is None else to_text(window.from_ns),
            "to": None if window.to_ns is None else to_text(window.to_ns),
            "has_names_of_people": order.people.key is None,
            "pseudonyms": order.people.key_id,
            "has_frames": order.frames,
        }

    def _evaluation(self, engine: Engine) -> None:
        self._progress("comparing with labels", 0, 0)
        people, question = self._order.people, self._order.question
        hidden = replace(question, labels=tuple(map(people.labels, question.labels)), called=people.rater)
        try:
            found = evaluate(engine, hidden, Parameters())
        except NothingToCompare:
            self._notes.append(
                "there are no labels, stopwatch readings or checks by hand, so nothing is evaluated"
            )
            return
        write_evaluation(found, self._folder / "evaluation", software_version=self._order.software_version)
        self._files["evaluation/"] = (
            "agreement with labels, stopwatches and checks by hand: tables.tex, evaluation.json, plots, …"
        )
        self._notes += found.notes

    def _texts(self, described: list[Described]) -> None:
        self._write(
            "data_dictionary.md", data_dictionary(described).encode(), "every column, its unit and meaning"
        )
        if self._order.frames:
            self._files[f"{_PICTURES}/"] = (
                "the picture in which each cycle starts, as far as it is still kept"
            )
            self._notes.append(
                "**It holds pictures of people at work.** Do not publish it without their consent."
            )
        self._files |= {
            MANIFEST: "SHA-256 of every file",
            "CHECKSUM": "one over all",
        }
        summary = Summary(
            tuple(_about(self._order)), self._notes, self._files, personal=self._order.people.key is None
        )
        (self._folder / "README.md").write_text(readme(described, summary), "utf-8", newline="\n")

    def _write(self, name: str, content: bytes, meaning: str) -> None:
        (self._folder / name).write_bytes(content)
        self._files[name] = meaning


def _about(order: Order) -> Iterator[str]:
    question = order.question
    modules = sorted({module for module, _ in question.stations})
    yield f"Lines: {', '.join(modules)}; {len(question.stations)} stations."
    yield f"Time: {_span(question.window)}."
    yield f"Made by LBZF {order.software_version}, which measures work cycles by camera."


def _span(window: Window) -> str:
    if window.from_ns is None and window.to_ns is None:
        return "all that was measured"
    parts = (
        ("from", window.from_ns),
        ("to before", window.to_ns),
    )
    return " ".join(f"{word} {to_text(time_ns)}" for word, time_ns in parts if time_ns is not None)
