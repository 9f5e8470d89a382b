"""What one running system has for itself."""

import fcntl
import os
import resource
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lbzf_ros.cli import claims
from lbzf_ros.core.errors import GraphError


def test_a_data_folder_serves_one_at_a_time(tmp_path: Path) -> None:
    with (
        claims.data_folder(tmp_path / "data"),
        pytest.raises(GraphError, match=rf"in use by another lbzf up \(process {os.getpid()}\)"),
        claims.data_folder(tmp_path / "data"),
    ):
        pass


def test_a_data_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with claims.data_folder(tmp_path):
            pass


def test_who_only_looks_whether_a_folder_is_in_use_hinders_nobody(tmp_path: Path) -> None:
    with claims.data_folder(tmp_path):
        pass
    with (tmp_path / "run" / "up.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        looked = threading.Timer(0.05, fcntl.flock, (lock, fcntl.LOCK_UN))
        looked.start()
        with claims.data_folder(tmp_path):
            pass
        looked.join()


def test_a_data_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(GraphError, match="cannot be used as data folder"),
        claims.data_folder(tmp_path / "file"),
    ):
        pass


def test_a_disk_that_is_full_to_the_last_byte_is_said_in_one_line(tmp_path: Path) -> None:
    """No byte can be written by a process whose files may have none; a full disk answers the same way."""

    def no_bytes() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    words = [sys.executable, "-m", "lbzf_ros.cli", "up", "--data", str(tmp_path / "data")]
    ended = subprocess.run(
        words, capture_output=True, text=True, check=False, preexec_fn=no_bytes, timeout=120
    )
    assert ended.returncode == 1
    assert "cannot be used as data folder: File too large. Make room" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(
            GraphError, match=f"127.0.0.1:{port} cannot be listened on: Address already in use"
        ):
            claims.check_port("127.0.0.1", port)


def test_an_address_of_another_machine() -> None:
    with pytest.raises(GraphError, match=r"203\.0\.113\.1:5000 cannot be listened on"):
        claims.check_port("203.0.113.1", 5000)


def test_two_plants_get_two_domains() -> None:
    with claims.ros_domain(None) as first, claims.ros_domain(None) as second:
        assert first != second


def test_a_wanted_domain_is_kept_or_refused() -> None:
    with claims.ros_domain(None) as free:
        pass
    with claims.ros_domain(str(free)) as domain:
        assert domain == free
        with pytest.raises(GraphError, match=f"ROS_DOMAIN_ID={free} is in use"), claims.ros_domain(str(free)):
            pass


@pytest.mark.parametrize("wanted", ["-1", "many", "233"])
def test_a_domain_that_is_none(wanted: str) -> None:
    with pytest.raises(GraphError, match="ROS_DOMAIN_ID is"), claims.ros_domain(wanted):
        pass
