"""Limits of the machine that stop a plant when they are too low."""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Iterator

from lbzf_ros.doctor.finding import Finding, fine, unknown, warning, wrong
from lbzf_ros.doctor.subject import Subject

_NAME = "limits"
_MB = 1_000_000
_PICTURES_MB = 34
"""Shared memory of a camera's driver: one segment of 32 MiB (config/fastdds_pictures.xml)."""
_NODE_MB = 1
_OPEN_FILES = 1024
_LEAST_INSTANCES, _LEAST_WATCHES = 64, 4096
_LEAST_MEMORY_MB = 300
_PERCENT_LEFT = 10.0


def check_limits(subject: Subject) -> Iterator[Finding]:
    """Shared memory, memory, open files, inotify."""
    looks = (_shared_memory, _memory, _open_files, _inotify)
    found = [finding for look in looks for finding in look(subject)]
    yield from found
    if not found:
        yield fine(_NAME, "shared memory, memory, open files and inotify are enough")


def _shared_memory(subject: Subject) -> Iterator[Finding]:
    if subject.plant is None:
        yield unknown(
            _NAME, "without a plant file the shared memory needed is not known", "correct the plant file"
        )
        return
    needed_mb = len(subject.plant.cameras) * _PICTURES_MB + 10 * _NODE_MB
    folder = subject.root / "dev/shm"
    try:
        state = os.statvfs(folder)
    except OSError as error:
        yield wrong(
            _NAME,
            f"{folder}: {error.strerror}: pictures go over the network stack",
            "mount a tmpfs at /dev/shm",
        )
        return
    total_mb = state.f_frsize * state.f_blocks / _MB
    if total_mb < needed_mb:
        advice = f"give it {2 * needed_mb} MB: in a container shm_size, else size= of /dev/shm in /etc/fstab"
        yield wrong(
            _NAME,
            f"/dev/shm has {total_mb:.0f} MB, {len(subject.plant.cameras)} cameras need {needed_mb}",
            advice,
        )
    elif 100 * state.f_bavail / max(state.f_blocks, 1) < _PERCENT_LEFT:
        advice = "stop LBZF and remove /dev/shm/fastrtps_* and fastdds_* of processes that are gone"
        yield warning(
            _NAME, f"/dev/shm is nearly full ({state.f_frsize * state.f_bavail / _MB:.0f} MB left)", advice
        )


def _memory(subject: Subject) -> Iterator[Finding]:
    found = re.search(r"MemAvailable:\s+(\d+) kB", subject.read("proc/meminfo") or "")
    if not found:
        yield unknown(_NAME, "the kernel does not say how much memory is available", "look with `free -m`")
    elif (available_mb := int(found[1]) * 1024 / _MB) < _LEAST_MEMORY_MB:
        yield warning(
            _NAME, f"only {available_mb:.0f} MB of memory are available", "see with `top` what takes it"
        )


def _open_files(_subject: Subject) -> Iterator[Finding]:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < _OPEN_FILES:
        yield warning(
            _NAME,
            f"{soft} open files a process are allowed",
            f"allow {_OPEN_FILES} (ulimit -n, LimitNOFILE=)",
        )


def _inotify(subject: Subject) -> Iterator[Finding]:
    for name, least in (("max_user_instances", _LEAST_INSTANCES), ("max_user_watches", _LEAST_WATCHES)):
        allowed = subject.number(f"proc/sys/fs/inotify/{name}")
        if allowed is None:
            yield unknown(
                _NAME,
                f"fs.inotify.{name} cannot be read",
                f"see that `sysctl fs.inotify.{name}` is at least {least}",
            )
        elif allowed < least:
            advice = f"echo fs.inotify.{name}={2 * least} | sudo tee /etc/sysctl.d/60-lbzf.conf && sudo sysctl --system"
            yield warning(
                _NAME, f"fs.inotify.{name} is {allowed}; Fast DDS watches its shared memory with it", advice
            )
