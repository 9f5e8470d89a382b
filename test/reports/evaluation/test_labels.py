"""Label files of every form give the same labels, and a wrong one says what is wrong and where."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from lbzf_ros.reports.evaluation.labels.files import read_labels
from lbzf_ros.reports.evaluation.labels.model import LabelError, Labels, Reading
from lbzf_ros.reports.evaluation.spans import Window
from lbzf_ros.store.timestamps import from_text, to_text

STATIONS = (("ANGELA", "PUESTO_01"), ("ANGELA", "PUESTO_02"), ("CARMENZA", "PUESTO_02"))
ORIGIN_NS = from_text("2026-07-15T13:30:00.000Z")
READING = Reading(stations=STATIONS, station=STATIONS[0])
WITH_ORIGIN = replace(READING, origin_ns=ORIGIN_NS)


def written(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, "utf-8")
    return path


def only(path: Path, reading: Reading = WITH_ORIGIN) -> Labels:
    (found,) = read_labels([path], reading)
    return found


def times(labels: Labels) -> list[tuple[str, str, str]]:
    """Station, start and end after half past one."""
    return [
        ("/".join(span.station), to_text(span.start_ns)[14:23], to_text(span.end_ns)[14:23])
        for span in labels.spans
    ]


def refused(path: Path, reading: Reading = WITH_ORIGIN) -> str:
    with pytest.raises(LabelError) as caught:
        read_labels([path], reading)
    return str(caught.value)


FIRST_TWO = [("ANGELA/PUESTO_01", "30:07.600", "30:18.500"), ("ANGELA/PUESTO_01", "30:24.200", "30:43.500")]
VISITS = '{"visits": [{"arrive_s": 7.6, "depart_s": 18.5, "enter_frame_s": 6}, {"arrive_s": 24.2, "depart_s": 43.5}]}'

TIMES_OF_DAY = """start,end,module,workstation
2026-07-15T08:30:07.600-05:00,2026-07-15T08:30:18.500-05:00,ANGELA,PUESTO_01
2026-07-15T13:30:24.200Z,2026-07-15T13:30:43.500Z,,PUESTO_01
"""
# As the simulator writes it.
TRUTH = f"""{{"module": "ANGELA", "camera": "cam1", "workstation": "PUESTO_01", "rule": "presence",
"start_ns": {ORIGIN_NS + 7_600_000_000}, "end_ns": {ORIGIN_NS + 18_500_000_000}, "interrupted": false}}

{{"start_ns": {ORIGIN_NS + 24_200_000_000}, "end_ns": {ORIGIN_NS + 43_500_000_000}}}
""".replace(",\n", ", ")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", VISITS),
        ("a.json", '{"labels": [{"start_s": 7.6, "end_s": 18.5}, {"start_s": 24.2, "end_s": 43.5}]}'),
        ("a.csv", "start_s,end_s\n7.6,18.5\n24.2,43.5\n"),
        ("a.csv", "start_s;end_s;notes\n7,6;18,5;leans back\n\n24,2;43,5;\n"),
        ("a.csv", '\ufeffStart_S,End_S\r\n"7,6","18,5"\r\n"24,2","43,5"\r\n'),
        (
            "a.csv",
            TIMES_OF_DAY,
        ),
        (
            "a.jsonl",
            TRUTH,
        ),
    ],
)
def test_every_form_gives_the_same_labels(tmp_path: Path, name: str, content: str) -> None:
    assert times(only(written(tmp_path, name, content))) == FIRST_TWO


TRACKS = """<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version>
<meta><task><frame_filter>step=2</frame_filter><source>visits.mp4</source></task></meta>
<track id="0" label="cycle">
  <box frame="76" outside="0" keyframe="1" xtl="1" ytl="1" xbr="9" ybr="9"/>
  <box frame="150" outside="0" keyframe="0" xtl="1" ytl="1" xbr="9" ybr="9"/>
  <box frame="185" outside="1" keyframe="1" xtl="1" ytl="1" xbr="9" ybr="9"/>
  <box frame="242" outside="0" keyframe="1" xtl="1" ytl="1" xbr="9" ybr="9"/>
  <box frame="433" outside="0" keyframe="1" xtl="1" ytl="1" xbr="9" ybr="9"/>
</track>
</annotations>"""


def test_a_cvat_track_gives_a_cycle_for_each_stay(tmp_path: Path) -> None:
    """The second stay has no outside frame: it ends one step of the task after its last frame."""
    assert times(only(written(tmp_path, "a.xml", TRACKS), replace(WITH_ORIGIN, fps=10.0))) == FIRST_TWO


def test_a_run_of_cvat_tags_is_a_cycle(tmp_path: Path) -> None:
    def image(frame: int, station: str) -> str:
        attribute = f'<attribute name="workstation">{station}</attribute>'
        return f'<image id="{frame}" name="f{frame}"><tag label="work">{attribute}</tag></image>'

    frames = [*((n, "PUESTO_01") for n in (0, 1, 2, 5, 6)), (7, "PUESTO_01")]
    content = "<annotations>" + "".join(image(*frame) for frame in frames) + "</annotations>"
    found = only(written(tmp_path, "a.xml", content), replace(WITH_ORIGIN, fps=1.0))
    assert [pair[1:] for pair in times(found)] == [("30:00.000", "30:03.000"), ("30:05.000", "30:08.000")]


def test_attributes_of_a_track_name_its_station(tmp_path: Path) -> None:
    content = TRACKS.replace(
        'ybr="9"/>',
        'ybr="9"><attribute name="module">CARMENZA</attribute>'
        '<attribute name="workstation">PUESTO_02</attribute></box>',
    )
    found = only(written(tmp_path, "a.xml", content), replace(WITH_ORIGIN, fps=10.0))
    assert {span.station for span in found.spans} == {("CARMENZA", "PUESTO_02")}


def test_seconds_count_from_the_video_beside_the_file(tmp_path: Path) -> None:
    """As `lbzf process` dates it: when it was last changed, whole milliseconds."""
    video = tmp_path / "visits.mp4"
    video.touch()
    os.utime(video, ns=(0, ORIGIN_NS + 999_999))
    path = written(tmp_path, "a.json", VISITS.replace('{"visits"', '{"video": "visits.mp4", "visits"'))
    assert times(only(path, READING)) == FIRST_TWO
    assert times(only(written(tmp_path, "b.xml", TRACKS), replace(READING, fps=10.0))) == FIRST_TWO


def test_what_was_asked_for_counts_before_what_the_file_says(tmp_path: Path) -> None:
    other = VISITS.replace('{"visits"', '{"origin": "2026-07-15T12:00:00Z", "visits"')
    path = written(tmp_path, "a.json", other)
    assert times(only(path, WITH_ORIGIN)) == FIRST_TWO
    assert times(only(path, READING))[0][1] == "00:07.600"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, None),
        ({"duration_s": 60}, Window(ORIGIN_NS, ORIGIN_NS + 60_000_000_000)),
        ({"from": "2026-07-15T13:30:00Z"}, Window(ORIGIN_NS, None)),
    ],
)
def test_a_file_may_say_which_time_it_covers(
    tmp_path: Path, facts: dict[str, object], expected: Window | None
) -> None:
    assert only(written(tmp_path, "a.json", json.dumps(json.loads(VISITS) | facts))).window == expected


def test_raters_are_told_apart_by_what_the_labels_say_or_by_file(tmp_path: Path) -> None:
    one = written(tmp_path, "one.csv", "start_s,end_s,rater\n1,2,Ana\n3,4,Luis\n5,6,Ana\n")
    two = written(tmp_path, "two.json", '{"rater": "Luis", "labels": [{"start_s": 7, "end_s": 8}]}')
    three = written(tmp_path, "three.csv", "start_s,end_s\n1,2\n")
    found = read_labels([one, two, three], WITH_ORIGIN)
    assert [(labels.rater, len(labels.spans)) for labels in found] == [("Ana", 2), ("Luis", 2), ("three", 1)]
    assert [name for name, _ in found[1].files] == ["one.csv", "two.json"]


def test_a_file_without_a_label_is_a_rater_who_saw_nothing(tmp_path: Path) -> None:
    assert only(written(tmp_path, "a.json", '{"labels": []}')).spans == ()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", "", "a.txt: label files end with .json, .jsonl, .csv, .xml"),
        ("a.json", "{", "a.json: line 1, column 2: is no JSON"),
        ("a.json", "[]", "a.json: is []; must be an object with the list labels"),
        ("a.json", "{}", "a.json: file: must hold one list of labels, called labels or visits"),
        ("a.json", '{"labels": [3]}', "a.json: labels[0]: is 3; must be an object with start and end"),
        ("a.json", '{"labels": [{"start_s": 1}]}', "labels[0]: end is missing; name it end, end_s, end_ns"),
        (
            "a.json",
            '{"labels": [{"start_s": 1, "start": "x", "end_s": 2}]}',
            "labels[0]: start has start and start_s; one is allowed",
        ),
        (
            "a.json",
            '{"labels": [{"start_s": true, "end_s": 2}]}',
            "labels[0]: start_s True must be a number of seconds",
        ),
        (
            "a.json",
            '{"labels": [{"start_s": 1, "end_s": NaN}]}',
            "labels[0]: end_s nan must be a number of seconds",
        ),
        ("a.json", '{"labels": [{"start_ns": 5, "end_ns": 6}]}', "is outside the years 2000 to 2099"),
        ("a.jsonl", '{"start_s": 1, "end_s": 2}\nx', "a.jsonl: line 2, column 1: is no JSON"),
        ("a.csv", "", "a.csv: line 1: is empty; the first line names the columns: start, start_s"),
        (
            "a.csv",
            "begin,end\n1,2\n",
            "a.csv: line 1: column 'begin' is unknown (separator ','); allowed are start,",
        ),
        ("a.csv", "end,end\n1,2\n", "a.csv: line 1: a column stands twice"),
        ("a.csv", "start_s,end_s\n1,2\n9,3\n", "a.csv: line 3: end '3' must lie after start '9'"),
        ("a.csv", "start_s,end_s\n1,2,3\n", "a.csv: line 2: has 3 columns; the first line has 2"),
        (
            "a.csv",
            "start,end_s\n2026-07-15T08:30:00,2\n",
            "a.csv: line 2: start: time '2026-07-15T08:30:00' has no zone",
        ),
        ("a.csv", "start_s,end_s,workstation\n1,2,PUESTO_09\n", "station 'PUESTO_09' is not one of ANGELA/"),
        ("a.csv", "start_s,end_s,workstation\n1,2,PUESTO_02\n", "station 'PUESTO_02' is not one of"),
        ("a.xml", "<annotations>", "a.xml: line 1, column 14: is no XML"),
        ("a.xml", "<svg/>", "a.xml: begins with <svg>; CVAT XML 1.1 begins with <annotations>"),
        (
            "a.xml",
            TRACKS.replace('frame="76"', 'frame="x"'),
            "a.xml: track id=0, box: frame 'x' must be a whole number from 0",
        ),
        ("a.xml", TRACKS, "a.xml: track id=0: times are frames; say with --fps how many a second"),
    ],
)
def test_a_wrong_file_says_where_what_and_what_is_allowed(
    tmp_path: Path, name: str, content: str, expected: str
) -> None:
    assert expected in refused(written(tmp_path, name, content))


def test_all_that_is_wrong_is_listed(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n - 1}\n" for n in range(30))
    text = refused(written(tmp_path, "a.csv", f"start_s,end_s\n{rows}"))
    assert text.count("\n") == 20
    assert text.endswith("a.csv: and 10 more")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "gone.csv") == f"{tmp_path / 'gone.csv'}: No such file or directory"


def test_text_in_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("start_s,end_s,notes\n1,2,Peña\n".encode("latin-1"))
    assert refused(path) == "a.csv: line 2: is not UTF-8; save the file as UTF-8"


def test_seconds_need_a_begin(tmp_path: Path) -> None:
    text = refused(written(tmp_path, "a.json", VISITS), READING)
    assert "visits[0]: times count from the begin of a video; say when that was with --origin" in text


def test_a_begin_that_is_no_time_is_refused(tmp_path: Path) -> None:
    text = refused(written(tmp_path, "a.json", '{"origin": "noon", "labels": []}'), READING)
    assert text.startswith("a.json: file: origin: time 'noon' must have the form 2026-")


def test_labels_without_a_station_need_one(tmp_path: Path) -> None:
    text = refused(written(tmp_path, "a.json", VISITS), replace(WITH_ORIGIN, station=None))
    assert (
        "visits[0]: names no station; add module and workstation, or give --station, one of ANGELA/" in text
    )


def test_two_cvat_labels_need_a_choice(tmp_path: Path) -> None:
    both = TRACKS.replace(
        "</annotations>", '<track id="1" label="person"><box frame="1"/></track></annotations>'
    )
    path, reading = written(tmp_path, "a.xml", both), replace(WITH_ORIGIN, fps=10.0)
    assert "a.xml: file: has the labels cycle, person; say with --cvat-label which one" in refused(
        path, reading
    )
    assert times(only(path, replace(reading, cvat_label="cycle"))) == FIRST_TWO
    assert "has no label 'x'; it has cycle, person" in refused(path, replace(reading, cvat_label="x"))


def test_an_xml_bomb_does_not_go_off(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY a0 "{"x" * 100}">{entities}]><annotations>&a11;</annotations>'
    assert "is no XML" in refused(written(tmp_path, "a.xml", bomb))
