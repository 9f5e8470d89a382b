"""One export: a day or a shift as a workbook and its CSV mirror, whole or not at all."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path

from sqlalchemy import Engine, event

from lbzf_ros.config.schema import Plant
from lbzf_ros.core.errors import InvalidValue, LbzfError, StoreError
from lbzf_ros.reports.day.reader import DayReader
from lbzf_ros.reports.day.rules import rules_of
from lbzf_ros.reports.workbook.events import COLUMNS, streamed
from lbzf_ros.reports.workbook.figures import Figures
from lbzf_ros.reports.workbook.mapping import Mapping, Sheet, load_mapping, mapping_file
from lbzf_ros.reports.workbook.mirror import mirror
from lbzf_ros.reports.workbook.own_files import only_one_writer, plain, put
from lbzf_ros.reports.workbook.period import Period, period_of
from lbzf_ros.reports.workbook.table import Row, Table
from lbzf_ros.reports.workbook.template import Filled, fill_template
from lbzf_ros.reports.workbook.writer import MAX_ROWS, BookWriter
from lbzf_ros.store.engine import DATABASE_NAME, reading_engine, transaction
from lbzf_ros.store.errors import in_words
from lbzf_ros.store.keeping.packing import Progress, silent

EXPORTS = "exports"
"""Folder in the data folder."""
MOST_AT_ONCE = 1
"""Exports of one process that run at the same time; each takes a processor and up to 150 MB."""
_STEP_ROWS = 1000
_SCRATCH = ".export-"
_LEFT_AFTER_S = 86_400
_running = threading.BoundedSemaphore(MOST_AT_ONCE)


class Busy(LbzfError):
    """As many exports as may run do so already; try again in a moment."""


class Stopped(LbzfError):
    """Whoever asked for it no longer wants it; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is wanted.

    Attributes:
        data: data folder.
        plant: its settings.
        day: of the plant.
        shift: label of a jornada; None: the whole day.
        module: code; None: all.
        out: folder for the files; None: exports in the data folder. Made if it is not there.
        template: the plant's own workbook, to be filled; None: that of the mapping file, else a new workbook.
        mapping: mapping file; None: workbook.yaml in the data folder, else the one that comes with LBZF.
        now_ns: current time; what a day that is over gives does not depend on it.
    """

    data: Path
    plant: Plant
    day: date
    now_ns: int
    shift: str | None = None
    module: str | None = None
    out: Path | None = None
    template: Path | None = None
    mapping: Path | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """Files that were written.

    Attributes:
        workbook: the .xlsx (.xlsm where the template is one).
        csv: its mirror, in the order of the sheets.
        rows: of each sheet, by title.
        wanted_name: the usual name, where another was taken, because it is a file of somebody else; None: it was free.
    """

    workbook: Path
    csv: tuple[Path, ...]
    rows: dict[str, int]
    wanted_name: str | None


def export_day(
    order: Order, *, progress: Progress = silent, should_stop: Callable[[], bool] = lambda: False
) -> Exported:
    """Write the workbook of a day or shift; may be called in a thread.

    Args:
        order: what is wanted.
        progress: shown on the way.
        should_stop: asked now and then.

    Raises:
        Busy: too many at once.
        Stopped: `should_stop` said so.
        ConfigError: the mapping file, the template or the folder is wrong.
        InvalidValue: there is no such module or shift.
        StoreError: the database cannot be read.
        LbzfError: a file cannot be written (the disk is full).
    """
    if not _running.acquire(blocking=False):
        raise Busy("another export is being written; try again in a moment")
    try:
        return _export(order, progress, should_stop)
    finally:
        _running.release()


def _export(order: Order, progress: Progress, should_stop: Callable[[], bool]) -> Exported:
    mapping = mapping_file(order.data, order.mapping)
    layout = load_mapping(mapping)
    if order.template is None and layout.template.file:
        order = replace(order, template=mapping.parent / layout.template.file)
    folder = order.out or order.data / EXPORTS
    engine = reading_engine(order.data / DATABASE_NAME)
    event.listen(engine, "connect", _remember_little)
    try:
        with _opened(engine) as connection, _scratch(folder) as scratch:
            reader = DayReader(engine, rules_of(order.plant))
            period = period_of(
                connection,
                reader,
                day=order.day,
                time_zone=order.plant.time_zone,
                shift=order.shift,
                module=order.module,
                now_ns=order.now_ns,
            )
            figures = Figures(reader, connection, period, layout.words, order.now_ns)
            tables = _tables(layout, connection, figures, period, order.now_ns)
            counted = _Counted(sum(table.count for table in tables.values()), progress, should_stop)
            files = _write(order, layout, figures, tables, scratch, counted)
            progress("finishing", 0, 0)
            stem = name_of(layout, period)
            with only_one_writer(folder):
                paths, name = put(folder, stem, files)
            rows = {title: table.count for title, table in tables.items()}
            return Exported(
                paths[0], tuple(paths[1:]), rows, None if name == stem else f"{stem}{paths[0].suffix}"
            )
    except OSError as error:
        raise LbzfError(
            f"{error.filename or folder}: {error.strerror or error}; nothing was written. Free some space, or "
            "name another folder with --out"
        ) from None
    finally:
        engine.dispose()


def name_of(layout: Mapping, period: Period) -> str:
    """Begin of the files' names, e.g. indicadores-2026-07-15-jornada_1."""
    parts = [layout.name, period.day.isoformat()]
    parts += [plain(part) for part in (period.module, period.shift) if part]
    return "-".join(parts)


def _tables(
    layout: Mapping, connection: sqlite3.Connection, figures: Figures, period: Period, now_ns: int
) -> dict[str, Table]:
    """By title of the sheet."""
    found = {
        sheet.title: streamed(connection, sheet.source, period, layout.words, now_ns=now_ns)
        if sheet.source in COLUMNS
        else figures.table(sheet.source)
        for sheet in layout.sheets
    }
    for title, table in found.items():
        if table.count > MAX_ROWS:
            raise InvalidValue(
                f"{title}: has {table.count} rows, a sheet holds {MAX_ROWS}; export shift by shift or module by module"
            )
    return found


def _write(
    order: Order,
    layout: Mapping,
    figures: Figures,
    tables: dict[str, Table],
    scratch: Path,
    counted: _Counted,
) -> dict[str, Path]:
    """The finished files, by the ending of their names; the workbook first."""
    ending = ".xlsx" if order.template is None else order.template.suffix.lower()
    book = scratch / f"book{ending}"
    files = {ending: book}
    filled = Filled(layout) if order.template is not None else None
    period = figures.period
    midnight = datetime.combine(period.day, time())
    writer = None if filled else BookWriter(book, layout, created=midnight, scratch=scratch)
    header = " · ".join(part for part in (period.module, f"{period.day:%d/%m/%Y}", period.shift) if part)
    for sheet in layout.sheets:
        csv_ending = f".{sheet.csv}.csv" if sheet.csv else ".csv"
        files[csv_ending] = scratch / f"mirror{csv_ending}"
        with mirror(files[csv_ending], sheet, layout.csv) as take:
            on_row = counted.of(sheet, take)
            if writer is not None:
                writer.sheet(sheet, tables[sheet.title], header, on_row)
            elif filled is not None:
                filled.sheet(sheet, tables[sheet.title], on_row)
    if writer is not None:
        counted.progress("writing the file", 0, 0)
        writer.close()
    elif filled is not None and order.template is not None:
        fill_template(order.template, book, filled, figures.single)
    return files


@dataclass(slots=True)
class _Counted:
    """Shows how far it is, and stops when it is to stop."""

    total: int
    progress: Progress
    should_stop: Callable[[], bool]
    done: int = 0

    def of(self, sheet: Sheet, take: Callable[[Row], None]) -> Callable[[Row], None]:
        """The same for each row of a sheet."""
        self._look(sheet)

        def on_row(row: Row) -> None:
            take(row)
            self.done += 1
            if self.done % _STEP_ROWS == 0:
                self._look(sheet)

        return on_row

    def _look(self, sheet: Sheet) -> None:
        if self.should_stop():
            raise Stopped("the export was stopped; nothing was written")
        self.progress(sheet.title, self.done, self.total)


def _remember_little(driver: sqlite3.Connection, _record: object) -> None:
    """8 MiB of pages: a day is read a few times from one end to the other, and memory is dearer."""
    driver.execute("PRAGMA cache_size = -8192")


@contextmanager
def _opened(engine: Engine) -> Iterator[sqlite3.Connection]:
    """One state of the database for all rows, straight at the driver: rows are many."""
    with transaction(engine, "read it for an export") as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        try:
            yield driver
        except sqlite3.Error as error:
            raise StoreError(in_words(engine.url.database, "read it for an export", error)) from error


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder for unfinished files, on the disk of the finished ones; it goes in any case."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{_SCRATCH}*"):  # of a process that was killed
        if datetime.now().timestamp() - left.stat().st_mtime > _LEFT_AFTER_S:  # noqa: DTZ005  # a difference
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=folder) as name:
        yield Path(name)
