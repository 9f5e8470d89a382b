"""What the soak looks at while the system runs: its processes, its pictures, its events, its video."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import rclpy
from rclpy.executors import SingleThreadedExecutor

from lbzf_ros.chaos.system import System
from lbzf_ros.chaos.witness import OUTBOX
from lbzf_ros.ros.topics import DIAGNOSTICS
from lbzf_ros.store.engine import DATABASE_NAME

_HEARD_WITHIN_S = 1.5
"""Every node tells its figures once a second."""
_EVENTS = """
SELECT (SELECT count(DISTINCT event_uid) FROM outbox),
       (SELECT count(DISTINCT event_uid) FROM outbox WHERE kind IN ('END', 'REJECT')),
       (SELECT count(*) FROM outbox WHERE NOT acknowledged),
       (SELECT count(DISTINCT event_uid) FROM outbox WHERE acknowledged AND event_uid NOT IN
          (SELECT event_uid FROM lbzf.cycle_events UNION SELECT event_uid FROM lbzf.cycle_events_rejected)),
       (SELECT count(*) FROM lbzf.cycle_events WHERE status = 'complete'),
       (SELECT count(*) FROM lbzf.cycle_events WHERE status = 'aborted'),
       (SELECT count(*) FROM lbzf.cycle_events_rejected),
       (SELECT count(*) FROM lbzf.cycle_events_refused),
       (SELECT count(*) FROM lbzf.video_gaps),
       (SELECT count(*) FROM lbzf.video_segments)
"""


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process, MB.

    Attributes:
        rss_mb: resident, all together.
        pss_mb: the same, but of a page that several processes have only this one's part.
        shared_mb: of `rss_mb`, shared memory: how DDS passes messages on. It is the sender's, and resident in whole
            from its start; a receiver is counted for every page in which there ever was a message for it.
        shared_part_mb: of `pss_mb`, shared memory: of all processes together, each page once.
    """

    rss_mb: float
    pss_mb: float
    shared_mb: float
    shared_part_mb: float

    @property
    def own_mb(self) -> float:
        """What it has besides shared memory: its heap and its libraries."""
        return self.rss_mb - self.shared_mb

    @classmethod
    def of(cls, process: int) -> Memory:
        """Of the process with this id, now.

        Raises:
            OSError: it has ended.
        """
        kib = {}
        for name in ("status", "smaps_rollup"):
            lines = Path(f"/proc/{process}/{name}").read_text("utf-8").splitlines()
            kib.update({line.split(":")[0]: line.split()[1] for line in lines if line.endswith(" kB")})
        if "Pss" not in kib:  # it ends just now: nothing is mapped any more
            raise ProcessLookupError(process)
        values = (int(kib[name]) for name in ("VmRSS", "Pss", "RssShmem", "Pss_Shmem"))
        return cls(*(round(value * 1024 / 1e6, 3) for value in values))


@dataclass(frozen=True, slots=True)
class Events:
    """Counts since the start."""

    begun: int
    ended: int
    not_acknowledged: int
    acknowledged_but_gone: int
    complete: int
    aborted: int
    rejected: int
    refused: int
    video_gaps: int
    video_files: int


@dataclass(frozen=True, slots=True)
class Pictures:
    """Counts of one camera since the start of the detector: what came to it, what it looked at, what it left out."""

    received: int
    looked_at: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One look; times in seconds since the first one."""

    at_s: float
    load_1_min: float
    memory: dict[str, Memory]
    cpu_s: dict[str, float]
    events: Events
    pictures: dict[str, Pictures]

    def as_row(self) -> dict[str, Any]:
        """The same for a file."""
        return asdict(self)


class Watch:
    """Looks at a running system. As a context manager it leaves the graph at the end."""

    def __init__(self, system: System) -> None:
        """Join the graph of a system that is up."""
        self._system, self._began_s = system, time.monotonic()
        self._heard: dict[str, Pictures] = {}
        self._context = rclpy.Context()
        rclpy.init(context=self._context, domain_id=system.domain)
        self._node = rclpy.create_node("soak_watch", context=self._context)
        self._node.create_subscription(
            DIAGNOSTICS.type, DIAGNOSTICS.path, self._on_diagnostics, DIAGNOSTICS.qos
        )
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown()
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)

    @property
    def at_s(self) -> float:
        """Seconds since it joined."""
        return time.monotonic() - self._began_s

    def all_seen(self, cameras: int) -> bool:
        """Whether the detector has looked at pictures of so many cameras; listens for a moment."""
        self._system.check()
        self._listen()
        return sum(one.looked_at > 0 for one in self._heard.values()) >= cameras

    def look(self) -> Sample:
        """Everything as it is now.

        Raises:
            GraphError: the system has ended by itself.
        """
        self._system.check()
        self._listen()
        memory, cpu_s = {}, {}
        for name, process in self._system.nodes().items():
            # One that has just died: the next look finds another.
            with contextlib.suppress(psutil.NoSuchProcess, OSError):
                memory[name], times = Memory.of(process.pid), process.cpu_times()
                cpu_s[name] = round(times.user + times.system, 2)
        return Sample(
            round(self.at_s, 1),
            round(os.getloadavg()[0], 2),
            memory,
            cpu_s,
            events_of(self._system.data),
            dict(self._heard),
        )

    def _listen(self) -> None:
        until_s = time.monotonic() + _HEARD_WITHIN_S
        while (left_s := until_s - time.monotonic()) > 0:
            self._executor.spin_once(timeout_sec=left_s)

    def _on_diagnostics(self, message: Any) -> None:
        for status in message.status:
            node, _, camera = status.name.partition(": ")
            values = {pair.key: pair.value for pair in status.values}
            if node == "detector" and "skipped" in values:
                counts = (int(values[key]) for key in ("received", "processed", "skipped"))
                self._heard[camera] = Pictures(*counts)


def events_of(data: Path) -> Events:
    """What was decided, and what of it is in the database."""
    with closing(sqlite3.connect(f"file:{data / OUTBOX}?mode=ro", uri=True, timeout=20)) as outbox:
        outbox.execute("ATTACH ? AS lbzf", (f"file:{data / DATABASE_NAME}?mode=ro",))
        return Events(*outbox.execute(_EVENTS).fetchone())
