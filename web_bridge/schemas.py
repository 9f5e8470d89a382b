"""What the API gives back. The unit is in the name, times are ISO 8601 in UTC, null means "not known"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from web_bridge.live import CameraState

T = TypeVar("T")


def _example(description: str, example: Any) -> Any:
    return Field(description=description, examples=[example])


UtcTime = Annotated[
    str,
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2026-07-15T13:24:11.250Z"]},
        mode="serialization",
    ),
]
"""UTC with milliseconds, as in the database."""

ModuleCode = Annotated[str, _example("Module, for files and the API.", "ANGELA")]
StationCode = Annotated[str, _example("Workstation, unique in its module.", "PUESTO_01")]
CameraLabel = Annotated[str, _example("Camera, unique in the plant.", "cam1")]
EventUid = Annotated[
    str,
    _example("UUIDv5 of module/camera/workstation/rule/start.", "5f0c2a52-8a3b-5c67-9d3e-0f6f0a4f5f5e"),
]
Share = Annotated[float | None, Field(ge=0, le=1, examples=[0.97])]


class Schema(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True)


class Page(Schema, Generic[T]):
    """Part of a list."""

    items: Sequence[T]
    next_after: Annotated[
        str | None, _example("Give it back as `after` for the next part; null: this was the last.", None)
    ]


class Problem(Schema):
    """What went wrong (RFC 9457)."""

    type: Annotated[
        str, _example("Kind of problem: `about:blank` says no more than the status.", "about:blank")
    ]
    title: Annotated[str, _example("The status in words.", "Not Found")]
    status: Annotated[int, _example("HTTP status.", 404)]
    detail: Annotated[str, _example("What happened here and what to do.", "there is no cycle with this uid")]
    instance: Annotated[str, _example("Path that was asked for.", "/api/v1/events/…")]
    request_id: Annotated[str, _example("Find this in the log.", "3f0a5a0f4c0d4a7c9f2f6d6b3f1a2b4c")]
    errors: Annotated[
        list[dict[str, str]],
        _example("Each wrong parameter.", [{"where": "query.limit", "message": "…"}]),
    ] = []


class Module(Schema):
    """A production line (módulo)."""

    code: ModuleCode
    display_name: Annotated[str, _example("For people.", "Angela")]
    product_reference: Annotated[str | None, _example("What is being made.", "Ref22 Slim")]
    active: Annotated[bool, _example("False: no longer in the plant file.", True)]


class Camera(Schema):
    """A camera as it is set up. Its address is not told."""

    label: CameraLabel
    module: ModuleCode
    resolution: Annotated[str, _example("Width x height of the picture that is looked at, px.", "640x480")]
    fps: Annotated[float, _example("Pictures a second that are looked at.", 5.0)]
    status: Annotated[str, _example("active, inactive (no longer in the plant file) or faulty.", "active")]
    notes: Annotated[str | None, _example("Written by people.", None)]


class Workstation(Schema):
    """A workstation (puesto) with the standard time in force."""

    code: StationCode
    module: ModuleCode
    display_name: Annotated[str, _example("For people.", "Puesto 1")]
    operation: Annotated[str | None, _example("As in the standard times.", "PESPUNTAR CUELLO")]
    sequence_pos: Annotated[int | None, _example("Position in the flow of the module, from 1.", 1)]
    camera: Annotated[str | None, _example("Camera that sees it.", "cam1")]
    sam_s: Annotated[float | None, _example("Standard time of one cycle, seconds.", 22.8)]
    active: Annotated[bool, _example("False: no longer in the plant file.", True)]


class StandardTime(Schema):
    """A version of the standard time (SAM) of an operation."""

    reference: Annotated[str, _example("Product reference.", "Ref22 Slim")]
    version: Annotated[str, _example("A changed SAM is a new version.", "v1")]
    operation: Annotated[str, _example("Operation.", "PESPUNTAR CUELLO")]
    sam_minutes: Annotated[float, _example("Standard allowed minutes of one unit.", 0.38)]
    cycle_s: Annotated[float, _example("The same in seconds.", 22.8)]
    machine_code: Annotated[str | None, _example("MPP, MREV, MOJA, MBOT, PLCH, …", "MPP")]
    effective_from: UtcTime
    effective_to: Annotated[UtcTime | None, _example("null: in force.", None)]


class Model(Schema):
    """The detector that saw a cycle."""

    name: Annotated[str, _example("Detector backend.", "hog_background")]
    version: Annotated[str, _example("Of its code or weights.", "1")]
    framework: Annotated[str, _example("What it is made with.", "opencv")]
    weights_hash: Annotated[str | None, _example("sha256 in hexadecimal; null: it has no weights.", None)]


class RejectedCycle(Schema):
    """A cycle that was seen and does not count, with every reason."""

    event_uid: EventUid
    module: ModuleCode
    module_display_name: Annotated[str, _example("For people.", "Angela")]
    workstation: StationCode
    workstation_display_name: Annotated[str, _example("For people.", "Puesto 1")]
    camera: Annotated[str | None, _example("Camera that saw it.", "cam1")]
    rule: Annotated[str, _example("Cycle rule: presence, trigger or pick_drop.", "presence")]
    start: UtcTime
    end: UtcTime | None
    duration_s: Annotated[float | None, _example("Seconds from start to end.", 22.4)]
    duration_uncertainty_s: Annotated[float | None, _example("Half width, seconds.", 0.2)]
    observed_share: Annotated[Share, Field(description="Of the expected pictures, those looked at.")]
    mean_confidence: Annotated[Share, Field(description="Of the person, over the pictures with one.")]
    primary_dwell_ratio: Annotated[
        Share, Field(description="Of the cycle, with the operator at the station.")
    ]
    detection_count: Annotated[int | None, _example("Pictures with a person.", 108)]
    drift: Annotated[
        Literal["ok", "drifted", "unknown", "unchecked"] | None,
        Field(
            description="Worst of the camera's view during it: has it moved since the zones were drawn; `unknown`: not "
            "recognised; `unchecked`: nothing to compare with; null: measured before that was looked at.",
            examples=["ok"],
        ),
    ]
    reasons: Annotated[
        dict[str, str],
        _example("Why it does not count or was given up.", {"too_short": "1.00 s < min_cycle_s 3.00 s"}),
    ]
    has_frame: Annotated[
        bool, _example("A picture of its start was named: `…/events/{uid}/frame.jpg`.", True)
    ]
    frame_archived_at: Annotated[
        UtcTime | None,
        _example("When the picture's time was up and it was removed; null: it was not.", None),
    ]
    video_path: Annotated[
        str | None, _example("Relative to the data folder.", "video/2026/07/15/cam1_20260715_132000.mp4")
    ]
    video_offset_s: Annotated[float | None, _example("Where it begins in that video, seconds.", 251.25)]
    model: Model
    roi_version_id: Annotated[int, _example("Version of the zone that opened it.", 3)]
    parameter_hash: Annotated[str, _example("sha256 of zones, rules, limits and detector settings.", "9f2c…")]
    software_version: Annotated[str, _example("Of LBZF.", "0.1.0")]
    notes: Annotated[str | None, _example("Written by people.", None)]
    created_at: UtcTime


Status = Literal["in_progress", "complete", "aborted", "manual_override", "rejected"]
QualityBand = Literal["green", "yellow", "red"]


class Cycle(RejectedCycle):
    """One unit of garment work at one station, with its provenance."""

    status: Status
    quality: Annotated[
        QualityBand | None,
        Field(description="How far it can be trusted; null: rejected.", examples=["green"]),
    ]
    operator_display_name: Annotated[str | None, _example("Who worked, if it is known.", None)]
    verified_by: Annotated[str | None, _example("Who compared it with the video.", None)]
    verified_at: Annotated[str | None, _example("When.", None)]
    corrected_duration_s: Annotated[float | None, _example("What that person found, seconds.", None)]


class ModulePage(Page[Module]):
    """Modules."""


class CameraPage(Page[Camera]):
    """Cameras."""


class WorkstationPage(Page[Workstation]):
    """Workstations."""


class StandardTimePage(Page[StandardTime]):
    """Standard times."""


class CyclePage(Page[Cycle]):
    """Cycles, newest first."""


class RejectedPage(Page[RejectedCycle]):
    """Cycles that do not count, newest first."""


class NodeHealth(Schema):
    """One process of the graph."""

    name: Annotated[str, _example("Name of the node.", "detector")]
    heard: Annotated[bool, _example("It has published diagnostics recently.", True)]
    silent_s: Annotated[float | None, _example("Seconds since its last diagnostics; null: none yet.", 0.4)]
    errors: Annotated[
        dict[str, str], _example("Parts of it that are in error.", {"cam1": "no picture for 20 s"})
    ]
    warnings: Annotated[
        dict[str, str],
        _example("What works and should be looked at.", {"speed": "too slow for: cam1 (18 of 50 skipped)"}),
    ]


class Health(Schema):
    """Whether the graph works."""

    status: Literal["up", "starting"]
    missing: Annotated[list[str], _example("What is not there.", ["detector"])]
    nodes: list[NodeHealth]
    software_version: Annotated[str | None, _example("Of LBZF; null: not told yet.", "0.1.0")]


class LiveModule(Schema):
    """A module of the live page."""

    code: ModuleCode
    display_name: Annotated[str, _example("For people.", "Angela")]
    product_reference: Annotated[str | None, _example("What is being made.", "Ref22 Slim")]


class LiveStation(Schema):
    """A station of the live page, which changes only with the plant file."""

    module: ModuleCode
    code: StationCode
    display_name: Annotated[str, _example("For people.", "Puesto 1")]
    operation: Annotated[str | None, _example("What is done there.", "PESPUNTAR CUELLO")]
    camera: Annotated[str | None, _example("Camera that sees it.", "cam1")]
    sam_s: Annotated[float | None, _example("Standard time of one cycle, seconds.", 22.8)]


class LivePlant(Schema):
    """What the live page is about. `known` false: the graph has not described itself yet."""

    known: bool
    name: Annotated[str | None, _example("What people call the plant.", "LBZF")]
    time_zone: Annotated[str | None, _example("IANA zone in which people read times.", "America/Bogota")]
    software_version: Annotated[str | None, _example("Of LBZF.", "0.1.0")]
    recent_cycles: Annotated[int, _example("Most cycles given for one station.", 10)]
    modules: list[LiveModule]
    stations: Annotated[list[LiveStation], Field(description="In the order of the flow.")]


class LiveGraph(Schema):
    """Whether all nodes work."""

    up: bool
    missing: Annotated[list[str], _example("Nodes that are not heard.", [])]
    alarms: Annotated[
        list[Literal["not_written", "disk_low", "backups"]],
        Field(
            description="What everybody must know. `not_written`: the database cannot be written, measured cycles "
            "wait; `disk_low`: rows are written, video and pictures are not; `backups`: too old or failed."
        ),
    ]


class LiveCamera(Schema):
    """Whether a camera delivers."""

    label: CameraLabel
    module: ModuleCode
    state: Annotated[
        CameraState, Field(description="`ended`: a file played to its end; `unknown`: its driver is silent.")
    ]
    last_frame: Annotated[
        UtcTime | None, Field(description="Capture time of the newest picture; null: none.")
    ]
    last_frame_age_s: Annotated[
        float | None,
        _example("Seconds since that arrived; null: it arrived before this program looked.", 0.2),
    ]
    fps: Annotated[float | None, _example("Pictures a second over the last ten seconds.", 5.0)]
    detail: Annotated[str, _example("What is wrong, in words.", "")]
    view: Annotated[
        Literal["ok", "drifted", "unknown", "unchecked"] | None,
        Field(
            description="Whether it has moved since its zones were drawn. `unknown`: the view cannot be recognised; "
            "`unchecked`: there is nothing to compare with; null: nobody says."
        ),
    ]
    shift_px: Annotated[
        float | None, _example("How far its picture has moved, at the corner that moved most.", 15.0)
    ]


class RunningCycle(Schema):
    """The cycle that is running."""

    event_uid: EventUid
    start: UtcTime
    elapsed_s: Annotated[
        float, _example("Seconds from its start to the newest picture of the station.", 12.4)
    ]


class LiveStationState(Schema):
    """What a station is doing."""

    module: ModuleCode
    workstation: StationCode
    state: Annotated[
        Literal["idle", "in_cycle", "unknown"], Field(description="`unknown`: nothing to decide on.")
    ]
    occupied: Annotated[bool | None, _example("Somebody is there; null: not known.", True)]
    running: RunningCycle | None


class LiveCycle(Schema):
    """A finished cycle, as the live page draws it."""

    event_uid: EventUid
    start: UtcTime
    end: UtcTime
    duration_s: Annotated[float, _example("Seconds from start to end.", 22.4)]
    quality: QualityBand


class LiveCycles(Schema):
    """The newest finished cycles of a station; rejected ones are not among them."""

    module: ModuleCode
    workstation: StationCode
    cycles: Annotated[list[LiveCycle], Field(description="Newest first.")]
    median_s: Annotated[float | None, _example("Of these cycles, seconds; null: there is none.", 22.1)]
    versus_sam_percent: Annotated[
        float | None, _example("Median above (+) or below (-) the SAM; null: one of them is not known.", -3.1)
    ]


class Live(Schema):
    """Everything that the live page shows."""

    server_time: UtcTime
    plant: LivePlant
    graph: LiveGraph
    cameras: list[LiveCamera]
    states: Annotated[list[LiveStationState], Field(description="In the order of `plant.stations`.")]
    cycles: Annotated[list[LiveCycles], Field(description="In the order of `plant.stations`.")]
