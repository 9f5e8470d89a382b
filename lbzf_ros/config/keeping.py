"""Settings of what is kept: how long, how much, where else."""

from __future__ import annotations

import shlex

from pydantic import Field, field_validator

from lbzf_ros.config.base import Settings


class RetentionSettings(Settings):
    """How long pictures and video are kept. Rows of cycles are kept for ever."""

    frames_days: int = Field(
        default=120,
        ge=1,
        le=36500,
        description="Days after which the picture of a cycle's start goes; the cycle stays, marked as archived.",
    )
    video_min_free_percent: float = Field(
        default=10.0,
        ge=0,
        le=95,
        description="Free space of the disk, percent, below which the oldest video goes first. Below "
        "storage.reserve_gb it goes in any case.",
    )
    video_extra_free_percent: float = Field(
        default=1.0,
        ge=0,
        le=50,
        description="When video goes, so much more than that is freed, percent of the disk, so that it does not "
        "begin anew with every segment.",
    )
    leftover_hours: float = Field(
        default=1.0,
        ge=0.1,
        le=720,
        description="Hours after which a half-written file is a leftover, and a picture or video that should be "
        "there is missing.",
    )


class BackupSettings(Settings):
    """Copies of the database: each night, and of what was written since, each minute."""

    daily: int = Field(default=14, ge=1, le=3650, description="Days of which the last backup is kept.")
    monthly: int = Field(default=12, ge=0, le=1200, description="Months of which the last backup is kept.")
    yearly: int = Field(default=3, ge=0, le=100, description="Years of which the last backup is kept.")
    compression_level: int = Field(
        default=3, ge=1, le=19, description="zstd: higher is smaller and takes longer."
    )
    second_place: str = Field(
        default="",
        description="Where else every backup goes: a folder (it must exist), or a command with {file} for the "
        "backup's path and, if wanted, {name} for its name; no shell. Empty: nowhere.",
    )
    second_place_timeout_s: float = Field(
        default=3600.0, ge=1, le=86400, description="Seconds that sending one file may take."
    )
    alarm_after_h: float = Field(
        default=26.0, ge=1, le=8760, description="Hours after which the last backup is too old."
    )
    continuous: bool = Field(
        default=True,
        description="Keep what is written between two backups too, so that the state of any minute can be restored.",
    )
    continuous_every_s: float = Field(
        default=60.0, ge=1, le=3600, description="Seconds between two such copies of what is new."
    )
    continuous_days: float = Field(
        default=2.0, gt=0, le=366, description="Days back for which every such moment can be restored."
    )
    base_every_h: float = Field(
        default=24.0,
        ge=1,
        le=720,
        description="Hours after which such copies begin anew from a full copy of the database.",
    )
    checkpoint_mb: float = Field(
        default=16.0,
        ge=0.1,
        le=1024,
        description="Size of the database's write-ahead log at which it is emptied, MB.",
    )
    wal_limit_mb: float = Field(
        default=512.0,
        ge=1,
        le=65536,
        description="Size of it at which copies are given up and begin anew, when they could not be written, MB.",
    )

    @field_validator("second_place")
    @classmethod
    def _folder_or_command(cls, place: str) -> str:
        try:
            words = shlex.split(place)
        except ValueError as error:
            raise ValueError(f"cannot be read as a command ({error}); close its quotation marks") from None
        if len(words) > 1 and "{file}" not in place and not place.startswith(("/", ".", "~")):
            raise ValueError("a command needs {file}, where the path of the backup goes")
        return place
