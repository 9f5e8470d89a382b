"""The plant of the soak: the demo's lines again and again, seen by network cameras that play films of the demo.

A film is a short shift: into an empty hall operators come, work, and go. At its end the hall is as at its beginning, so
that it can be played again and again, and a detector that learns its background sees it each time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import yaml

from lbzf_ros.config.load import load_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.graph import DEMO_PLANT
from lbzf_ros.resources import resource_path
from lbzf_ros.simulator.incidents.kinds import ShiftChange, Times
from lbzf_ros.simulator.model import Script, seed_of, stations_of
from lbzf_ros.simulator.scene import Scene

FILM_FPS, KILOBIT_S = 15, 1000
LOOKED_AT_FPS = 5
DETECTOR = "background"
_RESERVE_GB = 1.0
_EMPTY_S, _MOST_SHIFTS, _STEP_S = 8.0, 20, 0.5
_CLEARLY_EMPTY = 4
"""Steps without anybody, passers-by included."""
_LEAST_OF_A_SHIFT = 0.75
"""Everybody goes when his unit is done, some sooner after the end of the shift than others."""


def write_films(folder: Path, seconds: float, say: Callable[[str], None]) -> list[Path]:
    """Encode what each camera of the demo plant sees, once: H.264 in Annex B with a key frame each second.

    Args:
        folder: where they go.
        seconds: a film is about so long; it ends when everybody has finished his unit and gone.
        say: is told each film.
    """
    plant = load_plant(resource_path("config", DEMO_PLANT))
    films = []
    for camera in plant.cameras:
        width_px, height_px = camera.resolution_px
        scene = Scene(
            camera=camera.label,
            stations=stations_of(plant, camera),
            width_px=width_px,
            height_px=height_px,
            seed=seed_of(camera.resolved_source),
            script=Script(
                incidents=(
                    ShiftChange(times=Times(1.0, seconds, _MOST_SHIFTS), empty_s=(_EMPTY_S, _EMPTY_S)),
                )
            ),
        )
        begin_s, end_s = _one_shift(scene, seconds)
        films.append(folder / f"{camera.label}.h264")
        _encode(scene, films[-1], begin_s, round((end_s - begin_s) * FILM_FPS), (width_px, height_px))
        cycles = sum(not cycle.unmeasurable for cycle in scene.true_cycles(end_s, from_s=begin_s))
        say(
            f"film of {camera.label}: {end_s - begin_s:g} s with {cycles} cycles, "
            f"{films[-1].stat().st_size / 1e6:.1f} MB"
        )
    return films


def _one_shift(scene: Scene, seconds: float) -> tuple[float, float]:
    """Two times about so far apart at which nobody is in the picture, seconds after the scene's start."""
    times_s = np.arange(0.0, _MOST_SHIFTS * seconds, _STEP_S).tolist()
    empty = 0
    begin_s: float | None = None
    for t_s in times_s:
        empty = 0 if scene.true_boxes(t_s) else empty + 1
        if empty >= _CLEARLY_EMPTY and begin_s is None:
            begin_s = t_s
        elif empty >= _CLEARLY_EMPTY and begin_s is not None and t_s - begin_s >= _LEAST_OF_A_SHIFT * seconds:
            return begin_s, t_s
    raise RuntimeError(f"{scene.camera}: no shift of {seconds:g} s between two times without anybody")


def _encode(scene: Scene, film: Path, begin_s: float, pictures: int, size_px: tuple[int, int]) -> None:
    with av.open(str(film), "w", format="h264") as container:
        stream = container.add_stream("libx264", rate=FILM_FPS)
        stream.width, stream.height = size_px
        stream.pix_fmt, stream.bit_rate, stream.gop_size = "yuv420p", KILOBIT_S * 1000, FILM_FPS
        rate = f"nal-hrd=cbr:vbv-maxrate={KILOBIT_S}:vbv-bufsize={KILOBIT_S}"
        stream.options = {
            "preset": "veryfast",
            "tune": "zerolatency",
            "x264-params": f"aud=1:scenecut=0:bframes=0:{rate}",
        }
        for number in range(pictures):
            picture = av.VideoFrame.from_ndarray(scene.render(begin_s + number / FILM_FPS), format="bgr24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def write_plant(file: Path, urls: Sequence[str]) -> Plant:
    """Write a plant in which camera n of the demo, over and over, is what the n-th URL shows."""
    demo: dict[str, Any] = yaml.safe_load(resource_path("config", DEMO_PLANT).read_text("utf-8"))
    model = demo["modules"][0]
    seen = [camera["label"] for camera in model["cameras"]]
    modules = []
    for first in range(0, len(urls), len(seen)):
        here = list(zip(seen, urls[first : first + len(seen)], strict=False))
        labels = {of: f"cam{first + place}" for place, (of, _) in enumerate(here, 1)}
        stations = [one for one in model["workstations"] if one["camera"] in labels]
        modules.append(
            {
                **model,
                "code": f"SOAK_{first // len(seen) + 1:02}",
                "display_name": "",
                "cameras": [{"label": labels[of], "source": url, "fps": LOOKED_AT_FPS} for of, url in here],
                "workstations": [{**one, "camera": labels[one["camera"]]} for one in stations],
            }
        )
    plant = {
        **demo,
        "modules": modules,
        "detector": {"backend": DETECTOR},
        "storage": {"reserve_gb": _RESERVE_GB},
    }
    file.write_text(yaml.safe_dump(plant, allow_unicode=True, sort_keys=False), "utf-8")
    return load_plant(file)
