from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from lbzf_ros.config.schema import StandardTime
from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import NS_PER_S, EvidenceKind, RoiSet, ZoneKind
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.imports.balanceo import Balanceo, import_balanceo
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.plant import roi_sets as pure_roi_sets
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.reader import StoreReader
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, SQUARE, cycle, plant_data, plant_of

LATER_NS = MORNING_NS + 3600 * NS_PER_S


def sync(engine: Engine, data: dict[str, Any], now_ns: int = LATER_NS) -> dict[str, RoiSet]:
    return sync_plant(engine, plant_of(data), now_ns=now_ns, software_version="0.2.0")


def everything(engine: Engine) -> list[tuple[Any, ...]]:
    with transaction(engine, "read all") as connection:
        return [
            (table, *row)
            for table in ("modules", "cameras", "workstations", "standard_times", "rois")
            for row in connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY id")
        ]


def rois(engine: Engine) -> list[tuple[int, str, int | None]]:
    with transaction(engine, "read zones") as connection:
        return [
            tuple(row)
            for row in connection.exec_driver_sql("SELECT id, name, superseded_by FROM rois ORDER BY id")
        ]


def station(data: dict[str, Any], number: int) -> Any:
    return data["modules"][0]["workstations"][number]


def test_the_plant_is_in_the_database(roi_sets: dict[str, RoiSet], reader: StoreReader) -> None:
    assert [(m.code, m.display_name, m.product_reference, m.active) for m in reader.modules().items] == [
        ("ANGELA", "Angela", "Ref22 Slim", True)
    ]
    assert [(c.label, c.source, c.resolution, c.fps, c.status) for c in reader.cameras().items] == [
        ("cam1", "simulator:seed=1", "640x480", 5, "active"),
        ("cam2", "simulator:seed=2", "640x480", 2.5, "active"),
    ]
    assert [
        (w.code, w.display_name, w.camera, w.sam_s, w.sequence_pos) for w in reader.workstations().items
    ] == [
        ("PUESTO_01", "Puesto 1", "cam1", 30.0, 1),
        ("PUESTO_02", "PUESTO_02", "cam2", None, None),
    ]


def test_the_roi_sets_are_what_the_graph_needs(roi_sets: dict[str, RoiSet]) -> None:
    assert list(roi_sets) == ["cam1", "cam2"]
    cam1, cam2 = roi_sets["cam1"], roi_sets["cam2"]
    assert (cam1.camera, cam1.stamp_ns, cam1.width_px, cam1.height_px, cam1.fps) == (
        "cam1",
        MORNING_NS,
        640,
        480,
        5,
    )
    (puesto_1,), (puesto_2,) = cam1.workstations, cam2.workstations
    assert puesto_1.key == ("ANGELA", "PUESTO_01")
    assert (puesto_1.sam_s, puesto_1.min_cycle_s, puesto_1.max_cycle_s) == (30, 7.5, 120)
    assert (math.isnan(puesto_2.sam_s), puesto_2.min_cycle_s, puesto_2.max_cycle_s) == (True, 3, 600)
    (work,) = puesto_1.zones
    assert (work.kind, work.evidence, work.enter_s) == (ZoneKind.WORK, EvidenceKind.PERSON, 1.0)
    assert work.polygon_px == tuple(tuple(corner) for corner in SQUARE)
    assert [zone.name for zone in puesto_2.zones] == ["pick", "drop"]


def test_without_a_database_the_sets_are_the_same_but_for_rows_and_time(roi_sets: dict[str, RoiSet]) -> None:
    pure = pure_roi_sets(plant_of(plant_data()))
    assert list(pure) == list(roi_sets)
    assert [one.parameter_hash for one in pure.values()] == [one.parameter_hash for one in roi_sets.values()]
    (work,) = pure["cam1"].workstations[0].zones
    assert work == replace(roi_sets["cam1"].workstations[0].zones[0], roi_version_id=0)


def test_a_camera_without_stations_has_an_empty_set(engine: Engine) -> None:
    data = plant_data()
    data["modules"][0]["workstations"].pop()
    assert sync(engine, data)["cam2"].workstations == ()


def test_the_same_file_again_changes_nothing(engine: Engine, roi_sets: dict[str, RoiSet]) -> None:
    before = everything(engine)
    again = sync(engine, plant_data())
    assert everything(engine) == before
    assert again["cam1"].workstations == roi_sets["cam1"].workstations
    assert again["cam1"].parameter_hash == roi_sets["cam1"].parameter_hash


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "polygon": lambda data: station(data, 0)["zones"]["work"].update(polygon_px=[[0, 0], [9, 0], [9, 9]]),
    "anchor": lambda data: station(data, 0)["zones"]["work"].update(anchor="feet"),
    "leave": lambda data: station(data, 0)["zones"]["work"].update(leave_s=3.0),
    "evidence": lambda data: station(data, 0)["zones"]["work"].update(evidence="motion"),
    "picture": lambda data: data["modules"][0]["cameras"][0].update(resolution_px=[1280, 960]),
    "camera": lambda data: station(data, 0).update(camera="cam2"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_zone_is_a_new_row(engine: Engine, roi_sets: dict[str, RoiSet], change: str) -> None:
    old = roi_sets["cam1"].workstations[0].zones[0].roi_version_id
    data = plant_data()
    CHANGES[change](data)
    sets = sync(engine, data)
    (new,) = {
        zone.roi_version_id
        for roi_set in sets.values()
        for workstation in roi_set.workstations
        for zone in workstation.zones
        if zone.name == "work"
    }
    assert new not in (row[0] for row in rois(engine) if row[2] is not None)
    assert (old, "work", new) in rois(engine)
    assert sum(successor is None for _, _, successor in rois(engine)) == 3


def test_a_zone_that_goes_is_superseded_by_itself_and_its_return_is_a_new_row(
    engine: Engine, roi_sets: dict[str, RoiSet]
) -> None:
    pick, drop = (zone.roi_version_id for zone in roi_sets["cam2"].workstations[0].zones)
    data = plant_data()
    data["modules"][0]["workstations"].pop()
    sync(engine, data)
    assert {(pick, "pick", pick), (drop, "drop", drop)} <= set(rois(engine))
    back = [zone.roi_version_id for zone in sync(engine, plant_data())["cam2"].workstations[0].zones]
    assert set(back).isdisjoint({pick, drop})


def test_an_event_of_a_superseded_zone_is_still_written(engine: Engine, roi_sets: dict[str, RoiSet]) -> None:
    data = plant_data()
    CHANGES["polygon"](data)
    sync(engine, data)
    assert EventWriter(engine).write([cycle(roi_sets)]) == ()


def test_what_is_no_longer_in_the_file_becomes_inactive_and_comes_back(
    engine: Engine, reader: StoreReader
) -> None:
    sync(engine, plant_data())
    data = plant_data()
    data["modules"][0]["workstations"].pop()
    data["modules"][0]["cameras"].pop()
    data["modules"][0]["code"] = "CARMENZA"
    sync(engine, data)
    assert [(m.code, m.active) for m in reader.modules().items] == [("ANGELA", False), ("CARMENZA", True)]
    assert [(c.module, c.label, c.status) for c in reader.cameras().items] == [
        ("ANGELA", "cam1", "inactive"),
        ("ANGELA", "cam2", "inactive"),
        ("CARMENZA", "cam1", "active"),
    ]
    assert [w.active for w in reader.workstations().items] == [False, False, True]
    sync(engine, plant_data())
    assert [(m.code, m.active) for m in reader.modules().items] == [("ANGELA", True), ("CARMENZA", False)]
    assert [c.status for c in reader.cameras().items] == ["active", "active", "inactive"]


def standard_times(reader: StoreReader) -> list[tuple[str, float, bool]]:
    return [(t.version, t.sam_minutes, t.effective_to_ns is None) for t in reader.standard_times().items]


def with_sam(*versions: tuple[str, float]) -> dict[str, Any]:
    data = plant_data()
    (time,) = data["standard_times"]
    data["standard_times"] = [time | {"version": version, "sam_minutes": sam} for version, sam in versions]
    return data


def test_a_changed_standard_time_is_a_new_version(engine: Engine, reader: StoreReader) -> None:
    sync(engine, with_sam(("v1", 0.5)), now_ns=MORNING_NS)
    for _ in range(2):  # the second time nothing changes
        sync(engine, with_sam(("v1", 0.6)), now_ns=LATER_NS)
        assert standard_times(reader) == [("v1", 0.5, False), ("v2", 0.6, True)]
    old, new = reader.standard_times().items
    assert (old.effective_from_ns, old.effective_to_ns) == (MORNING_NS, LATER_NS)
    assert new.effective_from_ns == LATER_NS
    assert reader.workstations().items[0].sam_s == pytest.approx(36)


def test_a_version_of_the_file_keeps_its_name(engine: Engine, reader: StoreReader) -> None:
    sync(engine, with_sam(("2026", 0.5)))
    sync(engine, with_sam(("2026", 0.5), ("2027", 0.6)))
    assert standard_times(reader) == [("2026", 0.5, False), ("2027", 0.6, True)]


def test_going_back_to_an_older_standard_time_is_a_version_of_its_own(
    engine: Engine, reader: StoreReader
) -> None:
    for sam in (0.5, 0.6, 0.5):
        sync(engine, with_sam(("v1", sam)))
    assert standard_times(reader) == [("v1", 0.5, False), ("v2", 0.6, False), ("v3", 0.5, True)]


def imported(engine: Engine, sam_minutes: float, now_ns: int = LATER_NS) -> None:
    time = StandardTime(reference="Ref22 Slim", operation="PESPUNTAR CUELLO", sam_minutes=sam_minutes)
    balanceo = Balanceo(Path("real.csv"), (time,), ())
    import_balanceo(engine, balanceo, Actor("engineer"), source="tiempo std manual", now_ns=now_ns)


def test_the_plant_file_does_not_undo_what_was_imported(
    engine: Engine, reader: StoreReader, caplog: pytest.LogCaptureFixture
) -> None:
    sync(engine, with_sam(("v1", 0.5)), now_ns=MORNING_NS)
    imported(engine, 0.6)
    for file_says in (0.5, 0.7):
        sets = sync(engine, with_sam(("v1", file_says)), now_ns=LATER_NS + NS_PER_S)
        assert standard_times(reader) == [("v1", 0.5, False), ("v2", 0.6, True)]
        (station_1,) = sets["cam1"].workstations
        assert [station_1.sam_s, station_1.max_cycle_s] == pytest.approx([36, 144])
        assert f"the SAM of the plant file, {file_says} min, does not count: 0.6 min (v2)" in caplog.text


def test_a_plant_file_that_agrees_with_the_import_is_silent(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    imported(engine, 0.5)
    sync(engine, plant_data())
    assert caplog.text == ""


def test_an_import_changes_the_parameter_hash(engine: Engine, roi_sets: dict[str, RoiSet]) -> None:
    imported(engine, 0.6)
    assert sync(engine, plant_data())["cam1"].parameter_hash != roi_sets["cam1"].parameter_hash


@pytest.mark.parametrize(
    "change",
    [
        *CHANGES.values(),
        lambda data: station(data, 0).update(limits={"min_cycle_s": 9}),
        lambda data: station(data, 0).update(limits={"min_dwell_ratio": 0.6}),
        lambda data: data["modules"][0]["cameras"][0].update(fps=3),
        lambda data: data["standard_times"][0].update(sam_minutes=0.7),
        lambda data: data.update(detector={"backend": "other"}),
    ],
)
def test_the_parameter_hash_changes_with_what_decides_a_cycle(
    engine: Engine, roi_sets: dict[str, RoiSet], change: Any
) -> None:
    data = plant_data()
    change(data)
    assert sync(engine, data)["cam1"].parameter_hash != roi_sets["cam1"].parameter_hash


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: station(data, 0).update(display_name="Otro"), id="display-name"),
        pytest.param(
            lambda data: data["modules"][0]["cameras"][0].update(source="simulator:seed=9"), id="source"
        ),
        pytest.param(
            lambda data: station(data, 1).update(rule="presence", zones=station(data, 0)["zones"]), id="cam2"
        ),
        pytest.param(lambda data: data.update(web={"port": 5001}), id="web"),
    ],
)
def test_the_parameter_hash_does_not_change_with_the_rest(
    engine: Engine, roi_sets: dict[str, RoiSet], change: Any
) -> None:
    data = plant_data()
    change(data)
    assert sync(engine, data)["cam1"].parameter_hash == roi_sets["cam1"].parameter_hash


def test_the_parameter_hash_does_not_depend_on_the_database(engine: Engine) -> None:
    data = plant_data()
    CHANGES["polygon"](data)
    first = sync(engine, data)["cam1"]  # row ids 1 to 3
    sync(engine, plant_data())
    later = sync(engine, data)["cam1"]  # the same plant on other row ids
    assert first.workstations[0].zones[0].roi_version_id != later.workstations[0].zones[0].roi_version_id
    assert first.parameter_hash == later.parameter_hash


def test_a_password_does_not_reach_the_database(
    engine: Engine, reader: StoreReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAM1_PASSWORD", "hunter2")
    data = plant_data()
    data["modules"][0]["cameras"][0]["source"] = "rtsp://viewer:${CAM1_PASSWORD}@10.0.0.5/sub"
    sync(engine, data)
    assert reader.cameras().items[0].source == "rtsp://viewer:${CAM1_PASSWORD}@10.0.0.5/sub"
    assert "hunter2" not in str(everything(engine))


def test_a_password_in_clear_is_refused_and_not_repeated(engine: Engine) -> None:
    """The plant file refuses it already; whoever makes a plant in another way is refused here."""
    plant = plant_of(plant_data())
    (module,) = plant.modules
    camera = module.cameras[0].model_copy(update={"source": "rtsp://viewer:hunter2@10.0.0.5/sub"})
    module = module.model_copy(update={"cameras": [camera, module.cameras[1]]})
    before = everything(engine)
    with pytest.raises(StoreError, match=r"cam1: its source holds a password.*\$\{VARIABLE\}") as error:
        sync_plant(
            engine,
            plant.model_copy(update={"modules": [module]}),
            now_ns=LATER_NS,
            software_version="0.2.0",
        )
    assert "hunter2" not in str(error.value)
    assert everything(engine) == before


def test_the_name_of_a_credentials_file_is_in_the_database_and_its_content_is_not(
    engine: Engine, tmp_path: Path
) -> None:
    secret = tmp_path / "cam1.secret"
    secret.write_text("user=viewer\npassword=hunter2\n", "utf-8")
    secret.chmod(0o600)
    data = plant_data()
    data["modules"][0]["cameras"][0].update(source="rtsp://10.0.0.5/sub", credentials_file=str(secret))
    sync(engine, data)
    assert str(secret) in str(everything(engine))
    assert "hunter2" not in str(everything(engine))


def test_a_failure_changes_nothing(engine: Engine, roi_sets: dict[str, RoiSet]) -> None:
    before = everything(engine)
    with transaction(engine, "break") as connection:
        connection.exec_driver_sql("ALTER TABLE rois RENAME TO rois_gone")
    with pytest.raises(StoreError, match="write the plant: no such table"):
        sync(engine, plant_data() | {"standard_times": []})
    with transaction(engine, "mend") as connection:
        connection.exec_driver_sql("ALTER TABLE rois_gone RENAME TO rois")
    assert everything(engine) == before


def test_the_settings_behind_a_parameter_hash_are_kept(engine: Engine, roi_sets: dict[str, RoiSet]) -> None:
    """Those of before too: cycles name the hash of what they were measured with."""
    changed = plant_data()
    station(changed, 0)["zones"]["work"].update(leave_s=3.0)
    hashes = {r.parameter_hash for r in (*roi_sets.values(), *sync(engine, changed).values())}
    sync(engine, changed)
    with transaction(engine, "read settings") as connection:
        kept: dict[str, str] = dict(
            connection.exec_driver_sql("SELECT parameter_hash, settings_json FROM parameter_sets")
            .tuples()
            .all()
        )
    assert set(kept) == hashes
    assert all(hashlib.sha256(settings.encode()).hexdigest() == name for name, settings in kept.items())
