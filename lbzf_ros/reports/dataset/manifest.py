"""The files of a pack with their SHA-256, one checksum over all, and whether they are still the same.

Both are made to be checked without LBZF: `sha256sum -c MANIFEST.sha256`, and README.md says how the checksum is made.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lbzf_ros.core.errors import LbzfError

MANIFEST, CHECKSUM = "MANIFEST.sha256", "CHECKSUM"
"""List of all files but itself and the checksum; the checksum."""
ENVIRONMENT, GAPS = "environment.json", "video_gaps.csv"
"""The files that the checksum does not cover: they are others when the same recording is measured again."""
_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a pack: how many files it lists, the checksum that follows from the list, what is wrong."""

    files: int
    checksum: str
    problems: tuple[str, ...]


def write_manifest(folder: Path) -> str:
    """Write the list and the checksum of a pack that is complete.

    Returns:
        The checksum, hexadecimal.
    """
    lines = [f"{sha256_of(path)}  {name}\n" for name, path in _files(folder)]
    (folder / MANIFEST).write_text("".join(lines), "utf-8", newline="\n")
    checksum = _over_all(lines)
    (folder / CHECKSUM).write_text(f"{checksum}\n", "utf-8", newline="\n")
    return checksum


def verify(folder: Path) -> Checked:
    """Compare a pack with its list; everything that differs is named.

    Raises:
        LbzfError: it is no pack, or its list cannot be read.
    """
    try:
        text = (folder / MANIFEST).read_text("utf-8")
        stated = (folder / CHECKSUM).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise LbzfError(
            f"{folder}: is no paper pack: {MANIFEST} and {CHECKSUM} cannot be read ({error})"
        ) from None
    listed = dict(_entries(text, folder))
    present = dict(_files(folder))
    problems = [f"{name}: is missing" for name in listed if name not in present]
    problems += [f"{name}: is not in {MANIFEST}" for name in present if name not in listed]
    problems += [
        problem for name, digest in listed.items() if (problem := _changed(present.get(name), name, digest))
    ]
    # From the list and not from the files, so that a changed list is noticed too.
    checksum = _over_all([f"{digest}  {name}\n" for name, digest in listed.items()])
    if checksum != stated:
        problems.append(f"{CHECKSUM}: says {stated[:80]}, {MANIFEST} gives {checksum}")
    return Checked(len(listed), checksum, tuple(problems))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file but the list and the checksum, by name as bytes sort."""
    paths = (path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())
    named = sorted((path.relative_to(folder).as_posix(), path) for path in paths)
    return ((name, path) for name, path in named if name not in (MANIFEST, CHECKSUM))


def _entries(text: str, folder: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        found = _LINE.fullmatch(line)
        if found is None:
            raise LbzfError(f"{folder / MANIFEST}: line {number} is no SHA-256 and a name: {line[:80]!r}")
        yield found[2], found[1]


def _changed(path: Path | None, name: str, digest: str) -> str | None:
    if path is None:
        return None
    try:
        return None if sha256_of(path) == digest else f"{name}: has changed"
    except OSError as error:
        return f"{name}: cannot be read: {error.strerror}"


def _over_all(lines: list[str]) -> str:
    covered = (line for line in lines if line.partition("  ")[2].rstrip("\n") not in (ENVIRONMENT, GAPS))
    return hashlib.sha256("".join(covered).encode()).hexdigest()
