"""Unpack an archive into a folder that is whole or not there."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import zlib
from pathlib import Path

from lbzf_ros.disk import PARTIAL, sync
from lbzf_ros.release.errors import ReleaseError
from lbzf_ros.release.manifest import MANIFEST, Manifest, manifest_of

_BROKEN = "is damaged or incomplete; build or copy it again"


def unpack(archive: Path, releases: Path) -> Manifest:
    """Unpack an archive to `releases/NAME`; nothing happens when it is there already.

    Raises:
        ReleaseError: it is damaged, or holds something else than it says. Nothing is left of it.
    """
    try:
        with tarfile.open(archive, "r:gz") as tar:
            manifest = _manifest(tar, archive)
            target = releases / manifest.name
            if target.exists():
                return manifest
            partial = releases / f".{manifest.name}{PARTIAL}"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            _extract(tar, manifest, partial, archive)
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise ReleaseError(f"{archive}: {_BROKEN} ({error})") from None
    os.sync()  # all files first: after a power cut the name must not stand for empty ones
    partial.rename(target)
    sync(releases)
    return manifest


def _manifest(tar: tarfile.TarFile, archive: Path) -> Manifest:
    first = tar.next()
    content = tar.extractfile(first) if first is not None and first.isfile() else None
    if first is None or content is None or first.name.rpartition("/")[2] != MANIFEST:
        raise ReleaseError(f"{archive}: is no release of LBZF; `lbzf release build` makes one")
    manifest = manifest_of(content.read(), str(archive))
    if first.name != f"{manifest.name}/{MANIFEST}" or "/" in manifest.name or manifest.name.startswith("."):
        raise ReleaseError(f"{archive}: {_BROKEN}")
    return manifest


def _extract(tar: tarfile.TarFile, manifest: Manifest, folder: Path, archive: Path) -> None:
    """Only files that the manifest lists, each as it lists it: nothing can be put elsewhere."""
    (folder / MANIFEST).write_bytes(manifest.to_bytes())
    missing = dict(manifest.files)
    for entry in tar:
        path = entry.name.partition("/")[2]
        if path == MANIFEST:
            continue
        content = tar.extractfile(entry) if entry.isfile() else None
        data = content.read() if content else b""
        if missing.pop(path, None) != hashlib.sha256(data).hexdigest() or ".." in Path(path).parts:
            raise ReleaseError(f"{archive}: {path}: {_BROKEN}")
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        file.chmod(0o755 if path in manifest.executable else 0o644)
    if missing:
        raise ReleaseError(f"{archive}: {next(iter(missing))} is not in it; {_BROKEN}")
