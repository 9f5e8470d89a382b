"""Small videos that tests make for themselves."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def write_video(path: Path, *, seconds: float, fps: int = 10, size_px: tuple[int, int] = (64, 48)) -> Path:
    """An H.264 file whose picture number n is grey of value 2 n + 20."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps))
        stream.width, stream.height = size_px
        stream.pix_fmt = "yuv420p"
        for number in range(round(seconds * fps)):
            grey = np.full((size_px[1], size_px[0], 3), (2 * number + 20) % 256, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(grey, format="bgr24")):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path
