"""The second place: backups go to another disk or another machine too, with all that is missing there."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

from lbzf_ros.config.keeping import BackupSettings
from lbzf_ros.core.errors import StoreError
from lbzf_ros.disk import partial_of, write_whole
from lbzf_ros.store.keeping.backup import list_backups, note_of, rotate
from lbzf_ros.store.keeping.status import PlaceStatus, locked, read_status, update_status

_SENT_NAME = "second_place.json"
_MOST_TEXT = 300
_PIECE_BYTES = 1 << 20


def send_missing(folder: Path, settings: BackupSettings, *, zone: str, now_ns: int) -> PlaceStatus:
    """Send every backup that is not in the second place yet, the newest first. An error goes into the status only.

    Args:
        folder: where backups are.
        settings: where the second place is; without one nothing happens.
        zone: IANA zone of the plant, for what is kept there.
        now_ns: current time.

    Raises:
        StoreError: the status cannot be written.
    """
    if not settings.second_place:
        return PlaceStatus()
    before = read_status(folder).second_place
    missing = 0
    try:
        with locked(folder, "second_place"):
            files = [file for backup in list_backups(folder) for file in (backup.path, note_of(backup.path))]
            place = _place(settings, folder)
            wanted = [file for file in files if file.exists() and not place.has(file)]
            missing = len([file for file in wanted if file.suffix == ".zst"])
            for file in wanted:
                place.send(file)
                missing -= file.suffix == ".zst"
            place.rotate(settings, zone)
        status = PlaceStatus(success_ns=now_ns)
    except (StoreError, OSError) as error:
        status = PlaceStatus(success_ns=before.success_ns, missing=missing, error=str(error), error_ns=now_ns)
    update_status(folder, second_place=status)
    return status


class _Folder:
    """Another folder: of another disk, of a share."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        if not path.is_dir():  # never made: it would be the empty place where a disk was to be mounted
            raise StoreError(f"{path}: is not there; is its disk mounted?")
        self._path, self._timeout_s = path, timeout_s

    def has(self, file: Path) -> bool:
        there = self._path / file.name
        return there.is_file() and there.stat().st_size == file.stat().st_size

    def send(self, file: Path) -> None:
        until_s = time.monotonic() + self._timeout_s
        with (
            partial_of(self._path / file.name) as partial,
            file.open("rb") as source,
            partial.open("wb") as copy,
        ):
            while piece := source.read(_PIECE_BYTES):
                copy.write(piece)
                if time.monotonic() > until_s:
                    raise StoreError(f"{self._path}: {file.name} took longer than {self._timeout_s:g} s")

    def rotate(self, settings: BackupSettings, zone: str) -> None:
        rotate(self._path, settings, zone=zone)


class _Command:
    """Anything that a command can send to. What was sent is noted here; what goes there is that place's business."""

    def __init__(self, command: str, folder: Path, timeout_s: float) -> None:
        self._words, self._command, self._timeout_s = shlex.split(command), command, timeout_s
        self._notes, self._folder = folder / _SENT_NAME, folder
        try:
            notes = json.loads(self._notes.read_text("utf-8"))
            self._sent = set(notes["sent"]) if notes["command"] == command else set()
        except (OSError, ValueError, KeyError, TypeError):
            self._sent = set()

    def has(self, file: Path) -> bool:
        return file.name in self._sent

    def send(self, file: Path) -> None:
        words = [
            word.replace("{file}", str(file.resolve())).replace("{name}", file.name) for word in self._words
        ]
        if shutil.which(words[0]) is None:
            raise StoreError(
                f"second place: there is no program {words[0]}; install it or change the setting"
            )
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # so that what it starts can be ended with it
        )
        try:
            _, said = process.communicate(timeout=self._timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise StoreError(f"second place: {words[0]} took longer than {self._timeout_s:g} s") from None
        if process.returncode != 0:
            text = said.decode("utf-8", "replace").strip()[-_MOST_TEXT:]
            raise StoreError(f"second place: {words[0]} ended with {process.returncode}: {text}")
        self._sent.add(file.name)
        self._note()

    def rotate(self, _settings: BackupSettings, _zone: str) -> None:
        self._sent = {name for name in self._sent if (self._folder / name).exists()}
        self._note()

    def _note(self) -> None:
        content = {"command": self._command, "sent": sorted(self._sent)}
        write_whole(self._notes, json.dumps(content, indent=1).encode())


def _place(settings: BackupSettings, folder: Path) -> _Folder | _Command:
    if "{file}" in settings.second_place:
        return _Command(settings.second_place, folder, settings.second_place_timeout_s)
    return _Folder(Path(settings.second_place).expanduser(), settings.second_place_timeout_s)
