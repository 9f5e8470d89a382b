"""The video of a cycle through the API: the recorded pictures, from before its start until after its end."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from starlette.testclient import TestClient

from lbzf_ros.config.running import RecorderSettings
from lbzf_ros.core.model import NS_PER_S, EventKind, Segment
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.video import write_gap
from lbzf_ros.store.writer import EventWriter
from lbzf_ros.video.segments import SegmentWriter
from test.web.factory import MORNING_NS, Line

FPS = 5
SECOND = NS_PER_S


def record(
    line: Line, start_ns: int, seconds: float, *, size_px: tuple[int, int] = (64, 48), minutes: int = 1
) -> list[Segment]:
    """Video whose picture is as bright as the seconds since the morning; its segments are entered."""
    writer = SegmentWriter("cam1", line.data, RecorderSettings(segment_minutes=minutes), FPS)
    closed: list[Segment] = []
    for number in range(round(seconds * FPS)):
        stamp_ns = start_ns + number * SECOND // FPS
        grey = (stamp_ns - MORNING_NS) // SECOND + 60
        one = writer.write(np.full((size_px[1], size_px[0], 3), grey, np.uint8), stamp_ns)
        closed += [one] if one else []
    last = writer.close()
    assert last
    for segment in [*closed, last]:
        enter(line, segment)
    return [*closed, last]


def enter(line: Line, segment: Segment) -> None:
    EventWriter(line.engine).write_segment(
        camera="cam1",
        path=segment.path,
        start_ns=segment.start_ns,
        end_ns=segment.end_ns,
        frames=segment.frames,
        codec="h264",
    )


def shown(content: bytes) -> list[tuple[float, int]]:
    """Seconds in the clip and brightness, of each picture."""
    with av.open(io.BytesIO(content)) as container:
        frames = list(container.decode(video=0))
    return [(float(f.time or 0), round(float(f.to_ndarray(format="gray").mean()))) for f in frames]


def cycle(line: Line, after_s: float, duration_s: float, kind: EventKind = EventKind.END) -> str:
    event = line.cycle(1, MORNING_NS + round(after_s * SECOND), duration_s, kind)
    line.write(event)
    return f"/api/v1/events/{event.event_uid}/clip.mp4"


def test_a_clip_is_the_cycle_with_two_seconds_around_it(client: TestClient, line: Line) -> None:
    record(line, MORNING_NS, 40)
    answer = client.get(cycle(line, 11, 10))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "video/mp4"
    pictures = shown(answer.content)
    # A key frame every 2 s: from 8 s instead of 9 s after the morning, up to 23 s.
    assert answer.headers["x-clip-start"] == "2026-07-15T12:00:08.000Z"
    assert answer.headers["x-clip-missing-s"] == "0.0"
    assert pictures[0][0] == 0
    assert pictures[-1][0] == pytest.approx(15.0, abs=0.01)
    assert len(pictures) == 15 * FPS + 1
    # The brightness says which second it is: each picture is where it belongs.
    assert pictures[-1][1] - pictures[0][1] == pytest.approx(15, abs=2)


def test_a_clip_is_cut_and_not_encoded_again(client: TestClient, line: Line) -> None:
    (segment,) = record(line, MORNING_NS, 40, minutes=10)
    cut, whole = (
        packets(client.get(cycle(line, 11, 10)).content),
        packets((line.data / segment.path).read_bytes()),
    )
    first = whole.index(cut[0])
    assert len(cut) == 15 * FPS + 1
    assert cut == whole[first : first + len(cut)]


def packets(content: bytes) -> list[bytes]:
    """What is encoded of each picture."""
    with av.open(io.BytesIO(content)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize("size_px", [(64, 48), (96, 64)], ids=["same-size", "another-size"])
def test_a_clip_goes_across_two_segments(client: TestClient, line: Line, size_px: tuple[int, int]) -> None:
    record(line, MORNING_NS + 40 * SECOND, 20)
    record(line, MORNING_NS + 60 * SECOND, 20, size_px=size_px)
    answer = client.get(cycle(line, 55, 10))
    pictures = shown(answer.content)
    assert len(pictures) == 15 * FPS + 1
    assert all(after[0] - before[0] == pytest.approx(0.2, abs=0.01) for before, after in pairwise(pictures))
    assert pictures[-1][1] - pictures[0][1] == pytest.approx(15, abs=2)


def test_parts_of_a_clip_can_be_asked_for(client: TestClient, line: Line) -> None:
    record(line, MORNING_NS, 40)
    url = cycle(line, 11, 10)
    whole = client.get(url).content
    part = client.get(url, headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole)}"
    assert client.get(url, headers={"Range": f"bytes={len(whole) + 5}-"}).status_code == 416


def test_a_segment_that_is_still_being_written_will_do(client: TestClient, line: Line) -> None:
    writer = SegmentWriter("cam1", line.data, RecorderSettings(), FPS)
    for number in range(40 * FPS):
        writer.write(np.full((48, 64, 3), 100, np.uint8), MORNING_NS + number * SECOND // FPS)
    answer = client.get(cycle(line, 11, 10))
    assert len(shown(answer.content)) == 15 * FPS + 1


def test_what_was_not_recorded_is_said_with_why(client: TestClient, line: Line) -> None:
    write_gap(
        line.engine,
        camera="cam1",
        start_ns=MORNING_NS,
        end_ns=MORNING_NS + 60 * SECOND,
        cause="camera",
        detail="cam1: it is switched off",
    )
    answer = client.get(cycle(line, 11, 10))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "was not recorded: camera: cam1: it is switched off" in answer.json()["detail"]


def test_half_a_cycle_is_given_and_the_rest_counted(client: TestClient, line: Line) -> None:
    record(line, MORNING_NS, 16)
    answer = client.get(cycle(line, 11, 10))
    assert answer.status_code == 200
    assert float(answer.headers["x-clip-missing-s"]) == pytest.approx(7.2, abs=0.1)


def test_a_cycle_that_runs_one_that_is_not_and_one_whose_video_went(client: TestClient, line: Line) -> None:
    assert client.get(cycle(line, 11, 10, EventKind.START)).status_code == 409
    assert client.get("/api/v1/events/5f0c2a52-8a3b-5c67-9d3e-0f6f0a4f5f5e/clip.mp4").status_code == 404
    (segment,) = record(line, MORNING_NS + 100 * SECOND, 19)
    Path(line.data, segment.path).unlink()
    with transaction(line.engine, "test") as connection:
        connection.exec_driver_sql("UPDATE video_segments SET deleted_at = '2026-07-16T12:00:00.000Z'")
    gone = client.get(cycle(line, 105, 10))
    assert gone.status_code == 410
    assert "its file went by the rules of keeping" in gone.json()["detail"]
