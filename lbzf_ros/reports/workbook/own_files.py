"""Which files of an export folder are ours: only those that are byte for byte as we wrote them are ever replaced.

What a person has changed, or put there, is theirs: the export takes the next free name. A list beside the files holds
their checksums.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lbzf_ros.core.errors import ConfigError
from lbzf_ros.disk import sync, write_whole

LIST = ".lbzf-exports.json"
_MOST_NAMES = 99
_PIECE_BYTES = 1 << 20


def plain(text: str) -> str:
    """A label as a part of a file's name: a-z, digits, _ and hyphens; no path can come of it."""
    bare = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9_]+", "-", bare).strip("-_")[:60] or "x"


@contextmanager
def only_one_writer(folder: Path) -> Iterator[None]:
    """Wait until nobody else puts files into the folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def put(folder: Path, stem: str, files: Mapping[str, Path]) -> tuple[list[Path], str]:
    """Give finished files their names. The caller holds `only_one_writer`.

    Args:
        folder: where they go; the files lie on the same disk.
        stem: begin of their names.
        files: by the ending of their names, which includes the dot.

    Returns:
        The files, in the order given, and the stem that they got: the given one, or with -2, -3, …

    Raises:
        ConfigError: every name is taken by a file that is not ours.
        OSError: the folder cannot be written.
    """
    written = _written(folder)
    sums = {ending: sha256_of(path) for ending, path in files.items()}
    for number in range(1, _MOST_NAMES + 1):
        name = stem if number == 1 else f"{stem}-{number}"
        if all(_is_free(folder / f"{name}{ending}", sums[ending], written) for ending in files):
            break
    else:
        raise ConfigError(
            f"{folder}: {stem} and its names up to -{_MOST_NAMES} are taken by files that LBZF did not write or that "
            "were changed since; move them, or name another folder with --out"
        )
    targets = [folder / f"{name}{ending}" for ending in files]
    # The list first: a file that is listed and not there does no harm; one that is there and not listed is not ours.
    listed = written | {target.name: sums[ending] for ending, target in zip(files, targets, strict=True)}
    for (ending, path), target in zip(files.items(), targets, strict=True):
        if target.exists() and sha256_of(target) == sums[ending]:
            path.unlink()  # the same content: the file keeps its date
            continue
        sync(path)
        _list(folder, listed)
        path.replace(target)
    _list(folder, listed)
    sync(folder)
    return targets, name


def sha256_of(path: Path) -> str:
    """Of a file, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _is_free(path: Path, new_sum: str, written: Mapping[str, str]) -> bool:
    if path.is_symlink():
        return False  # it points to somebody's file
    if not path.exists():
        return True
    return path.is_file() and sha256_of(path) in {new_sum, written.get(path.name)}


def _written(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / LIST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # without the list no file is ours: new names are taken
    return {str(name): str(digest) for name, digest in found.items()} if isinstance(found, dict) else {}


def _list(folder: Path, written: Mapping[str, str]) -> None:
    write_whole(folder / LIST, (json.dumps(dict(sorted(written.items())), indent=0) + "\n").encode())
