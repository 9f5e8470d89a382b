"""A database as big as years of a plant make it, for the measurements of the store; made once and kept.

Four modules of 21 stations, one shift of nine hours (half an hour of it a break) on six days a week, cycles of 20 s
to 4 min: 10 million of them are about 17 months. Filled in order of time through the real migrations, indexes and
triggers, with bare SQL in large transactions: EventWriter is measured elsewhere.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lbzf_ros.config.load import parse_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.model import NS_PER_S, ModelInfo, event_uid
from lbzf_ros.store.engine import DATABASE_NAME, writing_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.timestamps import to_text

SEED = 20260715
MODULES = ("ANGELA", "CARMENZA", "CAMISETAS", "EMPAQUE")
STATIONS = 21
STATIONS_A_CAMERA = 11
BEGIN_NS = int(datetime(2025, 6, 2, tzinfo=timezone.utc).timestamp()) * NS_PER_S
"""A Monday."""
DAY_NS = 86_400 * NS_PER_S
HOUR_NS = 3600 * NS_PER_S
SHIFT_BEGIN_H = 11
"""UTC; 6 in the morning at the plant."""
SHIFT_S = 9 * 3600
BREAK_S = (4 * 3600, 4 * 3600 + 1800)
BYTES_A_CYCLE = 700
"""With its indexes, and what the filling needs meanwhile."""
KEEP_FRAMES_DAYS = 120
KEEP_VIDEO_DAYS = 30
SEGMENT_S = 600
MODEL = ModelInfo(name="hog_background", version="1", framework="opencv")
PARAMETERS = "9f2b6c1e" * 8
SAM_MINUTES = 24.16 / STATIONS

ENTER_MODEL = (
    "INSERT INTO cv_model_versions (name, version, framework) VALUES ('hog_background', '1', 'opencv')"
)
"""The row of `MODEL`."""

_CYCLE = """
INSERT INTO cycle_events (event_uid, workstation_id, camera_id, operator_id, cv_model_version_id, roi_version_id,
  rule, parameter_hash, software_version, start_ts, end_ts, duration_uncertainty_s, status, quality, confidence,
  mean_conf, primary_track_dwell_ratio, observed_share, detection_count, source_frame_path, source_video_path,
  frame_archived_at, reasons_json, created_at)
VALUES (?1, ?2, ?3, ?4, 1, ?5, 'presence', ?6, '0.1.0', ?7, ?8, 0.2, ?9, ?10, ?11, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
  ?18, ?7)
"""

_REJECTED = """
INSERT INTO cycle_events_rejected (event_uid, workstation_id, camera_id, cv_model_version_id, roi_version_id, rule,
  parameter_hash, software_version, start_ts, end_ts, duration_seconds, reason, reasons_json, observed_share)
VALUES (?1, ?2, ?3, 1, ?4, 'presence', ?5, '0.1.0', ?6, ?7, ?8, ?9, ?10, 1.0)
"""


def plant(sam_minutes: float = SAM_MINUTES) -> Plant:
    """The plant of the measurements, with this standard time for every operation."""
    data = {
        "standard_times": [
            {"reference": f"REF {module}", "operation": f"OPERACION {n:02}", "sam_minutes": sam_minutes}
            for module in MODULES
            for n in range(1, STATIONS + 1)
        ],
        "modules": [_module(number, code) for number, code in enumerate(MODULES)],
    }
    return parse_plant(data, where="measurements", folder=Path("/"))


def camera_of(module: int, station: int) -> str:
    """Label of the camera that sees a station, both counted from 0."""
    return f"cam{module * 2 + station // STATIONS_A_CAMERA + 1}"


def folder(rows: int) -> Path:
    """The data folder that holds this many cycles; made when it is not there, or its schema is another one.

    Raises:
        SystemExit: there is not enough space on the disk.
    """
    base = Path(os.environ.get("LBZF_BENCH_DATA", Path(tempfile.gettempdir(), "lbzf-bench")))
    found = base / f"cycles-{rows}"
    if _schema_of(found / DATABASE_NAME) != _fresh_schema():
        base.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(base).free
        if free < rows * BYTES_A_CYCLE + 1_000_000_000:
            sys.exit(
                f"{base}: {free / 1e9:.1f} GB are free; {rows} cycles need {rows * BYTES_A_CYCLE / 1e9 + 1:.1f} GB. "
                "Free some, or name another folder in LBZF_BENCH_DATA."
            )
        partial = base / f"cycles-{rows}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        _fill(partial / DATABASE_NAME, rows)
        shutil.rmtree(found, ignore_errors=True)
        partial.rename(found)
    return found


def days(rows: int) -> list[int]:
    """Numbers of the working days that this many cycles take, from `BEGIN_NS`."""
    found: list[int] = []
    for number, stations in _days(rows):
        if len(stations):
            found.append(number)
    return found


def end_ns(rows: int) -> int:
    """Midnight after the last day."""
    return BEGIN_NS + (days(rows)[-1] + 1) * DAY_NS


def _schema_of(database: Path) -> set[tuple[str, str]]:
    """Statements by name, without comments and spaces."""
    if not database.exists():
        return set()
    with closing(sqlite3.connect(database)) as connection:
        query = (
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'sqlite_stat%'"
        )
        return {(name, "".join(re.sub("--.*", "", sql).split())) for name, sql in connection.execute(query)}


def _fresh_schema() -> set[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as empty:
        database = Path(empty, DATABASE_NAME)
        migrate(database, now_ns=0)
        return _schema_of(database)


def forget_from(database: Path, begin_ns: int) -> None:
    """Delete the cycles that began then or later: what a measurement has written."""
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        connection.execute("DELETE FROM cycle_events WHERE start_ts >= ?", (to_text(begin_ns),))
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _module(number: int, code: str) -> dict[str, Any]:
    square = [[10, 10], [200, 10], [200, 300], [10, 300]]
    labels = sorted({camera_of(number, n) for n in range(STATIONS)})
    return {
        "code": code,
        "product_reference": f"REF {code}",
        "cameras": [{"label": label, "source": f"simulator:seed={number}"} for label in labels],
        "workstations": [
            {
                "code": f"PUESTO_{n + 1:02}",
                "display_name": f"Puesto {n + 1}",
                "camera": camera_of(number, n),
                "operation": f"OPERACION {n + 1:02}",
                "sequence_pos": n + 1,
                "zones": {"work": {"kind": "work", "polygon_px": square}},
            }
            for n in range(STATIONS)
        ],
    }


def _days(rows: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Each day until there are enough cycles: columns station (from 0), start and end (ms since the day's midnight)."""
    rng = np.random.default_rng(SEED)
    mean_s = np.clip(rng.lognormal(np.log(80), 0.35, len(MODULES) * STATIONS), 35, 160)
    day = 0
    while rows > 0:
        if day % 7 != 6:
            cycles = np.concatenate([_shift(rng, station, mean) for station, mean in enumerate(mean_s)])
            cycles = cycles[np.argsort(cycles[:, 1], kind="stable")][:rows]
            rows -= len(cycles)
            yield day, cycles
        day += 1


def _shift(rng: np.random.Generator, station: int, mean_s: float) -> NDArray[np.int64]:
    most = int(SHIFT_S / 20)
    lengths_s = np.clip(rng.lognormal(np.log(mean_s) - 0.06, 0.35, most), 20, 240)
    pauses_s = rng.exponential(14, most) + 1
    starts_s = np.cumsum(lengths_s + pauses_s) - lengths_s
    inside = (starts_s + lengths_s < SHIFT_S) & ~((starts_s > BREAK_S[0]) & (starts_s < BREAK_S[1]))
    begin_ms = SHIFT_BEGIN_H * 3_600_000
    starts = begin_ms + (starts_s[inside] * 1000).astype(np.int64)
    ends = starts + (lengths_s[inside] * 1000).astype(np.int64)
    return np.stack([np.full(len(starts), station), starts, ends], axis=1)


def _fill(database: Path, rows: int) -> None:
    print(f"{database}: filling {rows} cycles", file=sys.stderr, flush=True)
    database.parent.mkdir(parents=True)
    migrate(database, now_ns=BEGIN_NS)
    numbers = days(rows)
    engine = writing_engine(database)
    for share, sam in ((0, SAM_MINUTES * 1.1), (1 / 3, SAM_MINUTES * 1.05), (2 / 3, SAM_MINUTES)):
        now_ns = BEGIN_NS + int(share * numbers[-1]) * DAY_NS
        sync_plant(engine, plant(sam), now_ns=now_ns, software_version="0.1.0")
    engine.dispose()
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        # A file that is not complete is thrown away: no journal, no waiting for the disk.
        for pragma in (
            "journal_mode = OFF",
            "synchronous = OFF",
            "foreign_keys = ON",
            "cache_size = -1500000",
        ):
            connection.execute(f"PRAGMA {pragma}")
        _fill_rows(connection, rows, numbers[-1])
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_mode = WAL")


def _fill_rows(connection: sqlite3.Connection, rows: int, last_day: int) -> None:
    connection.execute(ENTER_MODEL)
    connection.executemany(
        "INSERT INTO operators (external_code, display_name) VALUES (?, ?)",
        [(f"OP{n:03}", f"Operario {n}") for n in range(1, len(MODULES) * STATIONS + 1)],
    )
    zones = dict(connection.execute("SELECT workstation_id, id FROM rois"))
    cameras = dict(connection.execute("SELECT id, primary_camera_id FROM workstations"))
    labels = dict(connection.execute("SELECT id, label FROM cameras"))
    rng = np.random.default_rng(SEED + 1)
    began_s, done = time.monotonic(), 0
    for day, cycles in _days(rows):
        connection.execute("BEGIN IMMEDIATE")
        if day > last_day - KEEP_VIDEO_DAYS:
            connection.executemany(
                "INSERT INTO video_segments (camera_id, path, start_ts, end_ts, frames, codec) "
                "VALUES (?, ?, ?, ?, 3000, 'h264')",
                _segments(day, labels),
            )
        connection.executemany(_CYCLE, _rows(rng, cycles, day, last_day - day, zones, cameras, labels))
        connection.executemany(_REJECTED, _rejected(rng, cycles, day, zones, cameras))
        connection.execute("COMMIT")
        done += len(cycles)
        if day % 28 == 0:
            print(
                f"  {done} cycles, {done / (time.monotonic() - began_s):.0f} a second",
                file=sys.stderr,
                flush=True,
            )
    print(f"  filled in {time.monotonic() - began_s:.0f} s", file=sys.stderr, flush=True)


def _segment(day: int, ms: int, label: str) -> str:
    text = to_text(BEGIN_NS + day * DAY_NS + ms * 1_000_000)
    digits = "".join(sign for sign in text[:19] if sign.isdigit())
    return f"video/{text[:4]}/{text[5:7]}/{text[8:10]}/{label}_{digits[:8]}_{digits[8:]}.mp4"


def _segments(day: int, labels: dict[int, str]) -> Iterator[tuple[object, ...]]:
    first_ms = SHIFT_BEGIN_H * 3_600_000
    for camera, label in labels.items():
        for ms in range(first_ms, first_ms + SHIFT_S * 1000, SEGMENT_S * 1000):
            begin_ns = BEGIN_NS + day * DAY_NS + ms * 1_000_000
            yield (
                camera,
                _segment(day, ms, label),
                to_text(begin_ns),
                to_text(begin_ns + SEGMENT_S * NS_PER_S),
            )


def _rows(
    rng: np.random.Generator,
    cycles: NDArray[np.int64],
    day: int,
    age_days: int,
    zones: dict[int, int],
    cameras: dict[int, int],
    labels: dict[int, str],
) -> Iterator[tuple[object, ...]]:
    midnight_ns = BEGIN_NS + day * DAY_NS
    date = to_text(midnight_ns)[:10].replace("-", "/")
    confidences = rng.uniform(0.4, 0.95, len(cycles)).round(4).tolist()
    draws = rng.random((2, len(cycles))).tolist()
    archived = to_text(midnight_ns + KEEP_FRAMES_DAYS * DAY_NS) if age_days > KEEP_FRAMES_DAYS else None
    for (n, start_ms, end_ms), confidence, status_draw, quality_draw in zip(
        cycles.tolist(), confidences, *draws, strict=True
    ):
        start_ns = midnight_ns + start_ms * 1_000_000
        uid = _uid(n, start_ns)
        station = n + 1
        label = labels[cameras[station]]
        status = (
            "complete" if status_draw < 0.985 else "aborted" if status_draw < 0.999 else "manual_override"
        )
        segment_ms = start_ms - start_ms % (SEGMENT_S * 1000)
        yield (
            uid,
            station,
            cameras[station],
            station,
            zones[station],
            PARAMETERS,
            to_text(start_ns),
            None if status == "aborted" else to_text(midnight_ns + end_ms * 1_000_000),
            status,
            "green" if quality_draw < 0.88 else "yellow" if quality_draw < 0.97 else "red",
            confidence,
            0.97,
            0.99,
            (end_ms - start_ms) // 200,
            None if archived else f"frames/{date}/{label}_{uid}.jpg",
            _segment(day, segment_ms, label) if age_days < KEEP_VIDEO_DAYS else None,
            archived,
            '{"camera_lost": "no picture for 21.0 s"}' if status == "aborted" else None,
        )


def _rejected(
    rng: np.random.Generator,
    cycles: NDArray[np.int64],
    day: int,
    zones: dict[int, int],
    cameras: dict[int, int],
) -> Iterator[tuple[object, ...]]:
    """One for every 20 cycles, in the pause after it."""
    reasons = ("too_short", "too_short", "low_dwell", "confidence_drop", "too_long")
    chosen = cycles[::20]
    for (n, _, end_ms), number in zip(
        chosen.tolist(), rng.integers(0, len(reasons), len(chosen)).tolist(), strict=True
    ):
        start_ns = BEGIN_NS + day * DAY_NS + (end_ms + 10) * 1_000_000
        station, reason = n + 1, reasons[number]
        end = to_text(start_ns + NS_PER_S)
        uid, why = _uid(n, start_ns), f'{{"{reason}": "1.00 s"}}'
        yield (
            uid,
            station,
            cameras[station],
            zones[station],
            PARAMETERS,
            to_text(start_ns),
            end,
            1.0,
            reason,
            why,
        )


def _uid(n: int, start_ns: int) -> str:
    module, station = divmod(n, STATIONS)
    return event_uid(
        module=MODULES[module],
        camera=camera_of(module, station),
        workstation=f"PUESTO_{station + 1:02}",
        rule="presence",
        start_ns=start_ns,
    )
