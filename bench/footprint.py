"""CPU and memory of the whole demo: every process of the graph and of its process manager.

CPU is user plus system time over a minute; memory is PSS, which counts a shared page once.
"""

from __future__ import annotations

import time

import psutil

from bench import report
from bench.demo import running_demo

WARM_UP_S = 30
SPAN_S = 60


def main() -> None:
    """Run the demo and measure it."""
    with running_demo() as demo:
        root = psutil.Process(demo.process.pid)
        time.sleep(WARM_UP_S)
        before, began_s = _cpu_s(root), time.monotonic()
        time.sleep(SPAN_S)
        after, took_s = _cpu_s(root), time.monotonic() - began_s
        memory = {_name(p): round(p.memory_full_info().pss / 1e6) for p in _tree(root)}
        cores = {name: round((after[name] - before.get(name, 0.0)) / took_s, 3) for name in after}
        report.write(
            "footprint",
            {
                "what": "two simulated cameras at 640x480 and 5 fps, default detector, video and pictures recorded",
                "ready_after_s": round(demo.ready_after_s, 1),
                "cores": round(sum(cores.values()), 3),
                "memory_pss_mb": sum(memory.values()),
                "cores_by_process": dict(sorted(cores.items())),
                "memory_pss_mb_by_process": dict(sorted(memory.items())),
            },
        )


def _tree(root: psutil.Process) -> list[psutil.Process]:
    return [root, *root.children(recursive=True)]


def _name(process: psutil.Process) -> str:
    words = process.cmdline()
    module = next(
        (words[i + 1] for i, word in enumerate(words[:-1]) if word == "-m"), words[0] if words else "?"
    )
    camera = next((word.partition(":=")[2] for word in words if word.startswith("camera:=")), "")
    return f"{module.rsplit('/', 1)[-1]} {camera}".strip() + f" [{process.pid}]"


def _cpu_s(root: psutil.Process) -> dict[str, float]:
    return {_name(p): sum(p.cpu_times()[:2]) for p in _tree(root)}


if __name__ == "__main__":
    main()
