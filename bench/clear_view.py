"""Milliseconds a picture of the clear-view check and of zone motion, and how sure the check is, at 640x480.

Pictures of the simulator (LBZF_SEEDS: how many seeds a camera, 3 by default). A picture counts as wrongly unclear, or
as missed, where the simulator says otherwise; pictures in which something is just coming or going (0.4 s) are left out.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict

import cv2

from bench import report
from lbzf_ros.config.detectors import ClearViewSettings
from lbzf_ros.config.load import load_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.model import NS_PER_S, EvidenceKind, Zone, zone_id
from lbzf_ros.detectors.clear_view import ClearView
from lbzf_ros.detectors.motion import ZoneMotion
from lbzf_ros.resources import resource_path
from lbzf_ros.simulator.model import Script, stations_of
from lbzf_ros.simulator.optics import Block, Bump, Clouds, Flicker, LightsOff, LowSun, Optic, Pan
from lbzf_ros.simulator.scene import Scene
from lbzf_ros.store.plant import roi_sets

FPS, LENGTH_S, EDGE_S = 5.0, 80.0, 0.4
CASES: dict[str, tuple[Optic, ...]] = {
    "people": (),
    "sun and clouds": (LowSun(start_s=5.0, strength_share=0.6, fade_s=15.0), Clouds(start_s=30.0)),
    "flicker": (Flicker(start_s=5.0, depth=0.25),),
    "blocked 1, 5 and 20 s": (
        Block(start_s=30.0, duration_s=1.0, cover=0.6, passes=True),
        Block(start_s=36.0, duration_s=5.0, cover=0.8),
        Block(start_s=48.0, duration_s=20.0, cover=1.0, look=1),
    ),
    "lights off and on": (LightsOff(start_s=30.0, duration_s=20.0),),
    "bumped by 15 and 40 px": (Bump(start_s=30.0), Bump(start_s=50.0, shift_px=40.0, direction_deg=200.0)),
    "creeping": (Pan(start_s=10.0, duration_s=60.0, shift_px=40.0),),
}


def main() -> None:
    """Measure and write down."""
    cv2.setNumThreads(1)
    plant = load_plant(resource_path("config", "plant.yaml"))
    spent_ms: dict[str, list[float]] = defaultdict(list)
    counts = {name: _case(plant, optics, spent_ms) for name, optics in CASES.items()}
    costs = {
        name: {f"p{share}": round(report.percentile(values, share / 100), 3) for share in (50, 95)}
        for name, values in spent_ms.items()
    }
    what = "simulator, 640x480 at 5 fps, busy day, processor time of one thread"
    report.write("clear_view", {"what": what, "ms_a_picture": costs, "pictures": counts})


def _case(plant: Plant, optics: tuple[Optic, ...], spent_ms: dict[str, list[float]]) -> dict[str, int]:
    counts = dict.fromkeys(("looked_at", "hidden", "missed", "wrongly_unclear"), 0)
    for camera in plant.cameras:
        zones = _motion_zones(plant, camera.label)
        for seed in range(int(os.environ.get("LBZF_SEEDS", "3"))):
            width_px, height_px = camera.resolution_px
            scene = Scene(
                camera=camera.label,
                stations=stations_of(plant, camera),
                width_px=width_px,
                height_px=height_px,
                seed=100 + seed,
                script=Script(passer_chance=1.0, supervisor_chance=1.0, optics=optics),
            )
            _watch(scene, ZoneMotion(zones), counts, spent_ms)
    return counts


def _watch(
    scene: Scene, motion: ZoneMotion, counts: dict[str, int], spent_ms: dict[str, list[float]]
) -> None:
    view = ClearView(ClearViewSettings())
    for number in range(round(LENGTH_S * FPS)):
        t_s = number / FPS
        picture = scene.render(t_s)
        began_s = time.thread_time()
        clear = view.update(picture, round(t_s * NS_PER_S) + 1)
        looked_s = time.thread_time()
        _ = motion.update(picture) if clear else motion.pass_over()
        spent_ms["clear view" if clear else "clear view, not clear"].append(1000 * (looked_s - began_s))
        spent_ms["motion"].append(1000 * (time.thread_time() - looked_s))
        hidden = scene.hidden(t_s)
        if any(scene.hidden(t_s + step_s) != hidden for step_s in (-EDGE_S, EDGE_S)):
            continue
        counts["looked_at"] += 1
        counts["hidden"] += hidden
        counts["missed"] += hidden and clear
        counts["wrongly_unclear"] += not hidden and not clear


def _motion_zones(plant: Plant, camera: str) -> dict[str, Zone]:
    return {
        zone_id(station.module, station.code, zone.name): zone
        for station in roi_sets(plant)[camera].workstations
        for zone in station.zones
        if zone.evidence is EvidenceKind.MOTION
    }


if __name__ == "__main__":
    main()
