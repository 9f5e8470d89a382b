"""What systemd is told: over a real socket, by a real plant."""

import http.server
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from lbzf_ros.cli.pulse import PulseTaker
from lbzf_ros.cli.sd_notify import Notifier
from lbzf_ros.cli.watchdog import Watchdog
from test.support.graph import running_graph


class Systemd:
    """The end of the socket at which systemd listens."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.settimeout(0.2)
        self.heard: list[str] = []

    def listen(self, for_s: float) -> list[str]:
        """What is said in so many seconds."""
        began, until_s = len(self.heard), time.monotonic() + for_s
        while time.monotonic() < until_s:
            self._take()
        return self.heard[began:]

    def wait_for(self, beginning: str, within_s: float = 60.0) -> str:
        """The next message that begins so."""
        until_s = time.monotonic() + within_s
        while time.monotonic() < until_s:
            said = self._take()
            if said.startswith(beginning):
                return said
        raise AssertionError(f"{beginning} was never said: {self.heard[-20:]}")

    def _take(self) -> str:
        try:
            self.heard.append(self._socket.recv(4096).decode())
        except TimeoutError:
            return ""
        return self.heard[-1]


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    found = Systemd(tmp_path)
    monkeypatch.setenv("NOTIFY_SOCKET", found.address)
    monkeypatch.setenv("WATCHDOG_USEC", "4000000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    return found


def test_a_plant_is_ready_alive_and_no_longer_alive_when_a_node_hangs(
    systemd: Systemd, tmp_path: Path
) -> None:
    with running_graph(None, tmp_path / "data") as running:
        systemd.wait_for("READY=1")
        systemd.wait_for("WATCHDOG=1")
        assert systemd.wait_for("STATUS=2 of 2 cameras deliver")
        tracker = next(
            process
            for process in psutil.Process(running.process.pid).children(recursive=True)
            if "lbzf_ros.nodes.cycle_tracker" in process.cmdline()
        )
        tracker.send_signal(signal.SIGSTOP)  # it lives, and does nothing
        try:
            systemd.wait_for("STATUS=not all nodes work: cycle_tracker")
            assert "WATCHDOG=1" not in systemd.listen(for_s=3.0)
        finally:
            tracker.send_signal(signal.SIGCONT)
        systemd.wait_for("WATCHDOG=1")
    systemd.wait_for("STOPPING=1")


def test_without_systemd_nothing_is_sent_and_nothing_fails(tmp_path: Path) -> None:
    Notifier({}).ready()
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready()
    assert Notifier({"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "1"}).watchdog_s is None
    assert Notifier({"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": str(os.getpid())}).watchdog_s == 5.0


def test_an_abstract_socket_is_reached_too() -> None:
    name = f"lbzf/test/{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        listener.settimeout(5)
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).status("all\n well")
        assert listener.recv(100) == b"STATUS=all well"


def test_a_process_manager_that_hangs_is_not_alive(systemd: Systemd, tmp_path: Path) -> None:
    with page([]) as url, Watchdog(url, tmp_path, []) as watchdog:
        systemd.wait_for("READY=1", 10)
        watchdog.beat()
        systemd.wait_for("WATCHDOG=1", 10)
        systemd.wait_for("STATUS=0 of 0 cameras deliver; the process manager does not answer", 10)
        assert "WATCHDOG=1" not in systemd.listen(for_s=2.5)


# ---- does it measure: a graph that hangs exactly there cannot be had at will, so a page stands for it


@contextmanager
def page(cameras: list[dict[str, object]]) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"cameras": cameras}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


ONLINE: dict[str, object] = {"label": "cam1", "state": "online", "last_frame_age_s": 0.2}
OFFLINE: dict[str, object] = {"label": "cam1", "state": "offline", "last_frame_age_s": 300.0}


def pulses(data: Path, camera: dict[str, object], *, written_at_s: tuple[float, ...]) -> list[bool]:
    """Whether it measures, looked at every 10 s; the tracker writes at these moments."""
    (data / "run").mkdir(parents=True)
    now_s, memory = 0.0, data / "run" / "cycle_tracker_cam1.a"
    with page([camera]) as url:
        taker = PulseTaker(url, data, ["cam1"], stuck_s=30.0, clock_s=lambda: now_s)
        found = []
        for now_s in range(0, 100, 10):
            if now_s in written_at_s:
                memory.write_text("x")
                os.utime(memory, (now_s + 1, now_s + 1))
            found.append(taker.take().is_measuring)
    return found


def test_pictures_that_are_finished_are_measured(tmp_path: Path) -> None:
    assert all(pulses(tmp_path, ONLINE, written_at_s=tuple(range(0, 100, 10))))


def test_pictures_that_come_in_and_are_never_finished_are_not(tmp_path: Path) -> None:
    found = pulses(tmp_path, ONLINE, written_at_s=(0, 10))
    assert found == [True] * 5 + [False] * 5


def test_before_the_first_picture_an_engine_may_be_built(tmp_path: Path) -> None:
    assert all(pulses(tmp_path, ONLINE, written_at_s=()))


def test_a_camera_that_is_off_is_no_reason_to_start_anew(tmp_path: Path) -> None:
    assert all(pulses(tmp_path, OFFLINE, written_at_s=(0,)))
