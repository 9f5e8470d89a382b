"""The views on which zones were drawn: kept with the rows, and given back with the zones in force."""

from __future__ import annotations

from sqlalchemy import Engine

from lbzf_ros.config.schema import Plant
from lbzf_ros.core.model import NS_PER_S, ReferenceView, RoiSet
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.zones import set_reference
from test.store.examples import MORNING_NS, plant_data, plant_of


def sync(engine: Engine, plant: Plant) -> RoiSet:
    return sync_plant(engine, plant, now_ns=MORNING_NS + NS_PER_S, software_version="0.2.0")["cam1"]


def test_new_zones_have_no_reference(roi_sets: dict[str, RoiSet]) -> None:
    assert roi_sets["cam1"].references == ()


def test_a_reference_comes_back_with_the_zones(engine: Engine, roi_sets: dict[str, RoiSet]) -> None:
    ids = roi_sets["cam1"].identity[1]
    assert set_reference(engine, ids, "calibration/one.jpg", b"features") == len(ids)
    again = sync(engine, plant_of(plant_data()))
    assert again.references == (ReferenceView(tuple(sorted(ids)), b"features"),)
    assert again.identity == roi_sets["cam1"].identity, "nothing is measured otherwise because of it"


def test_a_new_polygon_has_a_reference_of_its_own(engine: Engine, roi_sets: dict[str, RoiSet]) -> None:
    ids = roi_sets["cam1"].identity[1]
    set_reference(engine, ids, "calibration/one.jpg", b"one")
    data = plant_data()
    data["modules"][0]["workstations"][0]["zones"]["work"]["polygon_px"][0] = [1, 1]
    changed = sync(engine, plant_of(data))
    kept = [row for row in ids if row in changed.identity[1]]
    assert changed.references == ((ReferenceView(tuple(sorted(kept)), b"one"),) if kept else ())
    assert set_reference(engine, changed.identity[1], "calibration/two.jpg", b"two") == len(
        set(changed.identity[1]) - set(kept)
    )
    views = {view.features: view.roi_version_ids for view in sync(engine, plant_of(data)).references}
    assert views[b"two"] == tuple(sorted(set(changed.identity[1]) - set(kept)))
    assert not kept or views[b"one"] == tuple(sorted(kept))


def test_what_drift_is_looked_for_with_is_in_the_hash(engine: Engine, roi_sets: dict[str, RoiSet]) -> None:
    other = sync(engine, plant_of(plant_data() | {"drift": {"drifted_px": 12}}))
    assert other.parameter_hash != roi_sets["cam1"].parameter_hash
