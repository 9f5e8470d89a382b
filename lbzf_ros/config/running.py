"""Settings of what runs: recording, storage, the graph, the page."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lbzf_ros.config.access import AccessSettings
from lbzf_ros.config.base import Settings


class RecorderSettings(Settings):
    """What is written to disk as pictures and video."""

    video: bool = Field(default=True, description="Write H.264 segments.")
    segment_minutes: int = Field(
        default=10,
        ge=1,
        le=60,
        description="Length of a segment, minutes; segments begin at full multiples of it.",
    )
    video_crf: int = Field(default=28, ge=0, le=51, description="x264 quality: lower is better and larger.")
    video_preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast"] = Field(
        default="superfast", description="x264 speed."
    )
    jpeg_quality: int = Field(
        default=85, ge=10, le=100, description="Quality of the picture of a cycle's start."
    )
    picture_memory_s: float = Field(
        default=20.0,
        ge=2,
        le=120,
        description="Seconds of pictures held, from which a cycle's start is taken.",
    )


class BagSettings(Settings):
    """What `lbzf record` writes."""

    images: Literal["none", "jpeg", "png", "raw"] = Field(
        default="jpeg",
        description="Pictures in the bag: none; jpeg, small, for people; png or raw, pixel by pixel as they were, from "
        "which a replay gives the same cycles.",
    )
    jpeg_quality: int = Field(default=80, ge=10, le=100, description="Quality of jpeg pictures.")
    max_file_mb: int = Field(
        default=1000,
        ge=1,
        le=100_000,
        description="A file of the bag ends when it has so many MB (10^6 bytes).",
    )
    max_file_minutes: int = Field(
        default=60, ge=1, le=1440, description="A file of the bag ends when it covers so many minutes."
    )
    flush_s: float = Field(
        default=1.0,
        ge=0.1,
        le=60,
        description="Seconds after which what came is on the disk: so much is lost at most when the power fails.",
    )


class StorageSettings(Settings):
    """How rows are written."""

    commit_every_events: int = Field(
        default=100, ge=1, le=10000, description="Commit at the latest after so many."
    )
    commit_every_s: float = Field(
        default=0.05, gt=0, le=5, description="Commit at the latest after so many seconds."
    )
    reserve_gb: float = Field(
        default=5.0,
        ge=0,
        le=10000,
        description="Space kept for the database: below it no video or picture is written.",
    )
    keep_sent_hours: float = Field(
        default=48.0,
        ge=0,
        le=8760,
        description="Hours for which the cycle tracker keeps what is written already, to send it again when the "
        "database had to be restored from a backup.",
    )


class GraphSettings(Settings):
    """How the nodes work together."""

    diagnostics_period_s: float = Field(
        default=1.0, ge=0.1, le=60, description="Seconds between diagnostics."
    )
    resend_s: float = Field(
        default=2.0, ge=0.2, le=60, description="Seconds after which what was not answered is sent again."
    )


class ToolsSettings(Settings):
    """What is shown to rqt, rviz and Foxglove."""

    annotator: bool = Field(
        default=True,
        description="Offer annotated pictures, markers and boxes of each camera; nothing is drawn while nobody looks.",
    )
    jpeg_quality: int = Field(
        default=80, ge=10, le=100, description="Quality of annotated pictures that are sent as JPEG."
    )


class WebSettings(Settings):
    """The page and the API."""

    host: str = Field(
        default="127.0.0.1", description="Address it listens on; 127.0.0.1 is this machine only."
    )
    port: int = Field(default=5000, ge=1, le=65535, description="Port it listens on.")
    recent_cycles: int = Field(default=10, ge=1, le=100, description="Cycles shown for each station.")
    published_on_loopback: bool = Field(
        default=False,
        description="It runs in a container whose port is published on 127.0.0.1 only: the open mode is then allowed "
        "though `host` is not this machine only.",
    )
    access: AccessSettings = Field(default_factory=AccessSettings, description="Who may see and change what.")
