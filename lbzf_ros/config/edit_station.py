"""A station put into the text of a plant file. Everything else stays as people wrote it, comments too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from lbzf_ros.config.edit import ZoneKey, with_polygons
from lbzf_ros.config.load import parse_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.config.stations import StationConfig
from lbzf_ros.core.errors import ConfigError

_EDITED = ("rule", "zones", "limits")
_FIRST = ("code", "display_name", "camera", "operation", "sequence_pos", *_EDITED)


def with_station(text: str, module: str, station: StationConfig, *, where: str, folder: Path) -> str:
    """The text of a plant file with other zones, rule and limits of a station, or with one station more.

    Args:
        text: the file's content.
        module: code.
        station: as it shall be; of one that is there, only rule, zones and limits are written.
        where: name of the file, for messages.
        folder: of the file.

    Raises:
        ConfigError: no such module, the station would not pass the checks of every plant file, or the file is written
            in a way in which the station cannot be changed alone.
    """
    before = _parse(text, where, folder)
    old = _find(before, module, station.code)
    if old is not None and _only_polygons(old, station):
        keys: dict[ZoneKey, list[tuple[float, float]]] = {
            (module, station.code, name): list(zone.polygon_px) for name, zone in station.zones.items()
        }
        new = with_polygons(text, keys, where=where)
    else:
        new = _edited(text, module, station, where, is_new=old is None)
    _check(before, _parse(new, f"{where}, with {module}/{station.code} changed", folder), module, station)
    return new


def _parse(text: str, where: str, folder: Path) -> Plant:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{where}: is no valid YAML: {getattr(error, 'problem', error)}") from None
    return parse_plant(data, where=where, folder=folder)


def _find(plant: Plant, module: str, code: str) -> StationConfig | None:
    return next(
        (s for m in plant.modules if m.code == module for s in m.workstations if s.code == code), None
    )


def _only_polygons(old: StationConfig, new: StationConfig) -> bool:
    def rest(station: StationConfig) -> Any:
        zones = {name: zone.model_dump(exclude={"polygon_px"}) for name, zone in station.zones.items()}
        return station.rule, station.limits, zones

    return bool(rest(old) == rest(new))


def _check(before: Plant, after: Plant, module: str, station: StationConfig) -> None:
    """What was written is what was meant, and nothing else has changed."""
    found = _find(after, module, station.code)
    same = found is not None and all(getattr(found, name) == getattr(station, name) for name in _EDITED)
    if not same or _others(before, module, station.code) != _others(after, module, station.code):
        raise ConfigError(
            f"{module}/{station.code} cannot be changed alone in this plant file (anchors, or an unusual form); "
            "edit the file by hand"
        )


def _others(plant: Plant, module: str, code: str) -> Any:
    values = plant.model_dump()
    for one in values["modules"]:
        if one["code"] == module:
            one["workstations"] = [station for station in one["workstations"] if station["code"] != code]
    return values


def _edited(text: str, module: str, station: StationConfig, where: str, *, is_new: bool) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    stations = _stations(root, module)
    if stations is None:
        raise ConfigError(f"{where}: there is no module {module}")
    if is_new:
        return _appended(text, stations, station, where)
    node = next(one for one in stations.value if _scalar(one, "code") == station.code)
    values = _values(station)
    edits: list[tuple[int, int, str]] = []
    inside = {key.value: (key, value) for key, value in node.value}
    for name in _EDITED:
        if name in inside:
            key, value = inside[name]
            if value.start_mark.index < key.end_mark.index:
                raise ConfigError(f"{where}: {name} of {station.code} is shared (*alias); write it out")
            edits.append((value.start_mark.index, _end(value), _as_text(values[name], value, name)))
        elif name in values:
            edits.append(_insertion(node, f"{name}: {_flow(values[name])}"))
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _values(station: StationConfig) -> dict[str, Any]:
    """What is not a default, as YAML has it; rule and zones always."""
    dumped = station.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    dumped["zones"] = {name: _zone(zone) for name, zone in dumped["zones"].items()}
    values = {name: dumped[name] for name in _FIRST if dumped.get(name) not in (None, "", {})}
    values["rule"] = station.rule
    values.setdefault("limits", {})
    return values


def _zone(zone: Mapping[str, Any]) -> dict[str, Any]:
    polygon = [[_number(x), _number(y)] for x, y in zone["polygon_px"]]
    return {name: _number(value) for name, value in zone.items() if name != "polygon_px"} | {
        "polygon_px": polygon
    }


def _number(value: Any) -> Any:
    if isinstance(value, float):
        value = round(value, 3)
        return int(value) if value.is_integer() else value
    return value


def _as_text(value: Any, old: yaml.Node, name: str) -> str:
    if name != "zones" or getattr(old, "flow_style", True):
        return _flow(value)
    indent = "\n" + " " * old.start_mark.column
    return indent.join(f"{_flow(zone)}: {_flow(values)}" for zone, values in value.items())


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=100_000, allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


def _insertion(node: yaml.MappingNode, entry: str) -> tuple[int, int, str]:
    """After the last value of a mapping."""
    end = _end(node.value[-1][1])
    glue = ", " if node.flow_style else "\n" + " " * node.start_mark.column
    return end, end, glue + entry


def _appended(text: str, stations: yaml.SequenceNode, station: StationConfig, where: str) -> str:
    if stations.flow_style:
        raise ConfigError(f"{where}: workstations are written as [...]; write them as a list of lines with -")
    end = _end(stations.value[-1])
    column = stations.start_mark.column
    values = _values(station)
    if not values["limits"]:
        del values["limits"]
    zones = values.pop("zones")
    lines = [f"{name}: {_flow(value)}" for name, value in values.items()]
    lines += ["zones:", *(f"  {_flow(zone)}: {_flow(value)}" for zone, value in zones.items())]
    entry = ("\n" + " " * (column + 2)).join(lines)
    return f"{text[:end]}\n{' ' * column}- {entry}{text[end:]}"


def _stations(root: yaml.Node | None, module: str) -> yaml.SequenceNode | None:
    modules = _child(root, "modules")
    for one in modules.value if isinstance(modules, yaml.SequenceNode) else ():
        if _scalar(one, "code") == module:
            found = _child(one, "workstations")
            return found if isinstance(found, yaml.SequenceNode) else None
    return None


def _child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _scalar(node: yaml.Node, key: str) -> str:
    child = _child(node, key)
    return child.value if isinstance(child, yaml.ScalarNode) else ""


def _end(node: yaml.Node) -> int:
    """Where a node's own text ends; a block's mark lies after the blank lines and comments that follow it."""
    if not getattr(node, "flow_style", True) and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(node, yaml.MappingNode) else last)
    return int(node.end_mark.index)
