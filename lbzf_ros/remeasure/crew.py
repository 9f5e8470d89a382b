"""The workers: one process for each core, each with one run; who dies is replaced, who is not needed is ended.

When there are fewer runs than cores, those that are measured share the cores that are left.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from lbzf_ros.core.errors import LbzfError
from lbzf_ros.remeasure.plan import Order, Run
from lbzf_ros.remeasure.worker import Progress, Share, work

Task = tuple[Order, Run]
Report = Callable[[Run, Progress], None]
_CONTEXT = multiprocessing.get_context("spawn")
"""A fork would copy OpenCV's threads and SQLite's connections."""
_ATTEMPTS = 3
"""A worker that died (the system was out of memory) is replaced; one that dies again and again is an error."""
_LOOK_EVERY_S = 0.5
_PATIENCE_S = 5.0


class WorkFailed(LbzfError):
    """A run cannot be measured."""


@dataclass(slots=True)
class _Worker:
    task: Task
    attempt: int
    process: BaseProcess
    progress: Connection
    is_done: bool = False

    @property
    def run(self) -> Run:
        return self.task[1]


def measure_all(tasks: Sequence[Task], cores: int, report: Report) -> None:
    """Measure runs, the longest first, on so many cores.

    Whatever ends this (an error, Ctrl-C) ends the workers too; they write down first how far they have come.

    Raises:
        WorkFailed: a run failed.
    """
    waiting = deque((task, 1) for task in sorted(tasks, key=lambda task: -task[1].length_s))
    busy: list[_Worker] = []
    share = _CONTEXT.Value("i", cores, lock=False)  # a worker that is killed cannot let go of a lock
    try:
        while waiting or busy:
            share.value = max(1, cores // min(cores, len(waiting) + len(busy)))
            while waiting and len(busy) < cores:
                busy.append(_started(*waiting.popleft(), share))
            wait([*(w.progress for w in busy), *(w.process.sentinel for w in busy)], _LOOK_EVERY_S)
            for worker in list(busy):
                _listen(worker, report)
                if worker.process.is_alive():
                    continue
                _listen(worker, report)
                busy.remove(worker)
                _close(worker)
                if not worker.is_done:
                    waiting.appendleft(_again(worker))
    finally:
        _end(busy)


def _started(task: Task, attempt: int, share: Share) -> _Worker:
    mine, theirs = _CONTEXT.Pipe(duplex=False)
    order, run = task
    process = _CONTEXT.Process(
        target=work, args=(order, run, theirs, share), name=f"remeasure {run.name}", daemon=True
    )
    process.start()
    theirs.close()
    return _Worker(task, attempt, process, mine)


def _listen(worker: _Worker, report: Report) -> None:
    try:
        while worker.progress.poll():
            progress: Progress = worker.progress.recv()
            if progress.error:
                raise WorkFailed(f"{worker.run.camera}: {progress.error}")
            worker.is_done = worker.is_done or progress.is_done
            report(worker.run, progress)
    except EOFError:
        pass  # it has ended


def _again(worker: _Worker) -> tuple[Task, int]:
    if worker.attempt >= _ATTEMPTS:
        raise WorkFailed(
            f"{worker.run.name}: its worker ended {_ATTEMPTS} times (exit status {worker.process.exitcode}); what it "
            "said is above. What has been measured so far is kept: start the same command again."
        )
    return worker.task, worker.attempt + 1


def _end(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.process.terminate()
    until_s = time.monotonic() + _PATIENCE_S
    for worker in workers:
        worker.process.join(max(0.0, until_s - time.monotonic()))
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        _close(worker)


def _close(worker: _Worker) -> None:
    worker.process.join()
    worker.progress.close()
