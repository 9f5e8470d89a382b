"""Zones: all versions, those in force, and how they are drawn anew."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from web_bridge.schemas.base import CameraLabel, ModuleCode, Page, Schema, StationCode, UtcTime, example
from web_bridge.schemas.entering import Entered, ModuleIn, StationIn

MAX_ZONES = 10
MAX_CORNERS = 100
Kind = Literal["work", "trigger", "pick", "drop"]
EvidenceWord = Literal["person", "motion"]
AnchorWord = Literal["body", "feet"]
_POLYGON = [[18, 262], [132, 262], [138, 472], [12, 472]]

Pixel = Annotated[float, Field(ge=0, le=4096, strict=True, allow_inf_nan=False)]
Corner = Annotated[list[Pixel], Field(min_length=2, max_length=2, description="x, y; px.")]
Seconds = Annotated[float, Field(ge=0, le=600, strict=True, allow_inf_nan=False)]
Ratio = Annotated[float, Field(ge=0, le=1, strict=True, allow_inf_nan=False)]
Limit = Annotated[float, Field(gt=0, le=86400, strict=True, allow_inf_nan=False)]
ZoneName = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_]+$")]


class ZoneVersion(Schema):
    """A version of a zone; it never changes, a redrawn zone is a new one."""

    id: Annotated[int, example("`roi_version_id` of the cycles that it opened.", 3)]
    module: ModuleCode
    workstation: StationCode
    camera: CameraLabel
    name: Annotated[str, example("Of the zone in its station.", "work")]
    kind: Kind
    evidence: EvidenceWord
    polygon_px: Annotated[list[list[float]], example("Corners [x, y], px of the camera's picture.", _POLYGON)]
    settings: Annotated[
        dict[str, Any],
        example(
            "Picture size (px), anchor, motion threshold (share), seconds to enter and leave.",
            {"width_px": 640, "height_px": 480, "anchor": "body", "enter_s": 1.0, "leave_s": 2.0},
        ),
    ]
    in_force: bool
    superseded_by: Annotated[
        int | None, example("The version after it; its own id: withdrawn; null: in force.", None)
    ]
    has_reference: Annotated[
        bool, example("A picture of the view on which it was set: `…/rois/{id}/reference.jpg`.", True)
    ]
    created_at: UtcTime
    created_by: Annotated[str, example("Who drew it, or the plant file.", "engineer@example.com")]


class ZoneIn(Entered):
    """A polygon in the camera's picture."""

    kind: Annotated[Kind, Field(description="Where the operator is, or where hands reach.")]
    polygon_px: Annotated[
        list[Corner],
        Field(
            min_length=3,
            max_length=MAX_CORNERS,
            description="Corners in order, not crossing, inside the picture; px.",
            examples=[_POLYGON],
        ),
    ]
    evidence: Annotated[
        EvidenceWord | None, Field(description="null: person for work zones, motion for others.")
    ] = None
    anchor: Annotated[AnchorWord | None, Field(description="Point of a person that counts; null: body.")] = (
        None
    )
    motion_threshold: Annotated[
        Annotated[float, Field(gt=0, le=1, strict=True, allow_inf_nan=False)] | None,
        Field(description="Share of its pixels that must move; null: 0.08.", examples=[0.08]),
    ] = None
    enter_s: Annotated[
        Annotated[float, Field(ge=0, le=60, strict=True)] | None, Field(description="s", examples=[0.4])
    ] = None
    leave_s: Annotated[Seconds | None, Field(description="s", examples=[1.0])] = None
    linger_s: Annotated[Seconds | None, Field(description="s", examples=[0.0])] = None


class LimitsIn(Entered):
    """Which durations can be a cycle; null: as the plant file's defaults say."""

    min_cycle_s: Annotated[Limit | None, Field(description="s", examples=[15.0])] = None
    max_cycle_s: Annotated[Limit | None, Field(description="s", examples=[240.0])] = None
    min_dwell_ratio: Annotated[Ratio | None, Field(examples=[0.5])] = None
    min_confidence: Annotated[Ratio | None, Field(examples=[0.4])] = None
    max_second_person_ratio: Annotated[Ratio | None, Field(examples=[0.3])] = None
    max_drift_unknown_ratio: Annotated[Ratio | None, Field(examples=[0.2])] = None
    max_gap_s: Annotated[
        Annotated[float, Field(gt=0, le=3600, strict=True)] | None, Field(description="s", examples=[2.0])
    ] = None


class StationZones(Schema):
    """Zones, rule and limits of a station as the plant file has them."""

    module: ModuleCode
    workstation: StationCode
    camera: CameraLabel
    width_px: Annotated[int, example("Of the picture that polygons refer to.", 640)]
    height_px: Annotated[int, example("The same.", 480)]
    rule: Annotated[str, example("presence, trigger or pick_drop.", "presence")]
    zones: Annotated[
        dict[str, dict[str, Any]],
        example("By name; px, s, shares.", {"work": {"kind": "work", "polygon_px": _POLYGON}}),
    ]
    limits: Annotated[
        dict[str, Any], example("Those that are not a default; s, shares.", {"max_cycle_s": 240.0})
    ]
    versions: Annotated[list[int], example("Row ids in force: give them back as `replaces`.", [3, 4])]


class StationZonesChange(Entered):
    """How a station shall be measured from now on."""

    rule: Annotated[Literal["presence", "trigger", "pick_drop"], Field(description="How zones make a cycle.")]
    zones: Annotated[
        dict[ZoneName, ZoneIn],
        Field(
            min_length=1,
            max_length=MAX_ZONES,
            description="By name.",
            examples=[{"work": {"kind": "work", "polygon_px": _POLYGON}}],
        ),
    ]
    limits: Annotated[LimitsIn, Field(description="Which durations can be a cycle.")] = LimitsIn()
    replaces: Annotated[
        list[Annotated[int, Field(ge=1, strict=True)]] | None,
        Field(
            max_length=MAX_ZONES,
            description="Versions that the page showed: others in force are answered with 409. null: not looked at.",
            examples=[[3, 4]],
        ),
    ] = None
    camera: Annotated[
        str | None,
        Field(
            pattern=r"^cam[1-9][0-9]{0,3}$",
            description="Of a new station; needed there only.",
            examples=["cam1"],
        ),
    ] = None
    display_name: Annotated[
        str, Field(max_length=200, description="Of a new station.", examples=["Puesto 6"])
    ] = ""
    operation: Annotated[
        str,
        Field(
            max_length=200,
            description="Of a new station, as in the standard times.",
            examples=["CERRAR COSTADOS"],
        ),
    ] = ""
    sequence_pos: Annotated[
        Annotated[int, Field(ge=1, le=1000, strict=True)] | None,
        Field(description="Of a new station: position in the flow.", examples=[6]),
    ] = None


class ZonesTaken(Schema):
    """What became of it."""

    versions: Annotated[list[int], example("Row ids of the station's zones.", [5, 4])]
    in_use: Annotated[
        bool,
        example(
            "The graph has confirmed that it measures by them. False: not yet; it does within seconds.", True
        ),
    ]


class CandidateStation(Entered):
    """A station with zones to be tried."""

    module: ModuleIn
    workstation: StationIn
    rule: Literal["presence", "trigger", "pick_drop"]
    zones: Annotated[dict[ZoneName, ZoneIn], Field(min_length=1, max_length=MAX_ZONES)]


class PreviewAsked(Entered):
    """Zones to be tried on what the camera sees now; they take the place of those of the same stations."""

    stations: Annotated[list[CandidateStation], Field(min_length=1, max_length=30)]


class SeenPerson(Schema):
    """A person whom the detector sees."""

    box_px: Annotated[
        list[float], example("x and y of the upper left and the lower right corner, px.", [20, 250, 130, 470])
    ]
    confidence: Annotated[float, example("0 to 1.", 0.81)]
    track_id: Annotated[int, example("-1: not followed yet.", 4)]
    zones: Annotated[list[str], example("MODULE/STATION/zone in which it counts.", ["ANGELA/PUESTO_01/work"])]


class SeenZone(Schema):
    """Whether a zone would count as occupied in this picture."""

    module: ModuleCode
    workstation: StationCode
    zone: Annotated[str, example("Its name.", "work")]
    evidence: Annotated[
        Literal["absent", "near", "present", "unknown"],
        Field(
            description="unknown: motion of a polygon that the detector does not look at yet; it does once saved.",
            examples=["present"],
        ),
    ]
    motion_share: Annotated[float | None, example("Of its pixels, 0 to 1; null: not known.", None)]


class Preview(Schema):
    """What would be detected."""

    stamp: Annotated[UtcTime, Field(description="Capture time of the picture.")]
    people: list[SeenPerson]
    zones: list[SeenZone]


class ZoneVersionPage(Page[ZoneVersion]):
    """Versions of zones, oldest first."""
