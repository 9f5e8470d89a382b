"""What commands share that write what a person enters: the database, who it is, and the journal."""

from __future__ import annotations

import logging
import logging.handlers
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lbzf_ros.cli.keeping import account, is_watched, logged
from lbzf_ros.core.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from lbzf_ros.store.people.audit import Actor

_JOURNAL = Path("/dev/log")


@contextmanager
def entering(data: Path) -> Iterator[tuple[Engine, Actor]]:
    """Open the database of a data folder, made if it is not there, for what the account at the command line enters.

    What is audited is also a line in DIR/logs/maintenance.log and in the system's journal.

    Raises:
        StoreError: the database needs `lbzf db migrate` first, or is newer than this program.
    """
    from lbzf_ros.store.engine import DATABASE_NAME, writing_engine
    from lbzf_ros.store.migrate import checked_version, known_version, migrate, migrations_folder

    database, folder = data / DATABASE_NAME, migrations_folder()
    version, known = checked_version(database, folder), known_version(folder)
    if 0 < version < known:
        raise StoreError(
            f"{database}: has schema {version}, this program needs {known}; run lbzf db migrate first."
        )
    if not version:
        migrate(database, now_ns=time.time_ns())
    engine = writing_engine(database)
    try:
        with logged(data), _journal():
            yield engine, account()
    finally:
        engine.dispose()


@contextmanager
def _journal() -> Iterator[None]:
    """What is audited also goes to the system's journal from a terminal; without one, `logged` has it there."""
    if not is_watched() or not _JOURNAL.exists():
        yield
        return
    handler = logging.handlers.SysLogHandler(str(_JOURNAL))
    handler.ident = "lbzf: "
    logger = logging.getLogger("lbzf.audit")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
