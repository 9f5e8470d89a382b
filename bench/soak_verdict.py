"""What the looks of a soak say together: growth of memory, processor time, pictures, events, video."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np

from bench.soak_watch import Events, Sample

FITTED_S = 1200.0
MOST_GROWTH = 0.01
"""Share that the memory of a process, and of all together, may grow within the fitted time."""


def fitted(samples: Sequence[Sample]) -> list[Sample]:
    """The looks over which growth is judged: the last 20 minutes, or the last two thirds of a shorter run."""
    end_s = samples[-1].at_s
    return [one for one in samples if one.at_s >= end_s - min(FITTED_S, end_s * 2 / 3)]


def growth(samples: Sequence[Sample]) -> dict[str, dict[str, float]]:
    """Memory of each process that ran all the time, by a linear fit: what it has besides shared memory.

    Shared memory is counted once, by itself: it is the senders', and in the resident memory of a receiver it grows,
    without any memory being taken, whenever a message comes in a page that had none for him before.

    Returns:
        By process, for `shared memory` and for `all`: MB at both ends of the line, and the growth between them in
        percent.
    """
    lines = {name: [one.memory[name].own_mb for one in samples] for name in _always_there(samples)}
    lines["shared memory"] = [sum(memory.shared_part_mb for memory in one.memory.values()) for one in samples]
    lines["all"] = [sum(values) for values in zip(*lines.values(), strict=True)]
    return _lines(samples, lines)


def resident_growth(samples: Sequence[Sample]) -> dict[str, dict[str, float]]:
    """The same of resident memory as the system counts it: shared memory in every process that has used it."""
    lines = {name: [one.memory[name].rss_mb for one in samples] for name in _always_there(samples)}
    lines["all"] = [sum(values) for values in zip(*lines.values(), strict=True)]
    return _lines(samples, lines)


def _always_there(samples: Sequence[Sample]) -> list[str]:
    return sorted(set.intersection(*(set(one.memory) for one in samples)))


def _lines(samples: Sequence[Sample], lines: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    times_s = [one.at_s for one in samples]
    return {name: _line(times_s, values) for name, values in lines.items()}


def _line(times_s: list[float], values: list[float]) -> dict[str, float]:
    slope, start = np.polyfit(np.asarray(times_s) - times_s[0], values, 1)
    end = start + slope * (times_s[-1] - times_s[0])
    return {
        "from_mb": round(float(start), 2),
        "to_mb": round(float(end), 2),
        "percent": round(100 * float(end / start - 1), 2) if start > 0 else 0.0,
    }


def cores(samples: Sequence[Sample]) -> dict[str, float]:
    """Cores that each process took over the looks, and all together."""
    first, last = samples[0], samples[-1]
    span_s = last.at_s - first.at_s
    used = {
        name: (last.cpu_s[name] - first.cpu_s[name]) / span_s
        for name in sorted(last.cpu_s)
        if name in first.cpu_s
    }
    return {name: round(value, 3) for name, value in {**used, "all": sum(used.values())}.items()}


def restarted(samples: Sequence[Sample]) -> list[str]:
    """Processes that did not live from the first look to the last."""
    found = []
    for before, after in pairwise(samples):
        for name, cpu_s in before.cpu_s.items():
            if after.cpu_s.get(name, -1.0) < cpu_s:
                found.append(f"{name} ended or was started again {after.at_s:.0f} s after the first look")
    return found


def pictures(samples: Sequence[Sample], fps: float) -> dict[str, dict[str, float]]:
    """By camera: what came to the detector, what it left out because others took too long, over the looks."""
    first, last = samples[0], samples[-1]
    found = {}
    for camera, at_end in sorted(last.pictures.items()):
        before = first.pictures.get(camera)
        received = at_end.received - (before.received if before else 0)
        skipped = at_end.skipped - (before.skipped if before else 0)
        wanted = fps * (last.at_s - first.at_s)
        found[camera] = {
            "received": received,
            "skipped": skipped,
            "skipped_percent": round(100 * skipped / max(1, received), 2),
            "received_percent_of_wanted": round(100 * received / max(1.0, wanted), 1),
        }
    return found


def gaps(report: dict[str, Any], began_s: float) -> dict[str, list[dict[str, Any]]]:
    """What `lbzf video gaps --json` says is missing of each camera since a time, seconds since 1970."""
    return {
        camera: [
            one
            for one in stretches
            if not one["recorded"] and dt.datetime.fromisoformat(one["to"]).timestamp() > began_s
        ]
        for camera, stretches in report["cameras"].items()
    }


def problems_of_video(missing: dict[str, list[dict[str, Any]]]) -> list[str]:
    """A line for each gap."""
    return [
        f"{camera}: {one['seconds']:g} s not recorded from {one['from']} ({one['cause']}: {one['detail']})"
        for camera, stretches in missing.items()
        for one in stretches
    ]


def problems_of_events(events: Events) -> list[str]:
    """A line for each way in which an event was dropped; nothing waits for delivery any more."""
    counted = asdict(events)
    must_be_none = ("not_acknowledged", "acknowledged_but_gone", "refused")
    found = [f"events: {name} {counted[name]}, must be 0" for name in must_be_none if counted[name]]
    if events.ended != events.complete + events.rejected:
        found.append(f"events: {events.ended} ended, {events.complete + events.rejected} in the database")
    if not events.ended:
        found.append("events: no cycle has ended, so nothing is known about them")
    return found


def problems_of_memory(grown: dict[str, dict[str, float]]) -> list[str]:
    """A line for each process that grows."""
    return [
        f"memory: {name} grew by {line['percent']} % ({line['from_mb']} to {line['to_mb']} MB)"
        for name, line in grown.items()
        if line["percent"] >= 100 * MOST_GROWTH
    ]
