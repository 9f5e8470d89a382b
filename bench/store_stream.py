"""A stream of cycles at the stations of `store_data`, and a writer that writes it at a steady rate."""

from __future__ import annotations

import math
import sqlite3
import time
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from bench import report
from bench.store_data import BEGIN_NS, MODEL, plant
from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind, event_uid
from lbzf_ros.store.engine import writing_engine
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.writer import EventWriter

RATE_HZ = 100
COMMIT_EVERY_S = 0.05
RUNNING = 84
"""Cycles between a START and its END: one at each station."""

Zones = dict[tuple[str, str], tuple[str, int, str]]
"""Camera, zone in force and hash of the parameters, by module and station."""


def enter(database: Path) -> Zones:
    """Bring the plant into a database."""
    engine = writing_engine(database)
    sets = sync_plant(engine, plant(), now_ns=BEGIN_NS, software_version="0.1.0")
    engine.dispose()
    return {
        (station.module, station.code): (label, station.zones[0].roi_version_id, rois.parameter_hash)
        for label, rois in sets.items()
        for station in rois.workstations
    }


def cycles_from(zones: Zones, begin_ns: int, first: int, last: int, kind: EventKind) -> list[CycleEvent]:
    """Events of one kind of the cycles with these numbers: one every 20 ms, round all stations in turn.

    Args:
        zones: as `enter` gives them.
        begin_ns: start of cycle 0.
        first: number of the first cycle.
        last: number after the last cycle.
        kind: START or END.
    """
    stations = list(zones.items())
    return [_event(*stations[n % len(stations)], begin_ns + n * 20_000_000, kind) for n in range(first, last)]


def engine_with(database: Path, synchronous: str) -> Engine:
    """An engine that writes, with this setting of `PRAGMA synchronous`."""
    engine = writing_engine(database)

    def set_it(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA synchronous = {synchronous}")

    event.listen(engine, "connect", set_it)
    return engine


def write_steadily(
    database: Path, begin_ns: int, synchronous: str, seconds: float, stop: Event | None = None
) -> dict[str, Any]:
    """Write START and END at `RATE_HZ` until the time is up or someone says stop; milliseconds of the commits."""
    zones = enter(database)
    engine = engine_with(database, synchronous)
    writer = EventWriter(engine)
    count = round(RATE_HZ * COMMIT_EVERY_S)
    took_ms: list[float] = []
    late_ms: list[float] = []
    begin_s = time.monotonic()
    while (due_s := len(took_ms) * COMMIT_EVERY_S) < seconds and not (stop and stop.is_set()):
        time.sleep(max(0.0, begin_s + due_s - time.monotonic()))
        batch = _batch(zones, begin_ns, len(took_ms) * count, count)
        began_s = time.perf_counter()
        refused = writer.write(batch)
        took_ms.append((time.perf_counter() - began_s) * 1000)
        late_ms.append((time.monotonic() - begin_s - due_s) * 1000)
        if refused:
            raise SystemExit(f"refused: {refused[0]}")
    engine.dispose()
    return {
        "events_a_second": round(len(took_ms) * count / (time.monotonic() - begin_s), 1),
        "commits": len(took_ms),
        "commit_ms": quantiles(took_ms),
        "due_to_committed_ms": quantiles(late_ms),
    }


def quantiles(values: list[float]) -> dict[str, float]:
    """p50, p95, p99 and the largest."""
    found = {f"p{share:.0f}": report.percentile(values, share / 100) for share in (50, 95, 99)}
    return {name: round(value, 3) for name, value in (found | {"max": max(values)}).items()}


def _batch(zones: Zones, begin_ns: int, number: int, count: int) -> list[CycleEvent]:
    """Events number to number + count of a stream in which START and END alternate."""
    first, last = number // 2, (number + count) // 2
    starts = cycles_from(zones, begin_ns, first, last, EventKind.START)
    ends = cycles_from(zones, begin_ns, max(0, first - RUNNING), max(0, last - RUNNING), EventKind.END)
    return [*starts, *ends]


def _event(
    station: tuple[str, str], zone: tuple[str, int, str], start_ns: int, kind: EventKind
) -> CycleEvent:
    (module, code), (camera, roi_version_id, parameter_hash) = station, zone
    uid = event_uid(module=module, camera=camera, workstation=code, rule="presence", start_ns=start_ns)
    ended = kind is EventKind.END
    return CycleEvent(
        event_uid=uid,
        kind=kind,
        module=module,
        workstation=code,
        camera=camera,
        rule="presence",
        start_ns=start_ns,
        end_ns=start_ns + 75 * NS_PER_S if ended else None,
        decided_ns=start_ns + 76 * NS_PER_S,
        roi_version_id=roi_version_id,
        parameter_hash=parameter_hash,
        model=MODEL,
        software_version="0.1.0",
        frame_path=f"frames/2026/11/21/{camera}_{uid}.jpg",
        duration_uncertainty_s=0.2 if ended else math.nan,
        mean_confidence=0.8,
        primary_dwell_ratio=0.97,
        observed_share=0.99,
        detection_count=375,
    )
