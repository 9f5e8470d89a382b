"""Video and pictures on disk: complete, in the right place, and playable after a cut."""

import shutil
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from lbzf_ros.config.running import RecorderSettings
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.disk import has_room, write_whole
from lbzf_ros.video.pictures import PictureMemory
from lbzf_ros.video.segments import SegmentWriter

NOON_NS = 1_752_580_800 * NS_PER_S  # 2025-07-15T12:00:00Z
PERIOD_NS = NS_PER_S // 5


def picture(
    number: int, size_px: tuple[int, int] = (64, 48)
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((size_px[1], size_px[0], 3), number % 200 + 20, np.uint8)


def played(path: Path) -> list[float]:
    """Seconds of the pictures that a player gets out of a file."""
    with av.open(str(path)) as container:
        return [float(frame.time or 0.0) for frame in container.decode(video=0)]


def test_segments_begin_at_full_minutes_and_hold_every_picture(tmp_path: Path) -> None:
    writer = SegmentWriter("cam1", tmp_path, RecorderSettings(segment_minutes=1), 5)
    first_ns = NOON_NS + 58 * NS_PER_S
    closed = [s for i in range(20) if (s := writer.write(picture(i), first_ns + i * PERIOD_NS))]
    last = writer.close()
    assert [s.path for s in closed] == ["video/2025/07/15/cam1_20250715_120058.mp4"]
    assert last is not None
    assert last.path == "video/2025/07/15/cam1_20250715_120100.mp4"
    assert (closed[0].frames, last.frames) == (10, 10)
    assert played(tmp_path / last.path) == pytest.approx([i * 0.2 for i in range(10)], abs=1e-3)
    assert last.end_ns - last.start_ns == 9 * PERIOD_NS


def test_another_picture_size_or_a_stamp_going_back_begins_a_new_segment(tmp_path: Path) -> None:
    writer = SegmentWriter("cam1", tmp_path, RecorderSettings(), 5)
    writer.write(picture(0), NOON_NS)
    assert writer.write(picture(1, (128, 96)), NOON_NS + NS_PER_S) is not None
    assert writer.write(picture(2, (128, 96)), NOON_NS - 60 * NS_PER_S) is not None
    assert writer.close() is not None
    assert writer.close() is None


def test_a_file_cut_off_plays_up_to_its_last_whole_fragment(tmp_path: Path) -> None:
    writer = SegmentWriter("cam1", tmp_path, RecorderSettings(), 5)
    for i in range(60):
        writer.write(picture(i), NOON_NS + i * PERIOD_NS)
    (path,) = tmp_path.rglob("*.mp4")
    cut = tmp_path / "cut.mp4"
    shutil.copy(path, cut)  # what is on disk while the writer is still open: as after a power cut
    assert len(played(cut)) >= 20
    writer.close()
    assert len(played(path)) == 60


def test_the_memory_gives_the_picture_of_a_stamp_and_forgets_old_ones() -> None:
    memory = PictureMemory(2 * NS_PER_S, PERIOD_NS, 90)
    for i in range(30):
        memory.add(picture(i), NOON_NS + i * PERIOD_NS)
    found = memory.at(NOON_NS + 25 * PERIOD_NS + PERIOD_NS // 3)
    assert found is not None
    pixels = cv2.imdecode(np.frombuffer(found, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    assert abs(int(pixels.mean()) - 45) <= 1
    assert memory.at(NOON_NS) is None
    assert memory.at(NOON_NS + 40 * PERIOD_NS) is None


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b.jpg"
    write_whole(target, b"picture")
    assert target.read_bytes() == b"picture"
    occupied = tmp_path / "a" / "folder"
    occupied.mkdir()
    with pytest.raises(IsADirectoryError):
        write_whole(occupied, b"picture")
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["b.jpg", "folder"]


def test_room_is_more_than_the_reservation(tmp_path: Path) -> None:
    assert has_room(tmp_path, 0)
    assert not has_room(tmp_path, 1e9)
