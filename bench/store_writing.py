"""EventWriter against bare `sqlite3.executemany`, and its commits while readers read.

First 100 rows a commit into databases of the same schema, one after the other in turn: EventWriter, bare, bare
without the triggers that keep `cycle_hours`. Then 100 events a second for a minute, committed every 50 ms as the
node does it, into the large database of `store_data`, while two processes ask for the three named queries in a loop.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from bench import report, store_data
from bench.store_questions import QUESTIONS
from bench.store_stream import COMMIT_EVERY_S, RATE_HZ, Zones, cycles_from, engine_with, enter, write_steadily
from lbzf_ros.core.model import CycleEvent, EventKind
from lbzf_ros.store.engine import DATABASE_NAME, PRAGMAS, reading_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.reader import StoreReader
from lbzf_ros.store.writer import EventWriter

COMMIT = 100
ROUNDS = 21
COMMITS_A_ROUND = 30
SPAN_S = 60
READERS = 2

_WRITTEN = """event_uid, workstation_id, camera_id, cv_model_version_id, roi_version_id, rule, parameter_hash,
  software_version, start_ts, end_ts, duration_uncertainty_s, mean_conf, primary_track_dwell_ratio, observed_share,
  detection_count, source_frame_path, reasons_json, status, quality, confidence, source_video_path"""


def main() -> None:
    """Measure both and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=10_000_000, help="cycles in the database of the steady stream"
    )
    parser.add_argument("--seconds", type=int, default=SPAN_S, help="of the steady stream")
    arguments = parser.parse_args()
    figures: dict[str, Any] = {
        "what": f"{COMMIT} rows a commit, median of {ROUNDS} rounds in turn; {RATE_HZ} events/s in commits every "
        f"{COMMIT_EVERY_S * 1000:.0f} ms with {READERS} readers in a loop",
        "load_average_before": round(os.getloadavg()[0], 2),
        "rows_a_second": {mode: _in_turn(mode) for mode in ("FULL", "NORMAL")},
        "steady": {mode: _steady(arguments.rows, arguments.seconds, mode) for mode in ("FULL", "NORMAL")},
    }
    if (arguments.rows, arguments.seconds) == (10_000_000, SPAN_S):
        report.write("store_writing", figures)
    else:
        print(json.dumps(figures, indent=2))


def _in_turn(synchronous: str) -> dict[str, Any]:
    """Rows a second of each way; every round gives each the same number of rows, in another order."""
    with tempfile.TemporaryDirectory() as folder:
        ways = {
            "event_writer": _event_writer(Path(folder, "event_writer.db"), synchronous),
            "bare": _bare(Path(folder, "bare.db"), synchronous, triggers=True),
            "bare_without_triggers": _bare(Path(folder, "plain.db"), synchronous, triggers=False),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        order = list(ways)
        for number in range(ROUNDS + 1):
            for name in order:
                rate = ways[name](number)
                if number:  # the first round only warms up
                    rates[name].append(rate)
            order = [*order[1:], order[0]]
    ratios = [mine / bare for mine, bare in zip(rates["event_writer"], rates["bare"], strict=True)]
    return {
        **{name: report.spread(values, 0) for name, values in rates.items()},
        "event_writer_to_bare": report.spread(ratios),
        "triggers_cost_percent": round(
            (1 - statistics.median(rates["bare"]) / statistics.median(rates["bare_without_triggers"])) * 100,
            1,
        ),
    }


def _ends(zones: Zones, number: int) -> list[list[CycleEvent]]:
    first = number * COMMITS_A_ROUND * COMMIT
    return [
        cycles_from(zones, store_data.BEGIN_NS, n, n + COMMIT, EventKind.END)
        for n in range(first, first + COMMITS_A_ROUND * COMMIT, COMMIT)
    ]


def _rate(step: Callable[[list[Any]], object], batches: list[list[Any]]) -> float:
    began_s = time.perf_counter()
    for batch in batches:
        step(batch)
    return len(batches) * COMMIT / (time.perf_counter() - began_s)


def _event_writer(database: Path, synchronous: str) -> Callable[[int], float]:
    migrate(database, now_ns=store_data.BEGIN_NS)
    zones = enter(database)
    writer = EventWriter(engine_with(database, synchronous))
    return lambda number: _rate(writer.write, _ends(zones, number))


def _bare(database: Path, synchronous: str, *, triggers: bool) -> Callable[[int], float]:
    """The same rows, ready as tuples: EventWriter makes them once in a database beside it."""
    rows_of = _rows(database.with_suffix(".rows"))
    migrate(database, now_ns=store_data.BEGIN_NS)
    enter(database)
    connection = sqlite3.connect(database, isolation_level=None)
    for name, value in (PRAGMAS | {"synchronous": synchronous}).items():
        connection.execute(f"PRAGMA {name} = {value}")
    connection.execute(
        "INSERT INTO cv_model_versions (name, version, framework) VALUES ('hog_background', '1', 'opencv')"
    )
    if not triggers:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE name LIKE 'hours_%'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
    insert = f"INSERT INTO cycle_events ({_WRITTEN}) VALUES ({', '.join('?' * 21)})"

    def step(batch: list[Any]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(insert, batch)
        connection.execute("COMMIT")

    return lambda number: _rate(step, rows_of(number))


def _rows(database: Path) -> Callable[[int], list[list[Any]]]:
    migrate(database, now_ns=store_data.BEGIN_NS)
    zones = enter(database)
    writer = EventWriter(engine_with(database, "OFF"))

    def rows_of(number: int) -> list[list[Any]]:
        batches = _ends(zones, number)
        for batch in batches:
            writer.write(batch)
        with closing(sqlite3.connect(database)) as connection:
            rows = connection.execute(f"SELECT {_WRITTEN} FROM cycle_events ORDER BY id").fetchall()
            connection.execute("DELETE FROM cycle_events")
            connection.commit()
        return [rows[n : n + COMMIT] for n in range(0, len(rows), COMMIT)]

    return rows_of


def _steady(rows: int, seconds: int, synchronous: str) -> dict[str, Any]:
    database = store_data.folder(rows) / DATABASE_NAME
    begin_ns = store_data.end_ns(rows)
    store_data.forget_from(database, begin_ns)
    spawn = multiprocessing.get_context("spawn")
    stop, asked = spawn.Event(), spawn.Queue()
    readers = [spawn.Process(target=_read_on, args=(rows, number, stop, asked)) for number in range(READERS)]
    for reader in readers:
        reader.start()
    try:
        for _ in readers:
            asked.get(timeout=60)  # it reads
        found = write_steadily(database, begin_ns, synchronous, seconds)
    finally:
        stop.set()
        answers = [asked.get(timeout=60) for _ in readers]
        for reader in readers:
            reader.join()
        store_data.forget_from(database, begin_ns)
    return {"cycles": rows, **found, "queries_a_second_meanwhile": round(sum(answers) / seconds)}


def _read_on(rows: int, seed: int, stop: Event, asked: Any) -> None:
    """One reader: the named queries in turn until it is told to stop; then how many."""
    engine = reading_engine(store_data.folder(rows) / DATABASE_NAME)
    reader, rng, days, count = StoreReader(engine), random.Random(seed), store_data.days(rows), 0
    asked.put(0)
    while not stop.is_set():
        for question in QUESTIONS[:3]:
            question.any(rng, days)(reader)
            count += 1
    engine.dispose()
    asked.put(count)


if __name__ == "__main__":
    main()
