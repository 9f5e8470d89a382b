"""What was really decided, from two independent places: the tracker's outbox on disk, and the topic on the wire."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any

from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import CycleEvent, EventKind
from lbzf_ros.environment import node_environment
from lbzf_ros.store.event_json import event_from_json

OUTBOX = Path("run", "cycle_tracker.outbox")
_LOOK_EVERY_S = 0.04
_LATEST = 300
"""Rows of the outbox looked at each time; many more than are decided between two looks."""
_NEW = """
SELECT event_json, acknowledged FROM (SELECT * FROM outbox ORDER BY sequence DESC LIMIT ?) ORDER BY sequence
"""
_ALL = "SELECT event_json, acknowledged FROM outbox ORDER BY sequence"
_OPEN = """
SELECT event_uid FROM outbox AS o WHERE kind = 'START'
  AND NOT EXISTS (SELECT 1 FROM outbox WHERE event_uid = o.event_uid AND kind <> 'START')
"""
_PENDING = "SELECT count(*) FROM outbox WHERE NOT acknowledged"

Decision = tuple[str, EventKind]
"""Uid of the cycle and what was decided about it."""


class Witness:
    """Notes every decision and every acknowledgement while the system runs. Use it as a context manager."""

    def __init__(self, data: Path, cameras: Sequence[str]) -> None:
        """Nothing is watched yet.

        Args:
            data: data folder of the system.
            cameras: labels.
        """
        self._outbox, self._cameras = data / OUTBOX, list(cameras)
        self._heard_file = data.with_name(f"{data.name}.heard.jsonl")
        self._read_to = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="outbox watcher", daemon=True)
        self._listener: subprocess.Popen[bytes] | None = None
        self.kept: dict[Decision, CycleEvent] = {}
        """Decisions seen in the outbox, in their order."""
        self.heard: dict[Decision, CycleEvent] = {}
        """Decisions heard on the topic."""
        self.acknowledged: set[Decision] = set()
        self.errors: list[tuple[str, str]] = []
        """Part of a node and what was wrong with it, in the order in which it was told; empty: right again."""
        self.pictures: dict[str, int] = {}
        """Stamp of the latest picture that was answered, by camera."""

    def __enter__(self) -> Witness:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._watcher.join()
        if self._listener is not None:
            self._listener.terminate()
            self._listener.wait(10)

    def listen(self, domain: int) -> None:
        """Begin to hear the graph of a ROS domain; the outbox is watched in any case."""
        if self._listener is not None:
            return
        command = [sys.executable, "-m", "lbzf_ros.chaos.listen", str(self._heard_file), *self._cameras]
        with self._heard_file.with_suffix(".err").open("ab") as errors:
            self._listener = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                env={**node_environment(), "ROS_DOMAIN_ID": str(domain)},
                start_new_session=True,
            )

    @property
    def decisions(self) -> dict[Decision, CycleEvent]:
        """Everything that was decided, as either of the two says. Call `look` before."""
        with self._lock:
            return {**self.heard, **self.kept}

    def count(self, *kinds: EventKind) -> int:
        """How many decisions of these kinds there are by now."""
        self.look()
        return sum(kind in kinds for _, kind in self.decisions)

    def open_cycles(self) -> set[str]:
        """Uids of the cycles that have a START and nothing else yet."""
        return {str(uid) for (uid,) in self._query(_OPEN)}

    def pending(self) -> int:
        """Decisions that are not acknowledged yet; 1 when that cannot be found out."""
        rows = self._query(_PENDING)
        return int(rows[0][0]) if rows else 1

    def look(self, *, everything: bool = False) -> None:
        """Take in what is new in both places."""
        rows = self._query(_ALL) if everything else self._query(_NEW, (_LATEST,))
        with self._lock:
            for line, acknowledged in rows:
                event = event_from_json(line)
                self.kept.setdefault((event.event_uid, event.kind), event)
                if acknowledged:
                    self.acknowledged.add((event.event_uid, event.kind))
            self._read_heard()

    def _watch(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            with contextlib.suppress(StoreError):
                self.look()

    def _query(self, statement: str, values: tuple[int, ...] = ()) -> list[Any]:
        if not self._outbox.exists():
            return []
        try:
            with closing(sqlite3.connect(f"file:{self._outbox}?mode=rw", uri=True, timeout=5)) as outbox:
                outbox.execute("PRAGMA query_only = ON")
                return outbox.execute(statement, values).fetchall()
        except sqlite3.Error:  # just being made, or the disk is full
            return []

    def _read_heard(self) -> None:
        if not self._heard_file.exists():
            return
        with self._heard_file.open("rb") as file:
            file.seek(self._read_to)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read_to += len(whole)
        for line in whole.splitlines():
            self._take(json.loads(line))

    def _take(self, line: dict[str, Any]) -> None:
        if "event" in line:
            event = event_from_json(json.dumps(line["event"]))
            self.heard.setdefault((event.event_uid, event.kind), event)
        elif "ack" in line:
            uid, kind = line["ack"]
            self.acknowledged.add((uid, EventKind(kind)))
        elif "error" in line:
            part, text = line["error"]
            self.errors.append((part, text))
        elif "picture" in line:
            camera, stamp_ns = line["picture"]
            self.pictures[camera] = stamp_ns
