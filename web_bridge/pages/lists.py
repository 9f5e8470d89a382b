"""Lists that a page shows whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lbzf_ros.store.rows import Page

T = TypeVar("T")


def whole(part: Callable[[str | None], Page[T]]) -> list[T]:
    """All parts of a list; `part` gives the one after a key, with None the first."""
    rows, after = list[T](), None
    while True:
        page = part(after)
        rows += page.items
        after = page.next_key
        if after is None:
            return rows
