"""Write the .lock files from the .in files: one resolution for all, cut into three files.

    python -m pip install uv
    python requirements/lock.py [--upgrade]

`runtime.lock` holds what every machine needs, `ros.lock` what a machine without ROS needs in addition and
`dev.lock` what the tests need in addition. All are resolved together for every supported Python, so any
combination of the three fits. Versions already locked are kept unless --upgrade is given.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
GROUPS = ("runtime", "ros", "dev")
OLDEST_PYTHON = "3.10"
HEADER = "# Written by requirements/lock.py from {sources}. Do not edit.\n"

_NAME = re.compile(r"^([a-z0-9][a-z0-9._-]*)==")


def main() -> None:
    """Resolve everything once, then cut the answer into the three files."""
    everything = _resolve(GROUPS, known=_previous(keep="--upgrade" not in sys.argv[1:]))
    runtime = _names(_resolve(("runtime",), known=everything))
    ros = _names(_resolve(("runtime", "ros"), known=everything)) - runtime
    _write("runtime", everything, runtime)
    _write("ros", everything, ros)
    _write("dev", everything, _names(everything) - runtime - ros)


def _previous(*, keep: bool) -> str:
    if not keep:
        return ""
    return "".join(path.read_text("utf-8") for name in GROUPS if (path := HERE / f"{name}.lock").exists())


def _resolve(groups: tuple[str, ...], *, known: str) -> str:
    """Resolve some of the .in files; versions in `known` are preferred."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out.txt"
        output.write_text(known, "utf-8")
        command = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", OLDEST_PYTHON]
        command += ["--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url"]
        command += ["--output-file", str(output), *(f"requirements/{name}.in" for name in groups)]
        subprocess.run(command, check=True, cwd=HERE.parent)  # there it finds [tool.uv] of pyproject.toml
        return output.read_text("utf-8")


def _blocks(text: str) -> list[tuple[str, str]]:
    """Cut a resolution into (name, lines of that version with its hashes)."""
    blocks: list[tuple[str, str]] = []
    for line in text.splitlines(keepends=True):
        if match := _NAME.match(line):
            blocks.append((match[1], line))
        elif blocks and line.startswith(" "):
            blocks[-1] = (blocks[-1][0], blocks[-1][1] + line)
    return blocks


def _names(text: str) -> set[str]:
    return {name for name, _ in _blocks(text)}


def _write(group: str, text: str, names: set[str]) -> None:
    lines = [block for name, block in _blocks(text) if name in names]
    sources = ", ".join(f"{name}.in" for name in GROUPS)
    (HERE / f"{group}.lock").write_text(HEADER.format(sources=sources) + "".join(lines), "utf-8")
    print(f"{group}.lock: {len(names)} packages")


if __name__ == "__main__":
    main()
