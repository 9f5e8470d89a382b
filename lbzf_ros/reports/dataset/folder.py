"""A folder that appears whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lbzf_ros.core.errors import ConfigError, LbzfError
from lbzf_ros.disk import PARTIAL, sync

_OLD = "old"


@contextmanager
def whole_folder(target: Path, *, marker: str, replace: bool) -> Iterator[tuple[Path, Path]]:
    """A folder to fill, which becomes the target at the end of the block; after an error or Ctrl-C nothing is left.

    Args:
        target: must not exist, or be empty; its parents are made.
        marker: file that shows that an existing folder is one of ours; no other is replaced.
        replace: whether an existing one is.

    Yields:
        The folder to fill, and one for what is only needed meanwhile.

    Raises:
        ConfigError: the target is there already, or somebody else is writing it.
        LbzfError: it cannot be written.
    """
    target = Path(os.path.abspath(target))  # noqa: PTH100  # a link is to be replaced, not what it points to
    work = target.with_name(f".{target.name}{PARTIAL}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _check(target, marker, replace=replace)
        with _held(work, target):
            try:
                _recover(work, target)
                fresh, scratch = work / "new", work / "scratch"
                fresh.mkdir()
                scratch.mkdir()
                yield fresh, scratch
                _sync_tree(fresh)
                _check(target, marker, replace=replace)  # it took a while
                _exchange(fresh, target, work / _OLD)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise LbzfError(
            f"{error.filename or target}: {error.strerror}; nothing was written. Name another folder with --out, or "
            "free some space"
        ) from error


def _check(target: Path, marker: str, *, replace: bool) -> None:
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not (target / marker).is_file():
        raise ConfigError(
            f"{target}: is there already and is no paper pack, so it is left alone; name another folder with --out"
        )
    if not replace:
        raise ConfigError(
            f"{target}: is there already; name another folder with --out, or replace it with --force"
        )


@contextmanager
def _held(work: Path, target: Path) -> Iterator[None]:
    """Only one at a time. The lock goes with the process, whatever becomes of it."""
    work.mkdir(exist_ok=True)
    descriptor = os.open(work, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise ConfigError(f"{target}: another process is writing it; wait for that one, or stop it") from None
    try:
        yield
    finally:
        os.close(descriptor)


def _recover(work: Path, target: Path) -> None:
    """Clear what one that was killed has left; a folder that it had already moved aside comes back."""
    if (work / _OLD).is_dir() and not target.exists():
        (work / _OLD).rename(target)
    for leftover in work.iterdir():
        shutil.rmtree(leftover)


def _exchange(fresh: Path, target: Path, old: Path) -> None:
    if target.exists():
        target.rename(old)
    try:
        fresh.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    sync(target.parent)


def _sync_tree(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        sync(path)
    sync(folder)
