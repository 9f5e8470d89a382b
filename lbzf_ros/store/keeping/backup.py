"""Backups of the database: one compressed file each, made while everything runs, checked before it counts."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
import zoneinfo
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from lbzf_ros.config.keeping import BackupSettings
from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.disk import PARTIAL, sync, write_whole
from lbzf_ros.store.errors import sqlite_errors
from lbzf_ros.store.keeping.packing import Progress, pack, silent
from lbzf_ros.store.keeping.rotation import kept
from lbzf_ros.store.keeping.snapshot import Facts, checked_copy
from lbzf_ros.store.keeping.status import BackupStatus, locked, read_status, update_status
from lbzf_ros.store.migrate import connect

PACKED = ".db.zst"
LATEST = "latest"
"""Link to the last backup."""
_NAME = re.compile(r"lbzf-(\d{8})-(\d{6})\.db\.zst", re.ASCII)
_NOTE_ENDING = ".json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that was made and checked.

    Attributes:
        path: of the compressed file.
        at_ns: the moment whose state it holds.
        size_bytes: compressed.
        database_bytes: of the database in it.
        sha256: of the database in it; empty: its note is missing, nobody knows.
        facts: what it holds; None: its note is missing.
    """

    path: Path
    at_ns: int
    size_bytes: int
    database_bytes: int = 0
    sha256: str = ""
    facts: Facts | None = None


def back_up(
    database: Path,
    folder: Path,
    settings: BackupSettings,
    *,
    zone: str,
    now_ns: int,
    is_extra: bool = False,
    progress: Progress = silent,
) -> Backup:
    """Make a backup, then remove those whose time is up. Whatever fails, the earlier ones stay.

    Args:
        database: may be written to meanwhile.
        folder: where backups are; made if it is not there.
        settings: how many are kept, how they are compressed.
        zone: IANA zone of the plant.
        now_ns: current time; the backup is named after it.
        is_extra: it goes to a folder of somebody's own: others there stay, and the status is left alone.
        progress: shown on the way.

    Raises:
        StoreError: no backup was made (and the status says why): the database is missing, locked or damaged, the
            disk is full, or another backup is being made.
    """
    began_s = time.monotonic()
    try:
        with sqlite_errors(database, "back it up"):
            try:
                with locked(folder, "backup", wait=False):
                    backup = _make(database, folder, settings, now_ns, progress)
                    if is_extra:
                        return backup
                    _point_to(folder, backup)
                    rotate(folder, settings, zone=zone, newest=backup)
            except BlockingIOError:
                raise StoreError(f"{folder}: a backup is being made already; wait for it.") from None
    except StoreError as error:
        _tell(
            folder, replace(read_status(folder).backup, error=str(error), error_ns=now_ns), after_error=True
        )
        raise
    _tell(
        folder,
        BackupStatus(
            success_ns=now_ns,
            file=backup.path.name,
            size_bytes=backup.size_bytes,
            database_bytes=backup.database_bytes,
            took_s=time.monotonic() - began_s,
        ),
    )
    return backup


def list_backups(folder: Path) -> tuple[Backup, ...]:
    """The backups in a folder, newest first."""
    backups = [
        _described(path, at_ns)
        for path in folder.glob(f"lbzf-*{PACKED}")
        if (at_ns := time_of(path.name)) is not None
    ]
    return tuple(sorted(backups, key=lambda backup: backup.at_ns, reverse=True))


def rotate(folder: Path, settings: BackupSettings, *, zone: str, newest: Backup | None = None) -> list[str]:
    """Remove the backups whose time is up, never `newest`; their names."""
    times = {backup.path.name: moment(backup.at_ns) for backup in list_backups(folder)}
    stay = kept(
        times,
        daily=settings.daily,
        monthly=settings.monthly,
        yearly=settings.yearly,
        zone=zoneinfo.ZoneInfo(zone),
    )
    gone = [name for name in times if name not in stay and (newest is None or name != newest.path.name)]
    for name in gone:
        note_of(folder / name).unlink(missing_ok=True)
        (folder / name).unlink(missing_ok=True)
    return gone


def name_at(now_ns: int) -> str:
    """Name of a backup of that time, to the second, UTC."""
    return f"lbzf-{moment(now_ns):%Y%m%d-%H%M%S}{PACKED}"


def time_of(name: str) -> int | None:
    """Time in the name of a backup, ns; None: it is no name of a backup."""
    match = _NAME.fullmatch(name)
    try:
        time = dt.datetime.strptime(f"{match[1]}{match[2]}+0000", "%Y%m%d%H%M%S%z") if match else None
    except ValueError:
        return None
    return None if time is None else int(time.timestamp()) * NS_PER_S


def moment(time_ns: int) -> dt.datetime:
    """As a date and time, UTC."""
    return dt.datetime.fromtimestamp(time_ns // NS_PER_S, dt.timezone.utc)


def note_of(backup: Path) -> Path:
    """The small file beside a backup that says what is in it."""
    return backup.with_name(backup.name.removesuffix(PACKED) + _NOTE_ENDING)


def read_facts(content: dict[str, object]) -> Facts:
    """Facts as `asdict` wrote them."""
    return Facts(**content)  # type: ignore[arg-type]  # of our own making


def _make(database: Path, folder: Path, settings: BackupSettings, now_ns: int, progress: Progress) -> Backup:
    if not database.exists():
        raise StoreError(
            f"{database}: is not there, so there is nothing to back up. Is --data the right folder?"
        )
    for leftover in folder.glob(f"lbzf-*{PARTIAL}*"):  # of a backup that was killed
        leftover.unlink(missing_ok=True)
    path = folder / name_at(now_ns)
    raw = folder / (path.name.removesuffix(".zst") + PARTIAL)
    try:
        with closing(connect(database)) as source:
            source.execute("BEGIN")
            facts = checked_copy(source, raw, progress=progress)
        note = {"facts": asdict(facts), "database_bytes": raw.stat().st_size}
        note_path = note_of(path)
        digest = pack(raw, path, level=settings.compression_level, progress=progress)
        write_whole(note_path, json.dumps(note | {"sha256": digest}, indent=1).encode())
    finally:
        for leftover in folder.glob(f"{raw.name}*"):  # its journal too
            leftover.unlink(missing_ok=True)
    return _described(path, time_of(path.name) or now_ns)


def _point_to(folder: Path, backup: Backup) -> None:
    partial = folder / f".{LATEST}{PARTIAL}"
    partial.unlink(missing_ok=True)
    partial.symlink_to(backup.path.name)
    partial.replace(folder / LATEST)
    sync(folder)


def _described(path: Path, at_ns: int) -> Backup:
    size_bytes = path.stat().st_size
    try:
        note = json.loads(note_of(path).read_text("utf-8"))
        facts = read_facts(note["facts"])
        return Backup(
            path=path,
            at_ns=at_ns,
            size_bytes=size_bytes,
            database_bytes=int(note["database_bytes"]),
            sha256=str(note["sha256"]),
            facts=facts,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return Backup(path=path, at_ns=at_ns, size_bytes=size_bytes)


def _tell(folder: Path, status: BackupStatus, *, after_error: bool = False) -> None:
    try:
        update_status(folder, backup=status)
    except StoreError:
        if not after_error:  # a full disk also refuses the status; the error itself is what counts
            raise
