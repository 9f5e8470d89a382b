from __future__ import annotations

import json
import math
import zlib
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbzf_ros.core.errors import InvalidValue, StoreError
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
from lbzf_ros.core.model import UNKNOWN, CycleEvent, Drift, EventKind, ModelInfo, Quality
from lbzf_ros.store.event_json import event_from_json, event_to_json, event_values, kept_json, kept_text
from lbzf_ros.store.explanation_json import explanation_packed, explanation_unpacked
from test.store.examples import cycle
from test.store.test_outbox import ROI_SETS

figures = st.floats(allow_infinity=False) | st.just(UNKNOWN)
texts = st.text(st.characters(codec=None), max_size=20)
starts_ns = st.integers(0, 2**62)

spans = st.lists(
    st.builds(PictureSpan, starts_ns, starts_ns, st.tuples(*[st.integers(0, 2**31)] * 4)), max_size=2
).map(tuple)
decisions = st.builds(
    ZoneDecision,
    zone=texts,
    entered=st.booleans(),
    since_ns=starts_ns,
    slack_ns=starts_ns,
    decided_ns=starts_ns,
    timer=texts,
    lasted_ns=starts_ns,
    limit_ns=starts_ns,
    attended=st.booleans(),
    alone_ns=st.none() | starts_ns,
)
finite = st.floats(allow_infinity=False, allow_nan=False)
explanations = st.builds(
    Explanation,
    decided_ns=starts_ns,
    time_zone=texts,
    rule=texts,
    opens_on=texts,
    closes_on=texts,
    fps=finite,
    opened_by=decisions,
    closed_by=st.none() | decisions,
    others=st.lists(decisions, max_size=2).map(tuple),
    zones=st.lists(
        st.builds(ZoneEvidence, texts, texts, texts, finite, finite, finite, spans), max_size=2
    ).map(tuple),
    people=st.lists(
        st.builds(
            PersonSpan,
            st.integers(-1, 2**31),
            st.booleans(),
            starts_ns,
            starts_ns,
            st.integers(0, 99),
            st.integers(0, 99),
            st.none() | finite,
        ),
        max_size=2,
    ).map(tuple),
    drift=spans,
    gaps=st.lists(st.builds(Gap, starts_ns, starts_ns), max_size=2).map(tuple),
    figures=st.lists(
        st.builds(
            Figure,
            texts,
            st.none() | finite,
            st.lists(st.builds(Limit, texts, st.booleans(), finite), max_size=2).map(tuple),
            texts,
            texts,
        ),
        max_size=2,
    ).map(tuple),
    merged_below_s=finite,
    others_left_out=st.integers(0, 99),
    people_left_out=st.integers(0, 99),
    gaps_left_out=st.integers(0, 99),
)

events = st.builds(
    lambda start_ns, length_ns, **values: CycleEvent(
        start_ns=start_ns, end_ns=start_ns + length_ns, **values
    ),
    start_ns=starts_ns,
    length_ns=st.integers(1, 2**62),
    event_uid=texts,
    kind=st.sampled_from(EventKind),
    module=texts,
    workstation=texts,
    camera=texts,
    rule=texts,
    decided_ns=starts_ns,
    roi_version_id=st.integers(0, 2**62),
    parameter_hash=texts,
    model=st.builds(ModelInfo, texts, texts, texts, texts),
    software_version=texts,
    frame_path=texts,
    duration_uncertainty_s=figures,
    quality=st.sampled_from(Quality),
    mean_confidence=figures,
    primary_dwell_ratio=figures,
    observed_share=figures,
    detection_count=st.integers(0, 2**31),
    reasons=st.dictionaries(texts, texts, min_size=1),
    drift=st.sampled_from(Drift),
    clock_kept=st.none() | st.booleans(),
    explanation=st.none() | explanations,
)


def same(a: object, b: object) -> bool:
    both_unknown = isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b)
    return both_unknown or (a == b and type(a) is type(b))


@given(events)
def test_an_event_comes_back_as_it_was(event: CycleEvent) -> None:
    line = event_to_json(event)
    back = event_from_json(line)
    assert "\n" not in line
    assert all(same(getattr(event, field.name), getattr(back, field.name)) for field in fields(event))


@given(events)
def test_the_text_is_plain_json(event: CycleEvent) -> None:
    def refuse(name: str) -> None:
        pytest.fail(f"{name} is no JSON")

    json.loads(event_to_json(event), parse_constant=refuse)


@given(explanations)
def test_an_explanation_comes_back_from_the_database_as_it_was(explanation: Explanation) -> None:
    assert explanation_unpacked(explanation_packed(explanation)) == explanation


def test_an_explanation_that_is_none_is_refused() -> None:
    for packed in (b"", b"{}", zlib.compress(b"[]"), zlib.compress(b'{"decided_ns": 1}')):
        with pytest.raises(StoreError, match="cannot be read"):
            explanation_unpacked(packed)


def test_an_event_of_the_version_before_can_be_read() -> None:
    """It waits in the outbox while LBZF is updated."""
    values = json.loads(event_to_json(cycle(ROI_SETS)))
    del values["drift"], values["clock_kept"], values["explanation"]
    back = event_from_json(json.dumps(values))
    assert (back.drift, back.clock_kept, back.explanation) == (Drift.UNCHECKED, None, None)


@given(events)
def test_an_end_that_is_not_known_stays_so(event: CycleEvent) -> None:
    running = replace(event, kind=EventKind.START, end_ns=None)
    assert event_from_json(event_to_json(running)).end_ns is None


@given(events)
def test_an_infinite_figure_is_refused(event: CycleEvent) -> None:
    with pytest.raises(InvalidValue, match="infinite"):
        event_to_json(replace(event, observed_share=math.inf))


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"kind": "START"}', "nonsense"])
def test_other_text_is_refused(line: str) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        event_from_json(line)


@given(events)
def test_what_is_kept_of_an_event_is_the_event(event: CycleEvent) -> None:
    back = event_from_json(kept_json(event_values(event)))
    assert all(same(getattr(event, field.name), getattr(back, field.name)) for field in fields(event))


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3) | st.tuples(inner),
    max_leaves=10,
)


@given(st.dictionaries(texts, anything, max_size=5))
def test_anything_can_be_kept_as_plain_ascii_json(values: dict[str, object]) -> None:
    def refuse(name: str) -> None:
        pytest.fail(f"{name} is no JSON")

    text = kept_json(values)
    assert text.isascii()
    assert len(text) <= 70_000
    json.loads(text, parse_constant=refuse)


def test_of_what_is_too_long_the_short_fields_stay() -> None:
    kept = json.loads(
        kept_json({"text": "x" * 100_000, "kind": "END", "count": 3, "many": list(range(10**5))})
    )
    assert {name: kept[name] for name in ("kind", "count")} == {"kind": "END", "count": 3}
    assert set(kept) == {"kind", "count", "cut"}
    assert kept["cut"]["beginning"].startswith('{"text":"xxx')
    assert kept["cut"]["characters"] > 100_000


def test_depth_has_an_end() -> None:
    value: object = 1
    for _ in range(300):
        value = [value]
    assert "[[[" in kept_json({"deep": value})


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("cronómetro", "cronómetro", id="plain"),
        pytest.param("a\0b", "a\\u0000b", id="nul"),
        pytest.param("\ud800", "\\ud800", id="surrogate"),
        pytest.param("a\nb", "a\\nb", id="two-lines"),
    ],
)
def test_a_text_is_kept_as_it_is_or_escaped(text: str, kept: str) -> None:
    assert kept_text(text) == kept


def test_long_texts_are_told_apart_by_their_hash() -> None:
    one, other = kept_text("x" * 1000 + "1"), kept_text("x" * 1000 + "2")
    assert one != other
    assert one.startswith("x" * 100)
    assert max(len(one), len(other)) <= 200
