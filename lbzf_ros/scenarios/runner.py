"""Runs many scenarios, one a process, on several cores."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from lbzf_ros.scenarios.model import Scenario, Way
from lbzf_ros.scenarios.trial import Job, Trial, run


def plan(
    scenarios: Sequence[Scenario], *, seeds: int, rates: Sequence[float], ways: tuple[Way, ...]
) -> list[Job]:
    """The runs of some scenarios: each as often as there are seeds, at each rate; no seed is used twice."""
    return [
        Job(scenario, _seed(scenario, number), fps, scenario.minutes, ways)
        for scenario in scenarios
        for number, fps in enumerate(fps for _ in range(seeds) for fps in rates)
    ]


def run_all(jobs: Sequence[Job], processes: int) -> Iterator[list[Trial]]:
    """Run jobs, the longest first; what each gave, in the order in which they end.

    Whoever stops early (Ctrl-C too) ends the processes.
    """
    order = sorted(jobs, key=lambda job: -job.minutes * job.fps)
    context = multiprocessing.get_context("spawn")  # OpenCV's threads do not survive a fork
    executor = ProcessPoolExecutor(processes, mp_context=context, initializer=_begin_worker)
    try:
        for future in as_completed([executor.submit(run, job) for job in order]):
            yield future.result()
        executor.shutdown()
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()
        raise


def _seed(scenario: Scenario, number: int) -> int:
    """Another one for each scenario, so that many different lines are seen."""
    return 100 * (zlib.crc32(scenario.name.encode()) % 10_000) + number + 1


def _begin_worker() -> None:
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)


def _end_with_parent() -> None:
    """A parent that was killed cannot end its processes."""
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)
