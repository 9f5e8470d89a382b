"""`lbzf rois …`: the zones of a camera."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from lbzf_ros.cli.options import DATA
from lbzf_ros.core.errors import ConfigError, InvalidValue, StoreError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy import Engine

    from lbzf_ros.config.edit import ZoneKey
    from lbzf_ros.drift.transfer import Proposal
    from lbzf_ros.store.drawn_zones import DrawnZone

rois = typer.Typer(name="rois", no_args_is_help=True, help="The zones of a camera.")


@rois.callback()
def _only_commands() -> None:
    """Keeps `transfer` a command of its own."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The new view, where it comes from, and how it may be written; None: as it is."""

    image_bgr: NDArray[np.uint8]
    source: str
    private_bgr: NDArray[np.uint8] | None = None

    @property
    def shown_bgr(self) -> NDArray[np.uint8]:
        """What may stand on the disk."""
        return self.image_bgr if self.private_bgr is None else self.private_bgr


@rois.command()
def transfer(
    camera: str = typer.Option(..., "--camera", help="Camera (cam1)."),
    data: Path = DATA,
    picture: Path | None = typer.Option(
        None,
        "--picture",
        help="A picture of the new view.",
        show_default="of the camera's newest cycle",
    ),
    live: bool = typer.Option(False, "--live", help="Take a picture now; needs --plant."),
    plant: Path | None = typer.Option(None, "--plant", help="Plant file (YAML) that holds the zones."),
    out: Path | None = typer.Option(
        None,
        "--out",
        help="Where the picture with old and new zones goes.",
        show_default="exports/rois_transfer_CAMERA.jpg in the data folder",
    ),
    write: bool = typer.Option(
        False,
        "--write",
        help="Put the new polygons into the plant file; needs --plant. The rest stays as it is.",
    ),
) -> None:
    """After a camera has moved: propose its zones, moved as the picture has moved.

    Compares the picture on which the zones in force were drawn with the new view. Look at the picture that it
    writes before you take the new polygons over. A running LBZF takes them over within seconds.
    """
    # Imported here: OpenCV and SQLAlchemy would slow down the start of every other command.
    from lbzf_ros.store.drawn_zones import drawn_zones
    from lbzf_ros.store.engine import DATABASE_NAME, reading_engine

    if plant is None and (write or live):
        raise ConfigError(f"{'--write' if write else '--live'} needs --plant FILE")
    if not (data / DATABASE_NAME).is_file():
        raise StoreError(f"{data / DATABASE_NAME}: there is none; name the data folder with --data")
    engine = reading_engine(data / DATABASE_NAME)
    zones = drawn_zones(engine, camera)
    if not zones:
        raise ConfigError(f"--camera {camera}: no zones of it are in force in {data / DATABASE_NAME}")
    if plant is not None:
        _check_same(plant, zones)
    size = zones[0].width_px, zones[0].height_px
    seen = _seen(picture, plant if live else None, camera, engine, data, size)
    proposals = _proposals(zones, seen)
    target = out or data / "exports" / f"rois_transfer_{camera}.jpg"
    _draw(seen, zones, proposals, target)
    console = Console()
    console.print(_table(zones, proposals, camera))
    console.print(f"New view: {seen.source}\nPicture:  {target}", soft_wrap=True)
    refused = [zone for zone in zones if proposals[zone.key].polygon_px is None]
    if write and plant is not None:
        if refused:
            raise ConfigError(
                f"{plant}: not changed: {'/'.join(refused[0].key)} cannot be proposed; draw it anew"
            )
        _write(plant, proposals)
        console.print(
            f"{plant}: {len(zones)} polygons changed. A running LBZF takes them over within seconds."
        )
    else:
        typer.echo(_snippet(zones, proposals))


def _seen(
    picture: Path | None, plant: Path | None, camera: str, engine: Engine, data: Path, size: tuple[int, int]
) -> _Seen:
    """The new view at the size that the zones refer to: a file, the live camera, or the newest cycle's picture."""
    import cv2
    import numpy as np

    if plant is not None:
        return _live(plant, camera, data)
    source = str(picture) if picture else ""
    if picture is None:
        picture, source = _newest(engine, camera, data)
    image = cv2.imread(str(picture))
    if image is None:
        raise ConfigError(f"{picture}: cannot be read as a picture")
    return _Seen(np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), source)


def _newest(engine: Engine, camera: str, data: Path) -> tuple[Path, str]:
    from lbzf_ros.store.drawn_zones import newest_pictures

    for name, when in newest_pictures(engine, camera):
        if (data / name).is_file():
            return data / name, f"{data / name}, begin of the newest cycle, {when}"
    raise ConfigError(
        f"{camera}: no picture of a cycle is there; name one with --picture, or take one with --live"
    )


def _live(plant: Path, camera: str, data: Path) -> _Seen:
    from lbzf_ros.config.load import load_plant
    from lbzf_ros.video.privacy import Privacy
    from lbzf_ros.video.sources import open_source

    settings = load_plant(plant)
    found = next((one for one in settings.cameras if one.label == camera), None)
    if found is None or "://" not in found.source:
        raise ConfigError(f"--live: {camera} is no live camera in {plant}; name a picture with --picture")
    for frame in open_source(settings, found, data, clock_ns=time.time_ns, live=True).frames():
        private = Privacy(found.privacy).applied(frame.image_bgr, None)  # where people are nobody has looked
        return _Seen(frame.image_bgr, f"{camera} now", private)
    raise ConfigError(f"--live: {camera} gives no picture")


def _proposals(zones: list[DrawnZone], seen: _Seen) -> dict[ZoneKey, Proposal]:
    """Each zone in the new view; zones with the same reference move together."""
    from lbzf_ros.drift.features import features_from_bytes
    from lbzf_ros.drift.transfer import find_move, propose

    found: dict[ZoneKey, Proposal] = {}
    for path in dict.fromkeys(zone.reference_path for zone in zones):
        together = [zone for zone in zones if zone.reference_path == path]
        names = ", ".join("/".join(zone.key) for zone in together)
        if together[0].features is None:
            raise ConfigError(
                f"{names}: there is no picture of the view on which they were drawn, so nothing says how it has moved"
            )
        try:
            matrix = find_move(features_from_bytes(together[0].features), seen.image_bgr)
        except InvalidValue as error:
            raise ConfigError(f"{names} (drawn on {path}): {error}") from error
        for zone in together:
            found[zone.key] = propose(zone.polygon_px, matrix, zone.width_px, zone.height_px)
    return found


def _check_same(plant: Path, zones: list[DrawnZone]) -> None:
    """The plant file must hold the zones that are in force, or old and new ones would be mixed."""
    from lbzf_ros.config.load import load_plant

    written = {
        (module.code, station.code, name): tuple(zone.polygon_px)
        for module in load_plant(plant).modules
        for station in module.workstations
        for name, zone in station.zones.items()
    }
    for zone in zones:
        if written.get(zone.key) != zone.polygon_px:
            raise ConfigError(
                f"{plant}: zone {'/'.join(zone.key)} is not the one in force in the database; start lbzf up once with "
                "this file, or name the file that is in use"
            )


def _draw(seen: _Seen, zones: list[DrawnZone], proposals: dict[ZoneKey, Proposal], target: Path) -> None:
    import cv2

    from lbzf_ros.disk import write_whole
    from lbzf_ros.drift.transfer import draw

    lines = [
        (f"{zone.workstation} {zone.name}", zone.polygon_px, proposals[zone.key].polygon_px) for zone in zones
    ]
    try:
        write_whole(target, cv2.imencode(".jpg", draw(seen.shown_bgr, lines))[1].tobytes())
    except OSError as error:
        raise ConfigError(f"{target}: cannot be written: {error.strerror}") from error


def _write(plant: Path, proposals: dict[ZoneKey, Proposal]) -> None:
    """Change the file, after the new text has passed the same checks as every plant file."""
    import yaml

    from lbzf_ros.config.edit import with_polygons
    from lbzf_ros.config.load import parse_plant
    from lbzf_ros.disk import write_whole

    new = {key: proposal.polygon_px for key, proposal in proposals.items() if proposal.polygon_px}
    text = with_polygons(plant.read_text("utf-8"), new, where=str(plant))
    parse_plant(yaml.safe_load(text), where=f"{plant}, with the new polygons", folder=plant.resolve().parent)
    try:
        write_whole(plant, text.encode())
    except OSError as error:
        raise ConfigError(f"{plant}: cannot be written: {error.strerror}") from error


def _table(zones: list[DrawnZone], proposals: dict[ZoneKey, Proposal], camera: str) -> Table:
    table = Table(title=f"Zones of {camera} in the new view")
    for name in ("station", "zone", "moved px", "note"):
        table.add_column(name, justify="right" if name == "moved px" else "left")
    for zone in zones:
        proposal = proposals[zone.key]
        note = proposal.problem if proposal.polygon_px else f"not proposed: {proposal.problem}"
        table.add_row(f"{zone.module}/{zone.workstation}", zone.name, f"{proposal.shift_px:.0f}", note)
    return table


def _snippet(zones: list[DrawnZone], proposals: dict[ZoneKey, Proposal]) -> str:
    """The new polygons as they stand in a plant file."""
    from lbzf_ros.config.edit import as_text

    lines, station = [], ""
    for zone in zones:
        polygon = proposals[zone.key].polygon_px
        if polygon is None:
            continue
        if (here := f"{zone.module}/{zone.workstation}") != station:
            station = here
            lines += [f"# {here}", "zones:"]
        lines.append(f"  {zone.name}: {{polygon_px: {as_text(polygon)}}}")
    return "\n".join(lines)
