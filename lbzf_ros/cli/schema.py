"""`lbzf schema`: every setting of a plant file."""

from __future__ import annotations

import json

import typer

from lbzf_ros.config.document import markdown
from lbzf_ros.config.schema import Plant


def schema(
    as_json: bool = typer.Option(
        False, "--json", help="Print a JSON schema, which editors use to check a plant file."
    ),
) -> None:
    """Print every setting of a plant file: default, unit, range and meaning (Markdown)."""
    typer.echo(json.dumps(Plant.model_json_schema(), indent=2) if as_json else markdown(), nl=as_json)
