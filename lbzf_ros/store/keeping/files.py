"""Files of the data folder, found and removed without ever following a link out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from lbzf_ros.core.errors import StoreError

FRAMES = "frames"
VIDEO = "video"
_BLOCK_BYTES = 512  # unit of st_blocks, whatever the file system's own is
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Kind(Enum):
    """What lies at a path."""

    FILE = "file"
    MISSING = "missing"
    NO_FILE = "no plain file"
    """A link, a folder, a device, or something below a link."""
    OUTSIDE = "not a path of this folder"
    """Absolute, with `..`, or no proper path."""


@dataclass(frozen=True, slots=True)
class Found:
    """What lies at a path.

    Attributes:
        path: relative to the data folder.
        kind: what it is.
        size_bytes: room that it takes on the disk; 0 unless it is a file.
        modified_ns: when it was last written; 0 unless it is a file.
    """

    path: str
    kind: Kind
    size_bytes: int = 0
    modified_ns: int = 0


@dataclass(slots=True)
class Amount:
    """So many files, so much room, from when to when (database times)."""

    files: int = 0
    size_bytes: int = 0
    oldest: str = ""
    newest: str = ""

    def add(self, start: str, size_bytes: int) -> None:
        """One file more."""
        self.files += 1
        self.size_bytes += size_bytes
        self.oldest = min(filter(None, (self.oldest, start)), default="")
        self.newest = max(self.newest, start)


@dataclass(slots=True)
class DataFiles:
    """The files below a data folder. Links are never followed, neither to read nor to remove."""

    data: Path
    _plain: dict[str, Kind] = field(default_factory=dict)

    def look(self, path: str, top: str) -> Found:
        """What lies at a path that must be below the folder `top`."""
        parts = _parts(path, top)
        if parts is None:
            return Found(path, Kind.OUTSIDE)
        above = self._folder("/".join(parts[:-1]))
        return self._at(path) if above is Kind.FILE else Found(path, above)

    def remove(self, path: str, top: str) -> int:
        """Remove a file.

        Returns:
            Bytes of the disk that it took; 0 when there was none.

        Raises:
            StoreError: it is no plain file below `top`, or the system refuses.
        """
        found = self.look(path, top)
        if found.kind is Kind.MISSING:
            return 0
        if found.kind is not Kind.FILE:
            raise StoreError(f"{path!r}: is {found.kind.value}; it is left alone")
        *folders, name = path.split("/")
        try:
            with self._open(folders) as folder:
                os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise StoreError(
                f"{path}: cannot be removed: {error.strerror}; check who may write there"
            ) from error
        return found.size_bytes

    def sync(self, folder: str) -> None:
        """Have the disk know what was removed from a folder. Best effort: it may be gone."""
        try:
            with self._open(folder.split("/")) as opened:
                os.fsync(opened)
        except OSError:
            return

    def remove_empty(self, folder: str) -> bool:
        """Remove a folder that is empty; whether it was."""
        *above, name = folder.split("/")
        try:
            with self._open(above) as opened:
                os.rmdir(name, dir_fd=opened)
        except OSError:
            return False
        return True

    def below(self, top: str) -> Iterator[Found]:
        """Everything below a folder that is no folder itself, by name; links are told and not followed."""
        for name in self._names(top):
            path = f"{top}/{name}"
            found = self._at(path)
            if found.kind is Kind.NO_FILE and stat.S_ISDIR(_mode(self.data / path)):
                yield from self.below(path)
            elif found.kind is not Kind.MISSING:
                yield found

    def folders(self, top: str, depth: int) -> Iterator[str]:
        """Folders so many levels below `top`, by name; links are left out."""
        if depth == 0:
            yield top
            return
        for name in self._names(top):
            if stat.S_ISDIR(_mode(self.data / top / name)):
                yield from self.folders(f"{top}/{name}", depth - 1)

    def has(self, top: str) -> bool:
        """Whether a folder is there and is no link."""
        return stat.S_ISDIR(_mode(self.data / top))

    def _names(self, folder: str) -> list[str]:
        """What is in a folder; nothing when it is a link, is not there, or is gone meanwhile."""
        try:
            return sorted(path.name for path in (self.data / folder).iterdir()) if self.has(folder) else []
        except OSError:
            return []

    def _at(self, path: str) -> Found:
        try:
            found = os.lstat(self.data / path)
        except (FileNotFoundError, NotADirectoryError):
            return Found(path, Kind.MISSING)
        except (OSError, ValueError):
            return Found(path, Kind.NO_FILE)
        if not stat.S_ISREG(found.st_mode):
            return Found(path, Kind.NO_FILE)
        return Found(path, Kind.FILE, found.st_blocks * _BLOCK_BYTES, found.st_mtime_ns)

    def _folder(self, folder: str) -> Kind:
        """FILE: every part of it is a true folder. Remembered: there are few folders and many files."""
        known = self._plain.get(folder)
        if known is None:
            known = self._look_at_folder(folder)
            if known is not Kind.MISSING:  # it may yet be made
                self._plain[folder] = known
        return known

    def _look_at_folder(self, folder: str) -> Kind:
        parts = folder.split("/")
        for depth in range(1, len(parts) + 1):
            mode = _mode(self.data.joinpath(*parts[:depth]))
            if mode == 0:
                return Kind.MISSING
            if not stat.S_ISDIR(mode):
                return Kind.NO_FILE
        return Kind.FILE

    @contextmanager
    def _open(self, folders: list[str]) -> Iterator[int]:
        """A folder, opened step by step: nobody can put a link in its way meanwhile."""
        opened = [os.open(self.data, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
        try:
            for name in folders:
                opened.append(os.open(name, _FOLDER, dir_fd=opened[-1]))
            yield opened[-1]
        finally:
            for descriptor in opened:
                os.close(descriptor)


def _parts(path: str, top: str) -> list[str] | None:
    """The names in a relative path below `top`; None: it is none."""
    parts = path.split("/")
    broken = "\0" in path or any(part in ("", ".", "..") for part in parts) or not _encodable(path)
    return None if broken or len(parts) < 2 or parts[0] != top else parts


def _encodable(path: str) -> bool:
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    return True


def _mode(path: Path) -> int:
    """Kind of what lies there; 0: nothing."""
    try:
        return os.lstat(path).st_mode
    except OSError:
        return 0
