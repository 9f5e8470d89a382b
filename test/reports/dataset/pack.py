"""A plant with everything that can be in a pack, and packs of it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lbzf_ros.reports.dataset.pack import Order, Packed, write_pack
from lbzf_ros.reports.dataset.people import People
from lbzf_ros.reports.evaluation.evaluate import Question
from lbzf_ros.reports.evaluation.labels.model import Labels
from lbzf_ros.reports.evaluation.measured import stations
from lbzf_ros.reports.evaluation.spans import Span, Window
from lbzf_ros.store.engine import DATABASE_NAME, reading_engine, writing_engine
from lbzf_ros.store.keeping.packing import silent
from test.reports.plant import FIRST_STATION, at, make_data, uid
from test.store.examples import plant_data, plant_of

CYCLES = [(10.0, 40.0), (50.0, 82.0), (90.0, 125.0), (130.0, 158.0), (170.0, 199.0)]
OTHERS = [(20.0, 44.0), (60.0, 91.0)]
REJECTED = [(210.0, 211.0), (220.0, 221.5)]
OPERATOR, OBSERVER, CHECKER, NOTE = "OP-4711", "luisa@plant.example", "marta@plant.example", "Carmen was late"
NAMES = (OPERATOR, OBSERVER, CHECKER, NOTE, "Carmen Gómez", "rtsp", "simulator:")
"""What must not be in a pack without --with-operators: names and addresses."""
KEY = b"k" * 32
EXPLANATION = '{"why":"ñ"}'
PICTURE = b"\xff\xd8 a picture"

_ENTRIES = """
INSERT INTO operators (external_code, display_name) VALUES ('OP-4711', 'Carmen Gómez');
UPDATE cycle_events SET operator_id = 1, notes = 'Carmen was late', duration_uncertainty_s = 0.4,
  mean_conf = 0.1 + 0.2, ref_op_order = 'OP 1, "2"' WHERE event_uid = '{first}';
UPDATE cycle_events SET source_frame_path = NULL WHERE event_uid = '{second}';
UPDATE rois SET created_by = 'marta@plant.example' WHERE id = 1;
INSERT INTO cycle_explanations (event_uid, explanation_zlib)
  SELECT event_uid, X'{why}' FROM cycle_events WHERE end_ts IS NOT NULL;
"""
_SECOND_OPINIONS = """
UPDATE cycle_events SET gt_verified_by = 'marta@plant.example', gt_verified_at = '2026-07-16T10:00:00.000Z',
  gt_corrected_duration_s = 31.5 WHERE event_uid = '{second}';
INSERT INTO manual_observations (workstation_id, cycle_event_id, event_uid, observer, observed_ts, kind, payload_json)
  SELECT workstation_id, id, event_uid, 'luisa@plant.example', start_ts, 'ground_truth_duration',
    json_object('stopwatch_seconds', round(duration_seconds + 0.3, 1)) FROM cycle_events WHERE workstation_id = 1
      AND end_ts IS NOT NULL;
"""


def plant_folder(folder: Path, *, second_opinions: bool = True) -> Path:
    """A data folder with cycles, people, notes, a picture; and, if wanted, a stopwatch and a check by hand."""
    data = make_data(folder, CYCLES, others=OTHERS, rejected=REJECTED, running=[300.0])
    why = zlib.compress(EXPLANATION.encode()).hex()
    entries = _ENTRIES + (_SECOND_OPINIONS if second_opinions else "")
    engine = writing_engine(data / DATABASE_NAME)
    with engine.begin() as connection:
        for statement in entries.format(first=uid(10), second=uid(50), why=why).strip().split(";\n"):
            connection.exec_driver_sql(statement)
    engine.dispose()
    picture = data / "frames" / "2026" / "07" / "15" / "cam1_x.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(PICTURE)
    return data


def labels(rater: str = "Carmen Gómez", spans: Sequence[tuple[float, float]] = CYCLES) -> Labels:
    """What a rater labelled at the first station."""
    file = f"{rater}.csv"
    found = tuple(
        Span(FIRST_STATION, at(start), at(end), f"{file}: line {n}") for n, (start, end) in enumerate(spans)
    )
    return Labels(rater, found, Window(at(0), at(400)), ((file, "0" * 64),))


def order(data: Path, **changes: Any) -> Order:
    """An order for all of a data folder, with the plant file that it was measured with."""
    engine = reading_engine(data / DATABASE_NAME)
    question = Question(stations(engine, None, ()), changes.pop("window", Window()))
    engine.dispose()
    question = replace(question, labels=changes.pop("labels", ()))
    made = Order(data, question, People(KEY), False, plant_of(plant_data()), "0.1.0", at(1000))
    return replace(made, **changes)


def pack(data: Path, target: Path, **changes: Any) -> Packed:
    """A pack of a data folder."""
    return write_pack(order(data, **changes), target, replace_old=False, progress=silent)


def content(folder: Path) -> dict[str, bytes]:
    """Every file by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
