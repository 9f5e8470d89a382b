"""The scoring itself, on cases made by hand."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind, ModelInfo
from lbzf_ros.scenarios.catalogue import scenario
from lbzf_ros.scenarios.checks import begins_true, none_open
from lbzf_ros.scenarios.model import CAMERA
from lbzf_ros.scenarios.scoring import score, together
from lbzf_ros.scenarios.trial import START_NS, Job, Judged, Trial
from lbzf_ros.scenarios.visibility import Fate
from lbzf_ros.simulator.model import TrueCycle
from lbzf_ros.store.plant import roi_sets

BASELINE = scenario("baseline")
ROIS = roi_sets(BASELINE.plant(5.0))[CAMERA]


def at_ns(second: float) -> int:
    return START_NS + round(second * NS_PER_S)


def event(
    kind: str, start_s: float, end_s: float | None, *, uncertainty_s: float = 0.2, **reasons: str
) -> CycleEvent:
    return CycleEvent(
        event_uid=f"{start_s}",
        kind=EventKind(kind),
        module="ANGELA",
        workstation="VISIT",
        camera=CAMERA,
        rule="presence",
        start_ns=at_ns(start_s),
        end_ns=None if end_s is None else at_ns(end_s),
        decided_ns=at_ns(end_s or start_s),
        roi_version_id=1,
        parameter_hash="",
        model=ModelInfo("test", "1", "none"),
        software_version="",
        frame_path="",
        duration_uncertainty_s=uncertainty_s,
        reasons=reasons,
    )


def truth(start_s: float, end_s: float, fate: Fate = Fate.MUST) -> Judged:
    cycle = TrueCycle("ANGELA", "VISIT", "presence", start_s, end_s)
    return Judged(cycle, fate, at_ns(start_s), at_ns(end_s))


def trial(true: Sequence[Judged], ended: Sequence[CycleEvent]) -> Trial:
    starts = [replace(e, kind=EventKind.START, end_ns=None, reasons={}) for e in ended]
    return Trial(
        job=Job(BASELINE, 1, 5.0, 1.0, ("detector",)),
        way="detector",
        rois=ROIS,
        truth=tuple(true),
        events=(*starts, *ended),
        times_s=np.arange(0, 100, 0.2),
        hidden=np.zeros(500, bool),
        evidence=(),
    )


def test_found_missed_and_extra() -> None:
    found = score(
        trial(
            [truth(10, 30), truth(35, 55), truth(60, 80)],
            [event("END", 10.1, 30.5), event("END", 83, 95), event("REJECT", 35, 50, gap_in_frames="x")],
        )
    )
    assert (len(found.found), len(found.missed), len(found.extra)) == (1, 2, 1)
    assert found.precision == pytest.approx(1 / 2)
    assert found.recall == pytest.approx(1 / 3)
    assert found.median_error == pytest.approx(2.0)
    assert found.rejections == {"gap_in_frames": 1}
    assert found.problems == ()


def test_two_true_cycles_measured_as_one_are_two_missed_and_one_extra() -> None:
    found = score(trial([truth(10, 30), truth(33, 53)], [event("END", 10, 53)]))
    assert (len(found.found), len(found.missed), len(found.extra)) == (0, 2, 1)


def test_what_may_be_counted_or_not_is_neither_right_nor_wrong() -> None:
    counted = score(trial([truth(10, 30, Fate.MAY)], [event("END", 10, 30)]))
    left_out = score(trial([truth(10, 30, Fate.MAY)], []))
    assert (counted.true_cycles, counted.open, len(counted.extra)) == (0, 1, 0)
    assert (left_out.true_cycles, left_out.open, left_out.precision, left_out.recall) == (0, 0, 1.0, 1.0)


def test_what_must_not_be_counted_is_wrong_if_it_is() -> None:
    assert len(score(trial([truth(10, 30, Fate.MUST_NOT)], [event("END", 10, 30)])).extra) == 1
    assert score(trial([truth(10, 30, Fate.MUST_NOT)], [event("REJECT", 10, 30, too_long="x")])).extra == ()


@pytest.mark.parametrize(("end_s", "is_inside"), [(30.2, True), (29.8, True), (30.4, False)])
def test_the_true_duration_is_compared_with_the_stated_uncertainty(end_s: float, is_inside: bool) -> None:
    found = score(trial([truth(10, 30)], [event("END", 10, end_s, uncertainty_s=0.2)]))
    assert found.inside == float(is_inside)


def test_several_runs_are_added_not_averaged() -> None:
    one = score(trial([truth(10, 30)], [event("END", 10, 30)]))
    other = score(trial([truth(10, 30), truth(40, 60), truth(65, 80)], [event("END", 10, 31)]))
    both = together([one, other])
    assert both.recall == pytest.approx(2 / 4)
    assert both.median_error == pytest.approx(2.5)


def test_the_ninetieth_percentile_is_by_nearest_rank() -> None:
    true = [truth(i * 10.0, i * 10.0 + 5) for i in range(10)]
    ended = [event("END", i * 10.0, i * 10.0 + 5 + i / 5, uncertainty_s=9) for i in range(10)]
    assert score(trial(true, ended)).p90_error == pytest.approx(8.0)


def test_cycles_that_overlap_are_a_problem_in_every_scenario() -> None:
    problems = score(trial([], [event("END", 10, 30), event("REJECT", 29, 40, too_short="x")])).problems
    assert len(problems) == 1
    assert "never overlap" in problems[0]


def test_a_check_says_what_does_not_hold() -> None:
    one = trial([truth(10, 30)], [event("END", 10, 30), event("ABORT", 50, None, stopped="x")])
    assert begins_true("FETCH").problems(one) == []
    assert begins_true("VISIT").problems(one) == ["START VISIT 50.0 to … s begins where nobody began to work"]
    assert none_open().problems(one) == []
    over_the_edge = trial([truth(-10, 20, Fate.MUST_NOT)], [event("END", -9, 20)])
    assert none_open().problems(over_the_edge) == ["1 open at the start, 0 at the stop"]
