"""What the documentation names exists: command lines of `lbzf` with their options, measurements, linked pages."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from lbzf_ros.cli import app, commands

assert commands  # registers every command
ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])

_BLOCK = re.compile(r"^```.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^(?:    |\t).*$", re.MULTILINE)
_INLINE = re.compile(r"`([^`]+)`")
_LBZF = re.compile(r"^(?:\w+=\S+ +)*(?:sudo +(?:-u +\w+ +)?)?(?:[\w./]*/)?lbzf\s+(?=\S)")
_BENCH = re.compile(r"-m (bench\.\w+)")
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
_ENDS = {"|", "||", "&&", ";", ">", ">>", "<", "#", "&", "→", "·"}


def shown(text: str) -> Iterator[str]:
    """Lines of code blocks, and code within sentences, of a page."""
    for block in _BLOCK.findall(text):
        yield from block.replace("\\\n", " ").splitlines()
    rest = _BLOCK.sub("", text)
    yield from (line.strip() for line in _INDENTED.findall(rest))
    yield from (" ".join(code.split()) for code in _INLINE.findall(rest))


def command_lines(text: str) -> list[list[str]]:
    """What follows `lbzf` in each command line of a page; brackets around what may be left out are gone."""
    found = []
    for line in shown(text):
        if match := _LBZF.match(line.strip()):
            lexer = shlex.shlex(re.sub(r"[\[\]]", " ", line[match.end() :]), posix=True)
            lexer.whitespace_split, lexer.quotes = True, ""
            found.append(_until_end([*lexer]))
    return found


def _until_end(words: list[str]) -> list[str]:
    ends = [place for place, word in enumerate(words) if word in _ENDS]
    return words[: ends[0]] if ends else words


def wrong(words: list[str], command: Any) -> str:
    """What of a command line does not exist; nothing when all does."""
    here, rest = command, list(words)
    path = ["lbzf"]
    while hasattr(here, "commands") and rest and not rest[0].startswith("-"):
        path.append(rest.pop(0))
        if path[-1] not in here.commands:
            return f"there is no command {' '.join(path)}"
        here = here.commands[path[-1]]
    known = {"--help"} | {name for given in here.params for name in (*given.opts, *given.secondary_opts)}
    for word in rest:
        option = re.match(r"-[-\w]+", word)
        if option and option[0] not in known:
            return f"{' '.join(path)} has no option {option[0]}"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_documented_command_exists(page: Path) -> None:
    command = typer.main.get_command(app)
    lines = command_lines(page.read_text("utf-8"))
    assert [f"{' '.join(line)}: {problem}" for line in lines if (problem := wrong(line, command))] == []


@pytest.mark.parametrize("page", [*PAGES, ROOT / "bench" / "README.md"], ids=lambda page: page.name)
def test_every_documented_measurement_exists(page: Path) -> None:
    names = set(_BENCH.findall(page.read_text("utf-8")))
    assert [name for name in sorted(names) if importlib.util.find_spec(name) is None] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = _LINK.findall(_BLOCK.sub("", page.read_text("utf-8")))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_what_does_not_exist_is_found() -> None:
    command = typer.main.get_command(app)
    block = "```\nA=1 sudo ./lbzf db prune \\\n  --dry # all\n```\n"
    page = f"`lbzf upp`, `./lbzf up [--pott 5]`\n\n{block}    lbzf video gaps --day 1\n"
    assert [wrong(line, command) for line in command_lines(page)] == [
        "lbzf db prune has no option --dry",
        "",
        "there is no command lbzf upp",
        "lbzf up has no option --pott",
    ]


def test_the_documentation_shows_commands() -> None:
    assert sum(len(command_lines(page.read_text("utf-8"))) for page in PAGES) > 100
