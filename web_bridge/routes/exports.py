"""Workbooks: made when they are asked for, listed, taken away."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from fastapi import Path as PathParameter
from sqlalchemy import Connection
from starlette.responses import FileResponse, Response

from lbzf_ros.core.errors import InvalidValue, LbzfError, StoreError
from lbzf_ros.core.shift_hours import local_time
from lbzf_ros.reports.workbook.export import EXPORTS, Busy, Order, export_day
from lbzf_ros.store.people.audit import Actor, record
from lbzf_ros.store.timestamps import to_text
from web_bridge.errors import Refusal, answers
from web_bridge.export_scope import account_of, is_theirs, made_for, subject_of
from web_bridge.files import inside
from web_bridge.routes.parameters import DEFAULT_PAGE, InContext, InDatabase, Limit, Who
from web_bridge.schemas.system import EXPORT_NAME, ExportFile, ExportMade, ExportNew, ExportPage
from web_bridge.writing import Writer, writes

router = APIRouter(prefix="/exports", tags=["exports"])

FIRST_DAY = dt.date(2000, 1, 1)
_LOG = logging.getLogger("web_bridge")
_KINDS = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12",
    ".csv": "text/csv",
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {} for kind in _KINDS.values()}, "description": "The file."}
}
_Name = Annotated[
    str,
    PathParameter(
        pattern=EXPORT_NAME, description="Name of the file.", examples=["indicadores-2026-07-15.xlsx"]
    ),
]

_After = Annotated[
    str | None,
    Query(pattern=EXPORT_NAME, description="`next_after` of the part before. Absent: from the beginning."),
]


@router.get("")
def exports(
    context: InContext,
    database: InDatabase,
    who: Who,
    limit: Limit = DEFAULT_PAGE,
    after: _After = None,
) -> ExportPage:
    """Files that were written, the last name (so the newest day) first.

    People with limited modules get those that were made here of one of their modules.
    """
    folder = context.data / EXPORTS
    found = sorted((path for path in folder.glob("*.*") if path.suffix in _KINDS), reverse=True)
    if who.modules is not None:
        theirs = made_for(database.reading, who)
        found = [path for path in found if path.name in theirs]
    left = [path for path in found if after is None or path.name < after]
    items = [_file(path) for path in left[:limit]]
    return ExportPage(items=items, next_after=items[-1].name if len(left) > limit else None)


@router.post("", **writes(ExportMade, status=201))
def make(writer: Writer, context: InContext, new: ExportNew) -> Response:
    """Write the workbook of a day or a shift with its CSV mirror. A day that is over always gives the same bytes."""
    order = Order(
        data=context.data,
        plant=context.present.now(),
        day=_day(new.date, context.clock_ns(), context.time_zone),
        now_ns=context.clock_ns(),
        shift=new.shift,
        module=new.module,
    )
    try:
        done = export_day(order)
    except Busy as error:
        raise Refusal(503, str(error), "export_busy", headers={"Retry-After": "5"}) from None
    except (InvalidValue, StoreError):
        raise
    except LbzfError as error:
        _LOG.error("export of %s: %s", new.date, error)
        raise Refusal(
            503,
            "the workbook cannot be written; the log says why",
            "export_failed",
            headers={"Retry-After": "60"},
        ) from None
    made = ExportMade(workbook=done.workbook.name, csv=[path.name for path in done.csv], rows=done.rows)
    after = account_of([done.workbook, *done.csv], done.rows, new.module)

    def audit(connection: Connection, actor: Actor, now_ns: int) -> ExportMade:
        subject = subject_of(made.workbook)
        record(
            connection,
            actor,
            now_ns=now_ns,
            action="export.create",
            subject=subject,
            before=None,
            after=after,
        )
        return made

    return writer.answer("export a day", audit, status=201)


@router.get("/{name}", response_class=FileResponse, responses={**answers(404), **_FILE})
def export(context: InContext, database: InDatabase, who: Who, name: _Name) -> FileResponse:
    """A file to take away."""
    path = inside(context.data, f"{EXPORTS}/{name}", folder=EXPORTS, suffix=Path(name).suffix)
    if path is None or not (who.modules is None or is_theirs(path, made_for(database.reading, who))):
        raise HTTPException(404, f"there is no export {name}")
    headers = {"Cache-Control": "private, no-cache"}
    return FileResponse(path, media_type=_KINDS[path.suffix], filename=name, headers=headers)


def _day(text: str, now_ns: int, time_zone: str) -> dt.date:
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        raise InvalidValue(f"{text}: is no day", "day_unknown") from None
    today = local_time(now_ns, time_zone).date()
    if not FIRST_DAY <= found <= today:
        raise InvalidValue(
            f"{text}: must be a day from {FIRST_DAY} to today",
            "day_outside",
            least=FIRST_DAY.isoformat(),
            most=today.isoformat(),
        )
    return found


def _file(path: Path) -> ExportFile:
    state = path.stat()
    return ExportFile(name=path.name, size_bytes=state.st_size, changed=to_text(state.st_mtime_ns))
