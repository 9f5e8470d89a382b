"""The plant of the soak: the demo's lines again and again, seen by network cameras that play films of the demo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import av
import yaml

from lbzf_ros.config.load import load_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.graph import DEMO_PLANT
from lbzf_ros.resources import resource_path
from lbzf_ros.simulator.model import seed_of, stations_of
from lbzf_ros.simulator.scene import Scene

FILM_FPS, KILOBIT_S = 15, 1000
LOOKED_AT_FPS = 5
DETECTOR = "background"
_RESERVE_GB = 1.0


def write_films(folder: Path, seconds: float, say: Callable[[str], None]) -> list[Path]:
    """Encode what each camera of the demo plant sees, once: H.264 in Annex B with a key frame each second."""
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
        )
        films.append(folder / f"{camera.label}.h264")
        _encode(scene, films[-1], round(seconds * FILM_FPS), (width_px, height_px))
        say(f"film of {camera.label}: {seconds:g} s, {films[-1].stat().st_size / 1e6:.1f} MB")
    return films


def _encode(scene: Scene, film: Path, pictures: int, size_px: tuple[int, int]) -> None:
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
            picture = av.VideoFrame.from_ndarray(scene.render(number / FILM_FPS), format="bgr24")
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
