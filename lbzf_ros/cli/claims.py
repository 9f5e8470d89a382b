"""What one running `lbzf up` has for itself: its data folder, its port, its ROS domain."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from lbzf_ros.core.errors import GraphError

_LOOKED_AT_S = 0.3
_DOMAINS = range(102)
"""Domain ids that work on every system (above, DDS's ports meet those that Linux hands out)."""


@contextlib.contextmanager
def data_folder(data: Path, option: str = "--data") -> Iterator[None]:
    """Hold a data folder for this process; made if it is not there.

    Args:
        data: the folder.
        option: what names it on the command line.

    Raises:
        GraphError: another process holds it, or it cannot be written.
    """
    file = data / "run" / "up.lock"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = file.open("ab+", buffering=0)
    except OSError as error:
        raise _unusable(data, option, error) from None
    with lock:
        try:
            _lock(lock)
        except BlockingIOError:
            lock.seek(0)
            raise GraphError(
                f"{data}: is in use by another lbzf up (process {lock.read().decode().strip() or 'unknown'}). "
                f"Stop that one, or choose another folder with {option}."
            ) from None
        lock.truncate(0)
        try:
            lock.write(f"{os.getpid()}\n".encode())
        except OSError as error:  # the disk is full to the last byte
            raise _unusable(data, option, error) from None
        yield


def _lock(lock: FileIO) -> None:
    """Take it. Who only looks whether somebody has it holds it for a moment, too.

    Raises:
        BlockingIOError: somebody keeps it.
    """
    until_s = time.monotonic() + _LOOKED_AT_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.01)
        else:
            return


def _unusable(data: Path, option: str, error: OSError) -> GraphError:
    return GraphError(
        f"{data}: cannot be used as data folder: {error.strerror}. Make room or mend it, or choose another with "
        f"{option}."
    )


def check_port(host: str, port: int) -> None:
    """See that the page can be served there.

    Raises:
        GraphError: somebody listens there already, or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # an address just left is no obstacle
        try:
            probe.bind((host, port))
        except OSError as error:
            raise GraphError(
                f"{host}:{port} cannot be listened on: {error.strerror}. Choose another with --port or --host."
            ) from None


@contextlib.contextmanager
def ros_domain(wanted: str | None) -> Iterator[int]:
    """Hold a ROS domain, so that two plants on one machine do not hear each other.

    Args:
        wanted: content of ROS_DOMAIN_ID; without one the first domain is taken that no other `lbzf up` has.

    Raises:
        GraphError: the wanted one is none, or another `lbzf up` has it.
    """
    if wanted and not (wanted.isdecimal() and int(wanted) <= 232):
        raise GraphError(f"ROS_DOMAIN_ID is {wanted!r}; allowed is 0 to {_DOMAINS[-1]}, or leave it out")
    for domain in [int(wanted)] if wanted else _DOMAINS:
        with socket.socket(socket.AF_UNIX) as claim:
            try:
                claim.bind(f"\0lbzf/domain/{domain}")  # no file: the name goes with the process
            except OSError:
                continue
            yield domain
            return
    if wanted:
        raise GraphError(
            f"ROS_DOMAIN_ID={wanted} is in use by another lbzf up; choose another, or leave it out"
        )
    raise GraphError("every ROS domain of this machine is in use by another lbzf up")
