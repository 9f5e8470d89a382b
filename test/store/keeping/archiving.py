"""A process that keeps continuous copies: `python archiving.py DATABASE FOLDER`. A line of JSON for each step."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from pathlib import Path

from lbzf_ros.config.keeping import BackupSettings
from lbzf_ros.store.keeping.archive import Archive
from test.store.keeping.writing import written


def main(database: Path, folder: Path) -> None:
    archive = Archive(database, folder, BackupSettings(checkpoint_mb=1, compression_level=1))
    connection = sqlite3.connect(database, timeout=30, isolation_level=None)
    while True:
        low, at_ns = written(connection), time.time_ns()
        step = archive.step(at_ns)
        line = {
            "at_ns": at_ns,
            "until_ns": time.time_ns(),
            "low": low,
            "high": written(connection),
            "new_base": step.new_base,
            "restarted": step.restarted,
        }
        print(json.dumps(line), flush=True)
        time.sleep(0.02)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
