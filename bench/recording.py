"""CPU of a camera process: recording its H.264 by copy, with nothing else, and decoding it at 5 pictures a second.

A real RTSP camera (25 pictures a second of 640x480, 1.5 Mbit/s) plays on 127.0.0.1 in another process, whose CPU does
not count. Each part is a process of its own: its CPU time over the measured span, without its start.

    .venv/bin/python -m bench.recording [--seconds 40]
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

import numpy as np

from bench import report
from lbzf_ros.config.running import RecorderSettings
from lbzf_ros.config.schema import Camera
from lbzf_ros.config.streams import StreamSettings
from lbzf_ros.core.model import Segment
from lbzf_ros.video.coverage import Cause, Coverage, Gap
from lbzf_ros.video.decoders import Picture
from lbzf_ros.video.recording import StreamRecording
from lbzf_ros.video.stream import StreamSource
from test.support.rtsp import RtspCamera

FPS, KILOBIT_S = 25, 1500
_WARM_S = 5.0


class Counted:
    """Counts what a recording says of itself."""

    def __init__(self) -> None:
        self.gaps = 0

    def segment(self, segment: Segment) -> None:
        """Nothing to do."""
        del segment

    def gap(self, gap: Gap) -> None:
        """A gap spoils the measurement."""
        del gap
        self.gaps += 1

    def trouble(self, text: str) -> None:
        """So does a disk that is too slow."""
        raise RuntimeError(text)


class NoDecoder:
    """Takes packets and makes nothing of them, to see what copying alone costs."""

    def __init__(self, until_s: float) -> None:
        self._until_s = until_s

    def decode(self, packet: Any) -> list[Picture]:
        """One that is too old to be wanted; raises when the time is up."""
        del packet
        if time.monotonic() > self._until_s:
            raise TimeoutError
        return [Picture(0, (1, 1), lambda: np.zeros((1, 1, 3), np.uint8))]

    def close(self) -> None:
        """Nothing to do."""


def measure(
    url: str, seconds: float, *, copies: bool, decodes: bool, answer: Queue[dict[str, float]]
) -> None:
    """Read a camera for so long and say what it cost."""
    camera = Camera(label="cam1", source=url, fps=5)
    settings = StreamSettings(stall_s=10)
    counted = Counted()
    with tempfile.TemporaryDirectory() as folder:
        recording = None
        if copies:
            recording = StreamRecording(
                "cam1",
                Path(folder),
                RecorderSettings(),
                5,
                clock_ns=time.time_ns,
                has_room=lambda: True,
                announcer=counted,
                begin=lambda: Coverage("cam1", None, Cause.CAMERA, ""),
            )
        source = StreamSource(camera, settings, clock_ns=time.time_ns, recording=recording)
        began_s, ends_s = time.monotonic() + _WARM_S, time.monotonic() + _WARM_S + seconds
        if not decodes:
            # Inside, because it is only of use here: no setting leaves out the decoding.
            source._decoder = lambda codec, parameters: NoDecoder(ends_s)  # type: ignore[method-assign,assignment,return-value]  # noqa: ARG005
        cpu_s, pictures = 0.0, 0
        warm = _after(_WARM_S)
        try:
            for _ in source.frames():
                pictures += 1
                if time.monotonic() > ends_s:
                    break
        except TimeoutError:
            pass
        cpu_s = time.process_time() - warm[0]
        if recording:
            recording.close()
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.mp4"))
    span_s = time.monotonic() - began_s
    answer.put(
        {
            "cpu_percent_of_a_core": round(100 * cpu_s / span_s, 2),
            "seconds": round(span_s, 1),
            "pictures": pictures,
            "megabit_s_on_disk": round(size * 8 / 1e6 / (span_s + _WARM_S), 2),
            "gaps": counted.gaps,
        }
    )


def _after(seconds: float) -> list[float]:
    """A place where the CPU time of this process will stand after so many seconds."""
    import threading

    place = [0.0]

    def note() -> None:
        place[0] = time.process_time()

    threading.Timer(seconds, note).start()
    return place


def main() -> None:
    """Measure one part after the other and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=40.0, help="Length of each part.")
    seconds = parser.parse_args().seconds
    figures: dict[str, Any] = {
        "camera": f"640x480, {FPS} fps, x264 at {KILOBIT_S} kbit/s",
        "looked_at_fps": 5,
    }
    context = multiprocessing.get_context("spawn")
    parts = {
        "reading": (False, False),
        "reading_and_copying": (True, False),
        "copying_and_decoding": (True, True),
    }
    with RtspCamera(fps=FPS, kilobit_s=KILOBIT_S, pattern="snow") as camera:
        for name, (copies, decodes) in parts.items():
            answer: Queue[dict[str, float]] = context.Queue()
            child = context.Process(
                target=measure,
                args=(camera.url, seconds),
                kwargs={"copies": copies, "decodes": decodes, "answer": answer},
            )
            child.start()
            figures[name] = answer.get(timeout=seconds + 60)
            child.join()
    costs = {name: figures[name]["cpu_percent_of_a_core"] for name in parts}
    figures["copying_alone"] = round(costs["reading_and_copying"] - costs["reading"], 2)
    figures["decoding_alone"] = round(costs["copying_and_decoding"] - costs["reading_and_copying"], 2)
    report.write("recording", figures)


if __name__ == "__main__":
    main()
