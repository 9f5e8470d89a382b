"""Operators, who works where, shifts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from web_bridge.schemas.base import ModuleCode, Page, Schema, StationCode, UtcTime, example
from web_bridge.schemas.entering import (
    Entered,
    Flag,
    ModuleIn,
    MomentIn,
    NameIn,
    NotesIn,
    OperatorCodeIn,
    StationIn,
)

MAX_STATIONS = 200
_ROW = "Number of the row."
_NOTES = "Written by people."


class Operator(Schema):
    """A person who works at stations (operario)."""

    id: Annotated[int, example(_ROW, 3)]
    code: Annotated[str | None, example("As the plant knows the person; null: erased.", "1017")]
    display_name: Annotated[str | None, example("For people; null: erased.", "Ana María P.")]
    active: Annotated[bool, example("False: no longer works here.", True)]
    notes: Annotated[str | None, example(_NOTES, None)]
    erased_at: Annotated[UtcTime | None, example("When the person asked to be forgotten.", None)]


class OperatorNew(Entered):
    """An operator to be added."""

    code: OperatorCodeIn
    display_name: NameIn
    notes: NotesIn = None


class OperatorChange(Entered):
    """What an operator is called from now on. There is no delete: who left is not active."""

    code: OperatorCodeIn
    display_name: NameIn
    active: Annotated[Flag, Field(description="False: leaves every station now.", examples=[True])] = True
    notes: NotesIn = None


class Assignment(Schema):
    """Who works at a station from when to when."""

    id: Annotated[int, example(_ROW, 12)]
    module: ModuleCode
    workstation: StationCode
    operator_code: Annotated[str | None, example("null: erased.", "1017")]
    operator_display_name: Annotated[str | None, example("For people; null: erased.", "Ana María P.")]
    start: UtcTime
    end: Annotated[UtcTime | None, example("null: still there.", None)]


class AssignmentNew(Entered):
    """Somebody works at a station from a time on; whoever was there leaves."""

    module: ModuleIn
    workstation: StationIn
    operator_code: Annotated[
        str | None,
        Field(min_length=1, max_length=200, description="null: nobody works there.", examples=["1017"]),
    ]
    start: MomentIn
    end: Annotated[MomentIn | None, Field(description="null: not known yet.", examples=[None])] = None


class AssignmentChange(Entered):
    """What should have been entered instead."""

    operator_code: OperatorCodeIn
    start: MomentIn
    end: Annotated[MomentIn | None, Field(description="null: not known yet.", examples=[None])] = None


class ShiftAssignments(Entered):
    """The form of a shift's start: who works where, from one time on; all is entered, or nothing."""

    module: ModuleIn
    start: MomentIn
    operators: Annotated[
        dict[str, Annotated[str | None, Field(max_length=200)]],
        Field(
            max_length=MAX_STATIONS,
            description="Operator code by workstation; null: nobody. Stations that are not in it stay as they are.",
            examples=[{"PUESTO_01": "1017", "PUESTO_02": None}],
        ),
    ]


class Shift(Schema):
    """A shift (jornada)."""

    id: Annotated[int, example(_ROW, 5)]
    module: ModuleCode
    date: Annotated[str, example("Local day of its start, YYYY-MM-DD.", "2026-07-15")]
    label: Annotated[str, example("Once a module and day.", "jornada_1")]
    start: UtcTime
    end: Annotated[UtcTime | None, example("null: it still runs, or nobody has closed it.", None)]
    notes: Annotated[str | None, example(_NOTES, None)]


class ShiftChange(Entered):
    """What is to be known of a shift."""

    label: Annotated[
        str, Field(min_length=1, max_length=200, description="Once a module and day.", examples=["jornada_1"])
    ]
    start: MomentIn
    end: Annotated[MomentIn | None, Field(description="null: not known yet.", examples=[None])] = None
    notes: NotesIn = None


class ShiftNew(ShiftChange):
    """A shift that begins."""

    module: ModuleIn


class Ending(Entered):
    """When something that was going on ended."""

    end: MomentIn


class OperatorPage(Page[Operator]):
    """Operators, in the order in which they were entered."""


class AssignmentPage(Page[Assignment]):
    """Assignments, by start."""


class ShiftPage(Page[Shift]):
    """Shifts, by start."""
