"""Settings of the detectors (to be merged into config/schema.py)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class DetectorSettings(BaseModel):
    """How people are found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backend: str = Field(default="hog_background")
    working_side_px: int = Field(default=240, ge=120, le=1080)
    min_height_share: float = Field(default=0.2, gt=0.02, le=1)
    search_height_share: float = Field(default=0.35, gt=0.02, le=1)
    hog_threshold: float = Field(default=0.0, ge=-1, le=3)
    confirm_score: float = Field(default=0.8, ge=0, le=10)
    recheck_s: float = Field(default=1.0)
    search_s: float = Field(default=2.0)
    hold_s: float = Field(default=60.0)
    doubt_s: float = Field(default=60.0)
    learn_s: float = Field(default=15.0)
    absorb_s: float = Field(default=15.0)
    noise_factor: float = Field(default=4.0)
    min_contrast: float = Field(default=14.0)
    relight_share: float = Field(default=0.6)
