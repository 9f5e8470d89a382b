"""Bring a database back: into a file of its own, checked, then put in the place of the present one, which is kept.

Everything may run meanwhile. Whoever has the old file open goes on with it until he notices that the path is another
file now (its inode); what he writes until then is in the old file, which is kept with its log.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.disk import sync
from lbzf_ros.store.engine import DATABASE_NAME, transaction, writing_engine
from lbzf_ros.store.errors import sqlite_errors
from lbzf_ros.store.keeping.backup import moment
from lbzf_ros.store.keeping.choices import Choice
from lbzf_ros.store.keeping.integrity import Depth, problems_of
from lbzf_ros.store.keeping.packing import Progress, silent, unpack
from lbzf_ros.store.keeping.snapshot import facts_of, newest_event_ns
from lbzf_ros.store.keeping.status import BACKUPS, IntegrityStatus, locked, update_status
from lbzf_ros.store.migrate import checked_version, connect, migrate, migrations_folder
from lbzf_ros.store.people.audit import Actor, record
from lbzf_ros.store.people.erasing import ERASURES_NAME, reapply_erasures
from lbzf_ros.store.timestamps import to_text

_PARTS = ("", "-wal", "-shm")
"""Endings of the files of a database in use."""
_SCRATCH = ".restoring-"
_LEFTOVER_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was brought back, and what is missing in it.

    Attributes:
        choice: what it was brought back from.
        now_ns: when.
        rows: number of rows by table.
        newest_event_ns: last start or end of a cycle in it; None: there is no cycle.
        replaced: the database that was there before; None: there was none, or this was a drill.
        replaced_newest_ns: last start or end of a cycle in that; None: it cannot be read.
        migrated_from: its schema, where that was older than this program's; None: it was not.
        erased: people who were erased again.
        generation: its new number (`PRAGMA user_version`), by which senders see that it is another database.
        took_s: seconds.
    """

    choice: Choice
    now_ns: int
    rows: Mapping[str, int]
    newest_event_ns: int | None
    replaced: Path | None
    replaced_newest_ns: int | None
    migrated_from: int | None
    erased: int
    generation: int
    took_s: float

    @property
    def missing_s(self) -> float:
        """Seconds between the state that was brought back and now."""
        return max(0.0, (self.now_ns - self.choice.at_ns) / NS_PER_S)

    @property
    def missing_to_replaced_s(self) -> float | None:
        """Seconds from its newest cycle to that of the database before; None: not known."""
        if self.newest_event_ns is None or self.replaced_newest_ns is None:
            return None
        return max(0.0, (self.replaced_newest_ns - self.newest_event_ns) / NS_PER_S)


def restore(
    data: Path, choice: Choice, actor: Actor, *, now_ns: int, progress: Progress = silent
) -> Restored:
    """Put a state in the place of a data folder's database. The one that was there is kept.

    Args:
        data: the folder.
        choice: what to restore.
        actor: who does it.
        now_ns: current time.
        progress: shown on the way.

    Raises:
        StoreError: it is damaged, newer than this program, or there is no room; nothing has changed then.
    """
    with _alone(data), sqlite_errors(data / DATABASE_NAME, "restore it"):
        _remove_leftovers(data)
        with _scratch(data) as scratch:
            return _restore(data, scratch, choice, actor, now_ns, progress, is_drill=False)


def drill(
    data: Path,
    choice: Choice,
    actor: Actor,
    *,
    now_ns: int,
    scratch: Path | None = None,
    progress: Progress = silent,
) -> Restored:
    """Do all of `restore` but the last step, in a scratch folder that goes afterwards. The database is not touched.

    Raises:
        StoreError: it would not have worked.
    """
    with sqlite_errors(data / DATABASE_NAME, "drill its restore"), _scratch(scratch or data) as folder:
        return _restore(data, folder, choice, actor, now_ns, progress, is_drill=True)


def _restore(
    data: Path,
    scratch: Path,
    choice: Choice,
    actor: Actor,
    now_ns: int,
    progress: Progress,
    *,
    is_drill: bool,
) -> Restored:
    began_s = time.monotonic()
    target = scratch / DATABASE_NAME
    _check_room(choice, scratch)
    _bring(choice, target, progress)
    progress("checking it", 0, 0)
    before, after = _checked_and_migrated(choice, target, now_ns)
    erased, generation = _finish(data, target, choice, actor, now_ns)
    with closing(connect(target)) as connection:
        facts = facts_of(connection)
    replaced, replaced_newest_ns = None, _newest_ns(data / DATABASE_NAME)
    if not is_drill:
        replaced = _swap(data, target, now_ns)
        _tell_whole(data, now_ns)
    return Restored(
        choice=choice,
        now_ns=now_ns,
        rows=facts.rows,
        newest_event_ns=facts.newest_event_ns,
        replaced=replaced,
        replaced_newest_ns=replaced_newest_ns,
        migrated_from=before if before != after else None,
        erased=erased,
        generation=generation,
        took_s=time.monotonic() - began_s,
    )


def _bring(choice: Choice, target: Path, progress: Progress) -> None:
    """Write the chosen state into a new file."""
    source = choice.source
    if source.generation is not None:
        source.generation.restore(target, source.generation.pieces_until(choice.at_ns), progress)
    elif source.path.suffix == ".zst":
        digest = unpack(source.path, target, progress=progress, total=source.database_bytes)
        if source.sha256 and digest != source.sha256:
            raise StoreError(f"{source.path}: is not what was written; choose another backup.")
    else:  # it may have a log beside it, which SQLite takes into account
        with closing(connect(source.path)) as old, closing(connect(target)) as new:
            old.backup(
                new, pages=2048, progress=lambda _, left, total: progress("copying", total - left, total)
            )


def _checked_and_migrated(choice: Choice, target: Path, now_ns: int) -> tuple[int, int]:
    """Schema of what was brought back before and after it was brought up to date."""
    with closing(connect(target)) as connection:
        problems = problems_of(connection)
    if problems:
        raise StoreError(f"{choice.source.name}: is damaged ({'; '.join(problems[:3])}); choose another one.")
    if checked_version(target, migrations_folder()) == 0:
        raise StoreError(f"{choice.source.name}: is no database of LBZF; choose another one.")
    done = migrate(target, now_ns=now_ns)
    return done.before, done.after


def _finish(data: Path, target: Path, choice: Choice, actor: Actor, now_ns: int) -> tuple[int, int]:
    """Erase again who was erased, note the restore, give the database its new number; one whole file afterwards."""
    generation = 1 + secrets.randbelow(2**31 - 1)
    engine = writing_engine(target)
    try:
        erased = reapply_erasures(engine, data / ERASURES_NAME, actor, now_ns=now_ns)
        with transaction(engine, "note the restore") as connection:
            after = {"from": choice.source.name, "state_of": to_text(choice.at_ns), "generation": generation}
            record(
                connection,
                actor,
                now_ns=now_ns,
                action="database.restore",
                subject="database",
                before=None,
                after=after,
            )
            connection.exec_driver_sql(f"PRAGMA user_version = {generation}")
    finally:
        engine.dispose()
    with closing(connect(target)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    sync(target)
    return len(erased), generation


def _tell_whole(data: Path, now_ns: int) -> None:
    """What an earlier look found was about the database before."""
    with suppress(StoreError):  # the next look says it again
        update_status(data / BACKUPS, integrity=IntegrityStatus(at_ns=now_ns, depth=Depth.FULL.value))


def _swap(data: Path, restored: Path, now_ns: int) -> Path | None:
    """Put the new file in the place of the old one; where the old one is now. While it is moved nobody can write."""
    database = data / DATABASE_NAME
    old = _kept_name(data, now_ns)
    _like(restored, database if database.exists() else data)
    with _writers_wait(database):
        is_there = database.exists()
        for ending in _PARTS:
            part = database.with_name(f"{DATABASE_NAME}{ending}")
            if part.exists():
                part.rename(old.with_name(f"{old.name}{ending}"))
        restored.rename(database)
    sync(old.parent)
    sync(data)
    return old if is_there else None


@contextmanager
def _writers_wait(database: Path) -> Iterator[None]:
    """Hold the write lock of a database, if it is one that can be locked."""
    with ExitStack() as held:
        if database.exists():
            connection = held.enter_context(closing(connect(database)))
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.DatabaseError as error:
                if "locked" in str(error):
                    raise
                # damaged: nobody can write to it either
        yield


def _kept_name(data: Path, now_ns: int) -> Path:
    folder = data / BACKUPS
    folder.mkdir(exist_ok=True)
    if folder.stat().st_dev != data.stat().st_dev:  # a name there would be a copy, and not made at once
        folder = data
    name, number = f"replaced-{moment(now_ns):%Y%m%d-%H%M%S}", 1
    path = folder / f"{name}.db"
    while any(path.with_name(f"{path.name}{ending}").exists() for ending in _PARTS):
        number += 1
        path = folder / f"{name}-{number}.db"
    return path


def _like(file: Path, model: Path) -> None:
    """Give a file the owner of another one: whoever restores may be another account than LBZF's."""
    found = model.stat()
    if os.geteuid() == 0:
        os.chown(file, found.st_uid, found.st_gid)
    file.chmod(found.st_mode & 0o666)


def _newest_ns(database: Path) -> int | None:
    """Last start or end of a cycle in the present database; None: it is not there, damaged, or empty."""
    if not database.exists():
        return None
    try:
        with closing(connect(database)) as connection:
            return newest_event_ns(connection)
    except sqlite3.Error:
        return None


def _check_room(choice: Choice, scratch: Path) -> None:
    needed = choice.source.database_bytes or choice.source.size_bytes
    free = shutil.disk_usage(scratch).free
    if free < needed:
        raise StoreError(
            f"{scratch.parent}: {free / 1e6:.0f} MB are free, the restored database needs {needed / 1e6:.0f} MB; "
            "free some space."
        )


def _remove_leftovers(folder: Path) -> None:
    """Of a restore or a drill that was killed."""
    for path in folder.glob(f"{_SCRATCH}*"):
        if time.time() - path.stat().st_mtime > _LEFTOVER_S:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder on the same file system, so that what is in it can be renamed; it goes afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=folder) as scratch:
        yield Path(scratch)


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    with ExitStack() as held:
        try:
            held.enter_context(locked(data / BACKUPS, "restore", wait=False))
        except BlockingIOError:
            raise StoreError(f"{data}: a restore is under way already; wait for it.") from None
        yield
