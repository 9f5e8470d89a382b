"""A place where releases are installed, and how LBZF is run there.

ROOT/releases/NAME/   one folder a release, with its own .venv
ROOT/current          link to the one that runs
ROOT/previous         link to the one before
ROOT/site.json        how LBZF is run here
ROOT/change.json      a change that is under way: gone when it is finished
ROOT/release.log      what was done
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from lbzf_ros.disk import sync, write_whole
from lbzf_ros.release.errors import ReleaseError
from lbzf_ros.release.manifest import MANIFEST, Manifest, manifest_of

_PREPARED = ".prepared"
STARTED_UNITS = ("lbzf.service", "lbzf-maintenance.timer", "lbzf-space.timer")
STOPPED_UNITS = ("lbzf-maintenance.service", "lbzf-space.service")
"""They use the data folder, too, when a timer has started them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How LBZF is run at a site; kept there by the first installation.

    Attributes:
        data: the data folder.
        plant: the plant file.
        start: command that starts LBZF; empty: its systemd units, which come with each release.
        stop: command that stops everything that uses the data folder, and returns when it has ended; empty: its units.
        health_url: answers 200 when every node works.
        health_s: seconds that a start may take until it does.
        steady: how often it must answer so, one after the other.
        keep: releases that stay, the current one included.
        environment_file: lines NAME=value for `lbzf check`; may be missing.
    """

    data: str
    plant: str
    start: str = ""
    stop: str = ""
    health_url: str = "http://127.0.0.1:5000/healthz"
    health_s: float = 300.0
    steady: int = 10
    keep: int = 3
    environment_file: str = "/etc/lbzf/environment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that is under way: enough to undo it after a power cut.

    Attributes:
        target: the release to go to.
        before: the one that ran; empty: none.
        schema_before: of the database; 0: there was none.
        copy: of the database, made before anything touched it; empty: none is needed, or it is not made yet.
        step: the last one that was begun.
        had_units: whether systemd had units of LBZF before.
    """

    target: str
    before: str
    schema_before: int
    copy: str
    step: str
    had_units: bool = True


class Site:
    """The files of a site."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.releases = root / "releases"
        self.log = root / "release.log"
        self._settings = root / "site.json"
        self._change = root / "change.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the site.

        Raises:
            ReleaseError: somebody else does, or the folder cannot be written.
        """
        try:
            self.releases.mkdir(parents=True, exist_ok=True)
            lock = (self.root / ".lock").open("a")
        except OSError as error:
            raise ReleaseError(
                f"{self.root}: {error.strerror}; run this as root (over SSH with --sudo), or choose another --root"
            ) from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ReleaseError(f"{self.root}: another installation is under way; wait for it") from None
            yield

    def settings(self) -> Settings | None:
        """As the first installation kept them; None: there was none."""
        if not self._settings.exists():
            return None
        known = {field.name for field in fields(Settings)}
        values = _json(self._settings)
        return Settings(**{name: value for name, value in values.items() if name in known})  # type: ignore[arg-type]

    def keep_settings(self, settings: Settings) -> None:
        """For the next time, and for the start of the machine."""
        write_whole(self._settings, json.dumps(asdict(settings), indent=1).encode())

    def change(self) -> Change | None:
        """The change that is under way, or was when the power failed."""
        return Change(**_json(self._change)) if self._change.exists() else None  # type: ignore[arg-type]

    def note(self, change: Change | None) -> None:
        """Write down how far a change is; None: it is finished."""
        if change is not None:
            write_whole(self._change, json.dumps(asdict(change), indent=1).encode())
        elif self._change.exists():
            self._change.unlink()
            sync(self.root)

    def linked(self, link: str) -> str:
        """Name of the release that `current` or `previous` leads to; empty: none."""
        path = self.root / link
        return path.readlink().name if path.is_symlink() else ""

    def link(self, link: str, name: str) -> None:
        """Let it lead to a release, in one step; empty name: to none."""
        path, new = self.root / link, self.root / f".{link}.new"
        new.unlink(missing_ok=True)
        if name:
            new.symlink_to(Path("releases", name))
            new.replace(path)
        else:
            path.unlink(missing_ok=True)
        sync(self.root)

    def names(self) -> list[str]:
        """Releases that are unpacked, the oldest installation first."""
        found = [path.parent for path in self.releases.glob(f"[!.]*/{MANIFEST}")]
        return [path.name for path in sorted(found, key=lambda path: (path.stat().st_ctime_ns, path.name))]

    def manifest(self, name: str) -> Manifest:
        """What a release is.

        Raises:
            ReleaseError: there is no such release.
        """
        file = self.releases / name / MANIFEST
        if not name or not file.exists():
            raise ReleaseError(
                f"{self.root}: has no release {name!r}; there are: {', '.join(self.names()) or 'none'}"
            )
        return manifest_of(file.read_bytes(), str(file))

    def is_prepared(self, name: str) -> bool:
        """Whether it can be started without being prepared."""
        return (self.releases / name / _PREPARED).exists()

    def set_prepared(self, name: str) -> None:
        """Note that it can."""
        write_whole(self.releases / name / _PREPARED, b"")


def _json(path: Path) -> dict[str, object]:
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise ReleaseError(f"{path}: cannot be read ({error}); correct it by hand, or delete it") from None
