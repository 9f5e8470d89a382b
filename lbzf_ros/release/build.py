"""Build a release: one archive with the tracked files of a source tree. The same files give the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import subprocess
import tarfile
from pathlib import Path

from lbzf_ros.disk import partial_of
from lbzf_ros.release.errors import ReleaseError
from lbzf_ros.release.manifest import MANIFEST, Manifest, manifest_of, schema_of

SUFFIX = ".lbzf.tar.gz"
_VERSION = re.compile(r'^__version__ = "([^"]+)"', re.MULTILINE)


def build(source: Path, folder: Path) -> tuple[Path, Manifest]:
    """Write the release of a source tree.

    Args:
        source: a git checkout, or an installed release.
        folder: for the archive.

    Returns:
        The archive `NAME.lbzf.tar.gz`, and what is in it.

    Raises:
        ReleaseError: it is no source tree, or a file is missing.
    """
    paths = tracked_files(source)
    contents = {path: _content(source, path) for path in paths}
    manifest = _manifest(source, contents)
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"{manifest.name}{SUFFIX}"
    with (
        partial_of(archive) as partial,
        partial.open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        _add(tar, manifest, MANIFEST, manifest.to_bytes())
        for path in paths:
            _add(tar, manifest, path, contents[path])
    return archive, manifest


def tracked_files(source: Path) -> list[str]:
    """Paths of what belongs to a source tree: what git knows, or what the release says that was installed."""
    if (source / MANIFEST).exists():
        return sorted(manifest_of((source / MANIFEST).read_bytes(), str(source / MANIFEST)).files)
    listed = _git(source, "ls-files", "-z")
    if not listed:
        raise ReleaseError(
            f"{source}: is neither a git checkout nor an installed release; run this in one of them"
        )
    return sorted(name for name in listed.split("\0") if name)


def changes(source: Path) -> list[str]:
    """What differs from the last commit, as git says it; nothing where there is no git."""
    return (_git(source, "status", "--porcelain") or "").splitlines()


def _manifest(source: Path, contents: dict[str, bytes]) -> Manifest:
    total = hashlib.sha256()
    files = {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
    executable = tuple(path for path in files if os.access(source / path, os.X_OK))
    for path, digest in files.items():
        total.update(f"{path}\0{digest}\0{path in executable}\n".encode())
    found = _VERSION.search(contents.get("lbzf_ros/__init__.py", b"").decode())
    if not found:
        raise ReleaseError(
            f"{source}/lbzf_ros/__init__.py: has no __version__; this is no source tree of LBZF"
        )
    return Manifest(
        name=f"{found[1]}-{total.hexdigest()[:12]}",
        version=found[1],
        schema=schema_of(contents),
        revision=(_git(source, "rev-parse", "HEAD") or "").strip(),
        built_s=int((_git(source, "log", "-1", "--format=%ct") or "0").strip() or 0),
        files=files,
        executable=executable,
    )


def _content(source: Path, path: str) -> bytes:
    try:
        return (source / path).read_bytes()
    except OSError as error:
        raise ReleaseError(
            f"{source / path}: {error.strerror}; git knows it: restore it, or remove it from git"
        ) from None


def _add(tar: tarfile.TarFile, manifest: Manifest, path: str, content: bytes) -> None:
    entry = tarfile.TarInfo(f"{manifest.name}/{path}")
    entry.size, entry.mtime = len(content), manifest.built_s
    entry.mode = 0o755 if path in manifest.executable else 0o644
    tar.addfile(entry, io.BytesIO(content))


def _git(source: Path, *words: str) -> str:
    """What git says; empty where it says nothing, or is not there."""
    try:
        done = subprocess.run(["git", "-C", str(source), *words], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""
