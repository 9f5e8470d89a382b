"""Links in the documentation lead somewhere: to a file of the project, and to a heading that is there."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from lbzf_ros.resources import resource_path

ROOT = resource_path()
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md")])
ELSEWHERE = ("http://", "https://", "mailto:")


@functools.cache
def tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text("utf-8"))


def targets(page: Path) -> Iterator[str]:
    """Of links and pictures."""
    for token in tokens(page):
        for child in token.children or ():
            for name in ("href", "src"):
                if name in child.attrs:
                    yield str(child.attrs[name])


@functools.cache
def anchors(page: Path) -> set[str]:
    """What GitHub makes of headings: small letters, blanks to hyphens, without punctuation."""
    every = tokens(page)
    headings = [every[i + 1].children or [] for i, token in enumerate(every) if token.type == "heading_open"]
    texts = ["".join(part.content for part in parts).strip().lower() for parts in headings]
    return {re.sub(r"[^\w\- ]", "", text).replace(" ", "-") for text in texts}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in targets(page):
        if target.startswith(ELSEWHERE):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def test_there_is_something_to_look_at() -> None:
    assert len(PAGES) > 30
    assert sum(1 for page in PAGES for _ in targets(page)) > 100
