"""Files and packages that a backend needs: there and whole, or one clear message."""

from __future__ import annotations

import hashlib
import importlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from lbzf_ros.core.errors import DetectorError

_POINTER = b"version https://git-lfs"


@dataclass(frozen=True, slots=True)
class Weights:
    """A model's file.

    Attributes:
        path: where it is.
        content: all of it: what is loaded is what was hashed.
        sha256: of the content, hexadecimal.
    """

    path: Path
    content: bytes
    sha256: str


def read_weights(file: str, backend: str, suffixes: tuple[str, ...] = ()) -> Weights:
    """Read a model's file.

    Args:
        file: `detector.network.weights`.
        backend: who wants it.
        suffixes: how its name may end; none: any.

    Raises:
        DetectorError: it is not named, not there, empty, or something else.
    """
    if not file:
        raise DetectorError(f"backend {backend} needs a model: set detector.network.weights to its file")
    path = Path(file)
    if suffixes and path.suffix.lower() not in suffixes:
        raise DetectorError(f"{path}: backend {backend} reads {' and '.join(suffixes)} files")
    content = read_file(path, "detector.network.weights")
    if content.startswith(_POINTER):
        raise DetectorError(f"{path}: is a git-lfs pointer, not the model; fetch it with git lfs pull")
    return Weights(path, content, hashlib.sha256(content).hexdigest())


def read_file(path: Path, setting: str, *, may_be_empty: bool = False) -> bytes:
    """Read a file that a setting names.

    Raises:
        DetectorError: it cannot be read, or is empty and may not be.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DetectorError(
            f"{path}: cannot be read: {error.strerror}. Put the file there or set {setting} to where it is"
        ) from None
    if not content and not may_be_empty:
        raise DetectorError(f"{path}: is empty; copy it again")
    return content


def need(package: str, backend: str) -> ModuleType:
    """Import a package that only one backend uses.

    Raises:
        DetectorError: it is not installed, or does not work here.
    """
    try:
        return importlib.import_module(package)
    except Exception as error:  # a broken installation raises anything
        raise missing_package(package, backend, error) from error


def missing_package(package: str, backend: str, error: Exception) -> DetectorError:
    """What is said when a package cannot be imported."""
    return DetectorError(
        f"backend {backend} needs the package {package}, which cannot be imported ({type(error).__name__}: {error}); "
        f"install it with: pip install 'lbzf[{backend}]' (docs/detectors.md says what a Jetson needs)"
    )
