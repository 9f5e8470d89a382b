"""The latest state in two slots: whole after SIGKILL at any moment."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lbzf_ros.core.errors import StoreError
from lbzf_ros.store.slots import Slots


def saved(path: Path) -> bytes:
    slots = Slots(path)
    try:
        return slots.load()
    finally:
        slots.close()


def test_the_last_state_is_there_after_opening_again(tmp_path: Path) -> None:
    slots = Slots(tmp_path / "run" / "state")
    assert slots.load() == b""
    for content in (b"one", b"a much longer state", b"x"):
        slots.save(content)
    slots.close()
    assert saved(tmp_path / "run" / "state") == b"x"


def test_a_torn_slot_leaves_the_state_before(tmp_path: Path) -> None:
    path = tmp_path / "state"
    slots = Slots(path)
    for content in (b"one" * 100, b"two" * 100, b"three" * 100):
        slots.save(content)
    slots.close()
    newest = path.with_name("state.b")
    for cut in (0, 5, 16, 100):
        newest.write_bytes(newest.read_bytes()[:cut])
        assert saved(path) == b"two" * 100


def test_files_of_something_else_hold_no_state(tmp_path: Path) -> None:
    for end in ("a", "b"):
        (tmp_path / f"state.{end}").write_bytes(b"\xff" * 1000)
    assert saved(tmp_path / "state") == b""


WRITER = """
import sys
from pathlib import Path
from lbzf_ros.store.slots import Slots
slots = Slots(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(10_000_000):
    slots.save(b"%d " % number * 5000)
"""


def test_a_kill_at_any_moment_leaves_a_whole_state(tmp_path: Path) -> None:
    for delay in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "state")], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        for _ in range(delay * 20_000):
            pass
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        numbers = saved(tmp_path / "state").split()
        assert len(set(numbers)) <= 1
        assert len(numbers) in (0, 5000)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        Slots(tmp_path / "file" / "state")
