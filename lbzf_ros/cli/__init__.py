"""The command line. One command a file; nothing heavy is imported before it is needed."""

from __future__ import annotations

import sys

import typer

from lbzf_ros import __version__
from lbzf_ros.core.errors import LbzfError

EXIT_ERROR = 1

app = typer.Typer(
    name="lbzf",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Measures work cycles at the stations of a production line by camera.\n\n"
    "Start with [bold]lbzf up[/bold]: it runs a demo plant with simulated cameras and prints the address of its page.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"lbzf {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


def main() -> None:
    """Run the command line; an error that the user can put right is one clear text and exit status 1."""
    from lbzf_ros.cli import commands  # registers every command

    del commands
    try:
        app()
    except LbzfError as error:
        typer.secho(f"error: {error}", fg=typer.colors.RED, err=True)
        sys.exit(EXIT_ERROR)
