"""Figures of a local day: hour board, day aggregates, a station's day, balance, summary, comparison, trend."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from lbzf_ros.core.shift_hours import local_time
from lbzf_ros.reports.day import values
from web_bridge.context import Context
from web_bridge.errors import answers
from web_bridge.figures_text import text_of
from web_bridge.routes.parameters import InContext, ModuleNeeded, QualityQuery
from web_bridge.schemas.entering import CODE
from web_bridge.schemas.figures import schema_of
from web_bridge.schemas.plans import DATE

router = APIRouter(tags=["figures"])

MAX_MODULES = 20
Day = Annotated[
    str | None,
    Query(pattern=DATE, description="Local day, YYYY-MM-DD. Absent: today.", examples=["2026-07-15"]),
]
ShiftLabel = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=200,
        description="Only this shift (its label). Absent: all of the day.",
        examples=["jornada_1"],
    ),
]


def _gives(kind: type[Any]) -> dict[str, Any]:
    """What the decorator of a route says about its answers."""
    return {
        "response_model": schema_of(kind),  # type: ignore[arg-type]  # classes can be hashed
        "responses": answers(404),
    }


def _answer(value: Any) -> Response:
    """Written here: the values are typed already, and a day of a station is too long to check it once more."""
    return Response(text_of(value), media_type="application/json")


def _day(context: Context, date: str | None) -> str:
    return date or local_time(context.clock_ns(), context.time_zone).date().isoformat()


@router.get("/hour-board", **_gives(values.HourBoard))
def hour_board(
    context: InContext, module: ModuleNeeded, date: Day = None, shift: ShiftLabel = None
) -> Response:
    """The whiteboard of a module: hora, meta, real, %, accumulated; of the hour that runs, whether it is on pace.

    Without a date it is the day whose shift runs: after midnight, that of the night shift.
    """
    now_ns = context.clock_ns()
    date = date or context.days.present_day(module, now_ns=now_ns)
    return _answer(context.days.hour_board(module, date, now_ns=now_ns, shift=shift))


@router.get("/days", **_gives(values.DayFigures))
def day(
    context: InContext,
    date: Day = None,
    module: Annotated[
        list[Annotated[str, Query(pattern=CODE)]] | None,
        Query(max_length=MAX_MODULES, description="Only these modules.", examples=[["ANGELA"]]),
    ] = None,
) -> Response:
    """Day aggregates: all figures of the modules, by shift, hour and station."""
    return _answer(context.days.day(_day(context, date), now_ns=context.clock_ns(), modules=module))


@router.get("/days/module", **_gives(values.ModuleDay))
def module_day(
    context: InContext, module: ModuleNeeded, date: Day = None, shift: ShiftLabel = None
) -> Response:
    """The same of one module, perhaps of one shift."""
    return _answer(
        context.days.module_day(module, _day(context, date), now_ns=context.clock_ns(), shift=shift)
    )


@router.get("/days/station", **_gives(values.StationDay))
def station_day(
    context: InContext,
    module: ModuleNeeded,
    workstation: Annotated[str, Query(pattern=CODE, description="Workstation.", examples=["PUESTO_01"])],
    date: Day = None,
    shift: ShiftLabel = None,
) -> Response:
    """A station's day: cycles, spread, histogram, rejections, lost time, operators. At most 10,000 cycles."""
    return _answer(
        context.days.station_day(
            module, workstation, _day(context, date), now_ns=context.clock_ns(), shift=shift
        )
    )


@router.get("/balance", **_gives(values.Balance))
def balance(
    context: InContext,
    module: ModuleNeeded,
    date: Day = None,
    shift: ShiftLabel = None,
    quality: QualityQuery = None,
) -> Response:
    """Line balance (Yamazumi): measured medians with P10 and P90 against takt, bottleneck, balance efficiency.

    `quality`: only durations of this band count; absent: green and yellow.
    """
    chosen = {} if quality is None else {"qualities": (quality,)}
    return _answer(
        context.days.balance(module, _day(context, date), now_ns=context.clock_ns(), shift=shift, **chosen)
    )


@router.get("/shift-summary", **_gives(values.ShiftSummary))
def shift_summary(
    context: InContext, module: ModuleNeeded, date: Day = None, shift: ShiftLabel = None
) -> Response:
    """What the engineer reads at the end of a shift, or of the day."""
    return _answer(context.days.summary(module, _day(context, date), now_ns=context.clock_ns(), shift=shift))


@router.get("/comparison", **_gives(values.Comparison))
def comparison(context: InContext, module: ModuleNeeded, date: Day = None) -> Response:
    """A day beside yesterday and the same weekday of last week."""
    return _answer(context.days.comparison(module, _day(context, date), now_ns=context.clock_ns()))


@router.get("/trend", **_gives(values.Trend))
def trend(
    context: InContext,
    module: ModuleNeeded,
    date: Day = None,
    days: Annotated[int, Query(ge=1, le=92, description="So many days, 1 to 92.", examples=[28])] = 28,
) -> Response:
    """Efficiency of a module day by day."""
    return _answer(context.days.trend(module, _day(context, date), now_ns=context.clock_ns(), days=days))
