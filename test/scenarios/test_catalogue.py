"""Every scenario, short: with true boxes nothing is wrong, with the default detector hardly anything."""

import re
from collections.abc import Iterator

import pytest

from lbzf_ros.resources import resource_path
from lbzf_ros.scenarios.catalogue import SCENARIOS, scenario
from lbzf_ros.scenarios.picture import draw
from lbzf_ros.scenarios.runner import plan, run_all
from lbzf_ros.scenarios.scoring import Score, score
from lbzf_ros.scenarios.tables import written_part
from lbzf_ros.scenarios.trial import Job, Trial

FPS, SEED = 3.0, 7
ON_PIXELS = ("baseline", "vest", "sun", "bump-15px")
"""Those that also run with the default detector here."""
NAMES = [one.name for one in SCENARIOS]


pytestmark = pytest.mark.timeout(900)  # the fixture makes all runs: under a minute of two idle cores
Trials = dict[tuple[str, str], Trial]


@pytest.fixture(scope="module")
def trials() -> Trials:
    """Every run that the tests below look at, on two cores."""
    jobs = [Job(one, SEED, FPS, one.short_minutes, ("true boxes",)) for one in SCENARIOS]
    jobs += [Job(one, SEED, FPS, one.short_minutes, ("detector",)) for one in map(scenario, ON_PIXELS)]
    return {(t.job.scenario.name, t.way): t for found in run_all(jobs, 2) for t in found}


def worst(one: Score) -> str:
    missed = [f"{t.cycle.workstation} {t.cycle.start_s:.1f} to {t.cycle.end_s:.1f} s" for t in one.missed]
    extra = [f"{e.workstation} of {e.duration_s:.1f} s" for e in one.extra]
    return f"missed: {missed}, extra: {extra}, {one.problems}"


@pytest.mark.parametrize("name", NAMES)
def test_with_true_boxes_every_cycle_is_right(trials: Trials, name: str) -> None:
    found = score(trials[name, "true boxes"])
    assert (found.precision, found.recall, found.problems) == (1.0, 1.0, ()), worst(found)


@pytest.mark.parametrize("name", ON_PIXELS)
def test_with_the_default_detector_hardly_any_is_wrong(trials: Trials, name: str) -> None:
    found = score(trials[name, "detector"])
    assert found.true_cycles >= 3
    assert len(found.missed) + len(found.extra) <= 1, worst(found)


def test_a_run_draws_its_timeline(trials: Trials) -> None:
    assert draw(trials["baseline", "true boxes"]).startswith(b"\xff\xd8")


def test_two_runs_are_equal() -> None:
    job = Job(scenario("drops-50"), SEED, FPS, 0.7, ("true boxes",))
    one, two = (next(iter(run_all([job], 1)))[0] for _ in range(2))
    assert [repr(event) for event in one.events] == [repr(event) for event in two.events]  # NaN is not NaN
    assert one.truth == two.truth


def test_no_seed_is_used_twice() -> None:
    jobs = plan(SCENARIOS, seeds=3, rates=(3.0, 5.0), ways=("detector",))
    assert len(jobs) == 6 * len(SCENARIOS)
    assert len({(job.scenario.name, job.seed) for job in jobs}) == len(jobs)


def test_names_are_unique_and_fit_a_command_line() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in NAMES)


def documented() -> Iterator[str]:
    part = written_part((resource_path("docs") / "cycles.md").read_text("utf-8"))
    return (match[1] for match in re.finditer(r"^### ([a-z0-9-]+): ", part, re.MULTILINE))


def test_the_documentation_shows_the_present_catalogue() -> None:
    """`lbzf scenarios --write-docs` writes it."""
    part = written_part((resource_path("docs") / "cycles.md").read_text("utf-8"))
    assert list(documented()) == NAMES
    for one in SCENARIOS:
        assert f"*Wrong:* {one.wrong}. *Expected:* {one.expected}." in part
        assert f"| {one.name} | true boxes |" in part
        assert (resource_path("docs") / "images" / "scenarios" / f"{one.name}.jpg").is_file()
