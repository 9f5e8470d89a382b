"""A pack that has changed is noticed, with LBZF and without."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lbzf_ros.core.errors import LbzfError
from lbzf_ros.reports.dataset.manifest import CHECKSUM, ENVIRONMENT, GAPS, MANIFEST, verify, write_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "evaluation").mkdir()
    for name in ("events.csv", "evaluation/pairs.csv", ENVIRONMENT, GAPS, "with  two spaces.txt", "ñandú.md"):
        (tmp_path / name).write_text(name)
    write_manifest(tmp_path)
    return tmp_path


def edit_list(folder: Path) -> None:
    text = (folder / MANIFEST).read_text("utf-8")
    (folder / MANIFEST).write_text(text.replace("ñandú.md", "nandu.md"), "utf-8")
    (folder / "ñandú.md").rename(folder / "nandu.md")


def test_a_pack_as_it_was_written(folder: Path) -> None:
    found = verify(folder)
    assert (found.files, found.problems) == (6, ())
    assert found.checksum == (folder / CHECKSUM).read_text().strip()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda folder: (folder / "events.csv").write_text("Events.csv"), "events.csv: has changed"),
        (lambda folder: (folder / "events.csv").unlink(), "events.csv: is missing"),
        (lambda folder: (folder / "evaluation" / "x").write_text(""), f"evaluation/x: is not in {MANIFEST}"),
        (lambda folder: (folder / ENVIRONMENT).write_text("{}"), f"{ENVIRONMENT}: has changed"),
        (lambda folder: (folder / CHECKSUM).write_text("0" * 64), f"{CHECKSUM}: says {'0' * 64}, {MANIFEST} gives"),
        (edit_list, f"{CHECKSUM}: says"),
    ],
    ids=["changed", "missing", "new", "environment", "checksum", "list"],
)  # fmt: skip
def test_every_change_is_noticed(folder: Path, change: Callable[[Path], object], problem: str) -> None:
    change(folder)
    problems = verify(folder).problems
    assert len(problems) == 1
    assert problems[0].startswith(problem)


@pytest.mark.parametrize("name", [ENVIRONMENT, GAPS])
def test_what_measuring_again_changes_is_not_in_the_checksum(folder: Path, name: str) -> None:
    before = (folder / CHECKSUM).read_text()
    (folder / name).write_text("another machine")
    write_manifest(folder)
    assert (folder / CHECKSUM).read_text() == before
    assert verify(folder).problems == ()


@pytest.mark.parametrize("text", ["no line\n", f"{'0' * 63}  events.csv\n", f"{'0' * 64} events.csv\n"])
def test_a_list_that_is_none_says_which_line(folder: Path, text: str) -> None:
    (folder / MANIFEST).write_text(text)
    with pytest.raises(LbzfError, match="line 1 is no SHA-256 and a name"):
        verify(folder)


def test_a_folder_that_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(LbzfError, match="is no paper pack"):
        verify(tmp_path)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs sha256sum")
def test_no_lbzf_is_needed_to_check(folder: Path) -> None:
    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", command], cwd=folder, capture_output=True, text=True, timeout=30, check=False
        )

    assert run(f"sha256sum --quiet -c {MANIFEST}").returncode == 0
    found = run(f"grep -v -e '  {ENVIRONMENT}$' -e '  {GAPS}$' {MANIFEST} | sha256sum").stdout.split()[0]
    assert found == (folder / CHECKSUM).read_text().strip()
    (folder / "events.csv").write_text("other")
    assert run(f"sha256sum --quiet -c {MANIFEST}").returncode == 1
