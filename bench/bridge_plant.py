"""The plant of the bridge's measurements: the database of `store_data`, with what people enter in three months.

The database ends in the afternoon of its last whole day, and that day is today: `NOW` is where the clocks begin.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench import store_data
from bench.store_data import BEGIN_NS, DAY_NS, HOUR_NS, MODULES, SEED, STATIONS
from lbzf_ros.config.load import load_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.engine import DATABASE_NAME
from lbzf_ros.store.timestamps import to_text

ENTERED_DAYS = 92
SHIFT = "jornada_1"
TARGET_UNITS = 45
_NOW_H = 19.5
"""UTC; half past two at the plant."""
_MIN_NS = 60 * NS_PER_S


@dataclass(frozen=True, slots=True)
class Place:
    """Where it lies.

    Attributes:
        data: data folder.
        plant_file: the plant.
        plant: its content.
        today: local day, days since `BEGIN_NS`.
        now_ns: where the clocks begin.
        days: working days before today, days since `BEGIN_NS`.
    """

    data: Path
    plant_file: Path
    plant: Plant
    today: int
    now_ns: int
    days: list[int]

    @property
    def database(self) -> Path:
        """The file."""
        return self.data / DATABASE_NAME


def date_of(day: int) -> str:
    """Local day, YYYY-MM-DD, of a day since `BEGIN_NS`."""
    return to_text(BEGIN_NS + day * DAY_NS + 12 * HOUR_NS)[:10]


def place(rows: int) -> Place:
    """Make the data folder, or take the one that was made before, without what an earlier measurement has written."""
    source = store_data.folder(rows)
    data = source.with_name(f"bridge-{rows}")
    working = store_data.days(rows)
    today, before = working[-2], working[:-2]  # the last one is cut off somewhere
    now_ns = BEGIN_NS + today * DAY_NS + round(_NOW_H * HOUR_NS)
    if not _is_made(data / DATABASE_NAME, source / DATABASE_NAME):
        _make(source, data, [*before[-ENTERED_DAYS:], today], now_ns)
    store_data.forget_from(data / DATABASE_NAME, now_ns)
    plant_file = data / "plant.yaml"
    plant_file.write_text(yaml.safe_dump(_plant(), allow_unicode=True, sort_keys=False), "utf-8")
    return Place(data, plant_file, load_plant(plant_file), today, now_ns, before)


def _is_made(database: Path, source: Path) -> bool:
    if not database.exists():
        return False
    with closing(sqlite3.connect(database)) as mine, closing(sqlite3.connect(source)) as theirs:
        version = "SELECT version FROM schema_version"
        same = mine.execute(version).fetchone() == theirs.execute(version).fetchone()
        return same and bool(mine.execute("SELECT EXISTS (SELECT 1 FROM shifts)").fetchone()[0])


def _plant() -> dict[str, Any]:
    plant = store_data.plant().model_dump(mode="json", exclude_none=True)
    for module in plant["modules"]:
        module["shift_hours"] = [{"label": SHIFT, "start": "06:00", "end": "15:00"}]
        module["target_units_per_hour"] = TARGET_UNITS
    plant["backup"] = {"continuous": False}  # the disk has the database twice already
    return plant


def _make(source: Path, data: Path, days: list[int], now_ns: int) -> None:
    size = (source / DATABASE_NAME).stat().st_size
    if shutil.disk_usage(source).free < size + 2_000_000_000:
        sys.exit(f"{data}: needs {size / 1e9 + 2:.1f} GB for a copy of {source}; free some.")
    print(f"{data}: copying {size / 1e9:.1f} GB", file=sys.stderr, flush=True)
    partial = data.with_suffix(".partial")
    for folder in (partial, data):
        shutil.rmtree(folder, ignore_errors=True)
    partial.mkdir(parents=True)
    shutil.copyfile(source / DATABASE_NAME, partial / DATABASE_NAME)
    with closing(sqlite3.connect(partial / DATABASE_NAME)) as connection:
        for table in ("cycle_events", "cycle_events_rejected"):
            connection.execute(f"DELETE FROM {table} WHERE start_ts >= ?", (to_text(now_ns),))
        _enter(connection, days, now_ns)
        connection.commit()
    partial.rename(data)


def _enter(connection: sqlite3.Connection, days: list[int], now_ns: int) -> None:
    """What an engineer enters day by day, each with its line in the audit trail."""
    luck = random.Random(SEED)
    modules = dict(connection.execute("SELECT code, id FROM modules"))
    stations = {
        module: [
            row for (row,) in connection.execute("SELECT id FROM workstations WHERE module_id = ?", (module,))
        ]
        for module in modules.values()
    }
    codes = [(f"C{number:03}", f"Motivo {number}") for number in range(1, 23)]
    connection.executemany("INSERT OR IGNORE INTO lost_time_codes (code, display_name) VALUES (?, ?)", codes)
    for day in days:
        begin_ns = BEGIN_NS + day * DAY_NS + 11 * HOUR_NS
        for module in (modules[code] for code in MODULES):
            _enter_shift(connection, luck, module, stations[module], day, begin_ns, now_ns)


def _enter_shift(
    connection: sqlite3.Connection,
    luck: random.Random,
    module: int,
    stations: list[int],
    day: int,
    begin_ns: int,
    now_ns: int,
) -> None:
    end_ns = begin_ns + 9 * HOUR_NS
    begin, end = to_text(begin_ns), to_text(end_ns) if end_ns <= now_ns else None
    shift = connection.execute(
        "INSERT INTO shifts (module_id, date, label, start_ts, end_ts) VALUES (?, ?, ?, ?, ?)",
        (module, date_of(day), SHIFT, begin, end),
    ).lastrowid
    connection.executemany(
        "INSERT INTO operator_assignments (workstation_id, operator_id, start_ts, end_ts) VALUES (?, ?, ?, ?)",
        [(station, 1 + (station + day // 7) % (len(MODULES) * STATIONS), begin, end) for station in stations],
    )
    connection.execute(
        "INSERT INTO targets (module_id, date, units) VALUES (?, ?, ?)",
        (module, date_of(day), TARGET_UNITS * 9),
    )
    if day % 7 in (0, 3):
        connection.execute(
            "UPDATE production_orders SET end_ts = ? WHERE module_id = ? AND end_ts IS NULL", (begin, module)
        )
        connection.execute(
            "INSERT INTO production_orders (module_id, code, units, start_ts) VALUES (?, ?, 1500, ?)",
            (module, f"OP-{day:04}-{module}", begin),
        )
    for _ in range(3):
        lost_ns = begin_ns + luck.randrange(6 * 60) * _MIN_NS
        connection.execute(
            "INSERT INTO lost_time_events (workstation_id, module_id, shift_id, code, start_ts, end_ts) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (luck.choice(stations), module, shift, f"C{luck.randint(1, 22):03}", to_text(lost_ns),
             to_text(lost_ns + luck.randint(3, 40) * _MIN_NS)),
        )  # fmt: skip
        connection.execute(
            "INSERT INTO manual_observations (workstation_id, observer, observed_ts, kind, payload_json) "
            "VALUES (?, 'ingeniero@planta.example', ?, 'other', ?)",
            (luck.choice(stations), to_text(lost_ns), json.dumps({"notes": "Cambio de hilo"})),
        )
    connection.executemany(
        "INSERT INTO audit_log (at_ts, actor, role, action, subject, after_json, request_id) "
        "VALUES (?, 'ingeniero@planta.example', 'engineer', 'assignment.create', ?, ?, ?)",
        [
            (
                begin,
                f"workstations/{station}",
                json.dumps({"shift": shift, "station": station}),
                f"{day}-{station}",
            )
            for station in stations
        ],
    )
