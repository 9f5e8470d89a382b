"""What all answers are made of. The unit is in the name, times are ISO 8601 in UTC, null means "not known"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from lbzf_ros.core.causes import Param
from web_bridge.problems import Code

T = TypeVar("T")


def example(description: str, value: Any) -> Any:
    """A field with its help text and an example."""
    return Field(description=description, examples=[value])


UtcTime = Annotated[
    str,
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2026-07-15T13:24:11.250Z"]},
        mode="serialization",
    ),
]
"""UTC with milliseconds, as in the database."""

ModuleCode = Annotated[str, example("Module, for files and the API.", "ANGELA")]
StationCode = Annotated[str, example("Workstation, unique in its module.", "PUESTO_01")]
CameraLabel = Annotated[str, example("Camera, unique in the plant.", "cam1")]
EventUid = Annotated[
    str,
    example("UUIDv5 of module/camera/workstation/rule/start.", "5f0c2a52-8a3b-5c67-9d3e-0f6f0a4f5f5e"),
]
Share = Annotated[float | None, Field(ge=0, le=1, examples=[0.97])]


class Schema(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True)


class Page(Schema, Generic[T]):
    """Part of a list."""

    items: Sequence[T]
    next_after: Annotated[
        str | None, example("Give it back as `after` for the next part; null: this was the last.", None)
    ]


_WRONG: dict[str, Any] = {
    "where": "body.units",
    "message": "Input should be less than or equal to 1000000",
    "code": "at_most",
    "params": {"most": 1_000_000},
}


class WrongValue(Schema):
    """A value that cannot be."""

    where: Annotated[str, example("Its place: body, path or query, then its name.", _WRONG["where"])]
    message: Annotated[str, example("What is wrong, in words for programmers.", _WRONG["message"])]
    code: Annotated[Code, example("What is wrong, the same for every language.", _WRONG["code"])]
    params: Annotated[dict[str, Param], example("What is allowed and what was found.", _WRONG["params"])] = {}


class Problem(Schema):
    """What went wrong (RFC 9457)."""

    type: Annotated[
        str, example("Kind of problem: `about:blank` says no more than the status.", "about:blank")
    ]
    title: Annotated[str, example("The status in words.", "Not Found")]
    status: Annotated[int, example("HTTP status.", 404)]
    detail: Annotated[str, example("What happened here and what to do.", "there is no cycle with this uid")]
    instance: Annotated[str, example("Path that was asked for.", "/api/v1/events/…")]
    request_id: Annotated[str, example("Find this in the log.", "3f0a5a0f4c0d4a7c9f2f6d6b3f1a2b4c")]
    code: Annotated[
        Code, example("What is wrong, the same for every language and version.", "operator_unknown")
    ]
    params: Annotated[
        dict[str, Param],
        example("What a text about it needs; times are UTC, null: it goes on.", {"operator": "9999"}),
    ] = {}
    errors: Annotated[
        list[WrongValue],
        example("Each wrong value.", [_WRONG]),
    ] = []
