"""One stream from many log files."""

from pathlib import Path

import pytest

from lbzf_ros.cli.log_stream import LogStream


@pytest.fixture
def lines() -> list[str]:
    return []


def stream(folder: Path, lines: list[str], *, coloured: bool = False) -> LogStream:
    return LogStream(
        {name: folder / f"{name}.log" for name in ("cam", "detector")}, lines.append, coloured=coloured
    )


def append(file: Path, text: str) -> None:
    with file.open("a") as log:
        log.write(text)


def test_lines_carry_the_name_of_their_process(tmp_path: Path, lines: list[str]) -> None:
    log = stream(tmp_path, lines)
    append(tmp_path / "cam.log", "one\n")
    append(tmp_path / "detector.log", "two\n")
    log.show_new()
    assert lines == ["cam      | one", "detector | two"]


def test_what_an_earlier_run_wrote_is_not_shown(tmp_path: Path, lines: list[str]) -> None:
    append(tmp_path / "cam.log", "yesterday\n")
    log = stream(tmp_path, lines)
    append(tmp_path / "cam.log", "today\n")
    log.show_new()
    assert lines == ["cam      | today"]


def test_a_line_is_shown_when_it_is_whole(tmp_path: Path, lines: list[str]) -> None:
    log = stream(tmp_path, lines)
    append(tmp_path / "cam.log", "half ")
    log.show_new()
    assert lines == []
    append(tmp_path / "cam.log", "and half\n")
    log.show_new()
    assert lines == ["cam      | half and half"]


def test_rotation_loses_nothing(tmp_path: Path, lines: list[str]) -> None:
    log = stream(tmp_path, lines)
    append(tmp_path / "cam.log", "old\n")
    log.show_new()
    append(tmp_path / "cam.log", "last of the old\n")
    (tmp_path / "cam.log").rename(tmp_path / "cam.log.1")
    append(tmp_path / "cam.log", "new\n")
    log.show_new()
    log.show_new()
    assert [line.partition("| ")[2] for line in lines] == ["old", "last of the old", "new"]


def test_a_flood_does_not_silence_the_others(tmp_path: Path, lines: list[str]) -> None:
    log = stream(tmp_path, lines)
    append(tmp_path / "cam.log", "again\n" * 10_000)
    append(tmp_path / "detector.log", "hear me\n")
    log.show_new()
    assert "detector | hear me" in lines
    assert len(lines) < 10_000


def test_colours_only_where_asked_for(tmp_path: Path, lines: list[str]) -> None:
    log = stream(tmp_path, lines, coloured=True)
    append(tmp_path / "cam.log", "[ERROR] broken\n")
    log.show_new()
    assert lines[0].startswith("\x1b[")
    assert "\x1b[31m[ERROR] broken" in lines[0]
