"""Settings of a workstation: its zones, its rule, its limits; and when shifts work."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from lbzf_ros.config.base import Settings
from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.core.geometry import polygon_problem
from lbzf_ros.core.model import Anchor, EvidenceKind, ZoneKind
from lbzf_ros.core.rules import RULES

Code = Annotated[
    str,
    Field(
        pattern=r"^[A-Z0-9][A-Z0-9_]{0,63}$", description="Capitals, digits and _; used in files and the API."
    ),
]


_GAP_BY_PRESENCE_S, _GAP_BY_HANDS_S = 5.0, 2.0


class ZoneConfig(Settings):
    """A polygon in the camera's picture."""

    kind: ZoneKind = Field(description="work: where the operator is; trigger, pick, drop: where hands reach.")
    polygon_px: list[tuple[float, float]] = Field(
        description="Corners [x, y] in pixels of the camera's picture, at least 3, in order, not crossing."
    )
    evidence: EvidenceKind = Field(
        default=None,  # type: ignore[assignment]  # filled from `kind` below
        description="person: somebody's anchor is in the zone; motion: enough of its pixels move. "
        "By default person for work zones and motion for the others.",
    )
    anchor: Anchor = Field(
        default=Anchor.BODY,
        description="Point of a person's box that must lie in the zone: body (its middle) or feet (middle of its "
        "lower edge). body also works where a table hides the legs.",
    )
    motion_threshold: float = Field(
        default=0.08,
        gt=0,
        le=1,
        description="Share of the zone's pixels that must move to count as motion, 0 to 1.",
    )
    enter_s: float = Field(
        default=None,  # type: ignore[assignment]  # filled from `evidence` below
        ge=0,
        le=60,
        description="Seconds of evidence before the zone counts as entered (the entry is dated back to the first "
        "of them). By default 1.0 for person, 0 for motion.",
    )
    leave_s: float = Field(
        default=None,  # type: ignore[assignment]  # filled from `evidence` below
        ge=0,
        le=600,
        description="Seconds without evidence before the zone counts as left (dated back to the first of them). "
        "By default 2.0 for person, 1.0 for motion.",
    )
    linger_s: float = Field(
        default=None,  # type: ignore[assignment]  # filled from `evidence` below
        ge=0,
        le=600,
        description="Seconds for which somebody who stepped or leans out, but is still beside the zone, does not count "
        "as having left it. By default 8.0 for person, 0 for motion.",
    )

    @model_validator(mode="before")
    @classmethod
    def _defaults_by_kind(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        person = {"evidence": "person", "enter_s": 1.0, "leave_s": 2.0, "linger_s": 8.0}
        motion = {"evidence": "motion", "enter_s": 0.0, "leave_s": 1.0, "linger_s": 0.0}
        is_motion = data.get("evidence", "person" if data.get("kind") == "work" else "motion") == "motion"
        return {**(motion if is_motion else person), **data}

    @field_validator("polygon_px")
    @classmethod
    def _proper_polygon(cls, polygon: list[tuple[float, float]]) -> list[tuple[float, float]]:
        if problem := polygon_problem(polygon):
            raise problem
        return polygon


class Limits(Settings):
    """Which durations can be a cycle. Without own figures they follow the standard time (SAM)."""

    min_cycle_s: float | None = Field(
        default=None,
        gt=0,
        le=86400,
        description="Shorter cycles are rejected, seconds. Default: from the SAM.",
    )
    max_cycle_s: float | None = Field(
        default=None,
        gt=0,
        le=86400,
        description="Longer cycles are rejected, seconds. Default: from the SAM.",
    )
    min_sam_ratio: float = Field(
        default=0.25, gt=0, le=1, description="Shortest cycle as a multiple of the SAM."
    )
    max_sam_ratio: float = Field(
        default=4.0, ge=1, le=100, description="Longest cycle as a multiple of the SAM."
    )
    min_without_sam_s: float = Field(
        default=3.0, gt=0, le=3600, description="Shortest cycle where no SAM is known, seconds."
    )
    max_without_sam_s: float = Field(
        default=600.0, gt=0, le=86400, description="Longest cycle where no SAM is known, seconds."
    )
    min_dwell_ratio: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Share of the cycle with its operator at the station; less is rejected (low_dwell).",
    )
    max_gap_s: float | None = Field(
        default=None,
        gt=0,
        le=3600,
        description="Longest time without a picture in a cycle, seconds; more is rejected (gap_in_frames): its end, or "
        "another cycle, may be hidden in it. Default: 5.0 where people come and go, 2.0 where hands reach.",
    )
    min_confidence: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Mean confidence of the people of a cycle; less is rejected (confidence_drop).",
    )
    max_second_person_ratio: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Share of the cycle in which only somebody other than its operator was at the station; more is "
        "rejected (second_person).",
    )
    max_drift_unknown_ratio: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Share of the cycle in which the camera's view could not be recognised; more is rejected "
        "(drift_unknown).",
    )

    @model_validator(mode="after")
    def _ordered(self) -> Limits:
        low, high = self.min_cycle_s, self.max_cycle_s
        if low is not None and high is not None and low >= high:
            raise InvalidValue(
                f"min_cycle_s {low} must be below max_cycle_s {high}", "cycle_limits", least=low, most=high
            )
        return self

    def for_sam(self, sam_s: float | None) -> tuple[float, float]:
        """Shortest and longest cycle in seconds for a standard time in seconds (None: not known)."""
        low = self.min_without_sam_s if sam_s is None else self.min_sam_ratio * sam_s
        high = self.max_without_sam_s if sam_s is None else self.max_sam_ratio * sam_s
        return self.min_cycle_s or low, self.max_cycle_s or high


_HOUR = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ShiftHoursConfig(Settings):
    """When a shift (jornada) works."""

    label: str = Field(min_length=1, max_length=40, description="What people call it, e.g. jornada_1.")
    days: list[Weekday] = Field(
        default=list(WEEKDAYS[:6]), min_length=1, description="Days on which it begins: mon to sun."
    )
    start: str = Field(description="Local time at which it begins, HH:MM.")
    end: str = Field(description="Local time at which it ends, HH:MM; not after the start: on the next day.")

    @field_validator("start", "end")
    @classmethod
    def _a_time(cls, text: str) -> str:
        if not _HOUR.fullmatch(text):
            raise ValueError("must be a time from 00:00 to 23:59, written HH:MM and in quotes")
        return text

    @staticmethod
    def minutes(text: str) -> int:
        """Minutes after midnight of HH:MM."""
        return int(text[:2]) * 60 + int(text[3:])


class StationConfig(Settings):
    """A workstation (puesto)."""

    code: Code
    display_name: str = Field(default="", description="What people see; the code when empty.")
    camera: str = Field(description="Label of the camera that sees it.")
    operation: str = Field(default="", description="Operation as in standard_times, e.g. PESPUNTAR CUELLO.")
    sequence_pos: int | None = Field(
        default=None, ge=1, le=1000, description="Position in the flow of the module."
    )
    rule: str = Field(default="presence", description=f"How zones make a cycle: {', '.join(RULES)}.")
    zones: dict[str, ZoneConfig] = Field(min_length=1, description="Polygons by name.")
    limits: Limits = Field(default_factory=Limits, description="Which durations can be a cycle.")

    @model_validator(mode="after")
    def _rule_has_its_zones(self) -> StationConfig:
        if self.rule not in RULES:
            raise ValueError(f"rule {self.rule!r} is not known; allowed: {', '.join(RULES)}")
        have = [zone.kind for zone in self.zones.values()]
        for kind in sorted(RULES[self.rule].zone_kinds):
            if have.count(kind) != 1:
                raise InvalidValue(
                    f"rule {self.rule!r} needs exactly one zone of kind {kind.value!r}, found {have.count(kind)}",
                    "zone_kinds",
                    rule=self.rule,
                    kind=kind.value,
                )
        return self

    @property
    def max_gap_s(self) -> float:
        """Longest time without a picture in a cycle, seconds."""
        by_presence = RULES[self.rule].opens_on[0] is ZoneKind.WORK
        return self.limits.max_gap_s or (_GAP_BY_PRESENCE_S if by_presence else _GAP_BY_HANDS_S)
