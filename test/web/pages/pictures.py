"""Pictures of every page, at a desk and on a phone: `python -m test.web.pages.pictures docs/images`."""

from __future__ import annotations

import dataclasses
import io
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from lbzf_ros.config.load import load_plant
from lbzf_ros.resources import resource_path
from lbzf_ros.simulator.model import seed_of, stations_of
from lbzf_ros.simulator.scene import Scene
from lbzf_ros.store.reader import CycleFilter
from test.web.factory import line_of
from test.web.pages.conftest import RUNNING_S
from test.web.pages.morning import morning, recorded_too_little
from test.web.pages.seeing import seeing
from test.web.pages.visit import DESK, PHONE, visiting
from test.web.serve import chromium, serving
from test.web.shift import at_work

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_COLOURS = 160
_AT_S = 200.0
"""A moment of the simulated scene in which people are at work."""
_SIZES = {"": DESK, "-phone": PHONE}
_PAGES = {
    "board": ("/board/ANGELA", "[data-connection=live] .tile .bar"),
    "stations": ("/stations/ANGELA", ".data"),
    "station": ("/stations/ANGELA/PUESTO_06", "#cycles-chart"),
    "cycle": ("/cycles/{uid}", ".picture"),
    "module": ("/modules/ANGELA", "#balance-chart"),
    "entry": ("/entry/ANGELA", "#crew"),
    "summary": ("/summary", ".module"),
    "admin": ("/admin", ".audit"),
}


def main(folder: Path) -> None:
    """Each page at a desk (1366x768, `NAME.png`) and on a phone (390x844, `NAME-phone.png`)."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, chromium() as browser:
        line = morning(Path(data) / "morning", days_before=3, slow=1.06)
        recorded_too_little(line, days_before=2)
        _bag(line.data / "bags" / "20260714_110000")
        which = CycleFilter(module="ANGELA", workstation="PUESTO_06", status="complete")
        uid = line.reader.cycles(which, limit=1).items[0].event_uid
        with at_work(line, RUNNING_S), serving(line) as server:
            for name, (path, sign) in _PAGES.items():
                for ending, size in _SIZES.items():
                    with visiting(browser, server.url + path.format(uid=uid), size=size) as visit:
                        visit.page.locator(sign).first.wait_for()
                        _keep(visit.page, folder / f"{name}{ending}.png")
        line.close()
        _zones(browser, Path(data) / "zones", folder)


def _bag(folder: Path) -> None:
    """As large as one of a minute; its content is not shown."""
    folder.mkdir(parents=True)
    (folder / "metadata.yaml").write_text("rosbag2_bagfile_information: {}\n", "utf-8")
    with (folder / f"{folder.name}_0.mcap").open("wb") as file:
        file.truncate(48_000_000)


def _zones(browser: Browser, data: Path, folder: Path) -> None:
    """The editor over the demo plant's first camera."""
    data.mkdir()
    file = data / "plant.yaml"
    shutil.copy(resource_path("config", "plant.yaml"), file)
    plant = load_plant(file)
    camera = plant.cameras[0]
    width_px, height_px = camera.resolution_px
    scene = Scene(
        camera=camera.label,
        stations=stations_of(plant, camera),
        width_px=width_px,
        height_px=height_px,
        seed=seed_of(camera.resolved_source),
    )
    people_px = [list(box.xyxy) for box in scene.true_boxes(_AT_S)]
    line = line_of(data / "data", 5, plant)
    line.context = dataclasses.replace(line.context, plant_file=file)
    line.report_camera(camera.label)
    with (
        seeing(line, scene.render(_AT_S), camera.label, people_px=people_px),
        serving(line) as server,
    ):
        for ending, size in _SIZES.items():
            with visiting(browser, f"{server.url}/zones", size=size) as visit:
                visit.page.locator("#drawing .seen").first.wait_for()
                visit.page.wait_for_function("document.getElementById('sight').naturalWidth > 0")
                visit.page.locator("#view:not(:empty)").wait_for()
                _keep(visit.page, folder / f"zones{ending}.png")
    line.close()


def _keep(page: Page, target: Path) -> None:
    page.wait_for_timeout(1500)  # charts move while they appear
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
