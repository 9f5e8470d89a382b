"""What there is: modules, cameras, workstations, standard times.

Of a part of a list, people with limited modules get their own items: it may be shorter than `limit` and not the last.
"""

from __future__ import annotations

from fastapi import APIRouter

from web_bridge import rows
from web_bridge.routes.parameters import DEFAULT_PAGE, After, Limit, Reader, Who
from web_bridge.schemas import CameraPage, ModulePage, StandardTimePage, WorkstationPage

router = APIRouter(tags=["plant"])


@router.get("/modules")
def modules(reader: Reader, who: Who, limit: Limit = DEFAULT_PAGE, after: After = None) -> ModulePage:
    """Production lines, also those that are no longer in the plant file (`active` false)."""
    page = reader.modules(limit=limit, after=after)
    return ModulePage(
        items=[rows.module(row) for row in page.items if who.may_see(row.code)], next_after=page.next_key
    )


@router.get("/cameras")
def cameras(reader: Reader, who: Who, limit: Limit = DEFAULT_PAGE, after: After = None) -> CameraPage:
    """Cameras as they are set up. Whether they deliver: `/api/v1/live`."""
    page = reader.cameras(limit=limit, after=after)
    seen = [rows.camera(row) for row in page.items if who.may_see(row.module)]
    return CameraPage(items=seen, next_after=page.next_key)


@router.get("/workstations")
def workstations(
    reader: Reader, who: Who, limit: Limit = DEFAULT_PAGE, after: After = None
) -> WorkstationPage:
    """Workstations with their standard time in force."""
    page = reader.workstations(limit=limit, after=after)
    seen = [rows.workstation(row) for row in page.items if who.may_see(row.module)]
    return WorkstationPage(items=seen, next_after=page.next_key)


@router.get("/standard-times")
def standard_times(reader: Reader, limit: Limit = DEFAULT_PAGE, after: After = None) -> StandardTimePage:
    """Standard times (SAM) with all their versions."""
    page = reader.standard_times(limit=limit, after=after)
    return StandardTimePage(items=[rows.standard_time(row) for row in page.items], next_after=page.next_key)
