"""Run a Dockerfile's steps in a folder that holds a root file system, where no container engine runs.

    sudo mmdebstrap --include=ca-certificates,python3 noble /tmp/root
    sudo cp --remove-destination /etc/resolv.conf /tmp/root/etc/
    sudo python3 deploy/dry_build.py /tmp/root --stage build --set UBUNTU_SNAPSHOT= --context .

It does what FROM, ARG, ENV, COPY, WORKDIR, SHELL and RUN of the stages say that lead to the chosen one (COPY --from is
left out), as root, by chroot. A trial, not an image: layers, users and what a base image brings are not the same.
Exit status: 0 every step worked; 1 one failed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

_CONTINUED = re.compile(r"\\\n\s*(?:#[^\n]*\n\s*)*")
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}|\$(\w+)")


@dataclass
class Stage:
    """A stage: what it is built from, and its instructions."""

    name: str
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)


def parse(text: str) -> tuple[dict[str, str], list[Stage]]:
    """Global arguments, and the stages in their order; steps are (INSTRUCTION, rest)."""
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    for line in _CONTINUED.sub("", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stages.append(Stage(name.strip(), base.strip()))
        elif word == "ARG" and not stages:
            name, _, value = rest.partition("=")
            arguments[name] = value
        elif word:
            stages[-1].steps.append((word, rest.strip()))
    return arguments, stages


def leading_to(name: str, stages: list[Stage], arguments: dict[str, str]) -> list[Stage]:
    """The stages that a stage is made of, first one first."""
    by_name = {stage.name: stage for stage in stages}
    found: list[Stage] = []
    while name in by_name:
        found.insert(0, by_name[name])
        name = expand(by_name[name].base, arguments)
    return found


def expand(text: str, values: dict[str, str]) -> str:
    """Put in the values of variables."""
    return _VARIABLE.sub(lambda found: values.get(found[1] or found[3], found[2] or ""), text)


class Root:
    """A root file system, with what has been set so far."""

    def __init__(self, folder: Path, context: Path, given: dict[str, str]) -> None:
        self._folder, self._context, self._given = folder, context, given
        self.variables: dict[str, str] = {}
        self._shell, self._work = ["/bin/sh", "-c"], "/"

    def step(self, word: str, rest: str) -> None:
        """Do what an instruction says; those that only describe an image do nothing."""
        if word == "ARG":
            name, _, value = rest.partition("=")
            self.variables[name] = self._given.get(name, value or self.variables.get(name, ""))
        elif word == "ENV":
            self.variables |= dict(item.split("=", 1) for item in shlex.split(rest))
        elif word == "SHELL":
            self._shell = json.loads(rest)
        elif word == "WORKDIR":
            self._work = expand(rest, self.variables)
            (self._folder / self._work.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif word == "COPY" and not rest.startswith("--from"):
            self._copy(rest)
        elif word == "RUN":
            self._run(rest)

    def _copy(self, rest: str) -> None:
        """Of the context what git knows."""
        source, target = rest.split()
        listed = subprocess.run(
            ["git", "-C", str(self._context), "ls-files", "-co", "--exclude-standard", source],
            capture_output=True,
            text=True,
            check=True,
        )
        for name in listed.stdout.splitlines():
            if name.startswith(("test/", "bench/")) or not (self._context / name).is_file():
                continue
            copy = self._folder / self._work.lstrip("/") / target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self._context / name, copy)

    def _run(self, command: str) -> None:
        inside = f"cd {shlex.quote(self._work)}; {command}"
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            **self.variables,
        }
        proxies = {
            name: value
            for name, value in os.environ.items()
            if name.lower().endswith(("_proxy", "index_url"))
        }
        subprocess.run(
            ["chroot", str(self._folder), *self._shell, inside], env=environment | proxies, check=True
        )


def main() -> None:
    """Do it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path, help="folder with a root file system; it is changed")
    parser.add_argument("--stage", default="build", help="stage to go to")
    parser.add_argument("--context", type=Path, default=Path(), help="what is copied from")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="build argument")
    arguments = parser.parse_args()
    given = dict(item.split("=", 1) for item in arguments.set)
    values, stages = parse((arguments.context / "Dockerfile").read_text("utf-8"))
    root = Root(arguments.root, arguments.context, given)
    for stage in leading_to(arguments.stage, stages, values | given):
        for word, rest in stage.steps:
            began_s = time.monotonic()
            print(f"[{stage.name}] {word} {rest[:100]}", flush=True)
            try:
                root.step(word, rest)
            except subprocess.CalledProcessError as error:
                sys.exit(f"error: [{stage.name}] {word}: exit status {error.returncode}")
            print(f"    {time.monotonic() - began_s:.1f} s", flush=True)


if __name__ == "__main__":
    main()
