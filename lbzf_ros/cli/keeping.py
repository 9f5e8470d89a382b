"""What the commands that keep a data folder in order have in common."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from logging.handlers import RotatingFileHandler, SysLogHandler
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lbzf_ros.config.schema import Plant
from lbzf_ros.core.errors import StoreError
from lbzf_ros.stop_signals import StopSignals

if TYPE_CHECKING:
    from lbzf_ros.store.keeping.retention import Job
    from lbzf_ros.store.people.audit import Actor

LOG = logging.getLogger("lbzf.maintenance")
STOPPED = 130
"""Exit status after Ctrl-C, as a shell gives it."""
_LOG_BYTES, _LOG_FILES = 1_000_000, 5
_JOURNAL = Path("/dev/log")


@contextmanager
def open_job(data: Path, plant: Plant, actor: Actor) -> Iterator[Job]:
    """A run over a data folder that Ctrl-C stops between two files.

    Raises:
        StoreError: the folder has no database.
    """
    from lbzf_ros.store.engine import DATABASE_NAME, reading_engine, writing_engine
    from lbzf_ros.store.keeping.retention import Job

    database = data / DATABASE_NAME
    if not database.is_file():
        raise StoreError(f"{database}: there is none; name the data folder with --data")
    writing, reading = writing_engine(database), reading_engine(database)
    with StopSignals() as stop:
        try:
            yield Job(
                writing=writing,
                reading=reading,
                data=data.resolve(),
                settings=plant.retention,
                now_ns=time.time_ns(),
                actor=actor,
                should_stop=stop.is_set,
            )
        finally:
            writing.dispose()
            reading.dispose()


@contextmanager
def with_progress(job: Job, total: int, doing: str, console: Console) -> Iterator[Job]:
    """The same job, shown by a bar that counts its files."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(doing, total=total)
        yield replace(job, on_file=lambda: progress.advance(task))


@contextmanager
def only_one(data: Path, what: str, *, wait: bool = False) -> Iterator[None]:
    """Let only one process at a time do something in a data folder.

    Raises:
        StoreError: another one does it, and `wait` is False.
    """
    from lbzf_ros.store.keeping.status import locked

    with ExitStack() as stack:
        try:
            stack.enter_context(locked(data / "run", what, wait=wait))
        except BlockingIOError:
            raise StoreError(f"{data}: another {what} run is under way there; wait for it to end") from None
        except OSError as error:
            raise StoreError(
                f"{error.filename}: {error.strerror}; run this as the user that runs LBZF"
            ) from None
        yield


@contextmanager
def logged(data: Path) -> Iterator[None]:
    """What is done goes to DIR/logs/maintenance.log and to the journal; to the error output when nobody looks on."""
    (data / "logs").mkdir(parents=True, exist_ok=True)
    file = RotatingFileHandler(
        data / "logs" / "maintenance.log", maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8"
    )
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handlers: list[logging.Handler] = [file]
    if not is_watched():  # there the tables say it all
        handlers.append(logging.StreamHandler())
    if _JOURNAL.exists() and "JOURNAL_STREAM" not in os.environ:  # under systemd the error output goes there
        journal = SysLogHandler(str(_JOURNAL))
        journal.ident = "lbzf: "
        handlers.append(journal)
    logger = logging.getLogger("lbzf")
    before = logger.level
    logger.setLevel(logging.INFO)
    for handler in handlers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        logger.setLevel(before)
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()


def is_watched() -> bool:
    """Whether a person looks on, rather than a journal."""
    return sys.stderr.isatty()


def account() -> Actor:
    """Who is at the command line."""
    import getpass

    from lbzf_ros.store.people.audit import Actor

    return Actor(getpass.getuser(), "cli")


def size_text(size_bytes: int) -> str:
    """Bytes for people."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} TB"
