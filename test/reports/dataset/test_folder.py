"""The folder appears whole or not at all, and nothing that is somebody else's goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from lbzf_ros.core.errors import ConfigError, LbzfError
from lbzf_ros.reports.dataset.folder import whole_folder


def fill(target: Path, text: str = "new", *, replace: bool = False) -> None:
    with whole_folder(target, marker="MARK", replace=replace) as (folder, scratch):
        (scratch / "big").write_text("meanwhile")
        (folder / "MARK").write_text(text)
        assert not (target / "MARK").exists() or (target / "MARK").read_text() != text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_appears_whole(tmp_path: Path) -> None:
    fill(tmp_path / "above" / "pack")
    assert names(tmp_path / "above") == ["pack"]
    assert names(tmp_path / "above" / "pack") == ["MARK"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_happens_nothing_is_left(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), whole_folder(tmp_path / "pack", marker="MARK", replace=False) as (folder, _):
        (folder / "half").write_text("")
        raise error
    assert names(tmp_path) == []


def test_an_empty_folder_may_be_there(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    fill(tmp_path / "pack")


def test_a_pack_is_replaced_only_when_asked_for(tmp_path: Path) -> None:
    fill(tmp_path / "pack", "old")
    with pytest.raises(ConfigError, match=r"is there already; .* or replace it with --force"):
        fill(tmp_path / "pack")
    assert (tmp_path / "pack" / "MARK").read_text() == "old"
    fill(tmp_path / "pack", replace=True)
    assert (tmp_path / "pack" / "MARK").read_text() == "new"
    assert names(tmp_path) == ["pack"]


def test_an_old_pack_stays_when_the_new_one_fails(tmp_path: Path) -> None:
    fill(tmp_path / "pack", "old")
    with pytest.raises(ValueError, match="no"), whole_folder(tmp_path / "pack", marker="MARK", replace=True):
        raise ValueError("no")
    assert (tmp_path / "pack" / "MARK").read_text() == "old"


@pytest.mark.parametrize("replace", [False, True])
def test_what_is_no_pack_is_never_replaced(tmp_path: Path, replace: bool) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ConfigError, match="is there already and is no paper pack, so it is left alone"):
        fill(tmp_path, replace=replace)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_what_came_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match="is there already"),
        whole_folder(tmp_path / "pack", marker="MARK", replace=True) as (folder, _),
    ):
        (folder / "MARK").write_text("new")
        (tmp_path / "pack").mkdir()
        (tmp_path / "pack" / "mine").write_text("")
    assert names(tmp_path / "pack") == ["mine"]


def test_only_one_writes_at_a_time(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "pack", marker="MARK", replace=False) as (folder, _):
        (folder / "MARK").write_text("first")
        with pytest.raises(ConfigError, match="another process is writing it"):
            fill(tmp_path / "pack")
    assert (tmp_path / "pack" / "MARK").read_text() == "first"


def test_what_a_killed_one_left_is_cleared_and_the_old_pack_comes_back(tmp_path: Path) -> None:
    """As after a power cut between the two renames of --force."""
    left = tmp_path / ".pack.partial"
    (left / "new").mkdir(parents=True)
    (left / "new" / "half").write_text("")
    (left / "old").mkdir()
    (left / "old" / "MARK").write_text("old")
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "pack", marker="MARK", replace=True):
        raise KeyboardInterrupt
    assert names(tmp_path) == ["pack"]
    assert (tmp_path / "pack" / "MARK").read_text() == "old"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LbzfError, match=r"file.*; nothing was written. Name another folder with --out"):
        fill(tmp_path / "file" / "pack")
