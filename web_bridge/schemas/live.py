"""What the live page shows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from web_bridge.live import CameraState
from web_bridge.schemas.base import CameraLabel, EventUid, ModuleCode, Schema, StationCode, UtcTime, example
from web_bridge.schemas.cycles import QualityBand


class LiveModule(Schema):
    """A module of the live page."""

    code: ModuleCode
    display_name: Annotated[str, example("For people.", "Angela")]
    product_reference: Annotated[str | None, example("What is being made.", "Ref22 Slim")]


class LiveStation(Schema):
    """A station of the live page, which changes only with the plant file."""

    module: ModuleCode
    code: StationCode
    display_name: Annotated[str, example("For people.", "Puesto 1")]
    operation: Annotated[str | None, example("What is done there.", "PESPUNTAR CUELLO")]
    camera: Annotated[str | None, example("Camera that sees it.", "cam1")]
    sam_s: Annotated[float | None, example("Standard time of one cycle, seconds.", 22.8)]


class LivePlant(Schema):
    """What the live page is about. `known` false: the graph has not described itself yet."""

    known: bool
    name: Annotated[str | None, example("What people call the plant.", "LBZF")]
    time_zone: Annotated[str | None, example("IANA zone in which people read times.", "America/Bogota")]
    software_version: Annotated[str | None, example("Of LBZF.", "0.1.0")]
    recent_cycles: Annotated[int, example("Most cycles given for one station.", 10)]
    modules: list[LiveModule]
    stations: Annotated[list[LiveStation], Field(description="In the order of the flow.")]


class LiveGraph(Schema):
    """Whether all nodes work."""

    up: bool
    missing: Annotated[list[str], example("Nodes that are not heard.", [])]
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
        example("Seconds since that arrived; null: it arrived before this program looked.", 0.2),
    ]
    fps: Annotated[float | None, example("Pictures a second over the last ten seconds.", 5.0)]
    detail: Annotated[str, example("What is wrong, in words.", "")]
    view: Annotated[
        Literal["ok", "drifted", "unknown", "unchecked"] | None,
        Field(
            description="Whether it has moved since its zones were drawn. `unknown`: the view cannot be recognised; "
            "`unchecked`: there is nothing to compare with; null: nobody says."
        ),
    ]
    shift_px: Annotated[
        float | None, example("How far its picture has moved, at the corner that moved most.", 15.0)
    ]


class RunningCycle(Schema):
    """The cycle that is running."""

    event_uid: EventUid
    start: UtcTime
    elapsed_s: Annotated[float, example("Seconds from its start to the newest picture of the station.", 12.4)]


class LiveStationState(Schema):
    """What a station is doing."""

    module: ModuleCode
    workstation: StationCode
    state: Annotated[
        Literal["idle", "in_cycle", "unknown"], Field(description="`unknown`: nothing to decide on.")
    ]
    occupied: Annotated[bool | None, example("Somebody is there; null: not known.", True)]
    running: RunningCycle | None


class LiveCycle(Schema):
    """A finished cycle, as the live page draws it."""

    event_uid: EventUid
    start: UtcTime
    end: UtcTime
    duration_s: Annotated[float, example("Seconds from start to end.", 22.4)]
    quality: QualityBand


class LiveCycles(Schema):
    """The newest finished cycles of a station; rejected ones are not among them."""

    module: ModuleCode
    workstation: StationCode
    cycles: Annotated[list[LiveCycle], Field(description="Newest first.")]
    median_s: Annotated[float | None, example("Of these cycles, seconds; null: there is none.", 22.1)]
    versus_sam_percent: Annotated[
        float | None, example("Median above (+) or below (-) the SAM; null: one of them is not known.", -3.1)
    ]


class Live(Schema):
    """Everything that the live page shows."""

    server_time: UtcTime
    plant: LivePlant
    graph: LiveGraph
    cameras: list[LiveCamera]
    states: Annotated[list[LiveStationState], Field(description="In the order of `plant.stations`.")]
    cycles: Annotated[list[LiveCycles], Field(description="In the order of `plant.stations`.")]
