"""Settings of figures: when a colour changes, and how much of the time must have been seen."""

from __future__ import annotations

from pydantic import Field, model_validator

from lbzf_ros.config.base import Settings


class IndicatorSettings(Settings):
    """Thresholds of modules for which the engineer has set none."""

    pace_green_percent: float = Field(
        default=95.0,
        gt=0,
        le=300,
        description="A station is green from this pace on (SAM / median), percent.",
    )
    pace_yellow_percent: float = Field(
        default=80.0, gt=0, le=300, description="It is yellow from this pace on, red below it, percent."
    )
    target_green_percent: float = Field(
        default=95.0, gt=0, le=300, description="An hour is green from this share of its meta on, percent."
    )
    target_yellow_percent: float = Field(
        default=80.0, gt=0, le=300, description="It is yellow from this share on, red below it, percent."
    )
    efficiency_green_percent: float = Field(
        default=80.0, gt=0, le=300, description="An efficiency is green from here on, percent."
    )
    efficiency_yellow_percent: float = Field(
        default=65.0, gt=0, le=300, description="It is yellow from here on, red below it, percent."
    )
    min_coverage_percent: float = Field(
        default=90.0,
        ge=0,
        le=100,
        description="Share of the scheduled minutes that must have been seen; a figure of less is marked, percent.",
    )

    @model_validator(mode="after")
    def _ordered(self) -> IndicatorSettings:
        for name in ("pace", "target", "efficiency"):
            green, yellow = getattr(self, f"{name}_green_percent"), getattr(self, f"{name}_yellow_percent")
            if yellow > green:
                raise ValueError(
                    f"{name}_yellow_percent {yellow:g} must not be above {name}_green_percent {green:g}"
                )
        return self
