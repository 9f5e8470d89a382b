"""`lbzf test`: everything that must hold."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass

import typer

from lbzf_ros.core.errors import LbzfError
from lbzf_ros.environment import node_environment
from lbzf_ros.resources import resource_path


@dataclass(frozen=True, slots=True)
class _Check:
    name: str
    about: str
    command: tuple[str, ...]


_LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports_command as main; sys.exit(main())"
_CHECKS = (
    _Check("lint", "ruff: faults and style", ("-m", "ruff", "check", ".")),
    _Check("format", "ruff: layout", ("-m", "ruff", "format", "--check", ".")),
    _Check("types", "mypy --strict", ("-m", "mypy")),
    _Check("imports", "import-linter: who may import whom", ("-c", _LINT_IMPORTS)),
    _Check("tests", "pytest: unit, contract, graph and web tests", ("-m", "pytest")),
)
_ALL_TESTS = ["-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder"]
"""All of them in two processes; see test/conftest.py."""
_NAMES = ", ".join(check.name for check in _CHECKS)


def run_all(
    arguments: list[str] = typer.Argument(
        None,
        help="Handed on to pytest, e.g. test/core, or after -- also -k NAME; then only the tests are run.",
    ),
    only: list[str] = typer.Option([], "--only", help=f"Run only this check; may be repeated: {_NAMES}."),
) -> None:
    """Run everything that must hold: lint, format, types, imports and all tests. Under 10 minutes on 2 cores.

    Every check is run even if one before it fails; the exit status is 0 when all have passed.
    """
    root = resource_path()
    if not (root / "test").is_dir():
        raise LbzfError(f"{root}: has no tests. Run ./lbzf test in a source tree.")
    chosen = _choose(only or (["tests"] if arguments else []))
    failed: list[str] = []
    began_s = time.monotonic()
    for number, check in enumerate(chosen, 1):
        typer.secho(f"\n== {number}/{len(chosen)} {check.name} ({check.about})", bold=True)
        check_began_s = time.monotonic()
        command = [sys.executable, *check.command]
        if check.name == "tests":
            command += arguments or _ALL_TESTS
        status = subprocess.run(command, cwd=root, env=node_environment(), check=False).returncode
        took = f"{check.name}: {time.monotonic() - check_began_s:.0f} s"
        if status:
            failed.append(check.name)
        _verdict(took, passed=status == 0)
    _finish(failed, time.monotonic() - began_s)


def _choose(names: list[str]) -> list[_Check]:
    known = [check.name for check in _CHECKS]
    if unknown := [name for name in names if name not in known]:
        raise LbzfError(f"--only {unknown[0]}: no such check; there are {_NAMES}")
    return [check for check in _CHECKS if not names or check.name in names]


def _verdict(text: str, *, passed: bool) -> None:
    verdict = "passed" if passed else "FAILED"
    typer.secho(f"{verdict}: {text}", fg=typer.colors.GREEN if passed else typer.colors.RED)


def _finish(failed: list[str], took_s: float) -> None:
    typer.echo()
    if failed:
        _verdict(f"{', '.join(failed)} ({took_s:.0f} s in all)", passed=False)
        raise typer.Exit(1)
    _verdict(f"all ({took_s:.0f} s)", passed=True)
