"""Start and stop the RTSP camera of the tests."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path
from types import TracebackType

SYSTEM_PYTHON = "/usr/bin/python3"
_SERVER = Path(__file__).with_name("rtsp_server.py")


def available() -> bool:
    """Whether GStreamer's RTSP server and its Python bindings are installed."""
    probe = "import gi; gi.require_version('GstRtspServer', '1.0')"
    try:
        return subprocess.run([SYSTEM_PYTHON, "-c", probe], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class RtspCamera:
    """A camera on 127.0.0.1 that can be switched off and on again."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"rtsp://127.0.0.1:{self.port}/live"
        self._process: subprocess.Popen[str] | None = None

    def switch_on(self) -> None:
        """Start it and wait until it listens."""
        command = [SYSTEM_PYTHON, str(_SERVER), str(self.port)]
        # The system's Python must not see the ROS libraries and packages of the test run.
        clean = {"PATH": "/usr/bin:/bin"}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def switch_off(self) -> None:
        """Pull the plug."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> RtspCamera:
        self.switch_on()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.switch_off()
