"""Whether the system works."""

from __future__ import annotations

from typing import Annotated, Literal

from web_bridge.schemas.base import Schema, example


class NodeHealth(Schema):
    """One process of the graph."""

    name: Annotated[str, example("Name of the node.", "detector")]
    heard: Annotated[bool, example("It has published diagnostics recently.", True)]
    silent_s: Annotated[float | None, example("Seconds since its last diagnostics; null: none yet.", 0.4)]
    errors: Annotated[
        dict[str, str], example("Parts of it that are in error.", {"cam1": "no picture for 20 s"})
    ]
    warnings: Annotated[
        dict[str, str],
        example("What works and should be looked at.", {"speed": "too slow for: cam1 (18 of 50 skipped)"}),
    ]


class Health(Schema):
    """Whether the graph works."""

    status: Literal["up", "starting"]
    missing: Annotated[list[str], example("What is not there.", ["detector"])]
    nodes: list[NodeHealth]
    software_version: Annotated[str | None, example("Of LBZF; null: not told yet.", "0.1.0")]
