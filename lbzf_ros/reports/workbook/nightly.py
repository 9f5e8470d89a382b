"""The workbooks that are written every night, without anybody asking."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from lbzf_ros.config.schema import Plant
from lbzf_ros.core.shift_hours import local_time
from lbzf_ros.reports.workbook.export import EXPORTS, Order, export_day
from lbzf_ros.reports.workbook.mapping import load_mapping, mapping_file
from lbzf_ros.reports.workbook.period import whole_day
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.timestamps import to_text

ALWAYS_DAYS = 2
"""Days that are over and written anew each night: people still enter and correct things, a night shift still ran."""
LOOK_BACK_DAYS = 14
"""Days whose workbook is made up for when there is none."""
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
    """Write the workbooks of today so far, of the last days, and those that are missing; a day without cycles has none.

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
    for day in _days(data, today):
        if should_stop():
            break
        if _has_cycles(engine, day, plant.time_zone):
            done = export_day(Order(data=data, plant=plant, day=day, now_ns=now_ns))
            (renamed if done.wanted_name else written).append(done.workbook)
    return Night(tuple(written), tuple(renamed))


def _days(data: Path, today: dt.date) -> Iterator[dt.date]:
    name = load_mapping(mapping_file(data)).name
    for age in range(LOOK_BACK_DAYS, -1, -1):
        day = today - dt.timedelta(days=age)
        if age <= ALWAYS_DAYS or not (data / EXPORTS / f"{name}-{day.isoformat()}.csv").exists():
            yield day


def _has_cycles(engine: Engine, day: dt.date, time_zone: str) -> bool:
    begin_ns, end_ns = whole_day(day, time_zone)
    with transaction(engine, "look for cycles of a day") as connection:
        found = connection.exec_driver_sql(_HAS_CYCLES, (to_text(begin_ns), to_text(end_ns))).scalar_one()
    return bool(found)
