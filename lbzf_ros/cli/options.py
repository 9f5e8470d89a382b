"""Options that several commands have, each said once."""

from __future__ import annotations

import typer

from lbzf_ros import graph

DATA = typer.Option(graph.DATA_FOLDER, "--data", help="Folder where the run keeps everything.")
"""`data: Path = DATA`"""

PLANT = typer.Option(
    None,
    "--plant",
    help="Plant file (YAML), for its settings.",
    show_default="the one that lbzf up last ran on the folder, or the demo plant",
)
"""`plant: Path | None = PLANT`; see `plant_file.plant_of`."""
