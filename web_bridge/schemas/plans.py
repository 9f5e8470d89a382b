"""Targets, production orders, thresholds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from web_bridge.schemas.base import ModuleCode, Page, Schema, UtcTime, example
from web_bridge.schemas.entering import Entered, ModuleIn, MomentIn

DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_ROW = "Number of the row."

Units = Annotated[
    float,
    Field(
        ge=0,
        le=1_000_000,
        strict=True,
        allow_inf_nan=False,
        description="Finished units.",
        examples=[49.0],
    ),
]
Percent = Annotated[float, Field(ge=1, le=300, strict=True, allow_inf_nan=False, examples=[95.0])]
Share = Annotated[float, Field(ge=0, le=100, strict=True, allow_inf_nan=False, examples=[90.0])]


class Target(Schema):
    """A target (meta)."""

    id: Annotated[int, example(_ROW, 4)]
    module: ModuleCode
    date: Annotated[str, example("Local day, YYYY-MM-DD.", "2026-07-15")]
    hour: Annotated[
        UtcTime | None, example("Begin of the hour on the plant's clock; null: of the whole day.", None)
    ]
    units: Annotated[float, example("Finished units.", 49.0)]


class HourTarget(Entered):
    """The target of an hour; it takes the place of the one that was there."""

    module: ModuleIn
    hour: Annotated[MomentIn, Field(description="Any time in the hour of the plant's clock.")]
    units: Units


class DayTarget(Entered):
    """The target of a day; it takes the place of the one that was there."""

    module: ModuleIn
    date: Annotated[str, Field(pattern=DATE, description="Local day, YYYY-MM-DD.", examples=["2026-07-15"])]
    units: Units


class Order(Schema):
    """A production order (OP) and when a module works on it."""

    id: Annotated[int, example(_ROW, 2)]
    module: ModuleCode
    code: Annotated[str, example("The plant's number.", "OP-2026-0712")]
    reference: Annotated[str | None, example("Product; null: that of the module.", "Ref22 Slim")]
    units: Annotated[int | None, example("Units that are ordered; null: not known.", 1200)]
    start: UtcTime
    end: Annotated[UtcTime | None, example("null: still.", None)]


class OrderChange(Entered):
    """What is to be known of a production order."""

    code: Annotated[
        str, Field(min_length=1, max_length=200, description="The plant's number.", examples=["OP-2026-0712"])
    ]
    reference: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=200,
            description="Product, selects the standard times; null: that of the module.",
            examples=["Ref22 Slim"],
        ),
    ] = None
    units: Annotated[
        Annotated[int, Field(ge=1, le=1_000_000_000, strict=True)] | None,
        Field(description="Units that are ordered; null: not known.", examples=[1200]),
    ] = None
    start: MomentIn
    end: Annotated[MomentIn | None, Field(description="null: not known yet.", examples=[None])] = None


class OrderNew(OrderChange):
    """The module changes to this order; the one before ends."""

    module: ModuleIn


class Thresholds(Schema):
    """Umbrales of a module, percent: at or above green, at or above yellow, else red."""

    module: ModuleCode
    pace_green: Annotated[float, example("A station by its pace (SAM / median), %.", 95.0)]
    pace_yellow: Annotated[float, example("The same, %.", 80.0)]
    target_green: Annotated[float, example("Real against meta, %.", 95.0)]
    target_yellow: Annotated[float, example("The same, %.", 80.0)]
    efficiency_green: Annotated[float, example("Eficiencia, %.", 80.0)]
    efficiency_yellow: Annotated[float, example("The same, %.", 65.0)]
    min_coverage: Annotated[float, example("Observed of scheduled minutes, %: less is marked.", 90.0)]
    set_here: Annotated[
        list[str], example("Those that somebody has set; the others are the plant file's.", ["pace_green"])
    ]


class ThresholdsChange(Entered):
    """Thresholds to be set, percent. null: back to the plant file's; what is left out stays."""

    pace_green: Percent | None = None
    pace_yellow: Percent | None = None
    target_green: Percent | None = None
    target_yellow: Percent | None = None
    efficiency_green: Percent | None = None
    efficiency_yellow: Percent | None = None
    min_coverage: Share | None = None


class TargetPage(Page[Target]):
    """Targets of a day: that of the whole day first, then by hour."""


class OrderPage(Page[Order]):
    """Production orders, by start."""
