"""`lbzf explain` as a user calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lbzf_ros.core.model import CycleEvent
from test.support import plays


def lbzf(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lbzf_ros.cli", "explain", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[CycleEvent]]:
    data = tmp_path_factory.mktemp("day")
    return data, plays.written(data, plays.eventful())


def test_it_tells_the_story_and_draws_it(day: tuple[Path, list[CycleEvent]]) -> None:
    data, events = day
    uid = events[0].event_uid
    done = lbzf(uid[:8], "--data", data)
    assert done.returncode == 0, done.stderr
    for words in (
        f"ANGELA/PUESTO_01, cycle {uid}",
        "→ the cycle begins: rule trigger opens on 'trigger entered'",
        "Figures, their limits and what came of it:",
        "min_cycle_s >= 7.5 s",
    ):
        assert words in done.stdout
    picture = data / "exports" / "explain" / f"cam1_{uid}.png"
    assert f"Timeline: {picture}" in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_station_and_a_time_mean_a_cycle_and_json_is_for_programs(
    day: tuple[Path, list[CycleEvent]], tmp_path: Path
) -> None:
    data, events = day
    out = tmp_path / "why.svg"
    done = lbzf("ANGELA/PUESTO_01", "2026-07-15T10:00", "--data", data, "--json", "--out", out)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["cycle"]["event_uid"] == events[0].event_uid
    assert told["explanation"]["closed_by"]["timer"] == "enter_s"
    assert {figure["name"]: figure["value"] for figure in told["explanation"]["figures"]}["drift"] is None
    assert out.read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["ffffffff"], "there is no cycle ffffffff. Near it:"),
        (["ANGELA/PUESTO_01"], "a station needs a time"),
        (["ANGELA/PUESTO_01", "2026-07-15T09:00"], "no cycle of ANGELA/PUESTO_01 ran"),
        (["5a1e", "--out", "why.jpg"], "must end in .png or .svg"),
    ],
)
def test_what_cannot_be_explained_is_said_in_one_line(
    day: tuple[Path, list[CycleEvent]], words: list[str], says: str
) -> None:
    done = lbzf(*words, "--data", day[0])
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_a_database_it_says_where_it_looked(tmp_path: Path) -> None:
    done = lbzf("abcd", "--data", tmp_path)
    assert "name the data folder with --data" in done.stderr
