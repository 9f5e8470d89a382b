"""Rows without their files and files without their rows are found; what can be put right without loss is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import EventKind, RoiSet
from lbzf_ros.store.keeping.orphans import Finding, Orphan, count_orphans, find_orphans, plays, repair
from lbzf_ros.store.keeping.retention import Job
from lbzf_ros.store.timestamps import to_text
from test.store.examples import MORNING_NS
from test.store.keeping.folder import Folder

NOW = to_text(MORNING_NS)


@pytest.fixture
def folder(tmp_path: Path, engine: Engine, roi_sets: dict[str, RoiSet]) -> Folder:
    """One cycle with its picture and one segment: nothing is wrong."""
    found = Folder(tmp_path, engine, roi_sets)
    found.cycle(2)
    found.segment(2.001)
    return found


def found(job: Job) -> list[tuple[Orphan, str]]:
    return [(finding.what, finding.path) for finding in find_orphans(job)]


def fix(folder: Folder) -> tuple[int, int, int]:
    done = repair(folder.job(), find_orphans(folder.job()))
    assert done.problems == []
    return done.forgotten, done.named, done.removed


def test_nothing_is_wrong(folder: Folder) -> None:
    assert found(folder.job()) == []
    assert fix(folder) == (0, 0, 0)
    assert folder.audit() == []


@pytest.mark.parametrize("kind", [EventKind.END, EventKind.REJECT])
def test_a_cycle_whose_picture_is_missing_loses_its_path_and_the_audit_log_has_it(
    folder: Folder, kind: EventKind
) -> None:
    cycle = folder.cycle(3, kind, picture=False)
    assert found(folder.job()) == [(Orphan.PICTURE_MISSING, cycle.frame_path)]
    assert fix(folder) == (1, 0, 0)
    assert folder.picture(cycle) == (None, None), "lost is not archived"
    assert folder.audit() == [("maintenance", "orphans.repair")]
    assert cycle.frame_path in folder.rows("SELECT before_json FROM audit_log")[0][0]
    assert found(folder.job()) == []


def test_a_picture_that_may_yet_be_written_is_not_missing(folder: Folder) -> None:
    folder.cycle(0.01, picture=False)
    assert found(folder.job()) == []


def test_a_picture_that_comes_back_is_named_again(folder: Folder) -> None:
    cycle = folder.cycle(3, picture=False)
    fix(folder)
    folder.file(cycle.frame_path, 3)
    assert found(folder.job()) == [(Orphan.PICTURE_LOST, cycle.frame_path)]
    assert fix(folder) == (0, 1, 0)
    assert folder.picture(cycle) == (cycle.frame_path, None)


def test_a_picture_that_no_row_names_stays_where_it_is(folder: Folder) -> None:
    folder.file("frames/2026/07/10/cam1_5f0c2a52-8a3b-5c67-9d3e-0f6f0a4f5f5e.jpg", 5)
    ((what, path),) = found(folder.job())
    assert what is Orphan.PICTURE_NAMELESS
    assert fix(folder) == (0, 0, 0)
    assert (folder.data / path).exists()


def test_a_video_row_without_its_file(folder: Folder) -> None:
    path = folder.segment(3)
    cycle = folder.cycle(2.999)
    (folder.data / path).unlink()
    assert found(folder.job()) == [(Orphan.SEGMENT_MISSING, path)]
    assert fix(folder) == (1, 0, 0)
    assert folder.rows("SELECT deleted_at FROM video_segments WHERE path = ?", path) == [(NOW,)]
    query = "SELECT source_video_path FROM cycle_events WHERE event_uid = ?"
    assert folder.rows(query, cycle.event_uid) == [(None,)]
    assert found(folder.job()) == []


def test_a_cycle_that_names_a_video_which_is_gone(folder: Folder) -> None:
    cycle = folder.cycle(3)
    folder.execute(
        "UPDATE cycle_events SET source_video_path = 'video/x.mp4' WHERE event_uid = ?", cycle.event_uid
    )
    assert found(folder.job()) == [(Orphan.VIDEO_DANGLING, "video/x.mp4")]
    assert fix(folder) == (1, 0, 0)
    assert found(folder.job()) == []


def test_half_written_files_go_after_an_hour(folder: Folder) -> None:
    old = [
        folder.file(name, 0.05)
        for name in (
            "frames/2026/07/15/a.jpg.partial",
            "video/x.partial",
            "calibration/x.partial",
            "backups/lbzf.db.partial",
            "exports/x.partial",
        )
    ]
    young = folder.file("frames/2026/07/15/b.jpg.partial", 0.01)
    assert {what for what, _ in found(folder.job())} == {Orphan.LEFTOVER}
    assert fix(folder) == (0, 0, 5)
    assert not any(path.exists() for path in old)
    assert young.exists()


_RECORDER = """
import sys
from pathlib import Path
import numpy as np
from lbzf_ros.config.running import RecorderSettings
from lbzf_ros.video.segments import SegmentWriter

writer = SegmentWriter("cam1", Path(sys.argv[1]), RecorderSettings(), 5.0)
for n in range(40):
    writer.write(np.full((120, 160, 3), 6 * n, np.uint8), int(sys.argv[2]) + n * 200_000_000)
print("written", flush=True)
sys.stdin.read()
"""


def test_a_recorder_that_was_killed_leaves_a_segment_that_plays(folder: Folder) -> None:
    start_ns = MORNING_NS - 3 * 86_400_000_000_000
    words = [sys.executable, "-c", _RECORDER, str(folder.data), str(start_ns)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as recorder:
        assert recorder.stdout is not None
        assert recorder.stdout.readline() == "written\n"
        recorder.kill()
    path = "video/2026/07/12/cam1_20260712_133051.mp4"
    folder.age(path, 3)
    broken = folder.segment(4, row=False)
    folder.segment(0.001, row=False)  # being written: it makes the others old
    assert found(folder.job()) == [(Orphan.SEGMENT_BROKEN, broken), (Orphan.SEGMENT_NAMELESS, path)]
    assert fix(folder) == (0, 0, 0)
    assert (folder.data / path).exists()


def test_a_file_that_is_cut_off_in_its_head_does_not_play(tmp_path: Path) -> None:
    whole = tmp_path / "whole.mp4"
    box = (8).to_bytes(4, "big")
    whole.write_bytes(box + b"ftyp" + box + b"moov" + box + b"moof" + box + b"mdat")
    assert plays(whole)
    for length in range(31):
        cut = tmp_path / "cut.mp4"
        cut.write_bytes(whole.read_bytes()[:length])
        assert not plays(cut), length


class TestNothingIsFollowedOutOfTheFolder:
    @pytest.fixture
    def outside(self, tmp_path: Path) -> Path:
        outside = tmp_path.parent / f"{tmp_path.name}-outside"
        outside.mkdir()
        for name in ("secret.jpg", "secret.partial", "cam1_20260701_000000.mp4"):
            (outside / name).write_bytes(b"secret")
        return outside

    def test_links_and_folders_are_told_and_left_alone(self, folder: Folder, outside: Path) -> None:
        frames, video = folder.data / "frames", folder.data / "video"
        (frames / "2026/07/linked").symlink_to(outside, target_is_directory=True)
        (frames / "2026/07/13/link.jpg").symlink_to(outside / "secret.jpg")
        (frames / "2026/07/13/old.partial").symlink_to(outside / "secret.partial")
        (video / "2026/07/linked").symlink_to(outside, target_is_directory=True)
        folder.age("frames/2026/07/13/old.partial", 1)
        assert {what for what, _ in found(folder.job())} == {Orphan.UNKNOWN}
        assert fix(folder) == (0, 0, 0)
        assert len(list(outside.iterdir())) == 3

    @pytest.mark.parametrize(
        "path", ["/etc/passwd", "../x.jpg", "frames/../../x.jpg", "lbzf.db", "frames/2026"]
    )
    def test_a_path_that_leads_elsewhere_becomes_null(self, folder: Folder, path: str) -> None:
        cycle = folder.cycle(3)
        folder.execute(
            "UPDATE cycle_events SET source_frame_path = ? WHERE event_uid = ?", path, cycle.event_uid
        )
        assert (Orphan.PICTURE_REFUSED, path) in found(folder.job())
        # Its own picture lies there without a row; the next repair names it again.
        assert fix(folder) == (1, 0, 0)
        assert fix(folder) == (0, 1, 0)
        assert folder.picture(cycle) == (cycle.frame_path, None)

    def test_a_linked_top_folder_is_not_entered(self, folder: Folder, outside: Path) -> None:
        (folder.data / "frames").rename(outside / "frames")
        (folder.data / "frames").symlink_to(outside / "frames", target_is_directory=True)
        (outside / "frames" / "old.partial").write_bytes(b"x")
        folder.age("frames/old.partial", 1)
        assert [what for what, _ in found(folder.job())] == [Orphan.PICTURE_REFUSED]
        with pytest.raises(StoreError, match="Is its disk mounted"):
            fix(folder)


def test_an_empty_folder_is_taken_for_a_disk_that_is_not_mounted(folder: Folder) -> None:
    (picture,) = folder.data.rglob("*.jpg")
    picture.unlink()
    with pytest.raises(StoreError, match=r"Is its disk mounted\? No row was changed"):
        fix(folder)
    assert folder.rows("SELECT count(source_frame_path) FROM cycle_events") == [(1,)]


def test_they_are_counted_with_the_first_few_of_each_kind() -> None:
    findings = [
        Finding(Orphan.LEFTOVER, f"frames/{n}.part", to_text(MORNING_NS + n), size_bytes=10) for n in range(9)
    ]
    orphans = count_orphans(findings)
    assert (orphans.total, orphans.amounts[Orphan.LEFTOVER].size_bytes) == (9, 90)
    assert orphans.examples[Orphan.LEFTOVER] == [f"'frames/{n}.part'" for n in range(5)]
