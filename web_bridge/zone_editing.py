"""Zones drawn in the browser: checked, versioned, audited, written into the plant file, taken over by the graph.

The plant file stays the one place that says how a station is measured. Rows and file change together: the file is
written inside the transaction, and put back when the transaction fails. Persistence notices the changed file within a
second and tells the graph, without a restart.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, event

from lbzf_ros.config.edit_station import with_station
from lbzf_ros.config.load import load_plant
from lbzf_ros.config.schema import Camera, Plant, corners_outside
from lbzf_ros.config.stations import StationConfig
from lbzf_ros.config.stations_of import with_stations_of
from lbzf_ros.core.errors import ConfigError, InvalidValue
from lbzf_ros.disk import write_whole
from lbzf_ros.store.people.audit import Actor, record
from lbzf_ros.store.people.errors import Conflict, NotThere, Several
from lbzf_ros.store.plant import enter_plant
from lbzf_ros.store.timestamps import to_text
from lbzf_ros.store.zone_versions import versions_in_force
from web_bridge.problems import wrong_values
from web_bridge.schemas.zones import CandidateStation, StationZonesChange, ZoneIn

_KEPT = 50
_MOST_WRONG = 10
_one_at_a_time = threading.Lock()


def config_of(
    plant: Plant,
    module: str,
    code: str,
    new: StationZonesChange | CandidateStation,
    *,
    camera: str | None = None,
) -> StationConfig:
    """The station as the plant file would have it; `camera` is that of a station that is not there yet.

    Raises:
        NotThere: no such module; or a new station without a camera.
        InvalidValue: the zones cannot be; the text says why.
    """
    if module not in {one.code for one in plant.modules}:
        raise NotThere(f"there is no module {module} in the plant file", "module_unknown", module=module)
    old = station_of(plant, module, code)
    values: dict[str, Any] = {} if old is None else old.model_dump(exclude_unset=True, mode="json")
    if old is None:
        if camera is None:
            raise NotThere(
                f"there is no workstation {module}/{code}; a new one needs its camera",
                "station_unknown",
                module=module,
                station=code,
            )
        values = {"code": code, "camera": camera}
        if isinstance(new, StationZonesChange):
            values |= {"display_name": new.display_name, "operation": new.operation}
            values |= {} if new.sequence_pos is None else {"sequence_pos": new.sequence_pos}
    values |= {"rule": new.rule, "zones": {name: _zone(zone) for name, zone in new.zones.items()}}
    if isinstance(new, StationZonesChange):
        kept = {
            name: value
            for name, value in values.get("limits", {}).items()
            if name not in type(new.limits).model_fields
        }
        values["limits"] = kept | new.limits.model_dump(exclude_none=True)
    try:
        return StationConfig.model_validate(values)
    except ValidationError as error:
        wrong = wrong_values(error.errors()[:_MOST_WRONG])
        raise Several("; ".join(f"{where}: {one}" for where, one in wrong.items()), wrong) from None


def check_inside(station: StationConfig, camera: Camera) -> None:
    """Refuse zones that do not lie in the camera's picture.

    Raises:
        Several: each zone outside.
    """
    width, height = camera.resolution_px
    wrong: dict[str, InvalidValue] = {}
    for name, (x, y) in corners_outside(station, camera):
        wrong[f"zones.{name}.polygon_px"] = InvalidValue(
            f"zone {name} of {station.code}: corner [{x:g}, {y:g}] is outside the picture of {camera.label} "
            f"(0 to {width} by 0 to {height} px)",
            "zone_outside",
            width=width,
            height=height,
        )
    if wrong:
        raise Several("; ".join(map(str, wrong.values())), wrong)


def with_candidate(plant: Plant, module: str, station: StationConfig) -> Plant:
    """A plant with a station in the place of the one of its code, or one more. Not checked as a whole."""
    modules = [
        one.model_copy(
            update={"workstations": [*(s for s in one.workstations if s.code != station.code), station]}
        )
        if one.code == module
        else one
        for one in plant.modules
    ]
    return plant.model_copy(update={"modules": modules})


def station_of(plant: Plant, module: str, code: str) -> StationConfig | None:
    """A station of a plant file; None: there is none."""
    return next(
        (s for m in plant.modules if m.code == module for s in m.workstations if s.code == code), None
    )


def enter_zones(  # noqa: PLR0913
    connection: Connection,
    actor: Actor,
    now_ns: int,
    *,
    file: Path,
    running: Plant,
    module: str,
    code: str,
    new: StationZonesChange,
    backups: Path,
) -> tuple[str, list[int]]:
    """Change a station in the plant file and in the database; gives its camera and its versions.

    Args:
        connection: inside a transaction that is committed next.
        actor: who drew them.
        now_ns: current time.
        file: the plant file.
        running: the plant as the graph runs it.
        module: code.
        code: of the station.
        new: how it shall be measured.
        backups: folder that keeps the files as they were.

    Raises:
        InvalidValue: the zones cannot be.
        NotThere: no such module or station.
        Conflict: somebody else has changed them, or the file cannot be changed.
    """
    with _one_at_a_time:
        before = versions_in_force(connection, module, code)
        if new.replaces is not None and sorted(new.replaces) != before:
            raise Conflict(
                f"the zones of {module}/{code} are versions {before} now, not {sorted(new.replaces)}: "
                "somebody else has changed them; look again",
                "zones_changed",
            )
        try:
            text = file.read_text("utf-8")
            plant = load_plant(file)
        except (OSError, ConfigError) as error:
            raise Conflict(f"the plant file cannot be read: {_short(error, file)}", "plant_file") from None
        station = config_of(plant, module, code, new, camera=new.camera)
        old = station_of(plant, module, code)
        for camera in plant.cameras:
            if camera.label == station.camera:
                check_inside(station, camera)
        try:
            changed = with_station(text, module, station, where=file.name, folder=file.resolve().parent)
        except ConfigError as error:
            raise InvalidValue(_short(error, file), "plant_file") from None
        if changed == text:
            return station.camera, before
        _write(file, changed, text, backups, now_ns)
        # Also when what follows in the transaction, or its commit, fails.
        event.listen(connection, "rollback", lambda _connection: write_whole(file, text.encode()))
        enter_plant(
            connection, with_stations_of(running, load_plant(file)), now_ns=now_ns, created_by=actor.name
        )
        record(
            connection,
            actor,
            now_ns=now_ns,
            action="zones.change" if old is not None else "workstation.create",
            subject=f"zones/{module}/{code}",
            before=None if old is None else _audited(old),
            after=_audited(station),
        )
        return station.camera, versions_in_force(connection, module, code)


def _zone(zone: ZoneIn) -> dict[str, Any]:
    return zone.model_dump(exclude_none=True)


def _audited(station: StationConfig) -> dict[str, Any]:
    return station.model_dump(mode="json", include={"rule", "zones", "limits", "camera"}, exclude_unset=True)


def _write(file: Path, changed: str, text: str, backups: Path, now_ns: int) -> None:
    stamp = to_text(now_ns).translate({ord("-"): None, ord(":"): None, ord("."): None})
    try:
        write_whole(backups / f"{stamp}_{file.name}", text.encode())
        write_whole(file, changed.encode())
    except OSError as error:
        raise Conflict(f"the plant file cannot be written: {error.strerror}", "plant_file") from None
    for old in sorted(backups.glob(f"*_{file.name}"))[:-_KEPT]:
        old.unlink(missing_ok=True)


def _short(error: BaseException, file: Path) -> str:
    """Without the folder: that is nothing for a page."""
    return str(error).replace(str(file.resolve().parent), "").replace(str(file.parent), "")[:2000]
