"""What is written: the same bytes for the same evaluation, unknown figures as nothing, names that do no harm."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
import pytest

from lbzf_ros.core.errors import LbzfError
from lbzf_ros.reports.evaluation.estimates import Estimate
from lbzf_ros.reports.evaluation.evaluate import Comparison, CycleTimes, Evaluation
from lbzf_ros.reports.evaluation.groups import groups_of, groups_of_durations
from lbzf_ros.reports.evaluation.labels.model import Labels
from lbzf_ros.reports.evaluation.latex import escaped, latex
from lbzf_ros.reports.evaluation.matching import match
from lbzf_ros.reports.evaluation.measured import Duration
from lbzf_ros.reports.evaluation.output import write
from lbzf_ros.reports.evaluation.parameters import Parameters
from lbzf_ros.reports.evaluation.plots import draw, file_name
from lbzf_ros.reports.evaluation.sample_size import advice
from lbzf_ros.reports.evaluation.spans import Span, Window
from lbzf_ros.reports.evaluation.tables import interval, number, tables
from test.reports.plant import FIRST_STATION, SECOND_STATION, at

PARAMETERS = Parameters(resamples=200)
RATER = "Ana $x_1$ & {50 %} \\ ~^#"


def cycle(n: int, *, late_s: float = 0.0, band: str | None = "green") -> Span:
    station = SECOND_STATION if n % 3 else FIRST_STATION
    start_ns = at(60 * n + late_s)
    return Span(
        station,
        start_ns,
        start_ns + (30 + n) * 10**9 + n % 7 * 10**8,
        f"cycle {n}",
        band,
        None if band is None else 0.3,
    )


def evaluation(n: int = 12, missed: int = 2) -> Evaluation:
    events = [cycle(i, late_s=0.2 * (i % 3), band="red" if i % 5 == 0 else "green") for i in range(n)]
    spans = [cycle(i, band=None) for i in range(1, n + missed)]
    found = match(events, spans, 0.5)
    watch = tuple(Duration(event, event.duration_s + 0.5 - i % 2) for i, event in enumerate(events))
    return Evaluation(
        PARAMETERS,
        Window(at(0), None),
        ("ANGELA/PUESTO_01", "ANGELA/PUESTO_02"),
        (Labels(RATER, tuple(spans), None, (("a.csv", "0" * 64),)),),
        (
            Comparison("cycles", RATER, groups_of(found, PARAMETERS), found),
            Comparison("cycles", "stopwatch", groups_of_durations(watch, PARAMETERS), None, watch),
        ),
        (CycleTimes("ANGELA/PUESTO_01", advice([30, 31, 35], precision=0.05, confidence=0.95)),),
        ("a note",),
    )


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_evaluation_gives_the_same_bytes(tmp_path: Path) -> None:
    write(evaluation(), tmp_path / "one", software_version="0.1.0")
    with mpl.rc_context({"font.size": 30, "savefig.dpi": 10, "svg.hashsalt": "other"}):
        write(evaluation(), tmp_path / "two", software_version="0.1.0")
    one, two = content(tmp_path / "one"), content(tmp_path / "two")
    assert one == two
    assert len(one) == 15


def test_every_form_has_the_share_inside_the_stated_uncertainty(tmp_path: Path) -> None:
    made = evaluation()
    write(made, tmp_path, software_version="0.1.0", plots=False)
    inside = [abs(pair.duration_error_s) <= 0.3 for pair in made.comparisons[0].matching.pairs]  # type: ignore[union-attr]
    groups = json.loads((tmp_path / "evaluation.json").read_text("utf-8"))["comparisons"][0]["groups"]
    covered = groups[0]["coverage"]
    assert (covered["n"], covered["inside"]) == (len(inside), sum(inside))
    assert 0 < covered["share"]["low"] < covered["share"]["value"] <= covered["share"]["high"] == 1
    assert [group["coverage"]["n"] for group in groups if group["by"] == "quality"] == [9, 2]
    row = rows(tmp_path / "groups.csv")[0]
    assert (row["uncertainty_n"], row["uncertainty_inside"], row["uncertainty_median_s"]) == (
        str(len(inside)),
        str(sum(inside)),
        "0.3",
    )
    assert rows(tmp_path / "pairs.csv")[1]["uncertainty_one_s"] == "0.3"
    table = next(one for one in tables(made) if one.title.endswith("inside the stated uncertainty"))
    assert table.rows[0][:3] == ("all", str(len(inside)), str(sum(inside)))


def test_drawing_leaves_the_settings_of_matplotlib_alone() -> None:
    before = dict(mpl.rcParams)
    draw(evaluation())
    assert dict(mpl.rcParams) == before


def test_every_plot_is_a_picture_with_something_in_it() -> None:
    files = draw(evaluation())
    pictures = [name for name in files if name.endswith(".png")]
    assert len(pictures) == 5
    for name in pictures:
        picture = cv2.imdecode(np.frombuffer(files[name], np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.std() > 10, name
        assert b"<svg" in files[name.replace(".png", ".svg")][:1000]


def test_thousands_of_points_do_not_make_a_file_of_megabytes() -> None:
    files = draw(evaluation(n=2100, missed=0))
    assert len(files["cycles_against_stopwatch_bland_altman.svg"]) < 300_000


def test_too_few_pairs_are_not_drawn() -> None:
    assert {
        name.rsplit("_", 1)[1] for name in draw(evaluation(n=3, missed=0)) if "stopwatch" not in name
    } == {
        "timeline.png",
        "timeline.svg",
    }


def test_json_has_null_for_what_is_not_known(tmp_path: Path) -> None:
    write(evaluation(n=3, missed=0), tmp_path, software_version="0.1.0", plots=False)
    found = json.loads((tmp_path / "evaluation.json").read_text("utf-8"))
    everything = found["comparisons"][0]["groups"][0]
    assert everything["detection"]["counts"] == {"matched": 2, "extra": 1, "missed": 0}
    assert everything["durations"]["errors"]["bias"] == {"value": None, "low": None, "high": None}
    assert everything["durations"]["icc"]["value"] is None
    assert found["labels"][0]["files"] == [{"name": "a.csv", "sha256": "0" * 64}]
    assert (found["from"], found["to"]) == ("2026-07-15T13:30:51.000Z", None)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_has_a_row_for_each_group_and_each_pair(tmp_path: Path) -> None:
    made = evaluation()
    write(made, tmp_path, software_version="0.1.0", plots=False)
    groups, pairs = rows(tmp_path / "groups.csv"), rows(tmp_path / "pairs.csv")
    assert [row["name"] for row in groups if row["two"] == RATER] == [
        group.name for group in made.comparisons[0].groups
    ]
    stopwatch = next(row for row in groups if row["two"] == "stopwatch")
    assert (stopwatch["matched"], stopwatch["precision"], stopwatch["start_n"]) == ("", "", "")
    assert stopwatch["duration_n"] == "12"
    labelled = [row for row in pairs if row["two"] == RATER]
    assert [bool(row["iou"]) for row in labelled].count(True) == 11
    assert sum(not row["name_two"] for row in labelled) == 1
    assert sum(not row["name_one"] for row in labelled) == 2
    assert pairs[-1]["start_one"] == max(row["start_one"] for row in pairs)
    assert rows(tmp_path / "cycle_times.csv")[0]["station"] == "ANGELA/PUESTO_01"


def test_tables_say_when_there_is_not_enough() -> None:
    table = next(
        one for one in tables(evaluation(n=3, missed=0)) if one.title.endswith("agreement of durations")
    )
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert (row["n"], row["bias s"], row["ICC(2,1)"]) == ("2", "n < 3", "–")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "–"), (0.0, "0.00"), (-0.001, "0.00"), (-0.006, "-0.01"), (12.345, "12.35")],
)
def test_numbers(value: float | None, expected: str) -> None:
    assert number(value) == expected


def test_intervals() -> None:
    assert interval(Estimate(1.0, -0.5, 2.0), sign="+") == "+1.00 [-0.50, +2.00]"
    assert interval(Estimate(1.0)) == "1.00"
    assert interval(Estimate()) == "–"


def test_latex_shows_names_as_they_are() -> None:
    assert escaped("a_b & 50 % {x} \\") == r"a\_b \& 50 \% \{x\} \textbackslash{}"
    text = latex(evaluation())
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 7
    assert r"Ana \$x\_1\$ \& \{50 \%\} \textbackslash{} \textasciitilde{}\textasciicircum{}\#" in text
    for line in text.splitlines():
        assert not line.endswith("\\\\") or "&" in line


def test_names_of_files_are_plain_and_never_the_same() -> None:
    assert file_name("cycles against Ana Gómez/../x") == "cycles_against_ana_gomez_x"
    assert file_name("???") == "unnamed"
    made = evaluation()
    twins = tuple(
        Comparison("cycles", name, made.comparisons[1].groups, None, made.comparisons[1].durations)
        for name in ("Ana", "ana")
    )
    files = draw(Evaluation(PARAMETERS, Window(), (), (), twins, (), ()))
    assert {"cycles_against_ana_durations.png", "cycles_against_ana_durations_2.png"} <= set(files)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LbzfError, match=r"file: .*; name another folder with --out"):
        write(evaluation(), tmp_path / "file", software_version="0.1.0", plots=False)
