"""The story and the timeline of cycles that were played into a database, and finding the one that is meant."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine

from lbzf_ros.core.errors import InvalidValue, StoreError
from lbzf_ros.core.model import CycleEvent, EventKind
from lbzf_ros.reports.explain.explained import Explained, explained, uid_at, uid_meant
from lbzf_ros.reports.explain.story import as_text, story
from lbzf_ros.reports.explain.timeline import draw
from lbzf_ros.store.engine import DATABASE_NAME, reading_engine, transaction, writing_engine
from test.store.examples import plant_data
from test.support import plays

BOGOTA = "America/Bogota"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[CycleEvent]]:
    """A data folder with the cycles of `eventful`, to be read only."""
    data = tmp_path_factory.mktemp("day")
    return data, plays.written(data, plays.eventful())


@pytest.fixture(scope="module")
def engine(day: tuple[Path, list[CycleEvent]]) -> Iterator[Engine]:
    engine = reading_engine(day[0] / DATABASE_NAME)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def complete(day: tuple[Path, list[CycleEvent]], engine: Engine) -> Explained:
    return explained(engine, day[0], day[1][0].event_uid)


@pytest.fixture(scope="module")
def rejected(tmp_path_factory: pytest.TempPathFactory) -> Explained:
    """A visit of 1.6 s."""
    data = tmp_path_factory.mktemp("visit")
    events = plays.written(data, plays.short_visit(), described={**plant_data(), "time_zone": BOGOTA})
    engine = reading_engine(data / DATABASE_NAME)
    found = explained(engine, data, events[-1].event_uid)
    engine.dispose()
    return found


def lines(cycle: Explained) -> list[str]:
    return [f"{line.at} {line.where}: {line.text}" for line in story(cycle).lines]


def test_the_story_is_told_in_order_with_its_timers(complete: Explained) -> None:
    told = lines(complete)
    assert told == sorted(told, key=lambda line: line[:10])
    for line in (
        "10:00:04.0 work: work entered at 10:00:03.0: evidence since then lasted 1.0 s >= enter_s 1.0 s",
        (
            "10:00:08.2 bin: bin entered at 10:00:08.0: evidence since then lasted 0.0 s >= enter_s 0.0 s"
            " → the cycle begins: rule trigger opens on 'trigger entered'"
        ),
        "10:00:14.6 work: operator beside it, 4.0 s, 20 pictures; that is not leaving (linger_s 8.0 s)",
        "10:00:23.6 people: somebody else (track 8) until 10:00:29.4: 30 pictures in the zone, mean confidence 0.80",
        "10:00:29.6 work: view not clear, nothing is known, 1.4 s, 7 pictures",
        "10:00:31.0 camera: camera has moved, 57 pictures",
        "10:00:33.8 camera: no picture for 1.8 s",
        (
            "10:00:43.8 bin: bin entered at 10:00:43.6: evidence since then lasted 0.0 s >= enter_s 0.0 s"
            " → the cycle ends: rule trigger closes on 'trigger entered'"
        ),
    ):
        assert line in told
    assert story(complete).head[1] == (
        "15/07/2026 10:00:08.0 to 10:00:43.6 (America/Bogota): 35.6 s ± 0.2 s; complete, yellow; rule trigger, "
        "camera cam1"
    )


def test_every_figure_has_its_limits_and_what_came_of_it(complete: Explained) -> None:
    figures = story(complete).figures
    assert ("duration_s", "35.6 s", "min_cycle_s >= 7.5 s, max_cycle_s <= 120 s", "ok") in figures
    assert ("longest_gap_s", "1.8 s", "max_gap_s <= 2 s", "ok") in figures
    assert ("observed_share", "0.916", "green >= 0.9, yellow >= 0.7", "green") in figures
    assert ("drift", "drifted", "", "yellow") in figures
    assert "  drift                   drifted" in as_text(story(complete))


def test_a_rejection_is_told_with_its_reason(rejected: Explained) -> None:
    told = lines(rejected)
    assert told[-1] == "10:00:07.4 : the cycle does not count: too_short: 1.60 s < min_cycle_s 7.50 s"
    assert told[-2] == (
        "10:00:07.4 work: work left at 10:00:05.6: without evidence for 2.0 s >= leave_s 2.0 s"
        " → the cycle ends: rule presence closes on 'work left'"
    )
    assert [figure for figure in story(rejected).figures if figure[3] == "too_short"] == [
        ("duration_s", "1.6 s", "min_cycle_s >= 7.5 s, max_cycle_s <= 120 s", "too_short")
    ]


def test_a_running_cycle_can_be_told(day: tuple[Path, list[CycleEvent]], engine: Engine) -> None:
    data, events = day
    running = explained(engine, data, events[-1].event_uid)
    assert events[-1].kind is EventKind.START
    assert "end not known; in_progress" in story(running).head[1]
    assert "the cycle begins" in as_text(story(running))
    assert draw(running).startswith(b"\x89PNG")


def test_a_hand_that_was_ignored_is_told(tmp_path: Path) -> None:
    away = [
        *plays.pictures(7, here=()),
        *plays.pictures(0.6, here=(), hand=True),
        *plays.pictures(3, here=()),
    ]
    script = [*plays.pictures(3, here=()), *plays.pictures(5), *plays.reach(), *plays.pictures(4), *away]
    events = plays.written(tmp_path, [*script, *plays.pictures(4), *plays.reach()])
    engine = reading_engine(tmp_path / DATABASE_NAME)
    told = as_text(story(explained(engine, tmp_path, events[0].event_uid)))
    engine.dispose()
    assert "ignored, because nobody had been at the station for 7.2 s" in told


def test_a_cycle_from_before_is_told_without_why(complete: Explained) -> None:
    old = replace(complete, why=None)
    assert "was not kept" in as_text(story(old))
    with pytest.raises(InvalidValue, match="was not kept"):
        draw(old)


def test_what_was_merged_or_left_out_is_said(complete: Explained) -> None:
    assert complete.why is not None
    why = replace(complete.why, merged_below_s=2.0, people_left_out=7, gaps_left_out=0)
    notes = story(replace(complete, why=why)).notes
    assert notes == (
        "Runs of evidence shorter than 2 s were merged into others: there were very many.",
        "Not in it: 7 spans of people, the shortest.",
    )


def pixels(png: bytes) -> NDArray[Any]:
    found = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None
    return found[:, :, ::-1]


def has(png: bytes, colour: tuple[int, int, int]) -> int:
    """Pixels of a colour."""
    return int((pixels(png) == colour).all(axis=2).sum())


BLUE, ORANGE, VERMILION = (0, 114, 178), (230, 159, 0), (213, 94, 0)


def test_the_timeline_shows_evidence_people_and_the_camera_that_moved(complete: Explained) -> None:
    png = draw(complete)
    assert min(has(png, BLUE), has(png, ORANGE), has(png, VERMILION)) > 500
    height, width = pixels(png).shape[:2]
    assert 1000 < width < 2000
    assert 400 < height < 1200


def test_the_same_cycle_gives_the_same_bytes(complete: Explained) -> None:
    assert draw(complete) == draw(complete)
    assert draw(complete, "svg") == draw(complete, "svg")


def test_an_svg_says_it_in_text_or_shapes(complete: Explained) -> None:
    assert draw(complete, "svg").startswith(b"<?xml")


def test_the_picture_of_the_start_stands_beside_it(complete: Explained, tmp_path: Path) -> None:
    frame = tmp_path / "start.jpg"
    cv2.imwrite(str(frame), np.full((480, 640, 3), (200, 0, 200), np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 100])
    with_frame = pixels(draw(replace(complete, frame=frame))).astype(int)
    purple = (abs(with_frame - (200, 0, 200)) < 6).all(axis=2).sum()
    assert purple > 10_000
    frame.write_bytes(b"no picture at all")
    assert draw(replace(complete, frame=frame)) == draw(complete)


def test_a_cycle_is_meant_by_its_uid_or_a_beginning_of_it(
    day: tuple[Path, list[CycleEvent]], engine: Engine
) -> None:
    uid = day[1][0].event_uid
    assert uid_meant(engine, uid) == uid_meant(engine, uid.upper()) == uid_meant(engine, uid[:6]) == uid


def test_what_is_unknown_is_said_with_what_is_near(
    day: tuple[Path, list[CycleEvent]], engine: Engine
) -> None:
    known = day[1][0].event_uid
    with pytest.raises(StoreError, match=rf"there is no cycle {known[:-1]}x?[0-9a-f]\. Near it: .*{known}"):
        uid_meant(engine, known[:-1] + ("0" if known[-1] != "0" else "1"))
    with pytest.raises(InvalidValue, match="is no event_uid"):
        uid_meant(engine, "PUESTO_01")


def test_a_beginning_of_several_is_refused_with_their_names(tmp_path: Path) -> None:
    events = plays.written(tmp_path, plays.eventful())
    engine = writing_engine(tmp_path / DATABASE_NAME)
    with transaction(engine, "make them alike") as connection:
        connection.exec_driver_sql("UPDATE cycle_events SET event_uid = 'abcd' || substr(event_uid, 5)")
    with pytest.raises(StoreError, match=rf"several cycles begin with abcd: .*{events[0].event_uid[4:]}"):
        uid_meant(engine, "abcd")
    engine.dispose()


@pytest.mark.parametrize(
    ("at", "number"),
    [
        pytest.param("2026-07-15T10:00", 0, id="the-first-that-began-in-the-minute"),
        pytest.param("2026-07-15T10:00:20", 0, id="while-it-ran"),
        pytest.param("2026-07-15T15:00:20Z", 0, id="in-utc"),
        pytest.param("2026-07-15T10:00:43", 0, id="its-last-second"),
        pytest.param("2026-07-15T10:00:44", -1, id="the-next-one-runs"),
        pytest.param("2026-07-15T10:00:43.700", -1, id="to-the-millisecond"),
    ],
)
def test_a_cycle_is_meant_by_its_station_and_a_time(
    day: tuple[Path, list[CycleEvent]], engine: Engine, at: str, number: int
) -> None:
    assert uid_at(engine, "ANGELA/PUESTO_01", at, BOGOTA) == day[1][number].event_uid


@pytest.mark.parametrize(
    ("station", "at", "says"),
    [
        ("ANGELA/PUESTO_01", "2026-07-15T09:59", r"no cycle of ANGELA/PUESTO_01 ran .*Near it: \S+ \(ANGELA"),
        ("ANGELA/PUESTO_02", "2026-07-15T10:00", "There is no cycle at all"),
        ("ANGELA/PUESTO_09", "2026-07-15T10:00", "the database has ANGELA/PUESTO_01, ANGELA/PUESTO_02"),
        ("ANGELA/PUESTO_01", "yesterday", "is no time"),
    ],
)
def test_no_cycle_then_says_which_are_near(engine: Engine, station: str, at: str, says: str) -> None:
    with pytest.raises((StoreError, InvalidValue)) as refused:
        uid_at(engine, station, at, BOGOTA)
    assert re.search(says, str(refused.value))


def test_a_cycle_that_was_given_up_long_ago_did_not_run_until_now(
    day: tuple[Path, list[CycleEvent]], tmp_path: Path
) -> None:
    shutil.copy(day[0] / DATABASE_NAME, tmp_path / DATABASE_NAME)
    engine = writing_engine(tmp_path / DATABASE_NAME)
    with transaction(engine, "give it up") as connection:
        connection.exec_driver_sql("UPDATE cycle_events SET status = 'aborted' WHERE end_ts IS NULL")
    assert uid_at(engine, "ANGELA/PUESTO_01", "2026-07-15T10:05", BOGOTA) == day[1][-1].event_uid
    with pytest.raises(StoreError, match="no cycle"):
        uid_at(engine, "ANGELA/PUESTO_01", "2026-07-15T12:00", BOGOTA)
    engine.dispose()
