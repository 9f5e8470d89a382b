"""The workbooks that are written every night, without anybody asking."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from lbzf_ros.config.schema import Plant
from lbzf_ros.core.shift_hours import local_time
from lbzf_ros.reports.workbook.export import Order, export_day
from lbzf_ros.reports.workbook.period import whole_day
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.timestamps import to_text

LAST_DAYS = 14
"""Days that are over and written anew each night: people still enter and correct things, a night may have failed.

Whoever corrects an earlier day exports it himself. A day of 37,000 cycles takes some seconds.
"""
_HAS_CYCLES = "SELECT EXISTS (SELECT 1 FROM cycle_events WHERE start_ts >= ? AND start_ts < ?)"


@dataclass(frozen=True, slots=True)
class Night:
    """What a night wrote: workbooks, and those that got another name because the usual one is somebody else's."""

    written: tuple[Path, ...]
    renamed: tuple[Path, ...]


def write_workbooks(
    engine: Engine,
    data: Path,
    plant: Plant,
    *,
    now_ns: int,
    should_stop: Callable[[], bool] = lambda: False,
) -> Night:
    """Write the workbooks of today so far and of the last days; a day without cycles has none.

    Today's is written too, because the machine's nights need not be the plant's: its clock may show UTC.

    Args:
        engine: of `reading_engine`.
        data: data folder.
        plant: its settings.
        now_ns: current time.
        should_stop: asked between workbooks.

    Raises:
        LbzfError: one could not be written.
    """
    today = local_time(now_ns, plant.time_zone).date()
    written: list[Path] = []
    renamed: list[Path] = []
    for age in range(LAST_DAYS, -1, -1):
        day = today - dt.timedelta(days=age)
        if should_stop():
            break
        if _has_cycles(engine, day, plant.time_zone):
            done = export_day(Order(data=data, plant=plant, day=day, now_ns=now_ns))
            (renamed if done.wanted_name else written).append(done.workbook)
    return Night(tuple(written), tuple(renamed))


def _has_cycles(engine: Engine, day: dt.date, time_zone: str) -> bool:
    begin_ns, end_ns = whole_day(day, time_zone)
    with transaction(engine, "look for cycles of a day") as connection:
        found = connection.exec_driver_sql(_HAS_CYCLES, (to_text(begin_ns), to_text(end_ns))).scalar_one()
    return bool(found)
