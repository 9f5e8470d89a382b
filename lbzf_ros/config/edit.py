"""Polygons put into the text of a plant file. Everything else stays as people wrote it, comments too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

from lbzf_ros.core.errors import ConfigError

ZoneKey = tuple[str, str, str]
"""Module code, workstation code, name of the zone."""
Polygon = Sequence[tuple[float, float]]


def with_polygons(text: str, polygons: Mapping[ZoneKey, Polygon], *, where: str) -> str:
    """The text of a plant file with other polygons.

    Args:
        text: the file's content.
        polygons: the new ones; zones that are not named keep theirs.
        where: name of the file, for messages.

    Raises:
        ConfigError: a zone is not in the text, or shares its polygon with another one.
    """
    found = _polygon_nodes(yaml.compose(text, Loader=yaml.SafeLoader))
    if missing := [key for key in polygons if key not in found]:
        raise ConfigError(f"{where}: zone {'/'.join(missing[0])} has no polygon_px of its own there")
    spans: dict[tuple[int, int], ZoneKey] = {}
    for key in polygons:
        span = found[key].start_mark.index, _end(found[key])
        if other := spans.get(span):
            raise ConfigError(
                f"{where}: zones {'/'.join(other)} and {'/'.join(key)} share one polygon; write both out"
            )
        spans[span] = key
    for (start, end), key in sorted(spans.items(), reverse=True):
        # A block's dashes may stand below their key's first letter; what takes their place must not.
        gap = "" if getattr(found[key], "flow_style", True) else " "
        text = text[:start] + gap + as_text(polygons[key]) + text[end:]
    return text


def as_text(polygon: Polygon) -> str:
    """A polygon as in plant files: [[18, 262], [132, 262], …]."""
    return f"[{', '.join(f'[{x:g}, {y:g}]' for x, y in polygon)}]"


def _polygon_nodes(root: yaml.Node | None) -> dict[ZoneKey, yaml.Node]:
    found: dict[ZoneKey, yaml.Node] = {}
    for module in _items(_child(root, "modules")):
        for station in _items(_child(module, "workstations")):
            zones = _child(station, "zones")
            for name, zone in zones.value if isinstance(zones, yaml.MappingNode) else ():
                polygon = _child(zone, "polygon_px")
                if polygon is not None:
                    found[_text(module, "code"), _text(station, "code"), name.value] = polygon
    return found


def _child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _text(node: yaml.Node, key: str) -> str:
    child = _child(node, key)
    return child.value if isinstance(child, yaml.ScalarNode) else ""


def _end(node: yaml.Node) -> int:
    """Where a node's own text ends; a block's mark lies after the blank lines and comments that follow it."""
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _end(node.value[-1])
    return int(node.end_mark.index)
