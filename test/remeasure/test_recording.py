"""What was recorded comes back: every picture once, in order, with the stamp at which it was taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lbzf_ros.core.errors import ConfigError
from lbzf_ros.core.model import NS_PER_S, Segment
from lbzf_ros.remeasure.day import Day, day_of
from lbzf_ros.remeasure.plan import runs_of
from lbzf_ros.remeasure.recording import Piece, Wanted, picture_at, pictures
from lbzf_ros.video.ahead import ahead
from lbzf_ros.video.sources import Frame
from test.remeasure.days import BEGIN_NS, record

SIZE = (64, 48)
MS = 1_000_000


def grey(stamps_ns: list[int]) -> Iterator[Frame]:
    """Pictures that say by their brightness which one they are."""
    for number, stamp_ns in enumerate(stamps_ns):
        yield Frame(np.full((SIZE[1], SIZE[0], 3), 20 + 7 * (number % 30), np.uint8), stamp_ns)


def pieces(segments: list[Segment]) -> list[Piece]:
    """As the database knows them: to the millisecond."""
    return [Piece(s.path, s.start_ns // MS * MS, s.end_ns // MS * MS, s.frames) for s in segments]


def stamps(data: Path, found: list[Piece], after_ns: int = 0, fps: float = 5.0) -> list[int]:
    wanted = Wanted(after_ns, 2 * BEGIN_NS, fps, SIZE)
    return [frame.stamp_ns for frame in ahead(pictures(data, found, wanted, pytest.fail), 4)]


def test_stamps_are_those_of_the_recording(tmp_path: Path) -> None:
    """Whole milliseconds come back exactly, over the edge of a segment too; others within a tick of the file."""
    even = [BEGIN_NS - 1_003 * MS + n * 200 * MS for n in range(20)]
    uneven = [BEGIN_NS + 60 * NS_PER_S + n * 200 * MS + n * n * 1_234_567 % 7_000_001 for n in range(20)]
    found = pieces(record(tmp_path, grey([*even, *uneven])))
    assert len(found) > 1
    back = stamps(tmp_path, found)
    assert back[:20] == even
    assert np.abs(np.subtract(back[20:], uneven)).max() <= NS_PER_S / 90_000


def test_wherever_one_begins_the_same_pictures_are_chosen(tmp_path: Path) -> None:
    """The camera sent 15 a second, 5 are looked at."""
    found = pieces(record(tmp_path, grey([BEGIN_NS + n * 1000 * MS // 15 for n in range(90)])))
    chosen = stamps(tmp_path, found)
    assert len(chosen) == 30
    for after_ns in (chosen[0], chosen[7], chosen[7] + 1, chosen[20] - 1):
        assert stamps(tmp_path, found, after_ns) == [stamp for stamp in chosen if stamp > after_ns]


def test_what_is_missing_or_broken_is_told_and_the_rest_is_measured(tmp_path: Path) -> None:
    found = pieces(
        record(
            tmp_path,
            grey([BEGIN_NS + n * 600 * NS_PER_S + m * 200 * MS for n in range(4) for m in range(10)]),
        )
    )
    assert len(found) == 4
    (tmp_path / found[1].path).unlink()
    (tmp_path / found[2].path).write_bytes(b"no video")
    told: list[str] = []
    back = [f.stamp_ns for f in pictures(tmp_path, found, Wanted(0, 2 * BEGIN_NS, 5.0, SIZE), told.append)]
    assert len(back) == 20
    assert [line.split(":")[0] for line in told] == [found[1].path, found[2].path]


def test_a_picture_is_found_by_its_stamp(tmp_path: Path) -> None:
    """The one that was on at that time, wherever the key frames are."""
    (piece,) = pieces(record(tmp_path, grey([BEGIN_NS + n * 200 * MS for n in range(30)])))
    for number in (0, 1, 9, 10, 11, 21, 29):
        image = picture_at(tmp_path, piece, BEGIN_NS + number * 200 * MS)
        assert image is not None
        assert abs(float(image.mean()) - (20 + 7 * number)) < 3.5


def test_a_day_is_the_plants_own() -> None:
    day = day_of("2026-07-15", "America/Bogota")
    assert day == Day("2026-07-15", BEGIN_NS - 10 * 3600 * NS_PER_S, BEGIN_NS + 14 * 3600 * NS_PER_S)
    assert day_of("2026-07-15", "America/Bogota", "10:00-10:30").from_ns == BEGIN_NS
    hours = [day_of(date, "Europe/Madrid") for date in ("2026-03-29", "2026-10-25")]
    assert [(day.to_ns - day.from_ns) / NS_PER_S / 3600 for day in hours] == [23, 25]


@pytest.mark.parametrize(
    ("day", "hours", "words"),
    [
        ("15.07.2026", None, "is no day; write it as YYYY-MM-DD"),
        ("2026-07-15", "14:00-06:00", "the end after the begin"),
        ("2026-07-15", "06:00-24:01", "00:00 to 24:00"),
        ("2026-07-15", "6-14", "HH:MM-HH:MM"),
    ],
)
def test_what_is_no_day_is_said(day: str, hours: str | None, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        day_of(day, "America/Bogota", hours)


def test_a_long_pause_parts_two_runs() -> None:
    minute = 60 * NS_PER_S
    found = [
        Piece(f"{begin}", BEGIN_NS + begin * minute, BEGIN_NS + end * minute, 1)
        for begin, end in ((0, 10), (10, 20), (29, 30), (40, 50))
    ]
    day = day_of("2026-07-15", "America/Bogota")
    assert [[piece.path for piece in run.pieces] for run in runs_of("cam1", 5.0, found, day)] == [
        ["0", "10", "29"],
        ["40"],
    ]
