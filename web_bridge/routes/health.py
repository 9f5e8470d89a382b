"""Whether the system works, for whoever watches over it."""

from __future__ import annotations

import shutil

from fastapi import APIRouter, Response

from lbzf_ros import __version__
from lbzf_ros.core.errors import StoreError
from lbzf_ros.store.engine import DATABASE_NAME, transaction
from lbzf_ros.store.keeping.status import KeepingStatus, backup_status
from lbzf_ros.store.timestamps import to_text
from web_bridge.context import Context
from web_bridge.database import Database
from web_bridge.routes.parameters import InContext, InDatabase
from web_bridge.schemas import Health
from web_bridge.schemas.system import BackupHealth, SystemHealth

router = APIRouter(tags=["health"])
system = APIRouter(tags=["health"])


@router.get("/healthz", responses={503: {"model": Health, "description": "Something is missing"}})
async def healthz(context: InContext, response: Response) -> Health:
    """200 when every node of the plant has published diagnostics recently, otherwise 503 and what is missing.

    A camera that is off line does not count: the graph works without it.
    """
    health = context.health()
    response.headers["Cache-Control"] = "no-store"
    if health.status != "up":
        response.status_code = 503
    return health


@system.get("/health")
def system_health(context: InContext, database: InDatabase) -> SystemHealth:
    """Nodes, cameras, disk, database and backups, as an admin looks at them. Always 200: it says what is wrong."""
    graph = context.health()
    usage = shutil.disk_usage(context.data) if context.data.exists() else None
    path = context.data / DATABASE_NAME
    return SystemHealth(
        status=graph.status,
        missing=graph.missing,
        alarms=context.alarms(),
        nodes=graph.nodes,
        cameras=context.cameras(),
        software_version=__version__,
        schema_version=_schema_version(database),
        database_bytes=path.stat().st_size if path.exists() else None,
        disk_free_bytes=usage.free if usage else None,
        disk_bytes=usage.total if usage else None,
        backup=_backup(context),
    )


def _schema_version(database: Database) -> int | None:
    try:
        with transaction(database.reading, "read its version") as connection:
            found: int = connection.exec_driver_sql("SELECT version FROM schema_version").scalar_one()
            return found
    except StoreError:
        return None


def _backup(context: Context) -> BackupHealth | None:
    try:
        status = backup_status(context.data)
    except StoreError:
        return None
    return _said(status, status.backup_age_h(context.clock_ns()))


def _said(status: KeepingStatus, age_h: float | None) -> BackupHealth:
    return BackupHealth(
        last_success=_time(status.backup.success_ns),
        age_h=None if age_h is None else round(age_h, 2),
        size_bytes=status.backup.size_bytes if status.backup.success_ns else None,
        error=status.backup.error,
        second_place_missing=status.second_place.missing,
        continuous_last=_time(status.continuous.success_ns),
        integrity_checked=_time(status.integrity.at_ns),
        integrity_problems=list(status.integrity.problems),
    )


def _time(time_ns: int) -> str | None:
    return to_text(time_ns) if time_ns else None
