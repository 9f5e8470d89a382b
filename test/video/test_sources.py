"""Sources: pictures with their capture time, from files, streams and the simulator."""

import contextlib
import json
import os
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from lbzf_ros.config.load import parse_plant
from lbzf_ros.config.schema import Camera, Plant
from lbzf_ros.core.errors import SourceError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.video.pace import Pacer
from lbzf_ros.video.sources import FileSource, Thinner, open_source
from test.support.video import write_video

START_NS = 1_752_580_800 * NS_PER_S  # 2025-07-15T12:00:00Z


def camera(path: Path, **changes: object) -> Camera:
    values = {
        "label": "cam1",
        "source": str(path),
        "resolution_px": (64, 64),
        "start_time": "2025-07-15T07:00:00-05:00",
    }
    return Camera.model_validate({**values, **changes})


def seconds(source: FileSource, count: int | None = None) -> list[float]:
    frames = source.frames()
    taken = list(frames) if count is None else [next(frames) for _ in range(count)]
    return [round((frame.stamp_ns - START_NS) / NS_PER_S, 3) for frame in taken]


@pytest.mark.parametrize(
    ("fps", "expected"),
    [
        pytest.param(10, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], id="all"),
        pytest.param(5, [0, 0.2, 0.4, 0.6, 0.8], id="every-second"),
        pytest.param(3, [0, 0.4, 0.7], id="no-divisor"),
        pytest.param(30, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], id="more-than-there-are"),
    ],
)
def test_a_file_is_thinned_to_its_rate(tmp_path: Path, fps: float, expected: list[float]) -> None:
    video = write_video(tmp_path / "a.mp4", seconds=1)
    assert seconds(FileSource(camera(video, fps=fps))) == pytest.approx(expected)


def test_the_same_file_gives_the_same_pictures_and_stamps(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", seconds=1)
    runs = [list(FileSource(camera(video)).frames()) for _ in range(2)]
    assert [f.stamp_ns for f in runs[0]] == [f.stamp_ns for f in runs[1]]
    assert all(np.array_equal(a.image_bgr, b.image_bgr) for a, b in zip(*runs, strict=True))


def test_without_a_start_time_the_file_says_when(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", seconds=1)
    os.utime(video, ns=(START_NS, START_NS + 5 * NS_PER_S))
    assert seconds(FileSource(camera(video, start_time=None)))[0] == pytest.approx(5.0)


def test_a_picture_is_scaled_to_what_the_zones_refer_to(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", seconds=1, size_px=(128, 96))
    frame = next(iter(FileSource(camera(video, resolution_px=(64, 96))).frames()))
    assert frame.image_bgr.shape == (96, 64, 3)


def test_a_loop_goes_on_with_rising_stamps(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", seconds=1)
    looped = seconds(FileSource(camera(video, at_end="loop")), 12)
    assert looped == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.1, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2])
    assert all(b > a for a, b in pairwise(looped))


@pytest.mark.parametrize("content", [None, b"", b"not a video" * 100], ids=["absent", "empty", "text"])
def test_what_is_no_video_is_said(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=r"cam1: .*a\.mp4 cannot be opened: "):
        next(iter(FileSource(camera(path)).frames()))


def test_a_file_cut_in_the_middle_gives_what_it_has_and_then_an_end_or_an_error(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.ts", seconds=4)
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    count = 0
    with contextlib.suppress(SourceError):
        for _ in FileSource(camera(video)).frames():
            count += 1
    assert 0 < count < 20


def demo_plant() -> Plant:
    zones = {"work": {"kind": "work", "polygon_px": [[200, 100], [400, 100], [400, 400], [200, 400]]}}
    module = {
        "code": "ANGELA",
        "cameras": [
            {"label": "cam1", "source": "simulator:seed=3", "start_time": "2025-07-15T07:00:00-05:00"}
        ],
        "workstations": [{"code": "PUESTO_01", "camera": "cam1", "zones": zones}],
    }
    return parse_plant({"modules": [module]}, where="test", folder=Path())


def test_the_simulator_draws_every_picture_when_it_need_not_keep_to_the_clock(tmp_path: Path) -> None:
    plant = demo_plant()
    source = open_source(plant, plant.cameras[0], tmp_path, clock_ns=time.time_ns, live=False)
    frames = source.frames()
    stamps = [next(frames).stamp_ns for _ in range(10)]
    assert stamps == [START_NS + i * NS_PER_S // 5 for i in range(10)]


def test_the_simulator_keeps_to_the_clock_like_a_camera(tmp_path: Path) -> None:
    """A stand-in for the clock, because a real one would make the test wait: it is a second ahead at each look."""
    plant = demo_plant()
    ticks = iter(range(1000))
    source = open_source(
        plant, plant.cameras[0], tmp_path, clock_ns=lambda: START_NS + next(ticks) * NS_PER_S, live=True
    )
    frames = source.frames()
    assert [(next(frames).stamp_ns - START_NS) / NS_PER_S for _ in range(4)] == [1, 2, 3, 4]


def test_the_truth_goes_to_a_file_of_its_own(tmp_path: Path) -> None:
    plant = demo_plant()
    frames = open_source(plant, plant.cameras[0], tmp_path, clock_ns=time.time_ns, live=False).frames()
    truth = tmp_path / "truth" / "cam1.jsonl"
    for _ in range(5 * 180):
        last = next(frames)
    rows = [json.loads(line) for line in truth.read_text("utf-8").splitlines()]
    assert rows
    assert all(START_NS - 60 * NS_PER_S < row["start_ns"] < row["end_ns"] <= last.stamp_ns for row in rows)


@pytest.mark.parametrize(("fps", "wanted"), [(5, 5), (10, 10), (2.5, 3), (1, 1)])
def test_thinning_takes_one_picture_a_period_from_uneven_stamps(fps: float, wanted: int) -> None:
    thinner = Thinner(fps)
    uneven = [i * NS_PER_S // 25 + (i % 3) * 7_000_000 for i in range(25)]
    assert sum(thinner.wants(stamp) for stamp in uneven) == wanted


def test_only_who_catches_up_hurries_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [100.0]
    monkeypatch.setattr("lbzf_ros.video.pace.time.monotonic", lambda: now_s[0])
    hurries, keeps = Pacer(1.0, catches_up=True), Pacer(1.0)
    for pacer in (hurries, keeps):
        assert pacer.delay_s(0) == 0
        assert pacer.delay_s(NS_PER_S) == 1
    now_s[0] = 105.0
    assert (hurries.delay_s(2 * NS_PER_S), hurries.delay_s(6 * NS_PER_S)) == (0, 1)
    assert (keeps.delay_s(2 * NS_PER_S), keeps.delay_s(6 * NS_PER_S)) == (0, 4)
