"""A day of a small plant with everything that a workbook shows, and LibreOffice to look at it."""

from __future__ import annotations

import copy
import datetime as dt
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lbzf_ros.config.schema import Plant
from lbzf_ros.core.model import NS_PER_S, EventKind, Quality
from lbzf_ros.reports.workbook.export import Exported, Order, export_day
from lbzf_ros.store.engine import DATABASE_NAME, writing_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.people.assignments import assign
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.lost_time import LostTime, LostTimeCode, mark_lost_time, sync_lost_time_codes
from lbzf_ros.store.people.operators import create_operator
from lbzf_ros.store.people.orders import ProductionOrder, start_order
from lbzf_ros.store.people.shifts import Shift, open_shift
from lbzf_ros.store.people.targets import set_day_target
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.writer import EventWriter
from test.store.examples import PLANT, cycle, plant_of

DAY = dt.date(2026, 7, 15)
SHIFT = "jornada_1"
BEGIN_NS = int(dt.datetime(2026, 7, 15, 11, tzinfo=dt.timezone.utc).timestamp()) * NS_PER_S
"""6 in the morning in Bogotá."""
END_NS = BEGIN_NS + 4 * 3600 * NS_PER_S
LATER_NS = BEGIN_NS + 86_400 * 3 * NS_PER_S
ENGINEER = Actor("ana", "engineer")
SOFFICE = shutil.which("soffice")
needs_libreoffice = pytest.mark.skipif(
    SOFFICE is None, reason="no LibreOffice here (deploy/system-packages.txt)"
)
_ALWAYS_CALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>
"""


def plant() -> Plant:
    """A module of two stations, both with a standard time."""
    data: dict[str, Any] = copy.deepcopy(PLANT)
    data["standard_times"].append(
        {"reference": "Ref22 Slim", "operation": "PEGAR BOTÓN", "sam_minutes": 0.75, "machine_code": "MBOT"}
    )
    station = data["modules"][0]["workstations"][1]
    station |= {"display_name": "Perrillas", "operation": "PEGAR BOTÓN", "sequence_pos": 2}
    return plant_of(data)


def make_day(data: Path, *, name: str = "Luz Marina Peña", note: str | None = None) -> Path:
    """A data folder with one shift of four hours of one module.

    Args:
        data: the folder.
        name: of the operator of the first station.
        note: on the lost time.
    """
    migrate(data / DATABASE_NAME, now_ns=BEGIN_NS)
    engine = writing_engine(data / DATABASE_NAME)
    rois = sync_plant(engine, plant(), now_ns=BEGIN_NS - 3600 * NS_PER_S, software_version="0.1.0")
    at: dict[str, Any] = {"now_ns": BEGIN_NS}
    shift = Shift(label=SHIFT, start_ns=BEGIN_NS, end_ns=END_NS)
    open_shift(engine, ENGINEER, time_zone="America/Bogota", module="ANGELA", shift=shift, **at)
    create_operator(engine, ENGINEER, external_code="OP1", display_name=name, **at)
    assign(
        engine,
        ENGINEER,
        module="ANGELA",
        workstation="PUESTO_01",
        external_code="OP1",
        start_ns=BEGIN_NS,
        **at,
    )
    set_day_target(engine, ENGINEER, module="ANGELA", date=DAY.isoformat(), units=196, **at)
    order = ProductionOrder(code="OP-2026-0712", start_ns=BEGIN_NS)
    start_order(engine, ENGINEER, module="ANGELA", order=order, **at)
    sync_lost_time_codes(engine, [LostTimeCode("C001", "Falta de energía")], ENGINEER, **at)
    lost = LostTime(
        code="C001", start_ns=BEGIN_NS + 600 * NS_PER_S, end_ns=BEGIN_NS + 1350 * NS_PER_S, notes=note
    )
    mark_lost_time(engine, ENGINEER, module="ANGELA", workstation=None, lost=lost, **at)
    elsewhere: dict[str, Any] = {
        "workstation": "PUESTO_02",
        "camera": "cam2",
        "rule": "pick_drop",
        "roi_version_id": rois["cam2"].workstations[0].zones[0].roi_version_id,
    }
    bands = (Quality.GREEN, Quality.GREEN, Quality.YELLOW, Quality.RED)
    events = []
    for number in range(240):
        start_ns = BEGIN_NS + number * 59 * NS_PER_S + number % 10 * 100_000_000
        lasts_ns = (30 + number % 13) * NS_PER_S
        band = bands[number % 4]
        events.append(cycle(rois, start_ns=start_ns, end_ns=start_ns + lasts_ns, quality=band))
        if number % 2 == 0:
            second_ns = lasts_ns + 12 * NS_PER_S
            events.append(cycle(rois, start_ns=start_ns, end_ns=start_ns + second_ns, **elsewhere))
        if number % 20 == 0:
            begin_ns = start_ns + 50 * NS_PER_S
            events.append(cycle(rois, EventKind.REJECT, start_ns=begin_ns, end_ns=begin_ns + NS_PER_S))
    assert not EventWriter(engine).write(events)
    engine.dispose()
    return data


def exported(data: Path, **changes: Any) -> Exported:
    """An export of the day, long after it."""
    order: dict[str, Any] = {"data": data, "plant": plant(), "day": DAY, "now_ns": LATER_NS}
    return export_day(Order(**(order | changes)))


def office(kind: str, file: Path, out: Path) -> Path:
    """What LibreOffice makes of a file, every formula calculated anew."""
    assert SOFFICE
    profile = out / "profile"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_ALWAYS_CALCULATE, "utf-8")
    command = [SOFFICE, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", kind]
    done = subprocess.run(
        [*command, "--outdir", str(out), str(file)], capture_output=True, text=True, check=False, timeout=170
    )
    made = out / f"{file.stem}.{kind.split(':', 1)[0]}"
    assert made.exists(), done.stdout + done.stderr
    return made
