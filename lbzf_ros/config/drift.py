"""Settings of the watch over cameras that move."""

from __future__ import annotations

from pydantic import Field

from lbzf_ros.config.base import Settings


class DriftSettings(Settings):
    """How it is noticed that a camera has moved since its zones were drawn. Pixels are of a picture 640 wide."""

    enabled: bool = Field(
        default=True, description="Compare the view with the one on which zones were drawn."
    )
    check_s: float = Field(
        default=10.0,
        ge=0.5,
        le=60,
        description="Seconds between two checks; after a sudden change of the whole picture they come at once.",
    )
    drifted_px: float = Field(
        default=10.0,
        ge=4,
        le=100,
        description="The camera has moved when a corner of its picture has moved by so much.",
    )
    confirm_checks: int = Field(
        default=3, ge=1, le=20, description="So many checks in a row must find the same before it counts."
    )
    unknown_after_s: float = Field(
        default=30.0,
        ge=1,
        le=3600,
        description="Seconds for which the last state holds while the view cannot be recognised.",
    )
    follow: bool = Field(
        default=True, description="Use the zones where they are now while the camera has moved."
    )
    follow_limit_px: float = Field(
        default=100.0,
        ge=4,
        le=640,
        description="A camera that moved by more is not followed: its zones are used as they were drawn.",
    )
