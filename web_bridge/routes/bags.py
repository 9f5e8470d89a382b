"""Bags (`lbzf record`) to take away: they lie in the data folder, one folder each."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from fastapi import Path as PathParameter
from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from lbzf_ros.bags import BAGS
from lbzf_ros.store.timestamps import to_text
from web_bridge.errors import answers
from web_bridge.files import LargeFile, inside
from web_bridge.routes.parameters import DEFAULT_PAGE, InContext, Limit
from web_bridge.schemas.system import BAG_FILE, BAG_NAME, Bag, BagFile, BagPage

MAX_FILES = 1000
"""Of one bag that are listed: a day in pieces of a minute and a half."""
router = APIRouter(prefix="/bags", tags=["bags"])

_BINARY = "application/octet-stream"
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {_BINARY: {}}, "description": "The file."},
    206: {"content": {_BINARY: {}}, "description": "The part that was asked for (Range)."},
}
_Bag = Annotated[
    str, PathParameter(pattern=BAG_NAME, description="Name of the bag.", examples=["20260715_110000"])
]
_Name = Annotated[
    str,
    PathParameter(pattern=BAG_FILE, description="One of its files.", examples=["20260715_110000_0.mcap"]),
]
_After = Annotated[
    str | None,
    Query(pattern=BAG_NAME, description="`next_after` of the part before. Absent: from the beginning."),
]


@router.get("")
def bags(context: InContext, limit: Limit = DEFAULT_PAGE, after: _After = None) -> BagPage:
    """Bags of the data folder, the last name (so the newest) first, with their files."""
    folder = context.data / BAGS
    names = sorted(
        (path.name for path in folder.glob("*") if path.is_dir() and re.search(BAG_NAME, path.name)),
        reverse=True,
    )
    left = [name for name in names if after is None or name < after]
    return BagPage(
        items=[_bag(folder / name) for name in left[:limit]],
        next_after=left[limit - 1] if len(left) > limit else None,
    )


@router.get("/{bag}/{name}", response_class=FileResponse, responses={**answers(404), **_FILE})
def bag_file(context: InContext, bag: _Bag, name: _Name) -> FileResponse:
    """A file of a bag, whole or in parts (`Range`). Of one that is being recorded: what is on the disk so far."""
    path = inside(context.data, f"{BAGS}/{bag}/{name}", folder=BAGS, suffix=Path(name).suffix)
    if path is None:
        raise HTTPException(404, f"there is no file {name} of a bag {bag}")
    headers = {"Cache-Control": "private, no-cache"}
    return _Growing(path, media_type=_BINARY, filename=name, headers=headers)


class _Sent(Exception):
    """All that was announced is sent."""


class _Growing(LargeFile):
    """A file that may grow while it is sent: no more is sent than its length was when the answer began."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        left: int | None = None

        async def cut(message: Message) -> None:
            nonlocal left
            if message["type"] == "http.response.start":
                lengths = [value for name, value in message["headers"] if name == b"content-length"]
                left = int(lengths[0]) if lengths else None
            elif message["type"] == "http.response.body" and left is not None:
                message["body"] = message.get("body", b"")[:left]
                left -= len(message["body"])
                message["more_body"] = message.get("more_body", False) and left > 0
            await send(message)
            if left == 0 and message["type"] == "http.response.body":
                raise _Sent  # else it would be read for as long as it grows

        with suppress(_Sent):
            await super().__call__(scope, receive, cut)


def _bag(folder: Path) -> Bag:
    files = [
        _file(path) for path in sorted(folder.iterdir()) if re.search(BAG_FILE, path.name) and path.is_file()
    ]
    return Bag(
        name=folder.name,
        size_bytes=sum(one.size_bytes for one in files),
        changed=max((one.changed for one in files), default=to_text(folder.stat().st_mtime_ns)),
        files=files[:MAX_FILES],
    )


def _file(path: Path) -> BagFile:
    state = path.stat()
    return BagFile(name=path.name, size_bytes=state.st_size, changed=to_text(state.st_mtime_ns))
