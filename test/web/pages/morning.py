"""Wednesday 15/07/2026, 10:24 in Bogota: module ANGELA with 21 stations has been at work since six o'clock.

Its figures are those of the plant's own design: 24.16 minutes of SAM, 49 units an hour. A second module stands still.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

from lbzf_ros.config.load import parse_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.model import NS_PER_S, EventKind, Quality
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.lost_time import LostTime, LostTimeCode, mark_lost_time, sync_lost_time_codes
from lbzf_ros.store.writer import EventWriter
from test.web.factory import MORNING_NS, Line, line_of, write_picture

STATIONS = 21
SIX_NS = MORNING_NS - 3600 * NS_PER_S
NOW_NS = SIX_NS + (4 * 60 + 24) * 60 * NS_PER_S
DAY_NS = 24 * 3600 * NS_PER_S
ENGINEER = Actor("ingeniero@planta.example", "engineer", "r" * 32)
_TAKT_S = 3600 / 49
_SAM_MINUTES = 24.16
_OPERATIONS = (
    "PLANCHAR DELANTERO", "PESPUNTAR CUELLO", "PEGAR BOLSILLO", "HACER OJAL", "PLANCHAR ESPALDA",
    "CERRAR COSTADOS", "DOBLADILLAR BASTA", "PEGAR BOTÓN", "UNIR HOMBROS", "PEGAR CUELLO", "FILETEAR TIRO",
    "PESPUNTAR TIRO", "PEGAR CREMALLERA", "MONTAR PRETINA", "PESPUNTAR PRETINA", "ATRACAR BOLSILLO",
    "PEGAR MARQUILLA", "RUEDO DE BOTA", "PRESILLAS", "PULIR", "REVISAR",
)  # fmt: skip
_PACES = (0.96, 1.01, 0.93, 1.04, 0.98, 1.27, 0.95, 1.0, 1.09, 0.97, 0.92, 1.02)


def plant(stations: int = STATIONS) -> Plant:
    """ANGELA with so many stations before two cameras, CARMENZA with three before one."""
    sam_minutes = _SAM_MINUTES / len(_OPERATIONS)
    shares = [0.85 + 0.3 * (number % 5) / 4 for number in range(len(_OPERATIONS))]
    return parse_plant(
        {
            "standard_times": [
                {"reference": "Ref22 Slim", "operation": name, "sam_minutes": round(sam_minutes * share, 3)}
                for name, share in zip(_OPERATIONS, shares, strict=True)
            ],
            "modules": [
                _module("ANGELA", "Angela", stations, ("cam1", "cam2")),
                _module("CARMENZA", "Carmenza", 3, ("cam3",)),
            ],
        },
        where="plant.yaml",
        folder=Path("/"),
    )


def _module(code: str, name: str, stations: int, cameras: tuple[str, ...]) -> dict[str, Any]:
    square = [[10, 10], [200, 10], [200, 300], [10, 300]]
    return {
        "code": code,
        "display_name": name,
        "product_reference": "Ref22 Slim",
        "target_units_per_hour": 49,
        "shift_hours": [{"label": "jornada_1", "start": "06:00", "end": "14:00"}],
        "cameras": [{"label": label, "source": "simulator:seed=1"} for label in cameras],
        "workstations": [
            {
                "code": f"PUESTO_{number:02}",
                "display_name": f"Puesto {number}",
                "camera": cameras[(number - 1) * len(cameras) // stations],
                "operation": _OPERATIONS[(number - 1) % len(_OPERATIONS)],
                "sequence_pos": number,
                "zones": {"work": {"kind": "work", "polygon_px": square}},
            }
            for number in range(1, stations + 1)
        ],
    }


def morning(data: Path, *, stations: int = STATIONS, days_before: int = 0, slow: float = 1.0) -> Line:
    """The line at 10:24; its wall clock goes on from there.

    Args:
        data: folder, new.
        stations: of ANGELA.
        days_before: so many earlier days have cycles too.
        slow: above 1: fewer units than the target.
    """
    began_ns = time.time_ns()
    line = line_of(data, stations, plant(stations), clock_ns=lambda: NOW_NS + time.time_ns() - began_ns)
    with line.engine.begin() as connection:  # the standard times are older than the line
        connection.exec_driver_sql("UPDATE standard_times SET effective_from = '2026-01-01T00:00:00.000Z'")
    luck = random.Random(7)
    for days in range(days_before, 0, -1):
        _work(
            line, SIX_NS - days * DAY_NS, SIX_NS - days * DAY_NS + 8 * 3600 * NS_PER_S, luck, 1.05, few=True
        )
    _work(line, SIX_NS, NOW_NS, luck, slow)
    sync_lost_time_codes(
        line.engine,
        [LostTimeCode("C001", "Falta de energía"), LostTimeCode("C007", "Daño de máquina")],
        ENGINEER,
        now_ns=SIX_NS,
    )
    lost = LostTime(code="C007", start_ns=SIX_NS + 5400 * NS_PER_S, end_ns=SIX_NS + 6300 * NS_PER_S)
    mark_lost_time(
        line.engine,
        ENGINEER,
        now_ns=NOW_NS,
        module="ANGELA",
        workstation=f"PUESTO_{min(6, stations):02}",
        lost=lost,
    )
    line.refresh()
    return line


def recorded_too_little(line: Line, *, days_before: int) -> None:
    """Of an earlier day there is video of two hours only, from ANGELA's first camera."""
    start_ns = SIX_NS - days_before * DAY_NS
    EventWriter(line.engine).write_segment(
        camera="cam1",
        path="video/short.mp4",
        start_ns=start_ns,
        end_ns=start_ns + 2 * 3600 * NS_PER_S,
        frames=1,
        codec="h264",
    )


def _work(
    line: Line, from_ns: int, to_ns: int, luck: random.Random, slow: float, *, few: bool = False
) -> None:
    """Cycles of all stations in a span; `few`: of those before the last only one, so that they count as manned."""
    module = line.plant.modules[0]
    for number, station in enumerate(module.workstations, 1):
        sam_s = line.plant.sam_s(module, station) or 60.0
        at_ns, events = from_ns + luck.randrange(60) * NS_PER_S, []
        while at_ns < to_ns - round(1.5 * sam_s * NS_PER_S):
            duration_s = sam_s * _PACES[number % len(_PACES)] * luck.lognormvariate(0, 0.1)
            quality = luck.choices((Quality.GREEN, Quality.YELLOW, Quality.RED), (90, 8, 2))[0]
            kind = luck.choices((EventKind.END, EventKind.REJECT), (96, 4))[0]
            events.append(line.cycle(number, at_ns, duration_s, kind, quality=quality))
            at_ns += round(max(duration_s + 0.5, slow * luck.gauss(_TAKT_S, 4)) * NS_PER_S)
            if few and number < len(module.workstations):
                break
        line.write(*events)
        if not few and events:
            write_picture(line.data / events[-1].frame_path, station.display_name)
