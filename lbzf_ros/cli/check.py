"""`lbzf check`: is a plant file right, and what does it describe."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from lbzf_ros.config.load import load_plant


def check(plant: Path = typer.Argument(..., help="Plant file (YAML).")) -> None:
    """Check a plant file: print its stations, or every error with its place and what is allowed."""
    settings = load_plant(plant)
    table = Table(title=f"{settings.name}: {plant}")
    for name in ("module", "station", "camera", "rule", "zones", "SAM s", "cycle limits s"):
        table.add_column(name)
    for module in settings.modules:
        for station in module.workstations:
            sam_s = settings.sam_s(module, station)
            low, high = station.limits.for_sam(sam_s)
            zones = ", ".join(f"{name} ({zone.kind.value})" for name, zone in station.zones.items())
            sam = "unknown" if sam_s is None else f"{sam_s:.1f}"
            limits = f"{low:.1f} to {high:.1f}"
            table.add_row(module.code, station.code, station.camera, station.rule, zones, sam, limits)
    Console().print(table)
    for camera in settings.cameras:
        if camera.privacy.wanted:
            what = [f"{len(camera.privacy.masks_px)} masks"] if camera.privacy.masks_px else []
            what += ["heads blurred"] if camera.privacy.blur_heads else []
            typer.echo(
                f"{camera.label}: {' and '.join(what)} before anything is written: its video is encoded here "
                f"({camera.fps:g} pictures a second of {camera.resolution_px[0]}x{camera.resolution_px[1]}), not "
                "copied from the camera, which costs far more CPU"
            )
