from __future__ import annotations

import json
import math
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbzf_ros.core.errors import InvalidValue, StoreError
from lbzf_ros.core.model import UNKNOWN, CycleEvent, EventKind, ModelInfo, Quality
from lbzf_ros.store.event_json import event_from_json, event_to_json

figures = st.floats(allow_infinity=False) | st.just(UNKNOWN)
texts = st.text(st.characters(codec=None), max_size=20)
starts_ns = st.integers(0, 2**62)

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
