"""Sent, delivered, cut, repeated, killed and corrected in whatever order: no cycle is lost or there twice."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, Engine, event

from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind, Quality, RoiSet
from lbzf_ros.store.engine import DATABASE_NAME, transaction, writing_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.people.assignments import OPERATOR_AT, assign
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.plant import sync_plant
from lbzf_ros.store.timestamps import to_text
from lbzf_ros.store.writer import EventWriter
from test.store.examples import MORNING_NS, cycle, plant_data, plant_of
from test.store.test_hours import counted, rollup

START, END, REJECT, ABORT = EventKind.START, EventKind.END, EventKind.REJECT, EventKind.ABORT
CYCLES = 3
PERIOD_NS = 1200 * NS_PER_S  # the cycles lie in two hours

LIFE: dict[str | None, set[str]] = {
    None: {"in_progress", "complete", "rejected", "aborted"},
    "in_progress": {"in_progress", "complete", "rejected", "aborted"},
    "aborted": {"aborted", "complete", "rejected"},
    "complete": {"complete", "manual_override"},
    "manual_override": {"manual_override"},
    "rejected": {"rejected"},
}
"""What may become of a cycle from one step to the next."""

ROWS = """
SELECT event_uid, status, start_ts, end_ts, observed_share, quality, operator_id, gt_verified_by, notes
FROM cycle_events
UNION ALL
SELECT event_uid, 'rejected', start_ts, end_ts, observed_share, NULL, NULL, NULL, notes
FROM cycle_events_rejected
"""

NOTE = "UPDATE {} SET notes = '{}' WHERE event_uid = ?"
TABLES = ("cycle_events", "cycle_events_rejected")
CHANGES = {
    "aguja rota": [NOTE.format(table, "aguja rota") for table in TABLES],
    "cronómetro": [NOTE.format(table, "cronómetro") for table in TABLES],
    "override": [
        "UPDATE cycle_events SET status = 'manual_override' WHERE event_uid = ? AND status = 'complete'"
    ],
    "verify": [
        """UPDATE cycle_events SET gt_verified_by = 'engineer', gt_verified_at = '2026-07-15T20:00:00.000Z'
           WHERE event_uid = ? AND status <> 'in_progress'"""
    ],
}
"""What people do to a cycle; only what has ended can be corrected or verified."""

Key = tuple[str, EventKind]

numbers = st.integers(0, CYCLES - 1)
kinds = st.sampled_from(EventKind)
decisions = st.lists(
    st.tuples(numbers, kinds, st.sampled_from([0.25, 0.5, 1.0]), st.sampled_from(Quality)),
    min_size=1,
    max_size=6,
)


class Killed(BaseException):
    """The writer's process ends here."""


class Interleavings(RuleBasedStateMachine):
    """A sender that keeps what is not acknowledged, a writer that fails, and people who correct."""

    template: Path
    roi_sets: dict[str, RoiSet]

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="interleavings"))
        self.path = Path(shutil.copy(self.template, self.folder / DATABASE_NAME))
        self.sent: dict[Key, CycleEvent] = {}
        self.acknowledged: set[Key] = set()
        self.statuses: dict[str, str] = {}
        self.notes: dict[str, str] = {}
        self.verified: set[str] = set()
        self.open()

    def open(self) -> None:
        self.engine: Engine = writing_engine(self.path)
        self.writer = EventWriter(self.engine)

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.dispose()
            shutil.rmtree(self.folder)

    # The sender

    @rule(decisions=decisions)
    def decide(self, decisions: list[tuple[int, EventKind, float, Quality]]) -> None:
        """Keep events until they are acknowledged; of one kind only the first of a cycle."""
        for number, kind, share, quality in decisions:
            found = self.cycle(number, kind, observed_share=share, quality=quality)
            self.sent.setdefault((found.event_uid, kind), found)

    def cycle(self, number: int, kind: EventKind = END, **changes: Any) -> CycleEvent:
        return cycle(self.roi_sets, kind, start_ns=MORNING_NS + number * PERIOD_NS, **changes)

    def batch(self, picks: Sequence[int]) -> list[CycleEvent]:
        """Any of what was sent, in any order, also what is acknowledged, also more than once."""
        events = list(self.sent.values())
        return [events[pick % len(events)] for pick in picks]

    picked = st.lists(st.integers(0, 50), max_size=8)

    @precondition(lambda self: self.sent)
    @rule(picks=picked, heard=st.booleans())
    def deliver(self, picks: list[int], heard: bool) -> None:
        """Write a batch; the acknowledgement may get lost."""
        batch = self.batch(picks)
        assert self.writer.write(batch) == ()
        if heard:
            self.acknowledged |= {(one.event_uid, one.kind) for one in batch}

    @precondition(lambda self: self.sent)
    @rule()
    def deliver_all(self) -> None:
        """As the sender does when it hears nothing: everything that waits, in order."""
        batch = [one for key, one in self.sent.items() if key not in self.acknowledged]
        assert self.writer.write(batch) == ()
        self.acknowledged |= {(one.event_uid, one.kind) for one in batch}

    @precondition(lambda self: self.sent)
    @rule(picks=picked)
    def deliver_with_a_broken_one(self, picks: list[int]) -> None:
        """A cycle that cannot be: it is kept aside, the others are written."""
        broken = self.cycle(-1, observed_share=7.0)
        batch = self.batch(picks)
        middle = len(batch) // 2
        assert [one for one, _ in self.writer.write([*batch[:middle], broken, *batch[middle:]])] == [broken]
        self.acknowledged |= {(one.event_uid, one.kind) for one in batch}
        assert (broken.event_uid, "END") in self.kept_aside()

    # The writer's failures: nothing is acknowledged, nothing has changed

    @precondition(lambda self: self.sent)
    @rule(picks=picked)
    def locked(self, picks: list[int]) -> None:
        self.pragma("busy_timeout = 1")
        with self.unchanged(), closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="locked"):
                self.writer.write(self.batch(picks))

    @precondition(lambda self: self.sent)
    @rule(picks=picked)
    def full(self, picks: list[int]) -> None:
        burst = [
            cycle(self.roi_sets, START, start_ns=MORNING_NS + (n + 1) * NS_PER_S) for n in range(500)
        ]  # more than what fits into pages that are begun
        self.pragma("max_page_count = 1")  # means: not more than there are
        with self.unchanged(), pytest.raises(StoreError, match="full"):
            self.writer.write([*self.batch(picks), *burst])
        self.pragma("max_page_count = 1000000")

    @precondition(lambda self: self.sent)
    @rule(picks=picked)
    def killed_before_the_commit(self, picks: list[int]) -> None:
        def die(_connection: Connection) -> None:
            raise Killed

        with self.unchanged():
            event.listen(self.engine, "commit", die)
            with pytest.raises(Killed):
                self.writer.write(self.batch(picks))
            self.restarted()

    @rule()
    def restarted(self) -> None:
        self.engine.dispose()
        self.open()

    # People

    @rule(number=numbers, before=kinds, what=st.sampled_from(sorted(CHANGES)), after=kinds)
    def corrected(self, number: int, before: EventKind, what: str, after: EventKind) -> None:
        """Between two events of the same cycle."""
        uid = self.cycle(number).event_uid
        self.decide([(number, kind, 0.5, Quality.GREEN) for kind in (before, after)])
        assert self.writer.write([self.sent[uid, before]]) == ()
        self.no_cycle_is_lost_or_there_twice()
        if sum(self.execute(statement, uid) for statement in CHANGES[what]):
            if what == "verify":
                self.verified.add(uid)
            elif what != "override":
                self.notes[uid] = what
        self.no_cycle_is_lost_or_there_twice()
        assert self.writer.write([self.sent[uid, after]]) == ()

    @rule(code=st.sampled_from(["OP1", "OP2", None]), minutes=st.integers(0, 120))
    def assigned(self, code: str | None, minutes: int) -> None:
        assign(
            self.engine,
            Actor("engineer"),
            now_ns=MORNING_NS,
            module="ANGELA",
            workstation="PUESTO_01",
            external_code=code,
            start_ns=MORNING_NS - PERIOD_NS + minutes * 60 * NS_PER_S,
        )

    # What always holds

    @invariant()
    def no_cycle_is_lost_or_there_twice(self) -> None:
        if not hasattr(self, "engine"):
            return
        listed = self.rows()
        rows = {row["event_uid"]: row for row in listed}
        assert len(rows) == len(listed)
        self.follow_life(rows)
        aside = self.kept_aside()
        for uid, kind in self.acknowledged:
            row = rows[uid]  # acknowledged is never lost
            if kind in (END, REJECT):
                assert self.says(row, self.sent[uid, kind]) or (uid, kind.value) in aside
            else:
                assert row["status"] != "in_progress" or kind is START
        for uid, row in rows.items():
            self.has_the_figures_of_its_sender(uid, row)
            assert row["notes"] == self.notes.get(uid)
            assert (row["gt_verified_by"] == "engineer") == (uid in self.verified)

    @invariant()
    def the_database_is_whole(self) -> None:
        if not hasattr(self, "engine"):
            return
        with transaction(self.engine, "check") as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            at = OPERATOR_AT.format(workstation="e.workstation_id", start="e.start_ts")
            wrong = f"SELECT id FROM cycle_events e WHERE operator_id IS NOT {at}"
            assert connection.exec_driver_sql(wrong).all() == []
        assert rollup(self.engine) == counted(self.engine)

    def follow_life(self, rows: dict[str, dict[str, Any]]) -> None:
        assert self.statuses.keys() <= rows.keys()
        for uid, row in rows.items():
            assert row["status"] in LIFE[self.statuses.get(uid)]
            self.statuses[uid] = row["status"]

    def has_the_figures_of_its_sender(self, uid: str, row: dict[str, Any]) -> None:
        kinds = {"in_progress": START, "aborted": ABORT, "rejected": REJECT}
        assert self.says(row, self.sent[uid, kinds.get(row["status"], END)])

    def says(self, row: dict[str, Any], sent: CycleEvent) -> bool:
        """Whether a row has the figures that an event had."""
        if (row["status"] == "rejected") != (sent.kind is REJECT):
            return False
        end = None if sent.end_ns is None else to_text(sent.end_ns)
        quality = None if sent.kind is REJECT else sent.quality.value
        return (row["end_ts"], row["observed_share"], row["quality"]) == (end, sent.observed_share, quality)

    # Help

    def rows(self) -> list[dict[str, Any]]:
        with transaction(self.engine, "look") as connection:
            return [dict(row) for row in connection.exec_driver_sql(ROWS).mappings()]

    def kept_aside(self) -> set[tuple[str, str]]:
        with transaction(self.engine, "look") as connection:
            rows = connection.exec_driver_sql("SELECT event_uid, kind FROM cycle_events_refused").all()
        assert len(set(rows)) == len(rows)
        return {(uid, kind) for uid, kind in rows}

    def execute(self, statement: str, uid: str) -> int:
        with transaction(self.engine, "correct") as connection:
            return connection.exec_driver_sql(statement, (uid,)).rowcount

    def pragma(self, text: str) -> None:
        with closing(self.engine.raw_connection()) as connection:
            connection.cursor().execute(f"PRAGMA {text}")

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        before = self.rows(), self.kept_aside()
        yield
        assert (self.rows(), self.kept_aside()) == before


pytestmark = pytest.mark.usefixtures("with_plant")


@pytest.fixture(scope="module")
def with_plant(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The database that every example begins with."""
    path = tmp_path_factory.mktemp("interleavings") / DATABASE_NAME
    migrate(path, now_ns=MORNING_NS)
    engine = writing_engine(path)
    Interleavings.roi_sets = sync_plant(
        engine, plant_of(plant_data()), now_ns=MORNING_NS, software_version="0.1.0"
    )
    with transaction(engine, "enter operators") as connection:
        connection.exec_driver_sql("INSERT INTO operators (external_code) VALUES ('OP1'), ('OP2')")
    engine.dispose()
    Interleavings.template = path


Interleavings.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


TestInterleavings = Interleavings.TestCase
