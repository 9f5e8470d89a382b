"""Cycles that were seen and do not count."""

from __future__ import annotations

from fastapi import APIRouter

from web_bridge import rows
from web_bridge.routes.parameters import DEFAULT_PAGE, After, Limit, Reader, Which
from web_bridge.schemas import RejectedPage

router = APIRouter(tags=["events"])


@router.get("/rejected")
def rejected(reader: Reader, which: Which, limit: Limit = DEFAULT_PAGE, after: After = None) -> RejectedPage:
    """Cycles that do not count, newest first, each with every reason."""
    page = reader.rejected(which, limit=limit, after=after)
    return RejectedPage(items=[rows.rejected(row) for row in page.items], next_after=page.next_key)
