"""Pages of a list, by key."""

from __future__ import annotations

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.timestamps import from_text, to_text

MAX_PAGE = 500
"""Most rows that one call gives."""


def page_limit(limit: int) -> int:
    """Rows of a page.

    Raises:
        InvalidValue: fewer than one or more than `MAX_PAGE`.
    """
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidValue(f"limit {limit}: must be 1 to {MAX_PAGE}")
    return limit


def id_key(after: str) -> int:
    """Row id in the key of a page.

    Raises:
        InvalidValue: no list has given such a key.
    """
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise InvalidValue(f"page key {after[:80]!r}: is not one that a list has given")
    return int(after)


def time_key(after: str) -> tuple[str, int]:
    """Time and row id in the key of a page of a list by time.

    Raises:
        InvalidValue: no list has given such a key.
    """
    start, _, row_id = after.partition("~")
    return to_text(from_text(start)), id_key(row_id)
