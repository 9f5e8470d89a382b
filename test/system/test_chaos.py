"""What is broken on purpose loses no cycle: `lbzf chaos` in its short form. The full form: docs/reliability.md."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from lbzf_ros.chaos import clock, disk_full, kill, locked, restore
from lbzf_ros.chaos.stage import Result, Settings, Stage, stage

SEED = 20260715

pytestmark = pytest.mark.timeout(400)


def settings(folder: Path) -> Settings:
    return Settings(folder=folder, say=print, seed=SEED, full=False)


def test_nodes_that_are_killed_lose_no_cycle(tmp_path: Path) -> None:
    """One, two at once, everything at once."""
    result = kill.run(settings(tmp_path))
    assert result.problems == []
    assert result.figures["blows"] == kill.SHORT_BLOWS
    assert result.figures["blows_two_at_once"] == result.figures["blows_everything"] == 1
    assert result.figures["ended"] == result.figures["in_table"]


Found = dict[str, Result]


@pytest.fixture(scope="module")
def battered(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """One system that suffers all the others, one after the other: four starts fewer."""
    folder = tmp_path_factory.mktemp("chaos")
    found = {name: Result(name, SEED) for name in ("disk", "locked", "restore", "clock", "all")}
    wall = clock.make_clock(folder)
    environment = {} if isinstance(wall, str) else wall.environment
    with ExitStack() as ends:
        on = ends.enter_context(
            stage(settings(folder), "all", live=True, environment=environment, storage=disk_full.STORAGE)
        )
        found["disk"].skipped = ends.enter_context(disk_full.small_disk(on.data))
        on.start()
        on.wait_for_ends(1, 60)
        if not found["disk"].skipped:
            disk_full.strike(on, found["disk"], disk_full.SHORT_S)
        locked.strike(on, found["locked"], locked.SHORT_S)
        restore.strike(on, found["restore"], restore.SHORT_ENDS)
        _set_back(on, wall, found["clock"])
        on.wait_for_ends(2, 60)
        found["all"].take(on.finish(once_more=False))
    return found


def _set_back(on: Stage, wall: clock.Clock | str, result: Result) -> None:
    if isinstance(wall, str):
        result.skipped = wall
    else:
        clock.strike(on, wall, result, back_s=clock.HOUR_S, ends=clock.SHORT_ENDS)


@pytest.mark.parametrize("drill", ["disk", "locked", "restore", "clock", "all"])
def test_what_is_promised_is_kept(battered: Found, drill: str) -> None:
    if battered[drill].skipped:
        pytest.skip(battered[drill].skipped)
    assert battered[drill].problems == [], battered[drill].figures


def test_cycles_that_end_while_the_database_is_locked_wait(battered: Found) -> None:
    assert battered["locked"].figures["waiting_at_the_end_of_it"]


def test_cycles_that_the_backup_lacks_are_sent_again(battered: Found) -> None:
    assert battered["restore"].figures["complete_lost_with_the_database"]
    assert battered["all"].figures["ended"] == battered["all"].figures["in_table"]
