"""What of the plant a reader sees: active modules and stations within their scope."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from starlette.exceptions import HTTPException

from lbzf_ros.store.reader import MAX_PAGE
from lbzf_ros.store.rows import ModuleRow, WorkstationRow
from web_bridge.context import Context
from web_bridge.pages.reader import Reader


def modules(context: Context, reader: Reader) -> list[ModuleRow]:
    """Modules that are in the plant now, in the order in which they were described."""
    rows = context.reader.modules(limit=MAX_PAGE).items
    return [row for row in rows if row.active and reader.may_see(row.code)]


def module(context: Context, reader: Reader, code: str) -> ModuleRow:
    """One of them.

    Raises:
        HTTPException: 404, there is none, or it is not theirs.
    """
    for row in modules(context, reader):
        if row.code == code:
            return row
    raise HTTPException(404, f"there is no module {code}")


def stations(context: Context, code: str) -> list[WorkstationRow]:
    """Stations of a module that are in the plant now, in line order."""
    found = [row for row in _every_station(context) if row.module == code and row.active]
    return sorted(found, key=lambda row: (row.sequence_pos is None, row.sequence_pos or 0, row.code))


def any_station(context: Context, module_code: str, code: str) -> WorkstationRow | None:
    """A station, also one that is no longer in the plant; None: there never was one."""
    return next(
        (row for row in _every_station(context) if (row.module, row.code) == (module_code, code)), None
    )


def station(line: Iterable[WorkstationRow], module_code: str, code: str) -> WorkstationRow:
    """One of the stations of a module.

    Raises:
        HTTPException: 404, there is none.
    """
    for row in line:
        if row.code == code:
            return row
    raise HTTPException(404, f"there is no station {module_code}/{code}")


def _every_station(context: Context) -> Iterator[WorkstationRow]:
    after: str | None = None
    while True:
        page = context.reader.workstations(limit=MAX_PAGE, after=after)
        yield from page.items
        after = page.next_key
        if after is None:
            return
