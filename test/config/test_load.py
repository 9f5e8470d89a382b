"""Plant files: what is wrong is said with its place, what was found and what is allowed, all at once."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from lbzf_ros.config import load_plant
from lbzf_ros.config.load import starting_at
from lbzf_ros.core.errors import ConfigError

GOOD: dict[str, Any] = {
    "modules": [
        {
            "code": "ANGELA",
            "product_reference": "Ref22 Slim",
            "cameras": [{"label": "cam1", "source": "line.mp4"}],
            "workstations": [
                {
                    "code": "PUESTO_01",
                    "camera": "cam1",
                    "operation": "PESPUNTAR CUELLO",
                    "zones": {"work": {"kind": "work", "polygon_px": [[0, 0], [100, 0], [100, 100]]}},
                }
            ],
        }
    ],
    "standard_times": [{"reference": "Ref22 Slim", "operation": "PESPUNTAR CUELLO", "sam_minutes": 0.5}],
}
CAMERA = ("modules", 0, "cameras", 0)
STATION = ("modules", 0, "workstations", 0)
ZONE = (*STATION, "zones", "work")


def written(folder: Path, data: dict[str, Any]) -> Path:
    path = folder / "plant.yaml"
    path.write_text(yaml.safe_dump(data), "utf-8")
    return path


def changed(*changes: tuple[tuple[Any, ...], Any]) -> dict[str, Any]:
    """The good plant with the value at each path replaced."""
    data = copy.deepcopy(GOOD)
    for path, value in changes:
        place: Any = data
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
    return data


def test_a_good_plant_gets_its_defaults(tmp_path: Path) -> None:
    plant = load_plant(written(tmp_path, GOOD))
    (module,) = plant.modules
    work = module.workstations[0].zones["work"]
    assert (plant.time_zone, module.cameras[0].fps) == ("America/Bogota", 5.0)
    assert (work.evidence.value, work.enter_s, work.leave_s) == ("person", 1.0, 2.0)
    assert plant.sam_s(module, module.workstations[0]) == pytest.approx(30.0)
    assert module.workstations[0].limits.for_sam(30.0) == (7.5, 120.0)
    assert module.workstations[0].limits.for_sam(None) == (3.0, 600.0)


def test_a_relative_file_lies_beside_the_plant_file(tmp_path: Path) -> None:
    assert load_plant(written(tmp_path, GOOD)).cameras[0].source == str(tmp_path / "line.mp4")


def test_motion_zones_have_their_own_defaults(tmp_path: Path) -> None:
    zones = {"bin": {"kind": "trigger", "polygon_px": [[0, 0], [9, 0], [9, 9]]}}
    data = changed(((*STATION, "rule"), "trigger"), ((*STATION, "zones"), zones))
    zone = load_plant(written(tmp_path, data)).modules[0].workstations[0].zones["bin"]
    assert (zone.evidence.value, zone.enter_s, zone.leave_s) == ("motion", 0.0, 1.0)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        pytest.param(
            (*CAMERA, "fps"), 99, ["modules.0.cameras.0.fps", "99", "less than or equal to 30"], id="range"
        ),
        pytest.param((*CAMERA, "label"), "camera", ["cameras.0.label", "'camera'"], id="label"),
        pytest.param((*CAMERA, "colour"), "red", ["cameras.0.colour", "is no setting"], id="unknown-key"),
        pytest.param(
            (*CAMERA, "start_time"),
            "2026-07-15T08:00:00",
            ["start_time", "needs a time zone"],
            id="zone-less-time",
        ),
        pytest.param((*CAMERA, "source"), "${LBZF_NOT_SET}", ["LBZF_NOT_SET", "is not set"], id="variable"),
        pytest.param(
            (*STATION, "camera"), "cam9", ["workstations.0.camera", "'cam9'", "allowed: cam1"], id="camera"
        ),
        pytest.param((*STATION, "rule"), "magic", ["'magic'", "presence, trigger, pick_drop"], id="rule"),
        pytest.param(
            (*STATION, "rule"),
            "trigger",
            ["exactly one zone of kind 'trigger', found 0"],
            id="rule-without-its-zone",
        ),
        pytest.param(
            (*ZONE, "polygon_px"), [[0, 0], [9, 9]], ["zones.work.polygon_px", "at least 3"], id="two-corners"
        ),
        pytest.param(
            (*ZONE, "polygon_px"),
            [[0, 0], [9, 9], [9, 0], [0, 9]],
            ["polygon_px", "crosses itself"],
            id="crossing",
        ),
        pytest.param(
            (*ZONE, "polygon_px"),
            [[0, 0], [700, 0], [9, 9]],
            ["[700, 0]", "outside", "0 to 640"],
            id="outside",
        ),
        pytest.param(("time_zone",), "Mars/Base", ["time_zone", "America/Bogota"], id="time-zone"),
        pytest.param(("modules",), [], ["modules", "at least 1"], id="nothing-to-measure"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, path: tuple[Any, ...], value: Any, says: list[str]) -> None:
    file = written(tmp_path, changed((path, value)))
    with pytest.raises(ConfigError) as error:
        load_plant(file)
    assert all(text in str(error.value) for text in [str(file), *says])


def test_all_errors_come_at_once(tmp_path: Path) -> None:
    data = changed(((*CAMERA, "fps"), 0), ((*CAMERA, "label"), "x"), ((*ZONE, "polygon_px"), []))
    with pytest.raises(ConfigError, match="3 errors"):
        load_plant(written(tmp_path, data))


def test_a_password_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load_plant(written(tmp_path, changed(((*CAMERA, "source"), "rtsp://admin:hunter2@10.0.0.9/live"))))
    assert "holds a password" in str(error.value)
    assert "hunter2" not in str(error.value)


def test_a_password_from_the_environment_stays_out_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAM1_PASSWORD", "hunter2")
    camera = load_plant(
        written(tmp_path, changed(((*CAMERA, "source"), "rtsp://u:${CAM1_PASSWORD}@h/live")))
    ).cameras[0]
    assert camera.resolved_source == "rtsp://u:hunter2@h/live"
    assert "hunter2" not in repr(camera)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"modules: [", "no valid YAML", id="yaml"),
        pytest.param(b"- a\n- b\n", "begins with 'modules:'", id="list"),
        pytest.param(b"\xff\xfe", "not UTF-8", id="binary"),
        pytest.param(None, "cannot be read", id="absent"),
    ],
)
def test_what_is_no_plant_file_is_said(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "plant.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=says):
        load_plant(path)


def test_a_start_time_may_come_from_the_command_line(tmp_path: Path) -> None:
    camera = load_plant(written(tmp_path, GOOD)).cameras[0]
    assert starting_at(camera, None) is camera
    moved = starting_at(camera, "2026-07-15T08:00:00-05:00").start_time
    assert moved is not None
    assert moved.isoformat() == "2026-07-15T08:00:00-05:00"
    with pytest.raises(ConfigError, match=r"--start-time '08:00'"):
        starting_at(camera, "08:00")


def shift(**values: object) -> tuple[tuple[Any, ...], Any]:
    hours = {"label": "jornada_1", "start": "06:00", "end": "14:00", **values}
    return ("modules", 0, "shift_hours"), [hours]


def test_hours_of_a_shift_have_working_days_by_default(tmp_path: Path) -> None:
    (hours,) = load_plant(written(tmp_path, changed(shift()))).modules[0].shift_hours
    assert hours.days == ["mon", "tue", "wed", "thu", "fri", "sat"]
    assert (hours.minutes(hours.start), hours.minutes(hours.end)) == (360, 840)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"start": "24:00"}, "from 00:00 to 23:59"),
        ({"end": "6:00"}, "HH:MM"),
        ({"start": 360}, "HH:MM|string"),  # what YAML makes of 06:00 without quotes
        ({"days": []}, "at least 1"),
        ({"days": ["monday"]}, "'mon'"),
        ({"label": ""}, "at least 1"),
    ],
)
def test_wrong_hours_of_a_shift_are_said(wrong: dict[str, object], says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=says) as told:
        load_plant(written(tmp_path, changed(shift(**wrong))))
    assert "modules.0.shift_hours.0" in str(told.value)


@pytest.mark.parametrize(
    ("rule", "kinds", "longest_gap_s"),
    [("presence", ["work"], 5.0), ("trigger", ["trigger"], 2.0), ("pick_drop", ["pick", "drop"], 2.0)],
)
def test_a_gap_hides_a_hand_sooner_than_a_person(
    rule: str, kinds: list[str], longest_gap_s: float, tmp_path: Path
) -> None:
    polygon = [[0, 0], [100, 0], [100, 100]]
    zones = {kind: {"kind": kind, "polygon_px": polygon} for kind in kinds}
    data = changed(((*STATION, "zones"), zones), ((*STATION, "rule"), rule))
    assert load_plant(written(tmp_path, data)).modules[0].workstations[0].max_gap_s == longest_gap_s
    data = changed(
        ((*STATION, "zones"), zones), ((*STATION, "rule"), rule), ((*STATION, "limits"), {"max_gap_s": 9})
    )
    assert load_plant(written(tmp_path, data)).modules[0].workstations[0].max_gap_s == 9
