"""Start, stop, freeze and change the RTSP camera of the tests."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from types import TracebackType

from test.support.ports import free_port

SYSTEM_PYTHON = "/usr/bin/python3"
_SERVER = Path(__file__).with_name("rtsp_server.py")


class RtspCamera:
    """A camera on 127.0.0.1.

    Args:
        codec: h264, h264-bframes, h265 or jpeg.
        fps: pictures a second.
        kilobit_s: what H.264 takes at most.
        login: `user:password` that it asks for; empty: none.
        pattern: its test picture, as videotestsrc names it.
        file: an MP4 file with H.264 that it plays instead of its test picture.
    """

    def __init__(
        self,
        codec: str = "h264",
        *,
        fps: int = 10,
        kilobit_s: int = 1500,
        login: str = "",
        file: Path | None = None,
        pattern: str = "ball",
    ) -> None:
        self.codec, self._fps, self._kilobit_s, self._login, self._file = codec, fps, kilobit_s, login, file
        self._pattern = pattern
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"rtsp://{self.address}/live"
        self._process: subprocess.Popen[str] | None = None

    def switch_on(self) -> None:
        """Start it and wait until it listens."""
        options = [self.codec, str(self._fps), str(self._kilobit_s), str(self._file or ""), self._pattern]
        # The system's Python must not see the ROS libraries and packages of the test run.
        clean = {"PATH": "/usr/bin:/bin", "RTSP_LOGIN": self._login}
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, str(_SERVER), str(self.port), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=clean,
        )
        self._expect("ready")

    def switch_off(self) -> None:
        """Pull the plug."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def freeze(self) -> None:
        """Send nothing any more; the system keeps the connection up."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def tell(self, order: str) -> None:
        """`size WIDTH HEIGHT`, while somebody is looking; `password WORD`, if it has a login; `path NAME`."""
        assert self._process
        assert self._process.stdin
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        self._expect("done")

    def _expect(self, word: str) -> None:
        assert self._process
        assert self._process.stdout
        assert self._process.stdout.readline() == f"{word}\n"

    def __enter__(self) -> RtspCamera:
        self.switch_on()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.switch_off()
