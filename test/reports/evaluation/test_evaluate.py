"""An evaluation compares everything that people said with what was measured, and says what it left out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from lbzf_ros.core.errors import ConfigError
from lbzf_ros.core.model import Quality
from lbzf_ros.reports.evaluation.evaluate import Comparison, Evaluation, Question, evaluate
from lbzf_ros.reports.evaluation.groups import Group
from lbzf_ros.reports.evaluation.labels.model import Labels
from lbzf_ros.reports.evaluation.measured import stations
from lbzf_ros.reports.evaluation.parameters import Parameters
from lbzf_ros.reports.evaluation.spans import Span, Station, Window
from lbzf_ros.store.engine import DATABASE_NAME, reading_engine, writing_engine
from lbzf_ros.store.people.ground_truth import override_event, verify_event
from lbzf_ros.store.people.observations import Observation, observe
from test.reports.plant import ENGINEER, FIRST_STATION, SECOND, SECOND_STATION, Seconds, at, make_data, uid

CYCLES = [(10.0, 40.0), (50.0, 82.0), (90.0, 125.0), (130.0, 158.0), (170.0, 199.0)]
WHOLE = Window(at(0), at(400))


def labels(
    spans: Sequence[Seconds],
    *,
    rater: str = "ana",
    station: Station = FIRST_STATION,
    window: Window | None = WHOLE,
) -> Labels:
    found = tuple(Span(station, at(start), at(end), f"{rater} {n}") for n, (start, end) in enumerate(spans))
    return Labels(rater, found, window, ())


def ask(
    data: Path,
    *raters: Labels,
    chosen: tuple[Station, ...] = (FIRST_STATION,),
    window: Window | None = None,
    rejected: bool = False,
) -> Evaluation:
    engine = reading_engine(data / DATABASE_NAME)
    try:
        question = Question(chosen, window or Window(), rejected, raters)
        return evaluate(engine, question, Parameters(resamples=200))
    finally:
        engine.dispose()


def group(found: Evaluation | Comparison, name: str = "all") -> Group:
    comparison = found.comparisons[0] if isinstance(found, Evaluation) else found
    return next(one for one in comparison.groups if one.name == name)


def counts(found: Group) -> tuple[int, int, int | None]:
    assert found.detection is not None
    return found.detection.counts.matched, found.detection.counts.extra, found.detection.counts.missed


def test_cycles_are_compared_with_labels(tmp_path: Path) -> None:
    found = ask(
        make_data(tmp_path, CYCLES), labels([(9.5, 40.5), (50, 81), (90, 125), (131, 158), (300, 330)])
    )
    everything = group(found)
    assert counts(everything) == (4, 1, 1)
    assert everything.start is not None
    assert everything.end is not None
    assert everything.start.bias.value == pytest.approx((0.5 + 0 + 0 - 1) / 4)
    assert everything.end.bias.value == pytest.approx((-0.5 + 1) / 4)
    assert everything.durations.errors.mean_absolute == pytest.approx((1 + 1 + 0 + 1) / 4)
    assert found.notes == ()


def test_a_cycle_that_runs_takes_no_part(tmp_path: Path) -> None:
    assert counts(group(ask(make_data(tmp_path, CYCLES, running=[300]), labels(CYCLES)))) == (5, 0, 0)


def test_an_overridden_cycle_takes_part_as_measured(tmp_path: Path) -> None:
    data = make_data(tmp_path, CYCLES)
    engine = writing_engine(data / DATABASE_NAME)
    override_event(engine, ENGINEER, now_ns=at(500), event_uid=uid(10), reason="two pieces")
    engine.dispose()
    assert counts(group(ask(data, labels(CYCLES)))) == (5, 0, 0)


def test_rejected_cycles_take_part_when_asked_for(tmp_path: Path) -> None:
    data, truth = make_data(tmp_path, CYCLES, rejected=[(210, 212)]), labels([*CYCLES, (210, 212)])
    assert counts(group(ask(data, truth))) == (5, 0, 1)
    found = ask(data, truth, rejected=True)
    assert counts(group(found)) == (6, 0, 0)
    assert counts(group(found, "rejected")) == (1, 0, None)
    assert found.cycle_times[0].advice.n == 5


def test_a_quality_band_has_its_own_figures(tmp_path: Path) -> None:
    data = make_data(tmp_path, CYCLES, qualities=[Quality.RED, Quality.RED, Quality.RED])
    found = ask(data, labels([(10, 42), (50, 84), (90, 127), (130, 158), (170, 199)]))
    assert group(found, "red").durations.errors.bias.value == pytest.approx(-2.0)
    assert group(found, "green").durations.errors.n == 2
    assert group(found, "green").durations.errors.bias.value is None


def test_stations_are_told_apart(tmp_path: Path) -> None:
    data = make_data(tmp_path, CYCLES, others=[(10, 30), (50, 70), (90, 110), (130, 150)])
    both = Labels(
        "ana", (*labels(CYCLES).spans, *labels([(10, 30)], station=SECOND_STATION).spans), WHOLE, ()
    )
    found = ask(data, both, chosen=(FIRST_STATION, SECOND_STATION))
    assert counts(group(found, "ANGELA/PUESTO_01")) == (5, 0, 0)
    assert counts(group(found, "ANGELA/PUESTO_02")) == (1, 3, 0)
    assert counts(group(found)) == (6, 3, 0)


def test_a_station_without_a_label_takes_no_part(tmp_path: Path) -> None:
    found = ask(
        make_data(tmp_path, CYCLES, others=[(10, 30)]), labels(CYCLES), chosen=(FIRST_STATION, SECOND_STATION)
    )
    assert counts(group(found)) == (5, 0, 0)
    assert found.notes == ("ana: no label of ANGELA/PUESTO_02; their cycles take no part",)


def test_labels_that_do_not_say_what_they_cover_cover_from_first_to_last(tmp_path: Path) -> None:
    found = ask(make_data(tmp_path, CYCLES), labels([(50, 82), (130, 158)], window=None))
    assert counts(group(found)) == (2, 1, 0)
    assert "the labels do not say which time they cover" in found.notes[0]


def test_the_window_that_is_asked_for_counts(tmp_path: Path) -> None:
    found = ask(
        make_data(tmp_path, CYCLES),
        labels([(49, 82), (131, 158)], window=None),
        window=Window(at(49), at(160)),
    )
    assert counts(group(found)) == (2, 1, 0)
    assert found.cycle_times[0].advice.n == 3
    assert found.notes == ()


def test_somebody_who_saw_nothing_makes_every_cycle_an_extra_one(tmp_path: Path) -> None:
    assert counts(group(ask(make_data(tmp_path, CYCLES), labels([])))) == (0, 5, 0)


def test_a_wrong_origin_is_suspected(tmp_path: Path) -> None:
    found = ask(make_data(tmp_path, CYCLES), labels([(5000, 5030), (5040, 5070)], window=None))
    assert any("they have no time in common; is --origin right?" in note for note in found.notes)


def test_overlapping_labels_are_pointed_out(tmp_path: Path) -> None:
    found = ask(make_data(tmp_path, CYCLES), labels([(10, 40), (39, 82)]))
    assert found.notes == ("ana: 1 labels overlap the one before, first ana 0 and ana 1",)


def test_two_raters_are_compared_with_one_another(tmp_path: Path) -> None:
    one = labels([(10, 40), (50, 82), (90, 125), (130, 158)])
    two = labels([(10.5, 40), (50.5, 82), (90.5, 125), (300, 320)], rater="luis")
    found = ask(make_data(tmp_path, CYCLES), one, two)
    assert [comparison.title for comparison in found.comparisons] == [
        "cycles against ana",
        "cycles against luis",
        "ana against luis",
    ]
    raters = group(found.comparisons[2])
    assert counts(raters) == (3, 1, 1)
    assert raters.start is not None
    assert raters.start.bias.value == pytest.approx(-0.5)
    assert raters.durations.concordance.value is not None


def test_raters_count_where_both_looked(tmp_path: Path) -> None:
    one = labels(CYCLES, window=Window(at(0), at(100)))
    two = labels(CYCLES, rater="luis", window=Window(at(45), at(400)))
    assert counts(group(ask(make_data(tmp_path, CYCLES), one, two).comparisons[2])) == (2, 0, 0)


def timed(data: Path, readings: Sequence[tuple[float, float, str | None]], actor: object = ENGINEER) -> None:
    """Enter stopwatch readings: when, seconds, cycle."""
    engine = writing_engine(data / DATABASE_NAME)
    for when_s, seconds, event in readings:
        seen = Observation(
            kind="ground_truth_duration",
            payload={"stopwatch_seconds": seconds},
            observed_ns=at(when_s),
            event_uid=event,
        )
        observe(engine, actor, now_ns=at(500), module="ANGELA", workstation="PUESTO_01", seen=seen)  # type: ignore[arg-type]
    engine.dispose()


def test_stopwatch_readings_belong_to_the_cycle_named_or_the_one_that_ran(tmp_path: Path) -> None:
    data = make_data(tmp_path, CYCLES)
    timed(data, [(300, 30.5, uid(10)), (60, 31.0, None), (100, 35.5, None), (45, 99.0, None)])
    found = ask(data)
    durations = group(found).durations
    assert (durations.errors.n, durations.errors.bias.value) == pytest.approx((3, (-0.5 + 1 - 0.5) / 3))
    assert group(found).detection is None
    assert found.notes == ("1 stopwatch readings belong to no cycle that takes part, and are left out",)


def test_two_observers_are_averaged_and_compared(tmp_path: Path) -> None:
    data = make_data(tmp_path, CYCLES)
    timed(data, [(20, 30, None), (60, 32, None), (100, 36, None)])
    timed(data, [(20, 32, None), (60, 34, None), (100, 36, None)], SECOND)
    watch, observers = ask(data).comparisons
    assert [one.seconds for one in watch.durations] == [31, 33, 36]
    assert observers.title == "stopwatch ana against stopwatch luis"
    assert group(observers).durations.errors.bias.value == pytest.approx(-4 / 3)


def test_checks_by_hand_are_compared_and_called_what_they_are(tmp_path: Path) -> None:
    data = make_data(tmp_path, CYCLES)
    engine = writing_engine(data / DATABASE_NAME)
    verify_event(engine, ENGINEER, now_ns=at(500), event_uid=uid(10), corrected_duration_s=33)
    verify_event(engine, ENGINEER, now_ns=at(500), event_uid=uid(50))
    verify_event(engine, ENGINEER, now_ns=at(500), event_uid=uid(90))
    engine.dispose()
    found = ask(data)
    assert found.comparisons[0].title == "cycles against checked by hand"
    assert group(found).durations.errors.bias.value == pytest.approx(-1.0)
    assert "1 durations were corrected, 2 confirmed as measured" in found.notes[0]


def test_nothing_to_compare_with_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing to compare with: give label files"):
        ask(make_data(tmp_path, CYCLES))


def test_more_cycles_than_a_page_of_the_store(tmp_path: Path) -> None:
    many = [(40.0 * n, 40.0 * n + 30) for n in range(1100)]
    found = ask(make_data(tmp_path, many), labels(many, window=Window()))
    assert counts(group(found)) == (1100, 0, 0)


@pytest.mark.parametrize("name", ["PUESTO_02", "ANGELA/PUESTO_02"])
def test_a_station_has_two_names(tmp_path: Path, name: str) -> None:
    engine = reading_engine(make_data(tmp_path) / DATABASE_NAME)
    assert stations(engine, None, (name,)) == (SECOND_STATION,)
    engine.dispose()


@pytest.mark.parametrize(
    ("module", "wanted", "expected"),
    [
        ("EMPAQUE", (), "no station of module EMPAQUE; there are the modules ANGELA"),
        (
            None,
            ("PUESTO_9",),
            "--station PUESTO_9: no such station; there are ANGELA/PUESTO_01, ANGELA/PUESTO_02",
        ),
    ],
)
def test_unknown_stations_are_named(
    tmp_path: Path, module: str | None, wanted: tuple[str, ...], expected: str
) -> None:
    engine = reading_engine(make_data(tmp_path) / DATABASE_NAME)
    with pytest.raises(ConfigError) as caught:
        stations(engine, module, wanted)
    assert str(caught.value) == expected
    engine.dispose()
