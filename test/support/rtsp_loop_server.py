"""Many RTSP cameras in one process that encode nothing: each plays an H.264 file again and again.

Run by the system's Python, which has the bindings: `/usr/bin/python3 rtsp_loop_server.py PORT FPS CAMERAS FILE...`.
The files are Annex B with a delimiter before each picture and a key frame each second. Camera number i of 0 … plays
file i modulo their number, from another place in it, at /cam<i + 1>. Prints "ready".
"""

import sys
import threading
import time
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

PORT, FPS, CAMERAS, FILES = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
DELIMITER = b"\x00\x00\x00\x01\x09"
LAUNCH = (
    "( appsrc name=source is-live=true do-timestamp=true format=time max-buffers=30 leaky-type=downstream "
    f"caps=video/x-h264,stream-format=byte-stream,alignment=au,framerate={FPS}/1 "
    "! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )"
)


def pictures(path: str) -> list[bytes]:
    """The access units of a file."""
    return [DELIMITER + unit for unit in Path(path).read_bytes().split(DELIMITER) if unit]


class Camera:
    """One camera; it has a source while somebody looks."""

    def __init__(self, number: int, played: list[bytes]) -> None:
        self._played = played
        self._next = number * len(played) // CAMERAS
        self._source: Any = None
        self.factory = GstRtspServer.RTSPMediaFactory()
        self.factory.set_launch(LAUNCH)
        self.factory.set_shared(True)
        self.factory.connect("media-configure", self._opened)

    def _opened(self, _factory: Any, media: Any) -> None:
        media.connect("unprepared", self._closed)
        self._next = self._next // FPS * FPS  # a key frame, so that nobody waits for one
        self._source = media.get_element().get_by_name("source")

    def _closed(self, _media: Any) -> None:
        self._source = None

    def show(self) -> None:
        """Send the next picture."""
        if source := self._source:
            source.emit("push-buffer", Gst.Buffer.new_wrapped(self._played[self._next]))
        self._next = (self._next + 1) % len(self._played)


def play(cameras: list[Camera]) -> None:
    """Send a picture of every camera `FPS` times a second."""
    began_s, number = time.monotonic(), 0
    while True:
        number += 1
        time.sleep(max(0.0, began_s + number / FPS - time.monotonic()))
        for camera in cameras:
            camera.show()


Gst.init(None)
server = GstRtspServer.RTSPServer(address="127.0.0.1", service=PORT)
films = [pictures(path) for path in FILES]
shown = [Camera(number, films[number % len(films)]) for number in range(CAMERAS)]
for place, camera in enumerate(shown, 1):
    server.get_mount_points().add_factory(f"/cam{place}", camera.factory)
server.get_thread_pool().set_max_threads(
    CAMERAS
)  # one camera that is being opened does not hold up the others
if not server.attach(None):
    sys.exit("the port is taken")
threading.Thread(target=play, args=(shown,), daemon=True).start()
print("ready", flush=True)
GLib.MainLoop().run()
