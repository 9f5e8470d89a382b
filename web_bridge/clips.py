"""The video of a cycle: `GET /api/v1/events/{uid}/clip.mp4`, cut out of the recording without encoding."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, HTTPException
from fastapi import Path as PathParameter
from sqlalchemy import Engine
from starlette.responses import FileResponse

from lbzf_ros.core.errors import SourceError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.engine import DATABASE_NAME, reading_engine
from lbzf_ros.store.rows import CycleRow
from lbzf_ros.store.video import RecordedSpan, missing_spans, recorded_spans
from lbzf_ros.video.clips import Clip, cut
from lbzf_ros.video.ledger import open_files
from web_bridge.context import Context
from web_bridge.errors import answers
from web_bridge.files import LargeFile
from web_bridge.in_turn import InTurn
from web_bridge.routes.parameters import InContext

AROUND_NS = 2 * NS_PER_S
"""Video before its start and after its end."""
LONGEST_NS = 3600 * NS_PER_S
_KEPT = 20
_FOLDER = Path("run", "clips")

router = APIRouter(prefix="/events", tags=["events"])
_cutting = InTurn(12, again_s=2)

_CLIP: dict[int | str, dict[str, Any]] = {
    200: {"content": {"video/mp4": {}}, "description": "The video."},
    206: {"content": {"video/mp4": {}}, "description": "The part that was asked for (Range)."},
}


@router.get(
    "/{uid}/clip.mp4", response_class=FileResponse, responses={**answers(404, 409, 410, 503), **_CLIP}
)
def clip(
    context: InContext,
    uid: Annotated[UUID, PathParameter(description="`event_uid` of the cycle.")],
) -> FileResponse:
    """The video of a cycle with 2 s before and after, as it was recorded.

    It begins with the key frame before that, so it may be some seconds longer; `X-Clip-Start` is the capture time of
    its first picture. `X-Clip-Missing-S`: how much of what belongs to it was not recorded. 409: the cycle still runs,
    or its end is not known; 410: its video went by the rules of keeping; 404 says why there never was any.
    """
    row = context.reader.cycle(str(uid))
    if row is None:
        raise HTTPException(404, f"there is no cycle {uid}")
    if row.end_ns is None:
        raise HTTPException(
            409, f"cycle {uid} is {row.status}: its end is not known, so neither is its video"
        )
    if row.camera is None:
        raise HTTPException(404, f"cycle {uid} names no camera, so there is no video of it")
    path, made, wanted_ns = _made(context, row, row.camera, row.end_ns)
    missing_s = max(0.0, (wanted_ns - made.recorded_ns) / NS_PER_S)
    headers = {
        "Cache-Control": "private, no-cache",
        "X-Clip-Start": _utc(made.start_ns),
        "X-Clip-End": _utc(made.end_ns),
        "X-Clip-Missing-S": f"{missing_s:.1f}",
    }
    return LargeFile(path, media_type="video/mp4", headers=headers)


def _made(context: Context, row: CycleRow, camera: str, end_ns: int) -> tuple[Path, Clip, int]:
    """The file, what is in it, and how much was wanted."""
    from_ns, to_ns = row.start_ns - AROUND_NS, min(end_ns, row.start_ns + LONGEST_NS) + AROUND_NS
    engine = reading_engine(context.data / DATABASE_NAME)
    try:
        recorded = recorded_spans(engine, camera, from_ns, to_ns)
        entered = {span.path for span in recorded}
        still_open = open_files(context.data, camera, from_ns, to_ns, entered)
        found = [(span.start_ns, span.path) for span in recorded if not span.deleted]
        paths = [path for _, path in sorted(found + [(s.start_ns, s.path) for s in still_open])]
        # The name says which pictures are in it: when more of the segment is on disk, it is another file.
        last_ns = max([s.end_ns for s in recorded] + [s.end_ns for s in still_open], default=0)
        target = context.data / _FOLDER / f"{row.event_uid}_{min(last_ns, to_ns)}.mp4"
        with _cutting.turn():
            try:
                made = cut(context.data, paths, from_ns, to_ns, target)
            except SourceError as error:
                raise HTTPException(503, str(error), headers={"Retry-After": "5"}) from None
            _forget_old(target.parent)
        if made is None:
            raise _none(engine, camera, row.start_ns, end_ns, recorded)
    finally:
        engine.dispose()
    return target, made, to_ns - from_ns


def _none(
    engine: Engine, camera: str, start_ns: int, end_ns: int, recorded: tuple[RecordedSpan, ...]
) -> HTTPException:
    span = f"{camera}, {_utc(start_ns)} to {_utc(end_ns)}"
    if any(one.deleted for one in recorded):
        return HTTPException(410, f"the video of {span} was recorded; its file went by the rules of keeping")
    gaps = missing_spans(engine, camera, start_ns, end_ns)
    why = (
        "; ".join(f"{gap.cause}: {gap.detail}" for gap in gaps)
        or "nobody knows why; was recording switched on?"
    )
    return HTTPException(404, f"{span} was not recorded: {why}")


def _forget_old(folder: Path) -> None:
    clips = sorted(folder.glob("*.mp4"), key=lambda path: path.stat().st_mtime_ns)
    for path in clips[:-_KEPT]:
        path.unlink(missing_ok=True)


def _utc(time_ns: int) -> str:
    time = dt.datetime.fromtimestamp(time_ns / NS_PER_S, dt.timezone.utc)
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"
