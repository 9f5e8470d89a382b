"""Registers every command with the command line."""

from __future__ import annotations

from lbzf_ros.cli import app
from lbzf_ros.cli.bag import bag
from lbzf_ros.cli.chaos import chaos
from lbzf_ros.cli.check import check
from lbzf_ros.cli.dataset import dataset
from lbzf_ros.cli.db import db
from lbzf_ros.cli.db.audit import audit
from lbzf_ros.cli.db.backup import backup
from lbzf_ros.cli.db.check_database import check_database
from lbzf_ros.cli.db.erase_operator import erase_operator
from lbzf_ros.cli.db.import_balanceo import import_balanceo
from lbzf_ros.cli.db.import_lost_time_codes import import_lost_time_codes
from lbzf_ros.cli.db.migrate import migrate
from lbzf_ros.cli.db.orphans import orphans
from lbzf_ros.cli.db.prune import prune
from lbzf_ros.cli.db.rollback import rollback
from lbzf_ros.cli.db.seed import seed
from lbzf_ros.cli.db.status import status
from lbzf_ros.cli.doctor import doctor
from lbzf_ros.cli.evaluate import evaluate
from lbzf_ros.cli.explain import explain
from lbzf_ros.cli.export import export
from lbzf_ros.cli.maintenance import maintenance
from lbzf_ros.cli.nodes import nodes
from lbzf_ros.cli.process import process
from lbzf_ros.cli.record import record
from lbzf_ros.cli.release import release
from lbzf_ros.cli.remeasure import remeasure
from lbzf_ros.cli.replay import replay
from lbzf_ros.cli.restore import restore
from lbzf_ros.cli.rois import rois
from lbzf_ros.cli.scenarios import scenarios
from lbzf_ros.cli.schema import schema
from lbzf_ros.cli.test import run_all
from lbzf_ros.cli.up import up
from lbzf_ros.cli.users import users
from lbzf_ros.cli.video import video

app.command()(up)
app.command()(process)
app.command()(remeasure)
app.command()(check)
app.command()(nodes)
app.command()(schema)
app.command("test")(run_all)
app.command()(chaos)
app.command()(doctor)
app.command()(maintenance)
app.command()(restore)
app.add_typer(release)
app.command()(record)
app.command()(replay)
app.add_typer(bag)
app.command()(evaluate)
app.command()(explain)
app.command()(export)
app.add_typer(dataset)
app.command()(scenarios)
app.add_typer(rois)
app.add_typer(video)
app.add_typer(users)

app.add_typer(db)
db.command()(migrate)
db.command()(status)
db.command()(rollback)
db.command()(backup)
db.command("check")(check_database)
db.command()(prune)
db.command()(orphans)
db.command()(erase_operator)
db.command()(audit)
db.command()(seed)
db.command("import-balanceo")(import_balanceo)
db.command("import-lost-time-codes")(import_lost_time_codes)
