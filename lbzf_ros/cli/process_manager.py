"""Run the graph's processes under supervisor: its configuration, its start, what it says, its end."""

from __future__ import annotations

import contextlib
import http.client
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import xmlrpc.client
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

from lbzf_ros.core.errors import GraphError
from lbzf_ros.environment import node_environment
from lbzf_ros.graph import NodeProcess

STOP_S = 2
"""Seconds that a node gets to end by itself. The rest of the 5 s is for supervisor, which looks once a second."""
KILL_S = 1.8
"""Seconds that supervisor gets beside that before it is killed, and the nodes with it."""
LONGEST_PAUSE_S = 10
"""After so many starts that failed in a row, the pause before the next one is so long; then it begins anew at one
second. So what comes back after a night (a full disk, a camera's file) is in use again at most so much later."""
_REVIVE_EVERY_S = 1.0
_ANSWERS_WITHIN_S = 1.0
"""One that answers later is asked again; meanwhile nothing else is done, a Ctrl-C included."""
_LAST_LINES = 40

_GROUP = "lbzf"
_CONFIG = """\
; Written by `lbzf up`. `supervisorctl -c <this file>` shows and restarts single processes while it runs.
; Paths are relative to this folder.
[supervisord]
nodaemon=true
silent=true
logfile=../logs/supervisord.log
logfile_maxbytes=1MB
logfile_backups=2
pidfile=supervisord.pid
childlogdir=../logs

[unix_http_server]
file={socket}
chmod=0700

[supervisorctl]
serverurl=unix://{socket}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

; one group, so that all stop at once
[group:{group}]
programs={names}
"""
_PROGRAM = """
[program:{name}]
command={command}
environment={environment}
redirect_stderr=true
stdout_logfile=../logs/{name}.log
stdout_logfile_maxbytes=5MB
stdout_logfile_backups=3
; one that dies sooner is started again after a pause that grows by a second each time; after so many it is given up,
; and `lbzf up` starts it anew
startsecs=10
startretries={pauses}
autorestart=true
stopsignal=TERM
stopwaitsecs={stop_s}
stopasgroup=true
killasgroup=true
"""


@dataclass(frozen=True, slots=True)
class ProcessState:
    """What supervisor knows of one process."""

    name: str
    state: str
    """RUNNING, STARTING, BACKOFF, …"""
    pid: int
    """0 while it does not run."""


class ProcessManager:
    """Starts the processes and keeps them running until it is left. Use it as a context manager."""

    def __init__(self, processes: Sequence[NodeProcess], data: Path, log_level: str) -> None:
        """Nothing is started yet.

        Args:
            processes: what to run.
            data: folder of the run; logs go to `logs/` in it.
            log_level: of every node.
        """
        self.logs, self._run = data / "logs", data / "run"
        self._log, self._log_begins = self.logs / "supervisord.log", 0
        self._processes, self._log_level = list(processes), log_level
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._said: deque[str] = deque(maxlen=_LAST_LINES)
        self._listener: threading.Thread | None = None
        self._revive_at_s = 0.0
        # A socket's path has at most 107 characters, so it cannot lie in the data folder.
        self._socket_folder = Path(tempfile.mkdtemp(prefix="lbzf-"))

    def __enter__(self) -> ProcessManager:
        config = self._run / "supervisord.conf"
        try:
            for folder in (self.logs, self._run):
                folder.mkdir(parents=True, exist_ok=True)
            config.write_text(self.config(), "utf-8")
        except OSError as error:
            raise GraphError(
                f"{error.filename or config}: cannot be written: {error.strerror}. Make room on the disk, or choose "
                "another folder with --data."
            ) from None
        self._log_begins = self._log.stat().st_size if self._log.exists() else 0
        self._supervisor = subprocess.Popen(
            [*_end_with_parent("TERM"), sys.executable, "-m", "supervisor.supervisord", "-c", str(config)],
            stdin=subprocess.DEVNULL,
            # Not a file: supervisor says there that its log cannot be written, and ends when that fails too.
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=node_environment(),
            cwd=self._run,  # `python -m` looks for modules in the current folder first: no stranger's
            start_new_session=True,  # Ctrl-C reaches `up` alone, which then stops all in order
        )
        self._listener = threading.Thread(
            target=self._listen, args=(self._supervisor.stdout,), name="supervisor's words", daemon=True
        )
        self._listener.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def config(self) -> str:
        """Supervisor's configuration file."""
        names = ",".join(process.name for process in self._processes)
        head = _CONFIG.format(socket=self._socket, group=_GROUP, names=names)
        return head + "".join(self._program(process) for process in self._processes)

    def check(self) -> None:
        """See that supervisor is still there, and start again what it has given up.

        Raises:
            GraphError: it has ended; the text holds what it said.
        """
        if self._supervisor is not None and self._supervisor.poll() is not None:
            if self._listener is not None:
                self._listener.join(1.0)
            said = "\n".join(self._said).strip()
            raise GraphError(
                f"the process manager has ended (exit status {self._supervisor.returncode}). {said}\n"
                f"Its log: {self._log}"
            )
        if time.monotonic() >= self._revive_at_s:
            self._revive_at_s = time.monotonic() + _REVIVE_EVERY_S
            self._revive()

    def states(self) -> list[ProcessState]:
        """Where every process stands; empty while supervisor is not listening yet."""
        try:
            rows = cast(list[dict[str, Any]], self._server.supervisor.getAllProcessInfo())
        except (OSError, xmlrpc.client.Error):
            return []
        return [ProcessState(row["name"], row["statename"], row["pid"]) for row in rows]

    def exits_with(self, status: int) -> list[str]:
        """Names of the processes that have ended with an exit status since the start.

        Supervisor tells it only in its log when a process ends soon after its start.
        """
        try:
            with self._log.open("rb") as log:
                log.seek(self._log_begins)
                text = log.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return []
        return re.findall(rf" exited: (\S+) \(exit status {status};", text)

    def stop(self) -> None:
        """Stop everything in under 5 s; what does not end by itself is killed."""
        supervisor = self._supervisor
        if supervisor is not None and supervisor.poll() is None:
            supervisor.terminate()
            try:
                supervisor.wait(STOP_S + KILL_S)
            except subprocess.TimeoutExpired:
                supervisor.kill()  # the kernel then kills its nodes
                supervisor.wait()
        shutil.rmtree(self._socket_folder, ignore_errors=True)

    def _revive(self) -> None:
        for process in self.states():
            if process.state == "FATAL":
                with contextlib.suppress(OSError, xmlrpc.client.Error):  # looked at again soon
                    self._server.supervisor.startProcess(f"{_GROUP}:{process.name}", False)

    def _listen(self, words: IO[bytes]) -> None:
        for line in words:
            self._said.append(line.decode("utf-8", "replace").rstrip())

    @property
    def _server(self) -> Any:
        # Any: typeshed knows ServerProxy's methods only as marshallable values.
        return xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(self._socket))

    @property
    def _socket(self) -> Path:
        return self._socket_folder / "supervisor.sock"

    def _program(self, process: NodeProcess) -> str:
        command = [*_end_with_parent("KILL"), sys.executable, "-m", process.module]
        command += process.arguments(self._log_level)
        environment = ",".join(f'{name}="{value}"' for name, value in process.environment.items())
        return _PROGRAM.format(
            name=process.name,
            command=_escape(shlex.join(command)),
            environment=_escape(environment),
            pauses=LONGEST_PAUSE_S,
            stop_s=STOP_S,
        )


def _escape(value: str) -> str:
    """A value for supervisor's file, which expands %(…)s and takes what follows " ;" or " #" for a comment.

    Both can only stand inside single quotes (shlex): there '' ends the quotes and begins them again.
    """
    return value.replace("%", "%%").replace(" ;", " '';").replace(" #", " ''#")


def _end_with_parent(signal: str) -> list[str]:
    """Command prefix: should the process that starts this one be killed, the kernel sends this one the signal."""
    return ["setpriv", "--pdeathsig", signal, "--"]


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_ANSWERS_WITHIN_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> _UnixConnection:  # noqa: ARG002
        return _UnixConnection(self._path)
