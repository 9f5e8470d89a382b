"""The stations of a plant file that was changed, in a plant that is running."""

from __future__ import annotations

from lbzf_ros.config.schema import Module, Plant


def with_stations_of(running: Plant, changed: Plant) -> Plant:
    """A running plant with the stations (zones, rules, limits) of another one, as far as they can be taken over.

    Modules, cameras, detector and all else stay as they are until the next start: processes belong to them. A station
    whose camera does not run waits for that start too.
    """
    new = {module.code: module for module in changed.modules}
    modules = [_module(module, new.get(module.code)) for module in running.modules]
    return running.model_copy(update={"modules": modules})


def _module(running: Module, changed: Module | None) -> Module:
    if changed is None:
        return running
    cameras = {camera.label: camera.resolution_px for camera in running.cameras}
    sizes = {camera.label: camera.resolution_px for camera in changed.cameras}
    stations = [
        station
        for station in changed.workstations
        # Polygons refer to the size of the picture, which changes with the next start only.
        if station.camera in cameras and cameras[station.camera] == sizes.get(station.camera)
    ]
    return running.model_copy(update={"workstations": stations}) if stations else running
