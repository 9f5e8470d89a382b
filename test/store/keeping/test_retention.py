"""Pictures have their time; video goes when room is needed; what is needed stays."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lbzf_ros.config.keeping import RetentionSettings
from lbzf_ros.core.model import EventKind, RoiSet
from lbzf_ros.store.engine import DATABASE_NAME, writing_engine
from lbzf_ros.store.keeping.frames import archive_frames, plan_frames
from lbzf_ros.store.keeping.video_space import Usage, make_room, plan_room
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.timestamps import to_text
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, plant_data, plant_of
from test.store.keeping.folder import DAY_NS, HOUR_NS, SEGMENT_NS, Folder

GB = 1_000_000_000
NOW = to_text(MORNING_NS)


@pytest.fixture
def folder(tmp_path: Path, engine: Engine, roi_sets: dict[str, RoiSet]) -> Folder:
    return Folder(tmp_path, engine, roi_sets)


class TestFrames:
    def test_after_120_days_the_file_goes_and_the_row_stays(self, folder: Folder) -> None:
        old, old_rejected = folder.cycle(120.1), folder.cycle(121, EventKind.REJECT)
        young = folder.cycle(119.9)
        done = archive_frames(folder.job())
        assert (done.archived.files, done.missing, done.problems) == (2, 0, [])
        assert folder.picture(old) == folder.picture(old_rejected) == (None, NOW)
        assert folder.picture(young) == (young.frame_path, None)
        assert [path.name for path in folder.data.rglob("*.jpg")] == [Path(young.frame_path).name]
        assert folder.rows("SELECT status, end_ts FROM cycle_events WHERE event_uid = ?", old.event_uid) == [
            ("complete", to_text(old.end_ns or 0))
        ]

    def test_how_long_is_a_setting(self, folder: Folder) -> None:
        folder.cycle(8)
        assert archive_frames(folder.job(settings=RetentionSettings(frames_days=9))).archived.files == 0
        assert archive_frames(folder.job(settings=RetentionSettings(frames_days=7))).archived.files == 1

    def test_one_row_of_the_audit_log_for_a_run_and_none_for_nothing(self, folder: Folder) -> None:
        for days in (130, 131, 140):
            folder.cycle(days)
        archive_frames(folder.job())
        archive_frames(folder.job())
        assert folder.audit() == [("maintenance", "frames.archive")]

    def test_the_plan_says_the_same_and_changes_nothing(self, folder: Folder) -> None:
        old = folder.cycle(130)
        folder.cycle(1)
        folder.file("frames/2026/01/01/cam1_nobody.jpg", 195)
        due, nameless, young = plan_frames(folder.job())
        assert (due.goes, due.amount.files, due.amount.size_bytes) == (True, 1, 4096)
        assert (nameless.goes, nameless.amount.files) == (True, 1)
        assert (young.goes, young.amount.files) == (False, 1)
        assert folder.picture(old)[0] is not None
        assert folder.audit() == []

    def test_a_picture_that_was_never_written_is_archived_with_the_others(self, folder: Folder) -> None:
        old = folder.cycle(130, picture=False)
        assert archive_frames(folder.job()).missing == 1
        assert folder.picture(old) == (None, NOW)

    def test_old_pictures_that_no_row_names_go_too_but_never_those_of_zones(self, folder: Folder) -> None:
        nobody = folder.file("frames/2026/01/01/cam1_nobody.jpg", 195)
        zone = folder.file("frames/2026/01/02/cam1_zone.jpg", 194)
        folder.execute("UPDATE rois SET ref_frame_path = 'frames/2026/01/02/cam1_zone.jpg' WHERE id = 1")
        done = archive_frames(folder.job())
        assert done.nameless.files == 1
        assert not nobody.exists()
        assert not nobody.parent.exists(), "an empty folder of an old day stays"
        assert zone.exists()
        assert folder.audit() == [("maintenance", "frames.archive")]

    @pytest.mark.parametrize(
        "path",
        [
            "{outside}/secret.jpg",
            "../outside/secret.jpg",
            "frames/../../outside/secret.jpg",
            "frames/link.jpg",
            "frames/linked/secret.jpg",
            "frames/folder.jpg",
            "frames",
            "lbzf.db",
            "frames//x.jpg",
            "frames/x\0.jpg",
        ],
    )
    def test_a_path_that_leads_elsewhere_is_left_alone_and_told(self, folder: Folder, path: str) -> None:
        outside = folder.data.parent / "outside"
        outside.mkdir(exist_ok=True)
        secret = outside / "secret.jpg"
        secret.write_bytes(b"secret")
        frames = folder.data / "frames"
        frames.mkdir()
        (frames / "link.jpg").symlink_to(secret)
        (frames / "linked").symlink_to(outside, target_is_directory=True)
        (frames / "folder.jpg").mkdir()
        old = folder.cycle(130, picture=False)
        path = path.format(outside=outside)
        folder.execute("UPDATE cycle_events SET source_frame_path = ?", path)
        done = archive_frames(folder.job())
        assert len(done.problems) == 1
        assert done.archived.files == 0
        assert folder.picture(old) == (path, None)
        assert secret.read_bytes() == b"secret"
        assert (frames / "link.jpg").is_symlink()
        assert (frames / "folder.jpg").is_dir()
        assert (folder.data / DATABASE_NAME).exists()

    def test_it_stops_between_two_files_and_the_next_run_goes_on(self, folder: Folder) -> None:
        cycles = [folder.cycle(130 + n) for n in range(6)]
        asked = iter([False, False, True])
        done = archive_frames(folder.job(should_stop=lambda: next(asked)))
        assert (done.stopped, done.archived.files) == (True, 2)
        assert [folder.picture(event)[0] is None for event in cycles] == 2 * [True] + 4 * [False]
        assert len(list(folder.data.rglob("*.jpg"))) == 4
        assert archive_frames(folder.job()).archived.files == 4


_KILLED = """
import os, signal, sys
from pathlib import Path
from lbzf_ros.config.keeping import RetentionSettings
from lbzf_ros.store.engine import reading_engine, writing_engine
from lbzf_ros.store.keeping import frames, video_space
from lbzf_ros.store.keeping.retention import Job
from lbzf_ros.store.people.audit import Actor

data, what, moment, now_ns = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
calls = 0

def die_at(name):
    original = getattr(os, name)
    def counted(*args, **kwargs):
        global calls
        calls += 1
        if calls == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        calls += 1
        if calls == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(os, name, counted)

die_at("unlink")
frames._ROWS_AT_ONCE = 3
job = Job(writing=writing_engine(data / "lbzf.db"), reading=reading_engine(data / "lbzf.db"), data=data,
          settings=RetentionSettings(), now_ns=now_ns, actor=Actor("maintenance"))
if what == "frames":
    frames.archive_frames(job)
else:
    usage = lambda _: video_space.Usage(10**12, 99 * 10**10, 10**10 + 4096 * 10**7)
    video_space.make_room(job, 5.0, usage)
"""


def run_and_kill(folder: Folder, what: str, moment: int) -> None:
    """A real process that dies by SIGKILL just before or just after it removes a file."""
    words = [sys.executable, "-c", _KILLED, str(folder.data), what, str(moment), str(MORNING_NS)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("moment", [1, 2, 5, 6, 7, 14])
def test_killed_while_it_archives_the_next_run_finishes(folder: Folder, moment: int) -> None:
    old = [folder.cycle(130 + n) for n in range(7)]
    young = folder.cycle(3)
    run_and_kill(folder, "frames", moment)
    done = archive_frames(folder.job(now_ns=MORNING_NS + HOUR_NS))
    assert done.problems == []
    assert all(path is None and archived for path, archived in map(folder.picture, old))
    assert [path.name for path in folder.data.rglob("*.jpg")] == [Path(young.frame_path).name]
    assert folder.picture(young) == (young.frame_path, None)
    assert folder.rows("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("moment", [1, 2, 3, 4])
def test_killed_while_it_makes_room_the_next_run_finishes(folder: Folder, moment: int) -> None:
    paths = [folder.segment(days) for days in (9, 8, 7, 6)]
    run_and_kill(folder, "video", moment)
    make_room(folder.job(now_ns=MORNING_NS + HOUR_NS), 0.0, lambda _: Usage(100 * GB, 0, 100 * GB))
    there = {path for path in paths if (folder.data / path).exists()}
    told = {path for (path,) in folder.rows("SELECT path FROM video_segments WHERE deleted_at IS NULL")}
    assert there == told
    assert len(there) < len(paths)
    assert paths[-1] in there or moment > 2


class FakeDisk:
    """A disk on which only the video of a folder takes room; a segment of 4096 bytes counts as 1 GB."""

    def __init__(self, data: Path, *, total_gb: int, other_gb: int) -> None:
        self._data, self._total, self._other = data, total_gb * GB, other_gb * GB

    def __call__(self, _folder: Path) -> Usage:
        used = self._other + sum(GB for _ in self._data.rglob("*.mp4"))
        return Usage(self._total, used, self._total - used)


class TestRoom:
    def paths(self, folder: Folder) -> list[str]:
        return sorted(str(path.relative_to(folder.data)) for path in folder.data.rglob("*.mp4"))

    @pytest.fixture(autouse=True)
    def _a_block_is_a_gigabyte(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lbzf_ros.store.keeping.files._BLOCK_BYTES", GB // 8)

    def test_nothing_goes_while_enough_is_free(self, folder: Folder) -> None:
        paths = [folder.segment(days) for days in (200, 100)]
        done = make_room(folder.job(), 5.0, FakeDisk(folder.data, total_gb=100, other_gb=88))
        assert (done.removed.files, done.alarm, self.paths(folder)) == (0, "", sorted(paths))
        assert folder.audit() == []

    def test_under_ten_percent_the_oldest_goes_first_and_a_little_more_than_needed(
        self, folder: Folder
    ) -> None:
        paths = [folder.segment(days) for days in (9, 8, 7, 6, 5)]
        cycle = folder.cycle(8.999, picture=False)
        query = "SELECT source_video_path FROM cycle_events WHERE event_uid = ?"
        assert folder.rows(query, cycle.event_uid) == [(paths[0],)]
        disk = FakeDisk(folder.data, total_gb=100, other_gb=86)  # 9 GB free, 10 asked for, 11 wanted
        done = make_room(folder.job(), 5.0, disk)
        assert (done.removed.files, done.alarm) == (2, "")
        assert self.paths(folder) == sorted(paths[2:])
        assert folder.rows("SELECT path, deleted_at FROM video_segments WHERE deleted_at IS NOT NULL") == [
            (path, NOW) for path in paths[:2]
        ]
        assert folder.rows(query, cycle.event_uid) == [(None,)]
        assert folder.audit() == [("maintenance", "video.make_room")]
        assert make_room(folder.job(), 5.0, disk).removed.files == 0

    def test_never_less_than_what_is_kept_for_the_database(self, folder: Folder) -> None:
        for days in (9, 8, 7):
            folder.segment(days)
        disk = FakeDisk(folder.data, total_gb=20, other_gb=13)  # 4 GB free: a fifth, but under 5 GB
        assert make_room(folder.job(), 5.0, disk).removed.files == 2

    def test_what_is_needed_stays_and_when_nothing_more_may_go_it_is_an_alarm(self, folder: Folder) -> None:
        held, released, unverified, verified = (folder.segment(days) for days in (9, 8, 7, 6))
        folder.hold(held, kind="job")
        folder.hold(released, open_=False)
        doubtful, checked = folder.cycle(6.999, picture=False), folder.cycle(5.999, picture=False)
        folder.flag(doubtful)
        folder.flag(checked)
        folder.execute(
            "UPDATE cycle_events SET gt_verified_by = 'x', gt_verified_at = ? WHERE event_uid = ?",
            NOW,
            checked.event_uid,
        )
        disk = FakeDisk(folder.data, total_gb=100, other_gb=96)
        lines = plan_room(folder.job(), 5.0, disk)
        assert [(line.goes, line.amount.files) for line in lines] == [
            (True, 2),
            (False, 1),
            (False, 1),
            (False, 0),
        ]
        assert any("needed by job (hold 1, engineer@plant: dispute)" in line.why for line in lines)
        done = make_room(folder.job(), 5.0, disk)
        assert self.paths(folder) == sorted([held, unverified])
        assert set(done.kept) == {
            "needed by job (hold 1, engineer@plant: dispute)",
            f"cycle {doubtful.event_uid} awaits verification",
        }
        assert "no more video may go" in done.alarm
        assert not (folder.data / verified).exists()

    def test_a_doubted_cycle_that_was_rejected_keeps_its_video_as_long_as_its_picture(
        self, folder: Folder
    ) -> None:
        recent, old = folder.segment(9), folder.segment(130)
        for days in (8.999, 129.999):
            folder.flag(folder.cycle(days, EventKind.REJECT, picture=False))
        make_room(folder.job(), 5.0, FakeDisk(folder.data, total_gb=100, other_gb=96))
        assert self.paths(folder) == [recent]
        assert not (folder.data / old).exists()

    def test_the_segment_that_is_being_written_stays(self, folder: Folder) -> None:
        fresh = folder.segment(0.001, row=False)
        left_open = folder.segment(3, row=False, camera="cam2")  # its camera has been off line since
        killed = folder.segment(5, row=False)
        done = make_room(folder.job(), 5.0, FakeDisk(folder.data, total_gb=100, other_gb=96))
        assert self.paths(folder) == sorted([fresh, left_open])
        assert (done.removed.files, done.nameless) == (1, 1)
        assert not (folder.data / killed).exists()

    def test_a_segment_that_is_announced_again_after_it_went_is_not_linked(self, folder: Folder) -> None:
        path = folder.segment(9)
        make_room(folder.job(), 5.0, FakeDisk(folder.data, total_gb=100, other_gb=96))
        cycle = folder.cycle(8.999, picture=False)
        start_ns = MORNING_NS - 9 * DAY_NS
        EventWriter(folder.engine).write_segment(
            camera="cam1", path=path, start_ns=start_ns, end_ns=start_ns + SEGMENT_NS, frames=9, codec="h264"
        )
        query = "SELECT source_video_path FROM cycle_events WHERE event_uid = ?"
        assert folder.rows(query, cycle.event_uid) == [(None,)]

    def test_a_file_that_cannot_be_removed_is_told_and_its_row_says_that_it_is_there(
        self, folder: Folder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path, cycle = folder.segment(9), folder.cycle(8.999, picture=False)

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(os, "unlink", refuse)
        done = make_room(folder.job(), 5.0, FakeDisk(folder.data, total_gb=100, other_gb=96))
        assert "Permission denied" in done.problems[0]
        assert folder.rows("SELECT deleted_at FROM video_segments") == [(None,)]
        query = "SELECT source_video_path FROM cycle_events WHERE event_uid = ?"
        assert folder.rows(query, cycle.event_uid) == [(path,)]

    def test_it_does_not_empty_the_disk_when_freed_room_does_not_show(self, folder: Folder) -> None:
        for days in range(5, 15):
            folder.segment(days)
        done = make_room(folder.job(), 5.0, lambda _: Usage(100 * GB, 91 * GB, 9 * GB))
        assert done.removed.files == 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 8 MB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small file system here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_on_a_real_disk_that_is_full(small_disk: Path) -> None:
    migrate(small_disk / DATABASE_NAME, now_ns=MORNING_NS)
    engine = writing_engine(small_disk / DATABASE_NAME)
    rois = sync_plant(engine, plant_of(plant_data()), now_ns=MORNING_NS, software_version="0.1.0")
    folder = Folder(small_disk, engine, rois)
    days = 40.0
    while shutil.disk_usage(small_disk).free > 400_000:
        folder.segment(days, size_bytes=300_000)
        days -= 0.1
    done = make_room(folder.job(), 0.0)
    assert (done.alarm, done.problems) == ("", [])
    usage = shutil.disk_usage(small_disk)
    assert 0.10 * usage.total <= usage.free < 0.10 * usage.total + 800_000
    engine.dispose()
