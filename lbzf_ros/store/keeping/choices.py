"""What a database can be brought back from, and which of it is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from lbzf_ros.core.errors import StoreError
from lbzf_ros.store.keeping.backup import list_backups, time_of
from lbzf_ros.store.keeping.generation import CONTINUOUS, Generation, list_generations
from lbzf_ros.store.keeping.snapshot import Facts
from lbzf_ros.store.keeping.status import BACKUPS
from lbzf_ros.store.timestamps import to_text

_OTHER = re.compile(r"(lbzf|replaced)-(\d{8})-(\d{6})(-schema\d+)?(-\d+)?\.db", re.ASCII)


class Kind(Enum):
    """Where it comes from."""

    BACKUP = "backup"
    CONTINUOUS = "continuous"
    BEFORE_MIGRATION = "before a migration"
    REPLACED = "replaced by a restore"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something to restore from.

    Attributes:
        name: what `lbzf restore` takes.
        kind: where it comes from.
        path: file, or folder of a generation.
        from_ns: first moment that it can restore.
        until_ns: last one; the same unless it is continuous.
        size_bytes: on the disk.
        database_bytes: of the database in it; 0: not known.
        facts: what is in it (of continuous copies: in their base); None: it was not checked when it was made.
        generation: of continuous copies.
        sha256: of the database in it; empty: not known.
    """

    name: str
    kind: Kind
    path: Path
    from_ns: int
    until_ns: int
    size_bytes: int
    database_bytes: int = 0
    facts: Facts | None = None
    generation: Generation | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A source, and the moment of it that is meant."""

    source: Source
    at_ns: int


def sources(data: Path) -> tuple[Source, ...]:
    """Everything that a data folder can restore from, newest first."""
    folder = data / BACKUPS
    found = [
        Source(
            name=backup.path.name,
            kind=Kind.BACKUP,
            path=backup.path,
            from_ns=backup.at_ns,
            until_ns=backup.at_ns,
            size_bytes=backup.size_bytes,
            database_bytes=backup.database_bytes,
            facts=backup.facts,
            sha256=backup.sha256,
        )
        for backup in list_backups(folder)
    ]
    found += [_continuous(generation) for generation in list_generations(folder / CONTINUOUS)]
    found += [
        _plain(path)
        for path in (*folder.glob("*.db"), *data.glob("replaced-*.db"))
        if _OTHER.fullmatch(path.name)
    ]
    return tuple(sorted(found, key=lambda source: source.until_ns, reverse=True))


def latest(data: Path) -> Choice:
    """The newest state that was kept on purpose: not a database that a restore replaced.

    Raises:
        StoreError: there is none.
    """
    for source in _kept(data):
        return Choice(source, source.until_ns)
    raise StoreError(f"{data / BACKUPS}: holds nothing to restore from. Is --data the right folder?")


def at(data: Path, at_ns: int) -> Choice:
    """The last state before a moment.

    Raises:
        StoreError: there is none.
    """
    choices = [
        Choice(source, min(at_ns, source.until_ns)) for source in _kept(data) if source.from_ns <= at_ns
    ]
    if not choices:
        oldest = min((source.from_ns for source in _kept(data)), default=None)
        known = (
            "there is nothing to restore from"
            if oldest is None
            else f"the oldest state is of {to_text(oldest)}"
        )
        raise StoreError(f"{data / BACKUPS}: nothing as old as {to_text(at_ns)}; {known}")
    return max(choices, key=lambda choice: choice.at_ns)


def named(data: Path, name: str) -> Choice:
    """A source by its name in the list, or any file that holds a database, compressed with zstd or not.

    Raises:
        StoreError: there is none.
    """
    wanted = name
    if name == "latest":
        wanted = (data / BACKUPS / name).resolve().name
    for source in sources(data):
        if wanted in (source.name, source.name.removesuffix(".db.zst")):
            return Choice(source, source.until_ns)
    path = Path(name)
    if path.is_file():
        at_ns = time_of(path.name) or path.stat().st_mtime_ns
        size = path.stat().st_size
        source = Source(name=name, kind=Kind.FILE, path=path, from_ns=at_ns, until_ns=at_ns, size_bytes=size)
        return Choice(source, at_ns)
    raise StoreError(
        f"{name}: is no backup in {data / BACKUPS} and no file; `lbzf restore` lists what there is"
    )


def _kept(data: Path) -> list[Source]:
    return [source for source in sources(data) if source.kind in (Kind.BACKUP, Kind.CONTINUOUS)]


def _continuous(generation: Generation) -> Source:
    pieces = generation.pieces()
    return Source(
        name=generation.folder.name,
        kind=Kind.CONTINUOUS,
        path=generation.folder,
        from_ns=generation.at_ns,
        until_ns=max([generation.at_ns, *(piece.at_ns for piece in pieces)]),
        size_bytes=generation.size_bytes(),
        database_bytes=generation.database_bytes,
        facts=generation.facts,
        generation=generation,
    )


def _plain(path: Path) -> Source:
    match = _OTHER.fullmatch(path.name)
    stamp = f"lbzf-{match[2]}-{match[3]}.db.zst" if match else ""
    at_ns = time_of(stamp) or path.stat().st_mtime_ns
    size = path.stat().st_size
    return Source(
        name=path.name,
        kind=Kind.REPLACED if path.name.startswith("replaced-") else Kind.BEFORE_MIGRATION,
        path=path,
        from_ns=at_ns,
        until_ns=at_ns,
        size_bytes=size,
        database_bytes=size,
    )
