"""`/admin`: is the system well, who may do what, who changed what, and files to take away."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request
from starlette.responses import HTMLResponse

from lbzf_ros.store.people.audit import AuditFilter, AuditRow, audit_rows
from web_bridge.access.identity import identity_of
from web_bridge.context import Context
from web_bridge.pages import plant
from web_bridge.pages.days import AskedDay
from web_bridge.pages.reader import reader_of
from web_bridge.pages.rendering import render
from web_bridge.pages.routing import page_router
from web_bridge.routes.bags import bags
from web_bridge.routes.exports import exports
from web_bridge.routes.health import system_health
from web_bridge.routes.parameters import After, InContext, InDatabase

router = page_router()
_CAMERA = re.compile(r"cam[0-9]+")
_CHANGES, _FILES, _MAX_SHOWN = 25, 20, 600
_Words = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody of the roles file; `modules` None: all."""

    name: str
    role: str
    modules: str | None


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A row of the audit trail; before and after only where they differ."""

    row: AuditRow
    before: str
    after: str


@router.get("/admin")
def admin(
    request: Request,
    context: InContext,
    database: InDatabase,
    day: AskedDay,
    actor: _Words = "",
    subject: _Words = "",
    after: After = None,
) -> HTMLResponse:
    """The admin's page."""
    modules = plant.modules(context, reader_of(request))
    health = system_health(context, database)
    which = AuditFilter(actor=actor.strip() or None, subject=subject.strip() or None)
    changes = audit_rows(database.reading, which, limit=_CHANGES, after=after)
    asked = {key: value for key, value in (("actor", actor.strip()), ("subject", subject.strip())) if value}
    return render(
        request,
        "admin.html",
        here="admin",
        module=modules[0].code if modules else None,
        modules=modules,
        health=health,
        spoken={name: _spoken(name) for name in [*health.missing, *(one.name for one in health.nodes)]},
        people=_people(context),
        roles_problem=bool(context.access.roles.problem),
        providers=context.access.settings.providers,
        changes=[_shown(row) for row in changes.items],
        asked=asked,
        first=f"/admin?{urlencode(asked)}" if after is not None else None,
        older=f"/admin?{urlencode({**asked, 'after': changes.next_key})}" if changes.next_key else None,
        files=exports(context, database, identity_of(request), limit=_FILES).items,
        bags=bags(context, limit=_FILES).items,
        day=day,
    )


def _people(context: Context) -> list[KnownPerson]:
    return [
        KnownPerson(name, one.role, None if one.modules is None else ", ".join(one.modules))
        for name, one in sorted(context.access.roles.people().items())
    ]


def _spoken(node: str) -> tuple[str, str]:
    """Key of the word for a node, and the camera that it is for; as in `header.js`."""
    kind, _, label = node.rpartition("_")
    return (f"node_{kind}", label) if _CAMERA.fullmatch(label) else (f"node_{node}", "")


def _shown(row: AuditRow) -> ShownChange:
    before, after = row.before or {}, row.after or {}
    same = {key for key in before if key in after and before[key] == after[key]}
    return ShownChange(row, _text(before, same), _text(after, same))


def _text(values: Mapping[str, Any], without: set[str]) -> str:
    left = {key: value for key, value in values.items() if key not in without}
    return json.dumps(left, ensure_ascii=False)[:_MAX_SHOWN] if left else ""
