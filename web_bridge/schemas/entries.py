"""Lost time, observations, judged cycles, and who changed what."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from web_bridge.schemas.base import ModuleCode, Page, Schema, StationCode, UtcTime, example
from web_bridge.schemas.entering import (
    MAX_NOTES,
    Entered,
    Flag,
    ModuleIn,
    MomentIn,
    NotesIn,
    SecondsIn,
    StationIn,
)

_ROW = "Number of the row."
_NOTES = "Written by people."
Kind = Literal["ground_truth_duration", "lost_time_note", "data_quality_flag", "other"]


class LostTimeCode(Schema):
    """A reason for lost time, as the plant codes it."""

    code: Annotated[str, example("The plant's own.", "C001")]
    display_name: Annotated[str, example("For people.", "Falta de energía")]
    active: Annotated[bool, example("False: no longer in the plant's file.", True)]


class LostTime(Schema):
    """Lost time (tiempo perdido) of a station or a whole module."""

    id: Annotated[int, example(_ROW, 9)]
    module: ModuleCode
    workstation: Annotated[str | None, example("null: the whole module.", "PUESTO_01")]
    shift_id: Annotated[int | None, example("null: in no shift.", 5)]
    code: Annotated[str, example("Why.", "C001")]
    code_display_name: Annotated[str, example("The same for people.", "Falta de energía")]
    start: UtcTime
    end: Annotated[UtcTime | None, example("null: it goes on.", None)]
    detected_auto: Annotated[bool, example("False: entered by a person.", False)]
    notes: Annotated[str | None, example(_NOTES, None)]


class LostTimeChange(Entered):
    """What is to be known of lost time."""

    code: Annotated[
        str, Field(min_length=1, max_length=200, description="One that is in use.", examples=["C001"])
    ]
    start: MomentIn
    end: Annotated[MomentIn | None, Field(description="null: it goes on.", examples=[None])] = None
    notes: NotesIn = None


class LostTimeNew(LostTimeChange):
    """Lost time to be marked."""

    module: ModuleIn
    workstation: Annotated[StationIn | None, Field(description="null: the whole module.")] = None


class Observation(Schema):
    """What a person saw at a station."""

    id: Annotated[int, example(_ROW, 21)]
    module: ModuleCode
    workstation: StationCode
    event_uid: Annotated[str | None, example("The cycle that it is about; null: none.", None)]
    observer: Annotated[str, example("Who.", "engineer@example.com")]
    observed: Annotated[UtcTime, Field(description="When it happened.")]
    kind: Kind
    payload: Annotated[
        dict[str, Any],
        example("`stopwatch_seconds` (s), `notes`, `code`, by kind.", {"stopwatch_seconds": 31.4}),
    ]


class ObservationNew(Entered):
    """Something that was seen. It is added, never changed."""

    module: ModuleIn
    workstation: StationIn
    kind: Kind
    observed: MomentIn
    notes: Annotated[
        str | None,
        Field(
            max_length=MAX_NOTES,
            description="What was seen; needed for all kinds but ground_truth_duration.",
            examples=["La operaria cambió la aguja."],
        ),
    ] = None
    stopwatch_s: Annotated[
        SecondsIn | None, Field(description="Seconds by stopwatch; for ground_truth_duration only.")
    ] = None
    code: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=200,
            description="Of lost time; for lost_time_note only.",
            examples=[None],
        ),
    ] = None
    event_uid: Annotated[
        UUID | None, Field(description="The cycle that it is about, rejected or not.", examples=[None])
    ] = None


class StopwatchNew(Entered):
    """A cycle timed by hand: pressed at its start and at its end while watching."""

    module: ModuleIn
    workstation: StationIn
    start: MomentIn
    end: MomentIn
    notes: NotesIn = None


class Stopwatch(Schema):
    """A stopwatch reading, and the measured cycle that it belongs to."""

    id: Annotated[int, example("Of the observation.", 21)]
    stopwatch_s: Annotated[float, example("Seconds by hand.", 31.4)]
    event_uid: Annotated[
        str | None,
        example("The cycle that shares most time with it, at least half of both; null: none yet.", None),
    ]
    measured_s: Annotated[float | None, example("Seconds that were measured; null: not known.", 31.1)]


class ObservationMade(Schema):
    """The observation's number."""

    id: Annotated[int, example(_ROW, 21)]


class Verification(Entered):
    """What a person found who checked a cycle."""

    corrected_duration_s: Annotated[
        SecondsIn | None, Field(description="Seconds it really took; null: as measured.")
    ] = None
    replace: Annotated[
        Flag, Field(description="Also when somebody else has checked it.", examples=[False])
    ] = False


class Override(Entered):
    """A person decides what a cycle counts as."""

    reason: Annotated[
        str, Field(min_length=1, max_length=MAX_NOTES, description="Why.", examples=["Dos prendas a la vez."])
    ]
    replace: Annotated[Flag, Field(description="Also when it has another reason.", examples=[False])] = False


class Change(Schema):
    """A change that a person made (audit trail)."""

    id: Annotated[int, example(_ROW, 130)]
    at: UtcTime
    actor: Annotated[str, example("Who.", "engineer@example.com")]
    role: Annotated[str, example("Of the actor then; cli: at the command line.", "engineer")]
    action: Annotated[str, example("What was done.", "operator.create")]
    subject: Annotated[str, example("What was changed.", "operators/17")]
    before: Annotated[dict[str, Any] | None, example("What it was; null: it was not there.", None)]
    after: Annotated[dict[str, Any] | None, example("What it is; null: it is gone.", {"active": 1})]
    request_id: Annotated[str, example("The same as in the log.", "3f0a5a0f4c0d4a7c9f2f6d6b3f1a2b4c")]


class LostTimeCodePage(Page[LostTimeCode]):
    """Codes of lost time, those in use first."""


class LostTimePage(Page[LostTime]):
    """Lost time, by start."""


class ObservationPage(Page[Observation]):
    """Observations, by time."""


class ChangePage(Page[Change]):
    """Changes, newest first."""
