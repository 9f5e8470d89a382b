"""A minute at two real RTSP cameras loses no second of video and no event. The half hour at ten: bench/soak.py."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.soak import soak
from bench.soak_verdict import (
    fitted,
    gaps,
    growth,
    problems_of_events,
    problems_of_memory,
    problems_of_video,
    resident_growth,
    restarted,
)
from bench.soak_watch import Events, Memory, Sample

GOOD = Events(
    begun=9,
    ended=8,
    not_acknowledged=0,
    acknowledged_but_gone=0,
    complete=7,
    aborted=1,
    rejected=1,
    refused=0,
    video_gaps=0,
    video_files=2,
)


@pytest.mark.timeout(400)
def test_no_second_and_no_event_is_lost(tmp_path: Path) -> None:
    found = soak(tmp_path, minutes=1, cameras=2, film_s=60)
    assert len(found.missing) == 2
    assert problems_of_video(found.missing) == []
    assert problems_of_events(found.events) == []


def test_an_event_that_is_dropped_is_found() -> None:
    assert problems_of_events(GOOD) == []
    assert problems_of_events(replace(GOOD, complete=6)) == ["events: 8 ended, 7 in the database"]
    assert problems_of_events(replace(GOOD, refused=1)) == ["events: refused 1, must be 0"]
    assert len(problems_of_events(replace(GOOD, ended=0, complete=0, rejected=0))) == 1


def test_a_gap_is_found_when_it_is_not_from_before() -> None:
    def stretch(begin: int, end: int, *, recorded: bool) -> dict[str, object]:
        at = "2026-07-15T13:00:{:02}+00:00"
        return {
            "from": at.format(begin),
            "to": at.format(end),
            "seconds": end - begin,
            "recorded": recorded,
            "cause": "camera",
            "detail": "",
        }

    seen = [stretch(0, 5, recorded=False), stretch(5, 20, recorded=True), stretch(20, 23, recorded=False)]
    began_s = 1784120406.0  # six seconds after one o'clock
    assert len(problems_of_video(gaps({"cameras": {"cam1": seen}}, began_s))) == 1
    assert problems_of_video(gaps({"cameras": {"cam1": seen[:2]}}, began_s)) == []


def samples(mb_per_minute: float, shared_mb_per_minute: float = 0.0) -> list[Sample]:
    """Half an hour with one process; the first ten minutes it grows fast, as everything does that has just started.

    The longer it runs the more pages it has read of the 50 MB in which messages come, if there are no more of them.
    """

    def at(minute: int) -> Sample:
        mb = 100 + min(minute, 10) * 5 + max(0, minute - 10) * mb_per_minute
        read_mb, shared_mb = float(minute), 50 + minute * shared_mb_per_minute
        memory = {"node": Memory(mb + read_mb, mb + shared_mb, read_mb, shared_mb)}
        return Sample(60.0 * minute, 1.0, memory, {"node": float(minute)}, GOOD, {})

    return [at(minute) for minute in range(31)]


def test_only_growth_of_the_last_twenty_minutes_counts() -> None:
    assert problems_of_memory(growth(fitted(samples(0.05)))) == []
    grown = growth(fitted(samples(0.1)))
    assert grown["node"] == {"from_mb": 150.0, "to_mb": 152.0, "percent": 1.33}
    assert grown["all"] == {"from_mb": 200.0, "to_mb": 202.0, "percent": 1.0}
    assert len(problems_of_memory(grown)) == 2


def test_shared_memory_counts_once_and_counts() -> None:
    steady, taking_more = (fitted(samples(0.0, more)) for more in (0.0, 0.1))
    assert resident_growth(steady)["node"]["percent"] > 1
    assert problems_of_memory(growth(steady)) == []
    assert [text.split(" grew")[0] for text in problems_of_memory(growth(taking_more))] == [
        "memory: shared memory",
        "memory: all",
    ]


def test_a_process_that_was_started_again_is_found() -> None:
    seen = samples(0)
    assert restarted(seen) == []
    seen[20] = replace(seen[20], cpu_s={"node": 0.5})
    assert len(restarted(seen)) == 1
