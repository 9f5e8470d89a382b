"""A camera's own H.264 on disk: the very packets, in files that begin at full periods and play after any cut."""

from __future__ import annotations

import contextlib
import random
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from lbzf_ros.core.model import NS_PER_S, Segment
from lbzf_ros.video.copying import CopyWriter, StreamPacket
from lbzf_ros.video.mp4 import look_into

NOON_NS = 1_752_580_800 * NS_PER_S  # 2025-07-15T12:00:00Z
PERIOD_NS = NS_PER_S // 10


def encoded(count: int, size_px: tuple[int, int] = (64, 48)) -> list[tuple[bytes, bool]]:
    """Access units of moving noise, a key frame each second, as an encoder gives them (Annex B)."""
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height = size_px
    context.pix_fmt, context.gop_size = "yuv420p", 10
    context.time_base = Fraction(1, 10)
    context.options = {"tune": "zerolatency", "bf": "0", "sc_threshold": "0"}
    noise = np.random.default_rng(1)
    units: list[tuple[bytes, bool]] = []
    for number in range(count):
        picture = noise.integers(0, 255, (size_px[1], size_px[0], 3), np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts = number
        units += [(bytes(packet), packet.is_keyframe) for packet in context.encode(frame)]
    return units + [(bytes(packet), packet.is_keyframe) for packet in context.encode(None)]


def packets(units: list[tuple[bytes, bool]], start_ns: int = NOON_NS) -> Iterator[StreamPacket]:
    for number, (data, is_key) in enumerate(units):
        yield StreamPacket(data, start_ns + number * PERIOD_NS, 0, is_key)


def written(writer: CopyWriter, source: Iterator[StreamPacket]) -> list[Segment]:
    return [segment for packet in source for segment in writer.write(packet)]


def pictures(path: Path) -> list[bytes]:
    """What a player shows: all pictures up to where the file is cut off."""
    shown: list[bytes] = []
    with av.open(str(path)) as container, contextlib.suppress(av.FFmpegError):
        shown += (frame.to_ndarray(format="gray").tobytes() for frame in container.decode(video=0))
    return shown


def test_what_is_on_disk_are_the_cameras_own_pictures_with_their_times(tmp_path: Path) -> None:
    units = encoded(25)
    writer = CopyWriter("cam1", tmp_path, 10)
    assert written(writer, packets(units)) == []
    (segment,) = writer.close()
    assert segment == Segment(
        "cam1", "video/2025/07/15/cam1_20250715_120000.mp4", NOON_NS, NOON_NS + 24 * PERIOD_NS, 25
    )
    decoder = av.CodecContext.create("h264", "r")
    sent = [f for data, _ in units for f in decoder.decode(av.Packet(data))] + list(decoder.decode(None))
    assert pictures(tmp_path / segment.path) == [f.to_ndarray(format="gray").tobytes() for f in sent]
    with av.open(str(tmp_path / segment.path)) as container:
        times = [float(packet.pts * packet.time_base) for packet in container.demux() if packet.size]
    assert times == pytest.approx([number / 10 for number in range(25)])
    found = look_into(tmp_path, segment.path)
    assert found == segment


def test_segments_begin_with_the_first_key_frame_of_their_period(tmp_path: Path) -> None:
    writer = CopyWriter("cam1", tmp_path, 1)
    first_ns = NOON_NS + 58 * NS_PER_S - 3 * PERIOD_NS
    closed = [*written(writer, packets(encoded(60), first_ns)), *writer.close()]
    assert [(s.path[-19:-4], s.frames) for s in closed] == [("20250715_120057", 30), ("20250715_120100", 30)]
    assert all(len(pictures(tmp_path / s.path)) == s.frames for s in closed)


@pytest.mark.parametrize(
    "second",
    [
        pytest.param((encoded(20, (96, 64)), 20 * PERIOD_NS), id="another-size"),
        pytest.param((encoded(20), 20 * PERIOD_NS + 5 * NS_PER_S), id="after-a-pause"),
        pytest.param((encoded(20), -3600 * NS_PER_S), id="clock-set-back"),
    ],
)
def test_what_does_not_belong_together_is_another_file(
    tmp_path: Path, second: tuple[list[tuple[bytes, bool]], int]
) -> None:
    writer = CopyWriter("cam1", tmp_path, 10)
    units, offset_ns = second
    closed = written(writer, packets(encoded(20)))
    closed += written(writer, packets(units, NOON_NS + offset_ns))
    closed += writer.close()
    assert [s.frames for s in closed] == [20, 20]
    assert [len(pictures(tmp_path / s.path)) for s in closed] == [20, 20]


def test_a_file_cut_at_any_byte_plays_up_to_its_last_whole_fragment(tmp_path: Path) -> None:
    writer = CopyWriter("cam1", tmp_path, 10)
    written(writer, packets(encoded(50)))
    (segment,) = writer.close()
    path, cut = tmp_path / segment.path, tmp_path / "video/2025/07/15/cam1_20250715_120000_2.mp4"
    whole = path.read_bytes()
    played: dict[int, int] = {}
    for length in sorted(random.Random(1).sample(range(len(whole)), 150)):
        cut.write_bytes(whole[:length])
        found = look_into(tmp_path, str(cut.relative_to(tmp_path)))
        played[length] = found.frames if found else 0
        assert found is None or (found.start_ns == NOON_NS and len(pictures(cut)) >= found.frames - 1)
    # What is more than two fragments back from the cut is there.
    assert all(50 * length / len(whole) - 20 <= count <= 50 for length, count in played.items())
    assert max(played.values()) >= 40


def test_another_player_agrees_about_a_file_that_is_still_open(tmp_path: Path) -> None:
    writer = CopyWriter("cam1", tmp_path, 10)
    written(writer, packets(encoded(50)))
    (path,) = tmp_path.rglob("*.mp4")
    command = ["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v", "-of", "csv=p=0"]
    said = subprocess.run(
        [*command, "-show_entries", "stream=codec_name,nb_read_packets", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    codec, count = said.stdout.strip().split(",")
    assert codec == "h264"
    assert int(count) >= 30
