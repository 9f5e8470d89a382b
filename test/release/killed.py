"""The worker, killed (SIGKILL) just before the KILL_AT-th thing that it does to the machine: the power fails there."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lbzf_ros.release.worker import main

_left = int(os.environ["KILL_AT"])


def _counted(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        global _left  # noqa: PLW0603 (one process, one countdown)
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)

    return call


for owner, name in (
    *((os, name) for name in ("fsync", "sync", "link")),
    *((Path, name) for name in ("rename", "replace", "unlink", "symlink_to", "mkdir")),
    *((shutil, name) for name in ("rmtree", "copyfile")),
    (subprocess, "run"),
):
    setattr(owner, name, _counted(getattr(owner, name)))

if __name__ == "__main__":
    main()
