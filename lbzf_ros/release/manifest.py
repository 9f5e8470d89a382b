"""`release.json`: what a release is made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lbzf_ros.release.errors import ReleaseError

MANIFEST = "release.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A release.

    Attributes:
        name: version and the beginning of the digest of all files: the same files have the same name.
        version: of LBZF.
        schema: of the database that it works with.
        revision: what git calls it; empty: not known.
        built_s: time of that revision, seconds since the epoch.
        files: SHA-256 by path.
        executable: the paths that can be run.
    """

    name: str
    version: str
    schema: int
    revision: str
    built_s: int
    files: Mapping[str, str]
    executable: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """As the file has it."""
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()


def manifest_of(content: bytes, where: str) -> Manifest:
    """Read the file's content.

    Raises:
        ReleaseError: it is none.
    """
    try:
        values = json.loads(content)
        return Manifest(**values | {"executable": tuple(values["executable"])})
    except (ValueError, TypeError, KeyError) as error:
        raise ReleaseError(
            f"{where}: holds no {MANIFEST} of a release ({error}); `lbzf release build` makes one"
        ) from None


def schema_of(paths: Iterable[str]) -> int:
    """Number of the last migration among the files of a release.

    Raises:
        ReleaseError: there is none.
    """
    names = [Path(path).name for path in paths if path.startswith("db/migrations/") and path.endswith(".sql")]
    numbers = [int(name.split("_")[0]) for name in names if name[:1].isdecimal()]
    if not numbers:
        raise ReleaseError("there is nothing in db/migrations; this is no source tree of LBZF")
    return max(numbers)
