"""The thread that records a network camera."""

import errno
import time
from collections.abc import Callable
from pathlib import Path

from lbzf_ros.config.running import RecorderSettings
from lbzf_ros.core.model import Segment
from lbzf_ros.video.coverage import Cause, Coverage, Gap
from lbzf_ros.video.recording import StreamRecording


class Told:
    def __init__(self) -> None:
        self.gaps: list[Gap] = []
        self.troubles: list[str] = []

    def segment(self, segment: Segment) -> None: ...

    def gap(self, gap: Gap) -> None:
        self.gaps.append(gap)

    def trouble(self, text: str) -> None:
        self.troubles.append(text)


def new_coverage() -> Coverage:
    return Coverage("cam1", None, Cause.CAMERA, "")


def recording_of(
    data: Path,
    told: Told,
    *,
    has_room: Callable[[], bool] = lambda: True,
    begin: Callable[[], Coverage] = new_coverage,
) -> StreamRecording:
    recording = StreamRecording(
        "cam1",
        data,
        RecorderSettings(),
        5,
        clock_ns=time.time_ns,
        has_room=has_room,
        announcer=told,
        begin=begin,
    )
    recording.interrupted("it is off")
    return recording


def wait_for(condition: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.01)


def test_what_ends_the_thread_is_there_for_its_owner(tmp_path: Path) -> None:
    def has_room() -> bool:
        raise ZeroDivisionError

    recording = recording_of(tmp_path, Told(), has_room=has_room)
    wait_for(lambda: recording.failure is not None)
    assert recording.failure is not None
    assert str(recording.failure).startswith("cam1: the thread that records it has ended: ZeroDivisionError")
    assert isinstance(recording.failure.__cause__, ZeroDivisionError)
    recording.close()


def test_a_disk_that_cannot_even_be_asked_is_a_reason_and_no_end(tmp_path: Path) -> None:
    def fail() -> bool:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    def fail_to_begin() -> Coverage:
        raise OSError(errno.EIO, "Input/output error")

    told = Told()
    recording = recording_of(tmp_path, told, has_room=fail, begin=fail_to_begin)
    wait_for(lambda: len(told.troubles) > 1)
    recording.close()
    assert recording.failure is None
    assert "Input/output error" in told.troubles[0]
    assert told.troubles[1] == "video cannot be written: No such file or directory"
