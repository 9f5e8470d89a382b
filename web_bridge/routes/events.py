"""Cycles and the picture of their start."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, HTTPException
from fastapi import Path as PathParameter
from starlette.responses import FileResponse

from lbzf_ros.store.reader import StoreReader
from lbzf_ros.store.rows import CycleRow
from web_bridge import rows
from web_bridge.errors import answers
from web_bridge.files import inside
from web_bridge.routes.parameters import (
    DEFAULT_PAGE,
    After,
    InContext,
    Limit,
    QualityQuery,
    Reader,
    StatusQuery,
    Which,
)
from web_bridge.schemas import Cycle, CyclePage

router = APIRouter(prefix="/events", tags=["events"])

Uid = Annotated[
    UUID,
    PathParameter(description="`event_uid` of the cycle.", examples=["5f0c2a52-8a3b-5c67-9d3e-0f6f0a4f5f5e"]),
]
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {}}, "description": "The picture."}
}


@router.get("")
def events(
    reader: Reader,
    which: Which,
    status: StatusQuery = None,
    quality: QualityQuery = None,
    limit: Limit = DEFAULT_PAGE,
    after: After = None,
) -> CyclePage:
    """Cycles that count, run or were given up; newest first. Those that do not count: `/api/v1/rejected`."""
    page = reader.cycles(replace(which, status=status, quality=quality), limit=limit, after=after)
    return CyclePage(items=[rows.cycle(row) for row in page.items], next_after=page.next_key)


@router.get("/{uid}", responses=answers(404))
def event(reader: Reader, uid: Uid) -> Cycle:
    """One cycle, rejected ones too."""
    return rows.cycle(_found(reader, uid))


@router.get("/{uid}/frame.jpg", response_class=FileResponse, responses={**answers(404, 410), **_PICTURE})
def frame(context: InContext, uid: Uid) -> FileResponse:
    """The picture in which a cycle began; 410: its time was up and it was removed."""
    row = _found(context.reader, uid)
    if row.frame_archived_at is not None:
        raise HTTPException(
            410, f"the picture of cycle {uid} was archived at {row.frame_archived_at}: its file is gone"
        )
    path = inside(context.data, row.source_frame_path)
    if path is None:
        raise HTTPException(404, f"there is no picture of cycle {uid}: not written yet, or lost")
    return FileResponse(
        path, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400, immutable"}
    )


def _found(reader: StoreReader, uid: UUID) -> CycleRow:
    row = reader.cycle(str(uid))
    if row is None:
        raise HTTPException(404, f"there is no cycle {uid}")
    return row
