"""`backups/status.json`: how the last backup, check and continuous copy went, and what to be alarmed at."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from lbzf_ros.config.keeping import BackupSettings
from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.disk import write_whole

BACKUPS = "backups"
"""Folder of a data folder that holds all copies of its database."""
STATUS_NAME = "status.json"
_NS_PER_H = 3600 * NS_PER_S
_MIN_STEPS_LATE = 10  # continuous copies that may be missing before it is an alarm


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupStatus:
    """The nightly backup. Times in ns since the epoch, 0: never; `error` is empty after a success."""

    success_ns: int = 0
    file: str = ""
    size_bytes: int = 0
    database_bytes: int = 0
    took_s: float = 0.0
    error: str = ""
    error_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceStatus:
    """The second place. `missing`: backups that are not there yet."""

    success_ns: int = 0
    missing: int = 0
    error: str = ""
    error_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityStatus:
    """The last look at the database itself."""

    at_ns: int = 0
    problems: tuple[str, ...] = ()
    took_s: float = 0.0
    depth: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinuousStatus:
    """The continuous copies: when the last was complete, and what they begin from."""

    success_ns: int = 0
    generation: str = ""
    error: str = ""
    error_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepingStatus:
    """All of it."""

    backup: BackupStatus = field(default_factory=BackupStatus)
    second_place: PlaceStatus = field(default_factory=PlaceStatus)
    integrity: IntegrityStatus = field(default_factory=IntegrityStatus)
    continuous: ContinuousStatus = field(default_factory=ContinuousStatus)

    def backup_age_h(self, now_ns: int) -> float | None:
        """Hours since the last good backup; None: there is none."""
        return (now_ns - self.backup.success_ns) / _NS_PER_H if self.backup.success_ns else None


_SECTIONS: dict[str, type[Any]] = {
    "backup": BackupStatus,
    "second_place": PlaceStatus,
    "integrity": IntegrityStatus,
    "continuous": ContinuousStatus,
}


def backup_status(data: Path) -> KeepingStatus:
    """Status of a data folder; all empty where nothing has happened yet.

    Raises:
        StoreError: the file is damaged.
    """
    return read_status(data / BACKUPS)


def alarms(
    status: KeepingStatus, settings: BackupSettings, *, now_ns: int, since_ns: int = 0
) -> tuple[str, ...]:
    """What somebody has to look at, one line each.

    Args:
        status: of the data folder.
        settings: of the plant.
        now_ns: current time.
        since_ns: when the plant began to run: a new one has some time for its first backup.
    """
    found: list[str] = []
    if now_ns - max(status.backup.success_ns, since_ns) > settings.alarm_after_h * _NS_PER_H:
        age_h = status.backup_age_h(now_ns)
        found.append("no backup yet" if age_h is None else f"last backup is {age_h:.1f} h old")
    if status.backup.error:
        found.append(f"backup failed: {status.backup.error}")
    if settings.second_place and status.second_place.error:
        found.append(f"second place failed: {status.second_place.error}")
    if status.integrity.problems:
        found.append(f"database is damaged: {status.integrity.problems[0]}")
    if settings.continuous:
        late_s = max(_MIN_STEPS_LATE * settings.continuous_every_s, 600.0)
        if now_ns - max(status.continuous.success_ns, since_ns) > late_s * NS_PER_S:
            found.append(f"continuous copies stand still: {status.continuous.error or 'none was made'}")
    return tuple(found)


def read_status(folder: Path) -> KeepingStatus:
    """As `backup_status`, of the folder with the file."""
    path = folder / STATUS_NAME
    try:
        content = json.loads(path.read_text("utf-8"))
        return KeepingStatus(
            **{name: _section(kind, content.get(name, {})) for name, kind in _SECTIONS.items()}
        )
    except FileNotFoundError:
        return KeepingStatus()
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{path}: cannot be read ({error}); delete it, the next backup writes it anew."
        ) from error


def update_status(
    folder: Path,
    *,
    backup: BackupStatus | None = None,
    second_place: PlaceStatus | None = None,
    integrity: IntegrityStatus | None = None,
    continuous: ContinuousStatus | None = None,
) -> None:
    """Replace parts of the status; the others stay, also when several processes do this at once.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        with locked(folder, "status"):
            try:
                old = read_status(folder)
            except StoreError:  # damaged: begin anew
                old = KeepingStatus()
            status = KeepingStatus(
                backup=backup or old.backup,
                second_place=second_place or old.second_place,
                integrity=integrity or old.integrity,
                continuous=continuous or old.continuous,
            )
            write_whole(folder / STATUS_NAME, json.dumps(asdict(status), indent=1).encode(), durable=False)
    except OSError as error:
        raise StoreError(f"{folder / STATUS_NAME}: cannot be written: {error}") from error


@contextmanager
def locked(folder: Path, what: str, *, wait: bool = True) -> Iterator[None]:
    """Do something in a folder that only one process may do at a time.

    Raises:
        BlockingIOError: another one does it, and `wait` is False.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f".{what}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield


def _section(kind: type[Any], content: dict[str, Any]) -> Any:
    known = {item.name for item in fields(kind)}
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in content.items() if k in known})
