"""`lbzf nodes`: the processes that a plant needs, for people and for the launch file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from lbzf_ros import graph
from lbzf_ros.config.load import load_plant
from lbzf_ros.environment import node_environment
from lbzf_ros.page import page_url
from lbzf_ros.resources import resource_path


def nodes(
    plant: Path | None = typer.Option(
        None, "--plant", help="Plant file (YAML).", show_default="the demo plant"
    ),
    data: Path = typer.Option(graph.DATA_FOLDER, "--data", help="Folder where the run keeps everything."),
    detector: str | None = typer.Option(
        None, "--detector", help="How people are found.", show_default="the plant file's detector.backend"
    ),
    use_sim_time: bool = typer.Option(False, "--use-sim-time", help="Take the time from /clock."),
    as_json: bool = typer.Option(False, "--json", help="Print what the launch file needs to start them."),
) -> None:
    """Print the nodes that a plant needs. `lbzf up` and `ros2 launch lbzf bringup.launch.py` start this list."""
    plant_file = plant or resource_path("config", graph.DEMO_PLANT)
    settings = load_plant(plant_file)
    processes = graph.node_processes(settings, plant_file, data, detector=detector, use_sim_time=use_sim_time)
    if as_json:
        changed = {name: value for name, value in node_environment().items() if os.environ.get(name) != value}
        rows = [
            {
                "name": process.name,
                "executable": process.executable,
                "parameters": process.parameters,
                "environment": process.environment,
            }
            for process in processes
        ]
        page = page_url(settings.web)
        typer.echo(
            json.dumps({"environment": changed, "nodes": rows, "page": page, "namespace": graph.NAMESPACE})
        )
        return
    table = Table(title=f"{settings.name}: {plant_file.name}")
    for name in ("node", "executable", "module"):
        table.add_column(name)
    for process in processes:
        table.add_row(f"{graph.NAMESPACE}/{process.name}", process.executable, process.module)
    Console().print(table)
