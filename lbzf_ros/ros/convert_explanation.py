"""Explanations to messages and back."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lbzf_interfaces import msg

from lbzf_ros.core.explanation import (
    Explanation,
    Figure,
    Gap,
    Limit,
    PersonSpan,
    PictureSpan,
    ZoneDecision,
    ZoneEvidence,
)
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.ros.convert_time import time_from_msg, time_to_msg


def explanation_to_msg(why: Explanation) -> msg.Explanation:
    """Why a cycle was decided as it was, as a message."""
    return msg.Explanation(
        decided=time_to_msg(why.decided_ns),
        time_zone=why.time_zone,
        rule=why.rule,
        opens_on=why.opens_on,
        closes_on=why.closes_on,
        fps=why.fps,
        opened_by=[_decision_to_msg(why.opened_by)],
        closed_by=[_decision_to_msg(why.closed_by)] if why.closed_by else [],
        others=[_decision_to_msg(one) for one in why.others],
        zones=[
            msg.ZoneEvidence(
                zone=zone.zone,
                kind=zone.kind,
                evidence=zone.evidence,
                enter_s=zone.enter_s,
                leave_s=zone.leave_s,
                linger_s=zone.linger_s,
                spans=_spans_to_msg(zone.spans),
            )
            for zone in why.zones
        ],
        people=[
            msg.PersonSpan(
                track_id=one.track_id,
                is_operator=one.operator,
                start=time_to_msg(one.start_ns),
                end=time_to_msg(one.end_ns),
                inside=one.inside,
                beside=one.beside,
                mean_confidence=_nan(one.mean_confidence),
            )
            for one in why.people
        ],
        drift=_spans_to_msg(why.drift),
        gaps=[msg.Gap(start=time_to_msg(gap.start_ns), end=time_to_msg(gap.end_ns)) for gap in why.gaps],
        figures=[_figure_to_msg(figure) for figure in why.figures],
        merged_below_s=why.merged_below_s,
        others_left_out=why.others_left_out,
        people_left_out=why.people_left_out,
        gaps_left_out=why.gaps_left_out,
    )


def explanation_from_msg(message: msg.Explanation) -> Explanation:
    """Why a cycle was decided as it was.

    Raises:
        ValueError: it does not say what opened the cycle.
    """
    (opened_by,) = (_decision_from_msg(one) for one in message.opened_by)
    return Explanation(
        decided_ns=time_from_msg(message.decided),
        time_zone=message.time_zone,
        rule=message.rule,
        opens_on=message.opens_on,
        closes_on=message.closes_on,
        fps=message.fps,
        opened_by=opened_by,
        closed_by=_decision_from_msg(message.closed_by[0]) if message.closed_by else None,
        others=tuple(_decision_from_msg(one) for one in message.others),
        zones=tuple(
            ZoneEvidence(
                zone.zone,
                zone.kind,
                zone.evidence,
                zone.enter_s,
                zone.leave_s,
                zone.linger_s,
                _spans_from_msg(zone.spans),
            )
            for zone in message.zones
        ),
        people=tuple(
            PersonSpan(
                one.track_id,
                one.is_operator,
                time_from_msg(one.start),
                time_from_msg(one.end),
                one.inside,
                one.beside,
                _known(one.mean_confidence),
            )
            for one in message.people
        ),
        drift=_spans_from_msg(message.drift),
        gaps=tuple(Gap(time_from_msg(gap.start), time_from_msg(gap.end)) for gap in message.gaps),
        figures=tuple(_figure_from_msg(figure) for figure in message.figures),
        merged_below_s=message.merged_below_s,
        others_left_out=message.others_left_out,
        people_left_out=message.people_left_out,
        gaps_left_out=message.gaps_left_out,
    )


def _decision_to_msg(one: ZoneDecision) -> msg.ZoneDecision:
    return msg.ZoneDecision(
        zone=one.zone,
        entered=one.entered,
        since=time_to_msg(one.since_ns),
        slack_s=one.slack_ns / NS_PER_S,
        decided=time_to_msg(one.decided_ns),
        timer=one.timer,
        lasted_s=one.lasted_ns / NS_PER_S,
        limit_s=one.limit_ns / NS_PER_S,
        attended=one.attended,
        alone_s=_nan(None if one.alone_ns is None else one.alone_ns / NS_PER_S),
    )


def _decision_from_msg(message: msg.ZoneDecision) -> ZoneDecision:
    return ZoneDecision(
        message.zone,
        message.entered,
        time_from_msg(message.since),
        round(message.slack_s * NS_PER_S),
        time_from_msg(message.decided),
        message.timer,
        round(message.lasted_s * NS_PER_S),
        round(message.limit_s * NS_PER_S),
        message.attended,
        None if math.isnan(message.alone_s) else round(message.alone_s * NS_PER_S),
    )


def _spans_to_msg(spans: Sequence[PictureSpan]) -> list[msg.PictureSpan]:
    return [
        msg.PictureSpan(
            start=time_to_msg(span.start_ns), end=time_to_msg(span.end_ns), pictures=list(span.pictures)
        )
        for span in spans
    ]


def _spans_from_msg(messages: Sequence[msg.PictureSpan]) -> tuple[PictureSpan, ...]:
    spans = []
    for message in messages:
        absent, present, unknown, near = (int(count) for count in message.pictures)
        counts = absent, present, unknown, near
        spans.append(PictureSpan(time_from_msg(message.start), time_from_msg(message.end), counts))
    return tuple(spans)


def _figure_to_msg(figure: Figure) -> msg.Figure:
    return msg.Figure(
        name=figure.name,
        value=_nan(figure.value),
        text=figure.text,
        limits=[
            msg.FigureLimit(name=limit.name, at_least=limit.at_least, value=limit.value)
            for limit in figure.limits
        ],
        verdict=figure.verdict,
    )


def _figure_from_msg(message: msg.Figure) -> Figure:
    limits = tuple(Limit(limit.name, limit.at_least, limit.value) for limit in message.limits)
    return Figure(message.name, _known(message.value), limits, message.verdict, message.text)


def _nan(value: float | None) -> float:
    """A figure as a message has it."""
    return math.nan if value is None else value


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
