"""Registers every command with the command line."""

from __future__ import annotations

from lbzf_ros.cli import app
from lbzf_ros.cli.check import check
from lbzf_ros.cli.nodes import nodes
from lbzf_ros.cli.process import process
from lbzf_ros.cli.schema import schema
from lbzf_ros.cli.test import run_all
from lbzf_ros.cli.up import up

app.command()(up)
app.command()(process)
app.command()(check)
app.command()(nodes)
app.command()(schema)
app.command("test")(run_all)
