"""`lbzf remeasure` as a user calls it, on real footage that was recorded and measured before."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from test.remeasure import days
from test.support import visits

pytestmark = visits.needs_footage
SECONDS = 48.0
BESIDE = [[350, 300], [420, 300], [420, 415], [340, 415]]
"""A part of the zone: who stands at the table does not stand in it."""


@pytest.fixture(scope="module")
def _video() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LBZF_VIDEO", str(visits.VIDEO))
        yield


@pytest.fixture(scope="module")
def day(_video: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Data folder and plant file of a measured day."""
    return days.measured_day(tmp_path_factory.mktemp("day"), SECONDS)


@pytest.fixture(scope="module")
def again(day: tuple[Path, Path]) -> tuple[Path, Path, dict[str, Any]]:
    """The same day measured again with the same settings: data folder, second set, what was said."""
    data, plant = day
    before = days.content(data)
    done = days.lbzf("remeasure", days.DAY, "--data", data, "--plant", plant, "--json")
    assert days.content(data) == before
    return data, days.second_set(data), json.loads(done.stdout)


def test_the_same_settings_give_the_same_rows_field_by_field(
    again: tuple[Path, Path, dict[str, Any]],
) -> None:
    data, second, _ = again
    assert len(days.rows(data)) >= 2
    for table in ("cycle_events", "cycle_events_rejected"):
        assert days.rows(second, table) == days.rows(data, table)
    assert days.explanations(second) == days.explanations(data)


def test_the_second_set_is_a_data_folder_for_other_commands(
    again: tuple[Path, Path, dict[str, Any]],
) -> None:
    second = again[1]
    explained = days.lbzf("explain", days.rows(second)[0]["event_uid"], "--data", second, "--json")
    assert json.loads(explained.stdout)["explanation"]


def test_nothing_is_different_then(again: tuple[Path, Path, dict[str, Any]]) -> None:
    _, second, said = again
    (station,) = said["stations"]
    assert (station["same"], station["differences"]) == (station["first"]["cycles"], [])
    assert station["first"] == station["second"]
    assert json.loads((second / "difference.json").read_text("utf-8")) == said


def test_asked_again_it_says_the_same_without_measuring(
    again: tuple[Path, Path, dict[str, Any]], day: tuple[Path, Path]
) -> None:
    data, second, said = again
    written = (second / "lbzf.db").read_bytes()
    done = days.lbzf("remeasure", days.DAY, "--data", data, "--plant", day[1], "--json")
    assert json.loads(done.stdout) == {**said, "took_s": 0.0}
    assert (second / "lbzf.db").read_bytes() == written


def test_another_zone_is_another_set_and_its_differences_are_shown(
    day: tuple[Path, Path], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(day[0], data, ignore=shutil.ignore_patterns("remeasured"))
    before = days.content(data)
    plant = days.plant_file(tmp_path, data / "unused.mp4", polygon_px=BESIDE)
    done = days.lbzf("remeasure", days.DAY, "--data", data, "--plant", plant, "--hours", "10:00-11:00")
    assert days.content(data) == before
    second = days.second_set(data)
    (station,) = json.loads((second / "difference.json").read_text("utf-8"))["stations"]
    changed = [d for d in station["differences"] if d["change"] == "lost"]
    assert len(changed) == len(days.rows(data)) >= 2
    for difference in changed:
        uid = difference["first"]["event_uid"]
        assert difference["clip"] == f"http://127.0.0.1:5000/api/v1/events/{uid}/clip.mp4"
        assert f"/events/{uid}/clip.mp4" in done.stdout
        assert difference["why"]
    page = (second / "difference.html").read_text("utf-8")
    assert page.count("data:image/jpeg;base64,") >= len(changed)
    links = re.findall(r'href="([^"#]+\.mp4)#t=[0-9.]+,[0-9.]+"', page)
    assert links
    assert all((second / link).is_file() for link in links)


def started(data: Path, plant: Path, *options: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "lbzf_ros.cli",
        "remeasure",
        days.DAY,
        "--data",
        str(data),
        "--plant",
        str(plant),
        *options,
    ]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def wait_for_state(data: Path, workers: int = 1) -> None:
    """Until so many workers have written down what they remember."""
    until_s = time.monotonic() + 120
    while len(list((data / "remeasured").rglob("*.state"))) < workers:
        assert time.monotonic() < until_s, "no worker has written down anything"
        time.sleep(0.05)


def children(process: int) -> list[int]:
    """Processes of the group that `process` leads, itself left out."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == process and int(stat.parent.name) != process and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def is_gone(process: int) -> None:
    until_s = time.monotonic() + 30
    while children(process):
        assert time.monotonic() < until_s, f"still there: {children(process)}"
        time.sleep(0.05)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_interrupted_it_goes_on_where_it_was(
    how: signal.Signals,
    again: tuple[Path, Path, dict[str, Any]],
    day: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    for _ in range(5):  # the day is short: on a quick machine all may be done before the signal comes
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(day[0], data, ignore=shutil.ignore_patterns("remeasured"))
        running = started(data, day[1])
        wait_for_state(data)
        os.kill(running.pid, how) if how is signal.SIGKILL else os.killpg(running.pid, how)
        _, said = running.communicate(timeout=60)
        if running.returncode != 0:
            break
    assert running.returncode == (-signal.SIGKILL if how is signal.SIGKILL else 130), said
    is_gone(running.pid)  # no worker is left behind
    assert days.rows(days.second_set(data)) == []
    if how is signal.SIGINT:
        assert "the same command goes on" in said
    done = days.lbzf("remeasure", days.DAY, "--data", data, "--plant", day[1], "--json")
    assert json.loads(done.stdout)["stations"] == again[2]["stations"]
    assert days.rows(days.second_set(data)) == days.rows(again[1])
    assert days.explanations(days.second_set(data)) == days.explanations(again[1])


def test_a_worker_that_dies_is_replaced(
    again: tuple[Path, Path, dict[str, Any]], day: tuple[Path, Path], tmp_path: Path
) -> None:
    """As when the system was out of memory."""
    data = tmp_path / "data"
    shutil.copytree(day[0], data, ignore=shutil.ignore_patterns("remeasured"))
    running = started(data, day[1])
    wait_for_state(data)
    (worker,) = [
        pid for pid in children(running.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    os.kill(worker, signal.SIGKILL)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 0, said
    assert days.rows(days.second_set(data)) == days.rows(again[1])


def test_what_cannot_be_measured_is_said(day: tuple[Path, Path], tmp_path: Path) -> None:
    data, plant = day
    for words, text in (
        (["2026-07-16", "--data", data], "no video of cam1 is kept"),
        (["2026-07-15", "--data", tmp_path], "there is none; name the data folder with --data"),
        (["2026-07-15", "--data", data, "--camera", "cam7"], "no such camera; the plant file has cam1"),
        (["15.7.2026", "--data", data], "write it as YYYY-MM-DD"),
    ):
        done = days.lbzf("remeasure", *words, "--plant", plant, check=False)
        assert done.returncode == 1
        assert text in " ".join(done.stderr.split())


def test_a_detector_that_cannot_be_made_is_said_once(day: tuple[Path, Path], tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(day[0], data, ignore=shutil.ignore_patterns("remeasured"))
    plant = tmp_path / "plant.yaml"
    plant.write_text(day[1].read_text("utf-8") + "\ndetector: {backend: recorded}\n", "utf-8")
    done = days.lbzf("remeasure", days.DAY, "--data", data, "--plant", plant, check=False)
    assert done.returncode == 1
    assert done.stderr.count("set detector.recorded.file") == 1
    assert "error: cam1: " in done.stderr
    assert "Traceback" not in done.stderr
