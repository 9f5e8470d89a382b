"""Many RTSP cameras that cost hardly anything, because they play films that were encoded before."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from test.support.ports import free_port
from test.support.rtsp import SYSTEM_PYTHON

_SERVER = Path(__file__).with_name("rtsp_loop_server.py")


@contextmanager
def rtsp_films(films: Sequence[Path], cameras: int, fps: int) -> Iterator[list[str]]:
    """Serve cameras on 127.0.0.1 until the block ends.

    Args:
        films: H.264 in Annex B, a delimiter before each picture, a key frame each second; played in turn by the
            cameras, from different places in them, without end.
        cameras: how many.
        fps: of the films.

    Yields:
        Their URLs.

    Raises:
        RuntimeError: GStreamer's RTSP server does not start.
    """
    port = free_port()
    command = ["setpriv", "--pdeathsig", "TERM", "--", SYSTEM_PYTHON, str(_SERVER)]
    command += [str(port), str(fps), str(cameras), *map(str, films)]
    # The system's Python must not see the ROS libraries and packages of the test run.
    clean = {"PATH": "/usr/bin:/bin"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=clean, start_new_session=True
    ) as server:
        try:
            assert server.stdout
            if server.stdout.readline() != "ready\n":
                raise RuntimeError(
                    "the RTSP server of the test cameras has not started; see its message above"
                )
            yield [f"rtsp://127.0.0.1:{port}/cam{number}" for number in range(1, cameras + 1)]
        finally:
            server.kill()
