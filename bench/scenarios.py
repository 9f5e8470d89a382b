"""Every scenario in full, with its figures and how long it took: writes docs/cycles.md, its pictures and a result file.

    python -m bench.scenarios [--seeds N] [--jobs N]

What is given is passed on to `lbzf scenarios`. It ends with 1 when a goal is missed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import report


def main() -> int:
    """Run the command, and keep its figures."""
    command = [sys.executable, "-m", "lbzf_ros.cli", "scenarios", "--write-docs", *sys.argv[1:]]
    began_s = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        ended = subprocess.run([*command, "--out", folder], check=False)
        took_s = time.perf_counter() - began_s
        figures = Path(folder) / "scenarios.json"
        if figures.is_file():
            found = json.loads(figures.read_text("utf-8"))
            report.write("scenarios", {"took_s": round(took_s), "arguments": sys.argv[1:], **found})
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
