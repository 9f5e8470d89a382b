"""What is known, as the API says it: the present state of the line and the health of the graph."""

from __future__ import annotations

from functools import lru_cache
from statistics import median
from typing import Literal

from lbzf_ros.core.model import NS_PER_S, Activity, Drift
from lbzf_ros.store.rows import CameraRow, RecentCycle, WorkstationRow
from lbzf_ros.store.timestamps import to_text
from web_bridge import schemas
from web_bridge.live import SILENT_AFTER_S, CameraState, HeardCamera, HeardView, Now

_DARK = (CameraState.OFFLINE, CameraState.ENDED)
Alarm = Literal["not_written", "disk_low", "backups"]
_ALARMS: dict[str, Alarm] = {"database": "not_written", "disk": "disk_low", "backups": "backups"}
"""Parts of the diagnostics of persistence that everybody is told of when they are in error."""
_VIEWS = {
    Drift.OK: "ok",
    Drift.DRIFTED: "drifted",
    Drift.UNKNOWN: "unknown",
    Drift.UNCHECKED: "unchecked",
}
_STATES = {Activity.IDLE: "idle", Activity.IN_CYCLE: "in_cycle", Activity.UNKNOWN: "unknown"}


def live(now: Now, *, recent_cycles: int, clock_ns: int, now_s: float) -> schemas.Live:
    """Everything that the live page shows.

    Args:
        now: the present state.
        recent_cycles: most cycles given for one station.
        clock_ns: wall clock, for the page's own clock only.
        now_s: monotonic clock.
    """
    stations = now.line.workstations
    return schemas.Live(
        server_time=to_text(clock_ns),
        plant=plant(now, recent_cycles),
        graph=schemas.LiveGraph(
            up=now.is_up(now_s), missing=now.missing_nodes(now_s), alarms=alarms(now, now_s)
        ),
        cameras=cameras(now, now_s),
        states=[state(row, now, now_s) for row in stations],
        cycles=[cycles(row, now.cycles.get((row.module, row.code), ())) for row in stations],
    )


def within(whole: schemas.Live, modules: frozenset[str] | None) -> schemas.Live:
    """What a person who may see these modules is shown; None: all of it."""
    if modules is None:
        return whole
    shown = {
        "plant": whole.plant.model_copy(
            update={
                "modules": [module for module in whole.plant.modules if module.code in modules],
                "stations": [station for station in whole.plant.stations if station.module in modules],
            }
        ),
        "cameras": [one for one in whole.cameras if one.module in modules],
        "states": [one for one in whole.states if one.module in modules],
        "cycles": [one for one in whole.cycles if one.module in modules],
    }
    return whole.model_copy(update=shown)


def alarms(now: Now, now_s: float) -> list[Alarm]:
    """What is wrong with the keeping of what is measured, as persistence says it."""
    heard = now.nodes.get("persistence")
    if heard is None or not now.is_heard("persistence", now_s):
        return []
    return [alarm for part, alarm in _ALARMS.items() if part in heard.errors]


def plant(now: Now, recent_cycles: int) -> schemas.LivePlant:
    """What changes only with the plant file."""
    facts = now.plant
    return schemas.LivePlant(
        known=facts is not None,
        name=facts.name if facts else None,
        time_zone=facts.time_zone if facts else None,
        software_version=facts.software_version if facts else None,
        recent_cycles=recent_cycles,
        modules=[
            schemas.LiveModule(
                code=row.code, display_name=row.display_name, product_reference=row.product_reference
            )
            for row in now.line.modules
        ],
        stations=[
            schemas.LiveStation(
                module=row.module,
                code=row.code,
                display_name=row.display_name,
                operation=row.operation,
                camera=row.camera,
                sam_s=row.sam_s,
            )
            for row in now.line.workstations
        ],
    )


def _view(row: CameraRow, now: Now, now_s: float) -> HeardView | None:
    """What is known of a camera's view; nothing while the detector is silent."""
    return now.views.get(row.label) if now.is_heard("detector", now_s) else None


def cameras(now: Now, now_s: float) -> list[schemas.LiveCamera]:
    """Whether each camera of the plant delivers."""
    return [
        camera(row, now.cameras.get(row.label), _view(row, now, now_s), now_s) for row in now.line.cameras
    ]


def camera(
    row: CameraRow, heard: HeardCamera | None, view: HeardView | None, now_s: float
) -> schemas.LiveCamera:
    """Whether a camera delivers; a driver that says nothing makes it unknown, whatever it said before."""
    silent = heard is None or now_s - heard.heard_s > SILENT_AFTER_S
    report = heard.report if heard else None
    frame_s = heard.frame_s if heard and heard.report.state is not CameraState.ENDED else None
    if silent or report is None or report.state is CameraState.OFFLINE:
        view = None
    return schemas.LiveCamera(
        label=row.label,
        module=row.module,
        state=CameraState.UNKNOWN if silent or report is None else report.state,
        last_frame=to_text(report.last_frame_ns) if report and report.last_frame_ns else None,
        last_frame_age_s=None if frame_s is None else float(int(now_s - frame_s)),
        fps=None if silent or report is None else round(report.fps, 1),
        detail=report.detail if report else "",
        view=_VIEWS[view.drift] if view else None,  # type: ignore[arg-type]  # the four words of the schema
        shift_px=view.shift_px if view else None,
    )


def state(row: WorkstationRow, now: Now, now_s: float) -> schemas.LiveStationState:
    """What a station is doing; nothing is known of it when its camera shows nothing new."""
    heard = now.stations.get((row.module, row.code))
    seen = now.cameras.get(row.camera or "")
    dark = seen is not None and seen.report.state in _DARK
    if heard is None or dark or now_s - heard.heard_s > SILENT_AFTER_S:
        return schemas.LiveStationState(
            module=row.module, workstation=row.code, state="unknown", occupied=None, running=None
        )
    running = None
    if heard.state.activity is Activity.IN_CYCLE:
        start_ns = heard.state.start_ns
        running = schemas.RunningCycle(
            event_uid=heard.state.event_uid,
            start=to_text(start_ns),
            elapsed_s=round((heard.stamp_ns - start_ns) / NS_PER_S, 1),
        )
    return schemas.LiveStationState(
        module=row.module,
        workstation=row.code,
        state=_STATES[heard.state.activity],  # type: ignore[arg-type]  # the three words of the schema
        occupied=heard.state.occupied,
        running=running,
    )


@lru_cache(maxsize=1024)  # they change with a station's next cycle, and pages look every second
def cycles(row: WorkstationRow, recent: tuple[RecentCycle, ...]) -> schemas.LiveCycles:
    """The newest finished cycles of a station against its standard time."""
    median_s = median(cycle.duration_s for cycle in recent) if recent else None
    versus = 100 * (median_s / row.sam_s - 1) if median_s is not None and row.sam_s else None
    return schemas.LiveCycles(
        module=row.module,
        workstation=row.code,
        cycles=[
            schemas.LiveCycle(
                event_uid=cycle.event_uid,
                start=to_text(cycle.start_ns),
                end=to_text(cycle.end_ns),
                duration_s=cycle.duration_s,
                quality=cycle.quality,  # type: ignore[arg-type]  # the database allows the same three words
            )
            for cycle in recent
        ],
        median_s=None if median_s is None else round(median_s, 3),
        versus_sam_percent=None if versus is None else round(versus, 1),
    )


def health(now: Now, *, now_s: float) -> schemas.Health:
    """Whether the graph works, node by node."""
    names = now.plant.nodes if now.plant else tuple(sorted(now.nodes))
    return schemas.Health(
        status="up" if now.is_up(now_s) else "starting",
        missing=now.missing_nodes(now_s) if now.plant else ["plant_info"],
        nodes=[_node(name, now, now_s) for name in names],
        cameras=[
            _camera_health(camera(row, now.cameras.get(row.label), None, now_s)) for row in now.line.cameras
        ],
        software_version=now.plant.software_version if now.plant else None,
    )


def _camera_health(seen: schemas.LiveCamera) -> schemas.CameraHealth:
    return schemas.CameraHealth(label=seen.label, state=seen.state, last_frame_age_s=seen.last_frame_age_s)


def _node(name: str, now: Now, now_s: float) -> schemas.NodeHealth:
    heard = now.nodes.get(name)
    return schemas.NodeHealth(
        name=name,
        heard=now.is_heard(name, now_s),
        silent_s=None if heard is None else round(now_s - heard.heard_s, 1),
        errors=dict(heard.errors) if heard else {},
        warnings=dict(heard.warnings) if heard else {},
    )
