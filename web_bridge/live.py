"""What is going on now, as the other nodes report it: written by one thread, read by others.

Two clocks, never mixed: `stamp_ns` is capture time (a file may be years old), `now_s` is a monotonic clock of this
process and says how long ago something was heard.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeVar

from lbzf_ros.core.model import Drift, StationState
from lbzf_ros.store.reader import MAX_PAGE, StoreReader
from lbzf_ros.store.rows import CameraRow, ModuleRow, Page, RecentCycle, RecentCycles, WorkstationRow

Row = TypeVar("Row")

SILENT_AFTER_S = 5.0
"""What a node repeats every second, or with every picture, is no longer true after so many seconds of silence."""


class CameraState(str, Enum):
    """Whether a camera delivers; `unknown`: its driver says nothing."""

    STARTING = "starting"
    ONLINE = "online"
    OFFLINE = "offline"
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PlantFacts:
    """What the graph is made of (PlantInfo)."""

    name: str
    time_zone: str
    nodes: tuple[str, ...]
    software_version: str


@dataclass(frozen=True, slots=True)
class Line:
    """Modules, cameras and stations that are in the plant now, stations in the order of the flow."""

    modules: tuple[ModuleRow, ...] = ()
    cameras: tuple[CameraRow, ...] = ()
    workstations: tuple[WorkstationRow, ...] = ()


@dataclass(frozen=True, slots=True)
class CameraReport:
    """What a camera's driver last said. `last_frame_ns` 0: no picture yet."""

    camera: str
    state: CameraState
    last_frame_ns: int
    fps: float
    detail: str


@dataclass(frozen=True, slots=True)
class HeardCamera:
    """A report with when it was heard. `frame_s`: when a new picture was last noticed, None: not by us."""

    report: CameraReport
    heard_s: float
    frame_s: float | None


@dataclass(frozen=True, slots=True)
class HeardStation:
    """What a station does, in the picture of `stamp_ns`, with when it was heard."""

    state: StationState
    stamp_ns: int
    heard_s: float


@dataclass(frozen=True, slots=True)
class HeardNode:
    """The last diagnostics of a node: messages of its parts that are in error, and of those to be looked at."""

    heard_s: float
    errors: Mapping[str, str] = field(default_factory=dict)
    warnings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeardView:
    """Whether a camera has moved since its zones were drawn, as the detector says it; None: how far is not known."""

    drift: Drift
    shift_px: float | None


StationKey = tuple[str, str]
"""Module code and workstation code."""


@dataclass(frozen=True, slots=True)
class Now:
    """One consistent state of everything that is known."""

    plant: PlantFacts | None = None
    line: Line = field(default_factory=Line)
    cameras: Mapping[str, HeardCamera] = field(default_factory=dict)
    stations: Mapping[StationKey, HeardStation] = field(default_factory=dict)
    cycles: Mapping[StationKey, tuple[RecentCycle, ...]] = field(default_factory=dict)
    views: Mapping[str, HeardView] = field(default_factory=dict)
    nodes: Mapping[str, HeardNode] = field(default_factory=dict)
    node_silent_after_s: float = SILENT_AFTER_S

    def missing_nodes(self, now_s: float) -> list[str]:
        """Nodes that the plant needs and that have not been heard recently."""
        return [node for node in (self.plant.nodes if self.plant else ()) if not self.is_heard(node, now_s)]

    def is_heard(self, node: str, now_s: float) -> bool:
        """Whether a node has published diagnostics recently."""
        heard = self.nodes.get(node)
        return heard is not None and now_s - heard.heard_s <= self.node_silent_after_s

    def is_up(self, now_s: float) -> bool:
        """Whether every node of the graph works. Cameras need not be on line."""
        return self.plant is not None and not self.missing_nodes(now_s)


class LiveState:
    """Keeps `Now` and tells listeners when a person would see a difference."""

    def __init__(self, *, diagnostics_period_s: float) -> None:
        """Nodes are expected to publish diagnostics every `diagnostics_period_s`; three may be missed."""
        self._now = Now(node_silent_after_s=max(SILENT_AFTER_S, 3 * diagnostics_period_s))
        self._lock = threading.Lock()
        self._listeners: set[Callable[[], None]] = set()

    @property
    def now(self) -> Now:
        """The present state; it never changes, a later one replaces it."""
        return self._now

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change, from whichever thread made it. It must be quick."""
        with self._lock:
            self._listeners.add(listener)

    def unlisten(self, listener: Callable[[], None]) -> None:
        """Stop calling it."""
        with self._lock:
            self._listeners.discard(listener)

    def set_plant(self, plant: PlantFacts) -> None:
        """The graph's own description has arrived."""
        self._change(plant=plant)

    def set_line(self, line: Line) -> None:
        """Modules, cameras and stations have been read from the database."""
        self._change(line=line)

    def set_cycles(self, recent: Iterable[RecentCycles]) -> None:
        """The newest finished cycles of all stations have been read from the database."""
        cycles = {(station.module, station.workstation): station.cycles for station in recent}
        before = self._now.cycles
        if cycles != before:
            # Those of most stations are as they were: the same object is compared and looked up in no time.
            self._change(cycles={key: _kept(before.get(key), now) for key, now in cycles.items()})

    def report_camera(self, report: CameraReport, *, now_s: float) -> None:
        """A camera's driver has spoken."""
        with self._lock:
            before = self._now.cameras.get(report.camera)
            heard = HeardCamera(report, now_s, _frame_s(before, report, now_s))
            self._now = replace(self._now, cameras={**self._now.cameras, report.camera: heard})
        if before is None or before.report.state != report.state:
            self._tell()

    def report_stations(
        self, camera: str, stamp_ns: int, states: Iterable[StationState], *, now_s: float
    ) -> None:
        """The stations of a camera after the picture of `stamp_ns`."""
        heard = {(s.module, s.workstation): HeardStation(s, stamp_ns, now_s) for s in states}
        with self._lock:
            before = self._now
            self._now = replace(before, stations={**before.stations, **heard})
            seen = before.cameras.get(camera)
            # Newer than the driver's last report: not an old message that was kept for us.
            if seen and stamp_ns > seen.report.last_frame_ns:
                self._now = replace(
                    self._now, cameras={**before.cameras, camera: replace(seen, frame_s=now_s)}
                )
        known = before.stations
        if any(key not in known or known[key].state != new.state for key, new in heard.items()):
            self._tell()

    def report_node(
        self, node: str, errors: Mapping[str, str], warnings: Mapping[str, str] | None = None, *, now_s: float
    ) -> None:
        """A node has published diagnostics."""
        with self._lock:
            before = self._now.nodes.get(node)
            heard = HeardNode(now_s, errors, warnings or {})
            self._now = replace(self._now, nodes={**self._now.nodes, node: heard})
        silent = before is None or now_s - before.heard_s > self._now.node_silent_after_s
        if silent or (before and before.errors.keys() != errors.keys()):
            self._tell()

    def report_views(self, views: Mapping[str, HeardView]) -> None:
        """The detector has said of some cameras whether they have moved."""
        merged = {**self._now.views, **views}
        if merged != self._now.views:
            self._change(views=merged)

    def _change(self, **parts: object) -> None:
        with self._lock:
            self._now = replace(self._now, **parts)  # type: ignore[arg-type]  # checked by the callers above
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()


def _frame_s(before: HeardCamera | None, report: CameraReport, now_s: float) -> float | None:
    """When the newest picture was noticed.

    The first report may be an old one that was kept for us: it dates a picture only if the camera is on line.
    """
    if report.last_frame_ns == 0:
        return None
    if before is None:
        return now_s if report.state is CameraState.ONLINE else None
    return now_s if report.last_frame_ns != before.report.last_frame_ns else before.frame_s


def _kept(before: tuple[RecentCycle, ...] | None, now: tuple[RecentCycle, ...]) -> tuple[RecentCycle, ...]:
    return before if before == now else now


def read_line(reader: StoreReader) -> Line:
    """Modules, cameras and stations that are in the plant now.

    Raises:
        StoreError: the database cannot be read.
    """
    stations = [station for station in _every(reader.workstations) if station.active]
    return Line(
        modules=tuple(module for module in _every(reader.modules) if module.active),
        cameras=tuple(camera for camera in _every(reader.cameras) if camera.status != "inactive"),
        workstations=tuple(sorted(stations, key=_in_the_flow)),
    )


def _every(query: Callable[..., Page[Row]]) -> Iterator[Row]:
    after: str | None = None
    while True:
        page = query(limit=MAX_PAGE, after=after)
        yield from page.items
        if page.next_key is None:
            return
        after = page.next_key


def _in_the_flow(station: WorkstationRow) -> tuple[bool, int, str]:
    return station.sequence_pos is None, station.sequence_pos or 0, station.code
