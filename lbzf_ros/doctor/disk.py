"""The disk of the data folder: is it the right one, can it be written, is there room?"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lbzf_ros.config.schema import Plant
from lbzf_ros.disk import BYTES_PER_GB, sync
from lbzf_ros.doctor.finding import Finding, fine, unknown, warning, wrong
from lbzf_ros.doctor.subject import Subject

_NAME = "disk"
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p")
_LEAST_FILES_PERCENT = 5.0


def check_disk(subject: Subject) -> Iterator[Finding]:
    """Kind, write, room."""
    data = subject.data
    if not data.is_dir():
        advice = "mount the data disk, or name the folder with --data; `lbzf up` makes a new one"
        yield wrong(_NAME, f"{data}: there is no such folder", advice)
        return
    kind, mounted_at = _file_system(subject)
    if kind in _NETWORK:
        yield wrong(
            _NAME,
            f"{data} lies on a network share ({kind}): SQLite loses data there",
            "move the data folder to a disk of this machine; send backups to the share (backup.second_place)",
        )
    problem = _cannot_write(data)
    if problem:
        advice = f"see who owns it (LBZF runs as user {_user(data)}), whether the disk is mounted read-only, and dmesg"
        yield wrong(_NAME, f"{data} cannot be written: {problem}", advice)
    yield from _room(subject, mounted_at)


def _room(subject: Subject, mounted_at: str) -> Iterator[Finding]:
    usage = shutil.disk_usage(subject.data)
    free_gb, free_percent = usage.free / BYTES_PER_GB, 100 * usage.free / max(usage.total, 1)
    text = f"{subject.data}: {free_gb:.1f} GB free ({free_percent:.0f} %) on the disk mounted at {mounted_at}"
    plant = subject.plant
    if plant is None:
        yield unknown(
            _NAME, f"{text}; without a plant file it is not known what must be free", "correct the plant file"
        )
    elif free_gb < plant.storage.reserve_gb:
        advice = "run `lbzf maintenance --space`; see that its timer runs, and that no video is held for ever"
        yield wrong(
            _NAME,
            f"{text}; under storage.reserve_gb {plant.storage.reserve_gb:g} no video is written",
            advice,
        )
    elif free_percent < plant.retention.video_min_free_percent - plant.retention.video_extra_free_percent:
        yield warning(
            _NAME,
            f"{text}; wanted are {_wanted(plant)}",
            "see that the timer lbzf-space runs (docs/maintenance.md)",
        )
    else:
        yield fine(_NAME, text)
    files = os.statvfs(subject.data)
    if files.f_files and 100 * files.f_favail / files.f_files < _LEAST_FILES_PERCENT:
        yield warning(
            _NAME, f"only {files.f_favail} more files fit on it", "remove what has many small files"
        )


def _wanted(plant: Plant) -> str:
    return f"{plant.retention.video_min_free_percent:g} % (retention.video_min_free_percent)"


def _cannot_write(data: Path) -> str:
    """Why a file cannot be written and brought to the disk; empty: it can."""
    try:
        with tempfile.NamedTemporaryFile(dir=data, prefix=".doctor-") as file:
            file.write(b"x")
            file.flush()
            sync(Path(file.name))
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _user(data: Path) -> str:
    try:
        return data.owner()
    except KeyError:
        return str(data.stat().st_uid)


def _file_system(subject: Subject) -> tuple[str, str]:
    """Kind of the file system that the data folder lies on, and where that is mounted."""
    best = ("?", "?")
    longest = -1
    folder = str(subject.data.resolve())
    for line in (subject.read("proc/self/mounts") or "").splitlines():
        place, kind = line.split()[1:3]
        place = place.replace("\\040", " ")
        if (folder == place or folder.startswith(place.rstrip("/") + "/")) and len(place) >= longest:
            best, longest = (kind, place), len(place)
    return best
