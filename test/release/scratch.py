"""A site in a scratch folder, and releases for it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from lbzf_ros.release.build import build
from lbzf_ros.resources import resource_path
from test.support.ports import free_port

_HERE = Path(__file__).parent
_PYTHON = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
"""The Python behind the virtual environment: the target has nothing but its standard library."""
_MIGRATIONS = {
    1: ("CREATE TABLE cycles (who TEXT);", "DROP TABLE cycles;"),
    2: ("ALTER TABLE cycles ADD COLUMN quality REAL;", "ALTER TABLE cycles DROP COLUMN quality;"),
    3: ("CREATE INDEX by_who ON cycles (who);", "DROP INDEX by_who;"),
}


def make_release(
    folder: Path, version: str, schema: int, broken: str = "", extra: Mapping[str, str] | None = None
) -> Path:
    """The archive of a small release, built from a git checkout of its own."""
    source = folder / f"source-{version}"
    migrations = source / "db" / "migrations"
    migrations.mkdir(parents=True)
    for number in range(1, schema + 1):
        script, undo = _MIGRATIONS[number]
        (migrations / f"{number:04}_change.sql").write_text(script)
        (migrations / f"{number:04}_change.rollback.sql").write_text(undo)
    (source / "lbzf_ros").mkdir()
    (source / "lbzf_ros" / "__init__.py").write_text(f'__version__ = "{version}"\n')
    (source / "broken").write_text(broken)
    (source / "deploy").mkdir()
    shutil.copy(resource_path("deploy", "with_ros"), source / "deploy" / "with_ros")
    shutil.copy(_HERE / "standin.py", source / "lbzf")
    (source / "lbzf").chmod(0o755)
    for name, text in (extra or {}).items():
        file = source / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755 if text.startswith("#!") else 0o644)
    git = ["git", "-C", str(source), "-c", "user.name=x", "-c", "user.email=x@x"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    archive, _ = build(source, folder)
    return archive


class Plant:
    """A machine with a site and a data folder. What is started on it is ended by `off`."""

    def __init__(self, folder: Path) -> None:
        self.root, self.data, self.port = folder / "opt", folder / "data", free_port()
        (self.data / "run").mkdir(parents=True)
        self.programs = ""
        """A folder with programs that come before those of the machine."""
        words = f"{self.root} {self.data} {self.port}"
        self.settings = [
            *(
                f"--data={self.data}",
                "--plant=/plant.yaml",
                f"--health-url=http://127.0.0.1:{self.port}/healthz",
            ),
            *(
                f"--start=sh {_HERE / 'service.sh'} start {words}",
                f"--stop=sh {_HERE / 'service.sh'} stop {words}",
            ),
            *("--health-s=4", "--steady=1", "--keep=3"),
        ]

    def work(self, *words: str, kill_at: int = 0) -> subprocess.CompletedProcess[str]:
        """Run the worker; with `kill_at` it is killed just before the n-th thing that it does to the machine."""
        module = "test.release.killed" if kill_at else "lbzf_ros.release.worker"
        action, *rest = words
        return subprocess.run(
            [str(_PYTHON), "-m", module, action, "--root", str(self.root), *rest],
            env=_environment(self.programs) | {"KILL_AT": str(kill_at), "PYTHONPATH": str(resource_path())},
            capture_output=True,
            text=True,
            check=False,
        )

    def install(self, archive: Path, kill_at: int = 0) -> subprocess.CompletedProcess[str]:
        return self.work("install", *self.settings, str(archive), kill_at=kill_at)

    def off(self) -> None:
        """Switch the machine off."""
        self._service("stop")

    def on(self) -> None:
        """Switch it on: what was cut off is undone, then LBZF is started."""
        assert self.work("recover").returncode == 0
        self._service("start")

    def runs(self) -> str:
        """Version that answers and is well; empty: none."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return str(json.loads(answer.read())["software_version"])
        except (urllib.error.URLError, OSError):
            return ""

    def schema(self) -> int:
        return int(self.rows("SELECT version FROM schema_version")[0])

    def cycles(self) -> list[str]:
        """Who wrote each row, in their order."""
        return self.rows("SELECT who FROM cycles ORDER BY rowid")

    def rows(self, query: str) -> list[str]:
        with closing(sqlite3.connect(self.data / "lbzf.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return [row[0] for row in database.execute(query)]

    def current(self) -> str:
        return (self.root / "current").resolve().name

    def _service(self, action: str) -> None:
        words = [str(self.root), str(self.data), str(self.port)]
        subprocess.run(["sh", str(_HERE / "service.sh"), action, *words], env=_environment(), check=True)


def _environment(programs: str = "") -> dict[str, str]:
    folders = [programs, str(_PYTHON.parent), os.environ["PATH"]]
    return os.environ | {"PATH": os.pathsep.join(filter(None, folders))}
