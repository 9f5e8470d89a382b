"""What is common to all that people enter through the API."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from lbzf_ros.core.errors import InvalidValue
from web_bridge.schemas.base import Schema, example

MAX_NOTES = 4000
CODE = r"^[A-Z0-9][A-Z0-9_]{0,63}$"
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MAX_ID = 2**63 - 1


def in_words(value: object) -> object:
    """Refuse a bare number, which would be taken for seconds or milliseconds since 1970, whichever fits."""
    if not isinstance(value, str) or not value[:4].isdigit() or value[4:5] != "-":
        raise InvalidValue("must be ISO 8601 with a zone, such as 2026-07-15T08:00:00-05:00", "not_a_time")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(in_words)]
"""A time that somebody gives: ISO 8601 with a zone."""

MomentIn = Annotated[
    Moment,
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "description": "ISO 8601 with a zone.",
            "examples": ["2026-07-15T08:00:00-05:00"],
        }
    ),
]
ModuleIn = Annotated[str, Field(pattern=CODE, description="Module.", examples=["ANGELA"])]
StationIn = Annotated[str, Field(pattern=CODE, description="Workstation.", examples=["PUESTO_01"])]
OperatorCodeIn = Annotated[
    str, Field(min_length=1, max_length=200, description="As the plant knows the person.", examples=["1017"])
]
NameIn = Annotated[
    str, Field(min_length=1, max_length=200, description="For people.", examples=["Ana María P."])
]
NotesIn = Annotated[str | None, Field(max_length=MAX_NOTES, description="Anything else.", examples=[None])]
RowId = Annotated[int, Field(ge=1, le=_MAX_ID, strict=True, examples=[17])]
Flag = Annotated[bool, Field(strict=True)]
SecondsIn = Annotated[float, Field(gt=0, le=86400, strict=True, allow_inf_nan=False, examples=[31.4])]


class Entered(BaseModel):
    """Base of what people send. What is not known to the API is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Made(Schema):
    """The number of what was made."""

    id: Annotated[int, example("Names it from now on.", 17)]


class Changed(Schema):
    """What an entry has changed elsewhere."""

    cycles_changed: Annotated[int, example("Cycles that have another operator now.", 12)]


class Done(Schema):
    """It is entered."""

    done: Annotated[bool, example("Always true: otherwise there is an error.", True)] = True


def to_ns(time: datetime) -> int:
    """Nanoseconds since the epoch."""
    return (time - _EPOCH) // timedelta(microseconds=1) * 1000


def to_ns_or_none(time: datetime | None) -> int | None:
    """Nanoseconds since the epoch; None stays None."""
    return None if time is None else to_ns(time)
