"""The system under a drill, as a user runs it: `lbzf up` in a process of its own, seen and hit from outside."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import psutil

from lbzf_ros.core.errors import GraphError

Found = TypeVar("Found")

READY_WITHIN_S = 90.0
STOPS_WITHIN_S = 15.0
_TICK_S = 0.05
_NODE = "__node:="
_ANSWER_S = 5.0


class System:
    """Starts, watches, hits and stops `lbzf up`. As a context manager it leaves no process behind."""

    def __init__(self, plant: Path, data: Path, environment: Mapping[str, str] | None = None) -> None:
        """Nothing is started yet.

        Args:
            plant: plant file.
            data: data folder; the terminal output goes to a file beside it.
            environment: beside that of this process.
        """
        self.plant, self.data = plant, data
        self.log_file = data.with_name(f"{data.name}.up.log")
        self.domain = _free_domain()
        self.starts = 0
        self._environment = {**os.environ, **(environment or {}), "ROS_DOMAIN_ID": str(self.domain)}
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> System:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self.thaw()
            try:
                self.stop()
            except GraphError:
                self.kill_everything()

    def launch(self) -> None:
        """Start it without waiting for anything."""
        command = [sys.executable, "-m", "lbzf_ros.cli", "up", "--plant", str(self.plant)]
        command += ["--data", str(self.data), "--port", str(self._port)]
        self.data.parent.mkdir(parents=True, exist_ok=True)
        self.starts += 1
        with self.log_file.open("ab") as output:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,  # Ctrl-C reaches the drill alone, which then stops it in order
            )

    def start(self) -> None:
        """Start it and wait until all nodes work together."""
        self.launch()
        self.wait_until_up()

    def wait_until_up(self) -> None:
        """Wait until all nodes work together."""
        self.wait_for("all nodes up", lambda: self.health().get("status") == "up", READY_WITHIN_S)

    def stop(self) -> None:
        """Stop it as Ctrl-C does.

        Raises:
            GraphError: it does not stop.
        """
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            raise GraphError(f"lbzf up has not stopped within {STOPS_WITHIN_S:g} s of Ctrl-C") from None

    def check(self) -> None:
        """See that it is still there.

        Raises:
            GraphError: it has ended by itself.
        """
        if self._process is not None and self._process.poll() is not None:
            raise GraphError(
                f"lbzf up has ended by itself (exit status {self._process.returncode}):\n{self.last_words()}"
            )

    def last_words(self) -> str:
        """The last lines it has printed."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log_file.read_text("utf-8", "replace").splitlines()[-25:])
        return ""

    def wait_for(self, what: str, condition: Callable[[], Found | None], within_s: float) -> Found:
        """Wait until a condition gives something true, and give it.

        Raises:
            GraphError: it did not in time, or the system has ended by itself.
        """
        until_s = time.monotonic() + within_s
        while True:
            if found := condition():
                return found
            self.check()
            if time.monotonic() > until_s:
                raise GraphError(f"waited {within_s:g} s in vain: {what}\n{self.last_words()}")
            time.sleep(_TICK_S)

    def nodes(self) -> dict[str, psutil.Process]:
        """The running nodes by their names, e.g. camera_driver_cam1."""
        found: dict[str, psutil.Process] = {}
        for process in self._family():
            with contextlib.suppress(psutil.Error):  # one that ends meanwhile
                words = process.cmdline()
                # Before it becomes the node, the process is setpriv with the same words behind it.
                name = next((word.split(":=", 1)[1] for word in words if word.startswith(_NODE)), None)
                if name is not None and words[0] != "setpriv":
                    found[name] = process
        return found

    def kill(self, names: Iterable[str], within_s: float = 60.0) -> None:
        """Kill nodes with SIGKILL, all in the same moment, as soon as all of them run."""
        wanted = set(names)

        def running() -> list[psutil.Process]:
            nodes = self.nodes()
            return [nodes[name] for name in wanted] if wanted <= set(nodes) else []

        victims = self.wait_for(f"{', '.join(sorted(wanted))} to kill", running, within_s)
        for victim in victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()

    def freeze(self) -> None:
        """Halt every process of the system where it stands."""
        for process in self._everything():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()

    def thaw(self) -> None:
        """Let every process go on."""
        for process in self._everything():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()

    def kill_everything(self) -> int:
        """Kill every process of the system with SIGKILL: nodes, process manager and `up` itself.

        Returns:
            How many.
        """
        self.freeze()  # nobody starts anybody again meanwhile
        victims = self._everything()
        for victim in victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()
        if self._process is not None:
            self._process.wait()
        psutil.wait_procs(victims, timeout=STOPS_WITHIN_S)
        return len(victims)

    def ask(self, path: str) -> Any:
        """The JSON that the page answers with; an empty object when it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=_ANSWER_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with contextlib.suppress(ValueError):
                return json.load(error)
        except (OSError, ValueError):
            pass
        return {}

    def health(self) -> dict[str, Any]:
        """What /healthz says."""
        return dict(self.ask("/healthz"))

    def _everything(self) -> list[psutil.Process]:
        if self._process is None or self._process.poll() is not None:
            return []
        return [psutil.Process(self._process.pid), *self._family()]

    def _family(self) -> list[psutil.Process]:
        if self._process is None:
            return []
        try:
            return psutil.Process(self._process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _free_domain() -> int:
    """A ROS domain that no running `lbzf up` has, from those that one without a wish takes last."""
    for domain in range(101, 50, -1):
        with socket.socket(socket.AF_UNIX) as claim, contextlib.suppress(OSError):
            claim.bind(f"\0lbzf/domain/{domain}")  # as `lbzf up` does
            return domain
    raise GraphError("no ROS domain of 51 to 101 is free on this machine; stop other runs of lbzf up")
