"""`docs/configuration.md` from the schema, so that the page cannot disagree with the program."""

from __future__ import annotations

import types
import typing
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from lbzf_ros.config.access import AccessSettings, JwtSettings, LocalSettings, TailscaleSettings
from lbzf_ros.config.base import Settings
from lbzf_ros.config.detectors import DetectorSettings, NetworkSettings, RecordedSettings
from lbzf_ros.config.drift import DriftSettings
from lbzf_ros.config.keeping import BackupSettings, RetentionSettings
from lbzf_ros.config.running import (
    BagSettings,
    GraphSettings,
    RecorderSettings,
    StorageSettings,
    ToolsSettings,
    WebSettings,
)
from lbzf_ros.config.schema import Camera, Module, Plant, StandardTime
from lbzf_ros.config.stations import Limits, ShiftHoursConfig, StationConfig, ZoneConfig
from lbzf_ros.config.streams import PrivacySettings, StreamSettings

SECTIONS: tuple[tuple[str, type[Settings]], ...] = (
    ("Plant (top level)", Plant),
    ("modules[]", Module),
    ("modules[].cameras[]", Camera),
    ("modules[].cameras[].privacy", PrivacySettings),
    ("modules[].workstations[]", StationConfig),
    ("modules[].workstations[].zones.<name>", ZoneConfig),
    ("modules[].workstations[].limits", Limits),
    ("modules[].shift_hours[]", ShiftHoursConfig),
    ("standard_times[]", StandardTime),
    ("detector", DetectorSettings),
    ("detector.network", NetworkSettings),
    ("detector.recorded", RecordedSettings),
    ("drift", DriftSettings),
    ("streams", StreamSettings),
    ("recorder", RecorderSettings),
    ("bag", BagSettings),
    ("storage", StorageSettings),
    ("retention", RetentionSettings),
    ("backup", BackupSettings),
    ("graph", GraphSettings),
    ("tools", ToolsSettings),
    ("web", WebSettings),
    ("web.access", AccessSettings),
    ("web.access.tailscale", TailscaleSettings),
    ("web.access.jwt", JwtSettings),
    ("web.access.local", LocalSettings),
)
_HEAD = """# Configuration

Every setting of a plant file. Made from the schema by `lbzf schema`; do not edit. `lbzf check FILE` checks a file.

"""


def markdown() -> str:
    """The whole page."""
    return _HEAD + "\n".join(_section(title, kind) for title, kind in SECTIONS)


def _section(title: str, kind: type[Settings]) -> str:
    lines = [f"## {title}", "", (kind.__doc__ or "").strip().splitlines()[0], ""]
    lines += ["| setting | type | default | allowed | meaning |", "|---|---|---|---|---|"]
    for name, info in kind.model_fields.items():
        cells = (
            f"`{name}`",
            _type(info.annotation),
            _default(info),
            _range(info),
            _text(info.description or ""),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _type(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _type(get_args(annotation)[0])
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if origin in (Union, types.UnionType):
        return " or ".join(_type(part) for part in get_args(annotation) if part is not type(None))
    if origin in (list, tuple, dict):
        inner = ", ".join(dict.fromkeys(_type(part) for part in get_args(annotation)))
        return f"{typing.cast(Any, origin).__name__} of {inner}"
    return str(getattr(annotation, "__name__", annotation))


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = info.default
    if value is PydanticUndefined or value is None:
        return "–"
    return f"`{getattr(value, 'value', value)}`" if value != "" else "–"


def _range(info: FieldInfo) -> str:
    words = {
        annotated_types.Ge: "≥ ",
        annotated_types.Gt: "> ",
        annotated_types.Le: "≤ ",
        annotated_types.Lt: "< ",
    }
    parts = []
    for item in info.metadata:
        if type(item) in words:
            value = next(iter(vars(item).values())) if hasattr(item, "__dict__") else None
            bound = value if value is not None else getattr(item, type(item).__name__.lower())
            parts.append(f"{words[type(item)]}{bound}")
        elif getattr(item, "pattern", None):
            parts.append(f"`{item.pattern}`")
    return _text(", ".join(parts)) or "–"
