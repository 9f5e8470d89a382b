"""`lbzf evaluate`, as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from test.reports.plant import make_data
from test.support import visits

CYCLES = [(10.0, 40.0), (50.0, 82.0), (90.0, 125.0), (130.0, 158.0)]
LABELS = "start_s,end_s\n10.2,40.1\n50,82.4\n89.6,125\n200,230\n"
ORIGIN = "2026-07-15T13:30:51Z"  # MORNING_NS of the example plant


def lbzf(*words: object, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lbzf_ros.cli", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
        env=os.environ | {"COLUMNS": "200"} | variables,
    )


def all_of(folder: Path) -> dict[str, object]:
    """Figures of all cycles together of the first comparison."""
    found = json.loads((folder / "evaluation.json").read_text("utf-8"))
    group: dict[str, object] = found["comparisons"][0]["groups"][0]
    return group


@pytest.fixture
def data(tmp_path: Path) -> Path:
    make_data(tmp_path / "data", CYCLES, others=[(10, 30)])
    (tmp_path / "ana.csv").write_text(LABELS, "utf-8")
    return tmp_path / "data"


def test_it_prints_tables_and_writes_files(data: Path) -> None:
    done = lbzf(
        "evaluate",
        "--data",
        data,
        "--labels",
        data.parent / "ana.csv",
        "--station",
        "PUESTO_01",
        "--origin",
        ORIGIN,
    )
    assert done.returncode == 0, done.stderr
    for words in (
        "cycles against ana: found, IoU ≥ 0.5",
        "errors in seconds",
        "Cycles needed",
        "Note: ana: the labels",
    ):
        assert words in done.stdout
    names = {path.name for path in (data / "exports" / "evaluation").iterdir()}
    assert {"evaluation.json", "groups.csv", "pairs.csv", "cycle_times.csv", "tables.tex"} < names
    assert {
        f"cycles_against_ana_{name}" for name in ("bland_altman.png", "timeline.svg", "durations.png")
    } < names


def test_options_reach_the_evaluation(data: Path) -> None:
    done = lbzf(
        *("evaluate", "--data", data, "--labels", data.parent / "ana.csv", "--station", "ANGELA/PUESTO_01"),
        *("--origin", ORIGIN, "--from", ORIGIN, "--to", "2026-07-15T08:32:45-05:00", "--no-plots"),
        *("--iou", 0.99, "--precision", 10, "--seed", 9, "--resamples", 500, "--out", data.parent / "out"),
    )
    assert done.returncode == 0, done.stderr
    out = data.parent / "out"
    found = json.loads((out / "evaluation.json").read_text("utf-8"))
    assert found["parameters"] == {
        "min_iou": 0.99,
        "confidence": 0.95,
        "resamples": 500,
        "seed": 9,
        "precision": 0.1,
    }
    assert found["to"] == "2026-07-15T13:32:45.000Z"
    assert all_of(out)["detection"]["counts"] == {"matched": 1, "extra": 2, "missed": 2}  # type: ignore[index]
    assert not list(out.glob("*.png"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "nothing to compare with: give label files (--labels)"),
        (
            ("--labels", "ana.csv"),
            "ana.csv: line 2: times count from the begin of a video; say when that was",
        ),
        (
            ("--labels", "ana.csv", "--origin", ORIGIN),
            "line 2: names no station; add module and workstation, or give",
        ),
        (("--origin", "noon"), "--origin: time 'noon' must have the form"),
        (
            ("--origin", ORIGIN, "--video", "ana.csv"),
            "--origin and --video: both say when the video began; give one",
        ),
        (
            ("--video", "gone.mp4"),
            "gone.mp4: No such file or directory; name the labelled video, or give --origin",
        ),
        (("--from", ORIGIN, "--to", ORIGIN), f"--to {ORIGIN}: must lie after --from {ORIGIN}"),
        (("--iou", "1.5"), "evaluation: min_iou 1.5 must be above 0 and at most 1"),
        (("--resamples", "5"), "evaluation: resamples 5 must be above 99 and at most"),
        (("--station", "X"), "--station X: no such station; there are ANGELA/PUESTO_01, ANGELA/PUESTO_02"),
        (("--data", "elsewhere"), "elsewhere/lbzf.db: there is none; name the data folder with --data"),
    ],
)
def test_what_is_wrong_is_one_clear_line(
    data: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], expected: str
) -> None:
    monkeypatch.chdir(data.parent)
    root = str(Path(__file__).parents[2])
    done = lbzf("evaluate", *(() if "--data" in words else ("--data", data)), *words, PYTHONPATH=root)
    assert done.returncode == 1
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


@visits.needs_footage
def test_real_people_from_recording_to_figures(tmp_path: Path) -> None:
    """Six visits are found, and their durations agree with the labels to half a second."""
    video, data = {"LBZF_VIDEO": str(visits.VIDEO)}, tmp_path / "data"
    assert lbzf("process", "--plant", visits.PLANT_FILE, "--data", data, **video).returncode == 0
    done = lbzf(
        "evaluate", "--data", data, "--labels", visits.FOLDER / "ground_truth.json", "--video", visits.VIDEO
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, dict[str, float]]] = all_of(data / "exports" / "evaluation")  # type: ignore[assignment]
    assert found["detection"]["counts"] == {"matched": 6, "extra": 0, "missed": 0}
    assert found["start"]["mean_absolute"] <= 0.5  # type: ignore[operator]
    assert found["end"]["mean_absolute"] <= 0.5  # type: ignore[operator]
    assert found["durations"]["icc"]["value"] > 0.98
