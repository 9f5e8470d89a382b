"""Runs the demo plant for a measurement, as a user does: `lbzf up` on a fresh data folder."""

from __future__ import annotations

import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_READY_WITHIN_S = 60
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Demo:
    """A running demo plant."""

    process: subprocess.Popen[bytes]
    url: str
    data: Path
    ready_after_s: float


@contextmanager
def running_demo(*options: str) -> Iterator[Demo]:
    """Start the demo, wait until its graph is up, and stop it at the end.

    Raises:
        TimeoutError: it was not up in time; its log is in the message.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "up.log"
        with log.open("wb") as output:
            command = [str(ROOT / "lbzf"), "up", "--data", f"{folder}/data", "--port", str(port), *options]
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
            began_s, url = time.monotonic(), f"http://127.0.0.1:{port}"
            try:
                while not answers(f"{url}/healthz"):
                    if process.poll() is not None or time.monotonic() - began_s > _READY_WITHIN_S:
                        raise TimeoutError(f"the demo is not up:\n{log.read_text('utf-8')}")
                    time.sleep(0.1)
                yield Demo(process, url, Path(folder) / "data", time.monotonic() - began_s)
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(15)


def answers(url: str) -> bool:
    """Whether a page says that all is well."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
