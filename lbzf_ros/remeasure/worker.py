"""One process measures one run, and writes down every now and then all that it remembers, to go on from there."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple, Protocol

import cv2

from lbzf_ros.core.errors import LbzfError
from lbzf_ros.core.model import CycleEvent, EventKind
from lbzf_ros.core.pipeline import CameraPipeline
from lbzf_ros.detectors.people_hog import use_threads
from lbzf_ros.disk import write_whole
from lbzf_ros.remeasure.plan import Order, Run
from lbzf_ros.remeasure.recording import Wanted, pictures
from lbzf_ros.remeasure.state import new_pipeline, packed, unpacked
from lbzf_ros.stop_signals import StopSignals
from lbzf_ros.store.event_json import event_from_json, event_to_json
from lbzf_ros.video.ahead import ahead

_CHECKPOINT_S = (1.0, 20.0)
"""Seconds of work until what is remembered is first written down, and at most from one time to the next; each time
it is twice as long: an attempt that ends soon has got somewhere too."""
_TELL_EVERY_S = 0.5
_STATE, _EVENTS = ".state", ".events.jsonl"


class Progress(NamedTuple):
    """How far a run is.

    Attributes:
        stamp_ns: of the latest picture; 0: none yet.
        pictures: looked at so far, in all.
        cycles: that have ended.
        notes: what is wrong with the recording, new since the last one.
        is_done: it is at its end, and its events are written.
        error: why it cannot be measured, in words; empty: it can.
    """

    stamp_ns: int
    pictures: int
    cycles: int
    notes: tuple[str, ...] = ()
    is_done: bool = False
    error: str = ""


@dataclass(slots=True)
class _Memory:
    """What a worker needs to go on: the steps, the last picture they took, and what they have decided so far."""

    pipeline: CameraPipeline
    stamp_ns: int
    pictures: int = 0
    events: list[CycleEvent] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def cycles(self) -> int:
        return sum(event.kind is EventKind.END for event in self.events)


def events_of(order: Order, run: Run) -> list[CycleEvent] | None:
    """What a run gave; None: it is not done yet.

    Raises:
        StoreError: the file is not what a worker wrote.
    """
    try:
        lines = _events_file(order, run).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return None
    return [event_from_json(line) for line in lines]


def forget(order: Order, run: Run) -> None:
    """Remove what a run needs no more when its events are in the database."""
    for path in (_state_file(order, run), _events_file(order, run)):
        path.unlink(missing_ok=True)


class Share(Protocol):
    """How many cores each worker has; changes while they work, when one is done and nothing is left for its core."""

    value: int


def work(order: Order, run: Run, progress: Connection, share: Share) -> None:
    """Measure a run to its end: the whole of a worker's process.

    Asked to end (SIGTERM) it writes down what it remembers first. It ends by itself when nobody waits for it any more.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to all; the parent decides
    asked_to_end = StopSignals((signal.SIGTERM,))
    cv2.setNumThreads(1)  # a picture's other steps are too short to be worth a second core
    parent = os.getppid()

    def tell(what: Progress) -> bool:
        if os.getppid() != parent:
            raise SystemExit(1)
        progress.send(what)
        return not asked_to_end.is_set()

    try:
        measure(order, run, tell, lambda: use_threads(share.value))
    except BrokenPipeError:
        raise SystemExit(1) from None
    except (LbzfError, OSError) as error:
        tell(Progress(0, 0, 0, error=str(error)))


def measure(
    order: Order, run: Run, tell: Callable[[Progress], bool], before_each: Callable[[], None] = lambda: None
) -> None:
    """Measure a run, from where an earlier attempt has come to.

    Args:
        order: with what, and where the files are.
        run: what.
        tell: is told how far it is, twice a second; says whether to go on.
        before_each: is called before each picture.

    Raises:
        DetectorError: the detector lacks its file, library or device.
        OSError: the files cannot be written.
    """
    memory = _remembered(order, run)
    saved_s = told_s = time.monotonic()
    pause_s, longest_s = _CHECKPOINT_S
    told = 0
    wanted = Wanted(memory.stamp_ns, run.to_ns, run.fps, (order.rois.width_px, order.rois.height_px))
    for frame in ahead(pictures(order.data, run.pieces, wanted, memory.notes.append)):
        before_each()
        memory.events += memory.pipeline.update(frame.image_bgr, frame.stamp_ns)
        memory.stamp_ns, memory.pictures = frame.stamp_ns, memory.pictures + 1
        now_s = time.monotonic()
        if now_s - told_s >= _TELL_EVERY_S:
            news = tuple(memory.notes[told:])
            told_s, told = now_s, told + len(news)
            if not tell(Progress(memory.stamp_ns, memory.pictures, memory.cycles, news)):
                _save(order, run, memory)
                return
        if now_s - saved_s >= pause_s:
            _save(order, run, memory)
            saved_s, pause_s = time.monotonic(), min(2 * pause_s, longest_s)
    memory.events += memory.pipeline.finish()
    lines = "".join(f"{event_to_json(event)}\n" for event in memory.events)
    write_whole(_events_file(order, run), lines.encode())
    _state_file(order, run).unlink(missing_ok=True)
    notes = tuple(memory.notes[told:])
    tell(Progress(memory.stamp_ns, memory.pictures, memory.cycles, notes, is_done=True))


def _remembered(order: Order, run: Run) -> _Memory:
    try:
        content = _state_file(order, run).read_bytes()
    except FileNotFoundError:
        return _Memory(new_pipeline(order.detector, order.rois, order.drift), run.from_ns - 1)
    memory: _Memory = unpacked(content)
    return memory


def _save(order: Order, run: Run, memory: _Memory) -> None:
    content = packed(memory)
    if content is not None:  # otherwise a run that is interrupted begins at its beginning
        write_whole(_state_file(order, run), content)


def _state_file(order: Order, run: Run) -> Path:
    return order.folder / f"{run.name}{_STATE}"


def _events_file(order: Order, run: Run) -> Path:
    return order.folder / f"{run.name}{_EVENTS}"
