"""`lbzf dataset`, as a researcher runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from test.reports.dataset.pack import content, plant_folder

ORIGIN = "2026-07-15T13:30:51Z"  # MORNING_NS of the example plant
LABELS = (
    "start_s,end_s,rater\n10.2,40.1,Ana\n50,82.4,Ana\n89.6,125,Ana\n10,40,Luis\n50,82,Luis\n90,125,Luis\n"
)


def lbzf(*words: object, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lbzf_ros.cli", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
        env=os.environ | {"COLUMNS": "200"} | variables,
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = plant_folder(tmp_path_factory.mktemp("plant") / "data")
    (folder.parent / "labels.csv").write_text(LABELS, "utf-8")
    return folder


def test_the_same_input_gives_the_same_bytes_in_any_process(data: Path, tmp_path: Path) -> None:
    """Other hashes, time zone, locale, working folder and name of the pack."""
    words = ("dataset", "--data", data, "--labels", data.parent / "labels.csv", "--origin", ORIGIN,
             "--station", "PUESTO_01", "--frames")  # fmt: skip
    one = lbzf(*words, "--out", tmp_path / "one", PYTHONHASHSEED="1", TZ="America/Bogota", LC_ALL="C")
    two = lbzf(*words, "--out", tmp_path / "zwei", PYTHONHASHSEED="2", TZ="Asia/Tokyo", LC_ALL="C.UTF-8",
               MPLBACKEND="svg", OMP_NUM_THREADS="1")  # fmt: skip
    assert (one.returncode, two.returncode) == (0, 0), one.stderr + two.stderr
    assert one.stdout.splitlines()[-1] == two.stdout.splitlines()[-1]
    assert one.stdout.splitlines()[-1].startswith("Checksum: ")
    found, again = content(tmp_path / "one"), content(tmp_path / "zwei")
    assert set(found) == set(again)
    assert len([name for name in found if name.endswith((".png", ".svg"))]) >= 6
    differ = {name for name in found if found[name] != again[name]}
    assert differ <= {"environment.json", "MANIFEST.sha256"}


def test_a_pack_can_be_verified_and_replaced(data: Path, tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    words = (
        "dataset",
        "--data",
        data,
        "--out",
        pack,
        "--module",
        "ANGELA",
        "--to",
        "2026-07-15T08:32:00-05:00",
    )
    assert lbzf(*words).returncode == 0
    done = lbzf("dataset", "verify", pack)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        0,
        f"Checksum: {(pack / 'CHECKSUM').read_text().strip()}",
    )
    (pack / "events.csv").write_text("")
    done = lbzf("dataset", "verify", pack)
    assert done.returncode == 1
    assert "events.csv: has changed" in done.stderr
    done = lbzf(*words)
    assert done.returncode == 1
    assert "is there already; name another folder with --out, or replace it with --force" in done.stderr
    done = lbzf(*words, "--force", "--with-operators")
    assert done.returncode == 0, done.stderr
    assert "OP-4711" in (pack / "events.csv").read_text("utf-8")
    assert lbzf("dataset", "verify", pack).returncode == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "--out: name the folder for the pack"),
        (("--out", "pack", "--data", "elsewhere"), "elsewhere/lbzf.db: there is none; name the data folder"),
        (("--out", "pack", "--station", "X"), "--station X: no such station"),
        (("--out", "pack", "--from", "noon"), "--from: time 'noon' must have the form"),
        (
            ("--out", "pack", "--from", "2031-01-01T00:00:00Z"),
            "no cycle of these stations began in that time",
        ),
        (("--out", "pack", "--key", "k", "--with-operators"), "without pseudonyms no key is needed"),
        (("--out", "pack", "--plant", "gone.yaml"), "gone.yaml"),
        (("--out", "."), "is there already and is no paper pack, so it is left alone"),
    ],
)
def test_what_is_wrong_is_one_clear_line(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "thesis.tex").write_text("years of work")
    root = str(Path(__file__).parents[2])
    done = lbzf("dataset", *(() if "--data" in words else ("--data", data)), *words, PYTHONPATH=root)
    assert done.returncode == 1
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
