"""Whether the system works."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from web_bridge.live import CameraState
from web_bridge.schemas.base import CameraLabel, Schema, example


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


class CameraHealth(Schema):
    """Whether a camera delivers: enough for a program that watches over the machine."""

    label: CameraLabel
    state: Annotated[CameraState, Field(description="As of the live view.")]
    last_frame_age_s: Annotated[
        float | None, example("Seconds since its newest picture arrived; null: none yet.", 0.2)
    ]


class Health(Schema):
    """Whether the graph works."""

    status: Literal["up", "starting"]
    missing: Annotated[list[str], example("What is not there.", ["detector"])]
    nodes: list[NodeHealth]
    cameras: list[CameraHealth]
    software_version: Annotated[str | None, example("Of LBZF; null: not told yet.", "0.1.0")]
