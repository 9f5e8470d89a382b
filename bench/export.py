"""What an export of 100 thousand events takes, against XlsxWriter alone writing the same cells.

Pairs, in turn, each in a process of its own: `ours` is `export_day` with the usual mapping, of a database with that
many events in one day: it reads SQLite, writes the workbook and its CSV mirror and brings them to the disk. `bare` has
the very cells of all sheets in memory and times nothing but XlsxWriter's constant-memory mode writing them. The share
is that of the medians; memory is the most that the process of `ours` held.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter

from bench import store_data
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.reports.workbook import plain_sheet
from lbzf_ros.reports.workbook.export import Order, export_day
from lbzf_ros.store.engine import DATABASE_NAME, writing_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.timestamps import to_text

EVENTS = 100_000
PAIRS = 7
DAY = dt.date(2025, 6, 2)
_STATIONS = len(store_data.MODULES) * store_data.STATIONS
_CYCLE = """
INSERT INTO cycle_events (event_uid, workstation_id, camera_id, operator_id, cv_model_version_id, roi_version_id,
  rule, parameter_hash, software_version, start_ts, end_ts, duration_uncertainty_s, status, quality, confidence,
  mean_conf, primary_track_dwell_ratio, observed_share, detection_count, ref_op_order)
SELECT ?1, w.id, w.primary_camera_id, w.id, 1, r.id, 'presence', ?2, '0.1.0', ?3, ?4, 0.2, 'complete', ?5, ?6, ?6,
  0.97, 0.99, 200, 'OP-2025-0712'
FROM workstations w JOIN rois r ON r.workstation_id = w.id WHERE w.id = ?7
"""


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ours", type=Path, help="one export of this data folder, printed")
    parser.add_argument("--bare", type=Path, help="the same cells by XlsxWriter alone, printed")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    arguments = parser.parse_args()
    if arguments.ours or arguments.bare:
        print(json.dumps(_ours(arguments.ours) if arguments.ours else _bare(arguments.bare)))
        return
    from bench import report  # brings in OpenCV, which a measured process has not

    load = round(os.getloadavg()[0], 2)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        fill(data, EVENTS)
        _run("--ours", data)  # warm: the database is in memory, modules are compiled
        ours, bare = [], []
        for _ in range(arguments.pairs):
            ours.append(_run("--ours", data))
            bare.append(_run("--bare", data))
    ours_s, bare_s = [run["s"] for run in ours], [run["s"] for run in bare]
    ours_cpu_s, bare_cpu_s = [run["cpu_s"] for run in ours], [run["cpu_s"] for run in bare]
    report.write(
        "export",
        {
            "what": "one day with so many events; s of a whole export against XlsxWriter's constant-memory mode alone",
            "events": EVENTS,
            "cells": bare[0]["cells"],
            "pairs": arguments.pairs,
            "ours_s": report.spread(ours_s),
            "bare_s": report.spread(bare_s),
            "share_of_medians": round(statistics.median(ours_s) / statistics.median(bare_s), 3),
            "share_of_pairs": report.spread([a / b for a, b in zip(ours_s, bare_s, strict=True)], 3),
            "ours_cpu_s": report.spread(ours_cpu_s),
            "bare_cpu_s": report.spread(bare_cpu_s),
            "cpu_share_of_medians": round(statistics.median(ours_cpu_s) / statistics.median(bare_cpu_s), 3),
            "load_average_before": load,
            "most_memory_mb": report.spread([run["most_mb"] for run in ours], 1),
            "workbook_mb": round(ours[0]["workbook_bytes"] / 1e6, 2),
        },
    )


def fill(data: Path, events: int) -> None:
    """A data folder with so many events in one shift of one day, of 84 stations."""
    migrate(data / DATABASE_NAME, now_ns=store_data.BEGIN_NS)
    engine = writing_engine(data / DATABASE_NAME)
    sync_plant(engine, store_data.plant(), now_ns=store_data.BEGIN_NS, software_version="0.1.0")
    engine.dispose()
    rng = np.random.default_rng(store_data.SEED)
    begin_ns = store_data.BEGIN_NS + store_data.SHIFT_BEGIN_H * store_data.HOUR_NS
    starts = np.sort(rng.uniform(0, store_data.SHIFT_S - 60, events))
    lengths = rng.uniform(5, 25, events)
    bands = rng.choice(["green", "yellow", "red"], events, p=[0.88, 0.09, 0.03])
    with closing(sqlite3.connect(data / DATABASE_NAME, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute(store_data.ENTER_MODEL)
        connection.executemany(
            "INSERT INTO operators (external_code, display_name) VALUES (?, ?)",
            [(f"OP{n:03}", f"Operario {n}") for n in range(1, _STATIONS + 1)],
        )
        connection.executemany(
            _CYCLE,
            (
                (
                    f"{number:032x}",
                    store_data.PARAMETERS,
                    to_text(begin_ns + int(start * NS_PER_S)),
                    to_text(begin_ns + int((start + length) * NS_PER_S)),
                    str(band),
                    round(0.4 + 0.5 * length / 25, 4),
                    number % _STATIONS + 1,
                )
                for number, (start, length, band) in enumerate(zip(starts, lengths, bands, strict=True))
            ),
        )
        connection.execute("COMMIT")


def _run(what: str, data: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.export", what, str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def _ours(data: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=data) as out:
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        done = export_day(_order(data, Path(out)), progress=lambda _doing, _done, _total: None)
        took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
        size = done.workbook.stat().st_size
    most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return {"s": took_s, "cpu_s": cpu_s, "most_mb": most_mb, "workbook_bytes": size}


def _bare(data: Path) -> dict[str, Any]:
    """What an export asks of XlsxWriter for its cells, kept and then asked of a workbook that does nothing else."""
    kept = _asked_for(data)
    with tempfile.TemporaryDirectory(dir=data) as out:
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        book = xlsxwriter.Workbook(f"{out}/bare.xlsx", {"constant_memory": True, "tmpdir": out})
        for number, (columns, cells) in enumerate(kept):
            sheet = book.add_worksheet(f"sheet{number}")
            for column, width, number_format in columns:
                sheet.set_column(column, column, width, book.add_format({"num_format": number_format}))
            for method, row, column, values in cells:
                getattr(sheet, method)(row, column, *values)
        book.close()
        took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    return {"s": took_s, "cpu_s": cpu_s, "cells": sum(len(cells) for _, cells in kept)}


def _asked_for(data: Path) -> list[tuple[list[Any], list[Any]]]:
    """Columns and cells of each sheet: the method, row, column and values without a format."""
    kept: list[tuple[list[Any], list[Any]]] = []

    class Recording(plain_sheet.PlainSheet):
        def __init__(self) -> None:
            super().__init__()
            self.columns: list[Any] = []
            self.cells: list[Any] = []
            kept.append((self.columns, self.cells))

        def set_column(self, first: int, _last: int, width: float, style: Any) -> int:
            self.columns.append((first, width, style.num_format))
            return 0

        def write_string(self, row: int, column: int, text: str, _style: Any = None) -> int:
            self.cells.append(("write_string", row, column, (text,)))
            return 0

        def write_number(self, row: int, column: int, number: float, _style: Any = None) -> int:
            self.cells.append(("write_number", row, column, (number,)))
            return 0

        def write_formula(self, row: int, column: int, text: str, _style: Any = None, value: Any = 0) -> int:
            self.cells.append(("write_formula", row, column, (text, None, value)))
            return 0

    plain_sheet.PlainSheet = Recording  # type: ignore[misc]
    with tempfile.TemporaryDirectory(dir=data) as out:
        export_day(_order(data, Path(out)))
    return kept


def _order(data: Path, out: Path) -> Any:
    now_ns = store_data.BEGIN_NS + 30 * store_data.DAY_NS
    return Order(data=data, plant=store_data.plant(), day=DAY, now_ns=now_ns, out=out)


if __name__ == "__main__":
    main()
