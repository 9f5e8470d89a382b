"""The named queries at 10 thousand, 1 million and 10 million cycles, while EventWriter writes 100 events a second.

Each question is asked through StoreReader and, as the very statements that it runs, on bare sqlite3, in turn and with
the same random parameters. Warm: all parameters were asked once before. Cold: the file's pages are dropped from this
machine's memory and a new connection asks (a virtual machine's host may still hold them). Then, with nobody writing,
what a day and a month take by other ways than the rollup.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from sqlalchemy import event

from bench import report, store_data
from bench.store_questions import MIDNIGHT_NS, QUESTIONS, Ask, Question, month_of
from bench.store_stream import quantiles, write_steadily
from lbzf_ros.store.engine import DATABASE_NAME, PRAGMAS, reading_engine, transaction
from lbzf_ros.store.reader import StoreReader
from lbzf_ros.store.timestamps import to_text

SIZES = (10_000, 1_000_000, 10_000_000)
COLD_SAMPLES = 20
WAY_SAMPLES = 20
FOR_EVER_S = 3600.0

Statements = list[tuple[str, Any]]

_COVERING = """CREATE INDEX idx_bench_covering
ON cycle_events(workstation_id, start_ts, status, quality, end_ts, duration_seconds)"""
_FINISHED = "e.status IN ('complete', 'manual_override') AND e.end_ts IS NOT NULL"
_DAY = f"""
SELECT e.workstation_id, substr(e.start_ts, 1, 13), count(*), sum(CAST(round(e.duration_seconds * 1000) AS INTEGER))
FROM workstations w CROSS JOIN cycle_events e INDEXED BY {{index}} ON e.workstation_id = w.id
WHERE w.module_id = :module AND e.start_ts >= :from AND e.start_ts < :to AND {_FINISHED} GROUP BY 1, 2"""
_BANDS = ", ".join(f"{{number}} FILTER (WHERE quality = '{band}')" for band in ("green", "yellow", "red"))
_MONTH = f"""
SELECT w.id, {_BANDS.format(number="count(*)")}
FROM workstations w CROSS JOIN cycle_events e INDEXED BY {{index}} ON e.workstation_id = w.id
WHERE e.start_ts >= :from AND e.start_ts < :to AND {_FINISHED} GROUP BY w.id"""
_BY_START = {
    "day": f"""
SELECT e.workstation_id, substr(e.start_ts, 1, 13), count(*), sum(CAST(round(e.duration_seconds * 1000) AS INTEGER))
FROM cycle_events e INDEXED BY idx_events_start_ts CROSS JOIN workstations w ON w.id = e.workstation_id
WHERE w.module_id = :module AND e.start_ts >= :from AND e.start_ts < :to AND {_FINISHED} GROUP BY 1, 2""",
    "month": f"""
SELECT e.workstation_id, {_BANDS.format(number="count(*)")} FROM cycle_events e INDEXED BY idx_events_start_ts
WHERE e.start_ts >= :from AND e.start_ts < :to AND {_FINISHED} GROUP BY e.workstation_id""",
}
_ROLLUP = {
    "day": """
SELECT w.id, h.hour_ts, sum(h.cycles), sum(h.duration_ms)
FROM workstations w CROSS JOIN cycle_hours h ON h.workstation_id = w.id
WHERE w.module_id = :module AND h.hour_ts >= substr(:from, 1, 13) AND h.hour_ts < substr(:to, 1, 13)
GROUP BY w.id, h.hour_ts""",
    "month": f"""
SELECT w.id, {_BANDS.format(number="sum(h.cycles)")}
FROM workstations w CROSS JOIN cycle_hours h ON h.workstation_id = w.id
WHERE h.hour_ts >= substr(:from, 1, 13) AND h.hour_ts < substr(:to, 1, 13) GROUP BY w.id""",
}
_USED_PAGES = (
    "SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count)"
)


def main() -> None:
    """Measure all sizes and write the result; with --rows one size, printed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, help="only this size, and only print")
    arguments = parser.parse_args()
    sizes = (arguments.rows,) if arguments.rows else SIZES
    figures = {
        "what": "ms a call; warm, with 100 events/s being written; bare: the same statements on sqlite3",
        "load_average_before": round(os.getloadavg()[0], 2),
        "sqlite": sqlite3.sqlite_version,
        "cycles": {str(rows): _measure(rows) for rows in sizes},
    }
    if arguments.rows:
        print(json.dumps(figures, indent=2))
    else:
        report.write("store_reading", figures)


def _measure(rows: int) -> dict[str, Any]:
    database = store_data.folder(rows) / DATABASE_NAME
    days, begin_ns = store_data.days(rows), store_data.end_ns(rows)
    store_data.forget_from(database, begin_ns)
    try:
        with _written_to(database, begin_ns):
            questions = {question.name: _question(question, database, days) for question in QUESTIONS}
    finally:
        store_data.forget_from(database, begin_ns)
    return {
        "file_gb": round(database.stat().st_size / 1e9, 3),
        "questions": questions,
        "other_ways_ms": _other_ways(database, days),
    }


@contextmanager
def _written_to(database: Path, begin_ns: int) -> Iterator[None]:
    """Somebody writes meanwhile."""
    spawn = multiprocessing.get_context("spawn")
    stop = spawn.Event()
    writer = spawn.Process(target=_write_on, args=(database, begin_ns, stop))
    writer.start()
    try:
        _wait_until_written(database, begin_ns)
        yield
        if not writer.is_alive():
            raise SystemExit("the writer has ended before its time")
    finally:
        stop.set()
        writer.join()


def _write_on(database: Path, begin_ns: int, stop: Event) -> None:
    write_steadily(database, begin_ns, "FULL", FOR_EVER_S, stop)


def _wait_until_written(database: Path, begin_ns: int) -> None:
    until_s = time.monotonic() + 60
    with closing(sqlite3.connect(database)) as connection:
        query = "SELECT EXISTS (SELECT 1 FROM cycle_events WHERE start_ts >= ?)"
        while not connection.execute(query, (to_text(begin_ns),)).fetchone()[0]:
            if time.monotonic() > until_s:
                raise SystemExit("the writer has not begun")
            time.sleep(0.05)


def _question(question: Question, database: Path, days: Sequence[int]) -> dict[str, Any]:
    rng = random.Random(f"{store_data.SEED} {question.name}")
    asks = [question.any(rng, days) for _ in range(question.samples)]
    engine = reading_engine(database)
    reader = StoreReader(engine)
    recorded = [_statements(database, ask) for ask in asks]  # and warm from now on
    through_reader, bare = list[float](), list[float]()
    with closing(_bare(database)) as connection:
        for number, (ask, statements) in enumerate(zip(asks, recorded, strict=True)):
            turns: list[tuple[list[float], Callable[[], object]]] = [
                (through_reader, lambda ask=ask: ask(reader)),  # type: ignore[misc]
                (bare, lambda statements=statements: _run(connection, statements)),  # type: ignore[misc]
            ]
            for found, turn in turns if number % 2 else turns[::-1]:
                found.append(_milliseconds(turn))
        plan = _plan(connection, recorded[0])
    engine.dispose()
    mine, theirs = quantiles(through_reader), quantiles(bare)
    return {
        "goal_p95_ms": question.goal_ms,
        "reader_ms": mine,
        "bare_ms": theirs,
        "reader_to_bare_p50": round(mine["p50"] / theirs["p50"], 2),
        "cold_reader_ms": quantiles([_cold(database, ask) for ask in asks[:COLD_SAMPLES]]),
        "plan": plan,
    }


def _milliseconds(turn: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    turn()
    return (time.perf_counter() - began_s) * 1000


def _statements(database: Path, ask: Ask) -> Statements:
    """What the reader really runs for a question."""
    found: Statements = []
    engine = reading_engine(database)

    def note(_c: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        found.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    ask(StoreReader(engine))
    engine.dispose()
    return [*found, ("COMMIT", ())]


def _bare(database: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(database, isolation_level=None)
    for name, value in PRAGMAS.items():
        if name != "journal_mode":
            connection.execute(f"PRAGMA {name} = {value}")
    return connection


def _run(connection: sqlite3.Connection, statements: Statements) -> None:
    for statement, values in statements:
        connection.execute(statement, values).fetchall()


def _plan(connection: sqlite3.Connection, statements: Statements) -> list[str]:
    queries = [one for one in statements if one[0].lstrip().startswith("SELECT")]
    return [
        row[3]
        for query, values in queries
        for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", values)
    ]


def _cold(database: Path, ask: Ask) -> float:
    engine = reading_engine(database)
    with transaction(engine, "open it") as connection:
        connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
    handle = os.open(database, os.O_RDONLY)
    os.fdatasync(handle)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(handle)
    found = _milliseconds(lambda: ask(StoreReader(engine)))
    engine.dispose()
    return found


def _other_ways(database: Path, days: Sequence[int]) -> dict[str, Any]:
    """A day of a module and a month of the plant on bare sqlite3: the rollup, and reading the cycles."""
    ways = {
        "rollup": _ROLLUP,
        "cycles, index on station and start": {
            "day": _DAY.format(index="idx_events_ws_start"),
            "month": _MONTH.format(index="idx_events_ws_start"),
        },
        "cycles, index on start": _BY_START,
    }
    covering = {
        name: query.format(index="idx_bench_covering") for name, query in (("day", _DAY), ("month", _MONTH))
    }
    with closing(_bare(database)) as connection:
        found = {name: _both(connection, queries, days) for name, queries in ways.items()}
        pages = connection.execute(_USED_PAGES).fetchone()[0]
        connection.execute(_COVERING)
        try:
            added = connection.execute(_USED_PAGES).fetchone()[0] - pages
            found["cycles, covering index"] = _both(connection, covering, days) | {
                "gb_of_the_index": round(added * 4096 / 1e9, 3)
            }
        finally:
            connection.execute("DROP INDEX idx_bench_covering")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return found


def _both(connection: sqlite3.Connection, queries: dict[str, str], days: Sequence[int]) -> dict[str, Any]:
    found = {}
    for name, query in queries.items():
        rng, took_ms = random.Random(store_data.SEED), list[float]()
        for _ in range(WAY_SAMPLES if name == "day" else WAY_SAMPLES // 4):
            day = rng.choice(days)
            from_ns = store_data.BEGIN_NS + day * store_data.DAY_NS + MIDNIGHT_NS
            span = (from_ns, from_ns + store_data.DAY_NS) if name == "day" else month_of(day)
            values = {"module": rng.randint(1, 4), "from": to_text(span[0]), "to": to_text(span[1])}
            _run(connection, [(query, values)])
            took_ms.append(_milliseconds(lambda one=(query, values): _run(connection, [one])))  # type: ignore[misc]
        found[f"{name}_p50"] = round(report.percentile(took_ms, 0.5), 3)
        found[f"{name}_p95"] = round(report.percentile(took_ms, 0.95), 3)
    return found


if __name__ == "__main__":
    main()
