from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.model import (
    NS_PER_S,
    Anchor,
    CycleEvent,
    EventKind,
    EvidenceKind,
    RoiSet,
    Workstation,
    Zone,
    ZoneKind,
)
from lbzf_ros.store.outbox import Outbox
from test.store.examples import MORNING_NS, cycle

ZONE = Zone(
    "work", ZoneKind.WORK, EvidenceKind.PERSON, Anchor.BODY, ((0, 0), (9, 0), (9, 9)), 0.1, 1.0, 2.0, 1
)
STATION = Workstation("ANGELA", "PUESTO_01", "Puesto 1", "", "presence", 30.0, 3.0, 600.0, 0.5, (ZONE,))
ROI_SETS = {"cam1": RoiSet("cam1", 0, 640, 480, 5.0, "hash", (STATION,))}

START, END, REJECT, ABORT = EventKind.START, EventKind.END, EventKind.REJECT, EventKind.ABORT


def event(kind: EventKind, number: int = 0) -> CycleEvent:
    return cycle(ROI_SETS, kind, start_ns=MORNING_NS + number * 60 * NS_PER_S)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "outbox.db"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    with Outbox(path) as outbox:
        yield outbox


def kinds(events: list[CycleEvent]) -> list[EventKind]:
    return [event.kind for event in events]


def test_events_are_pending_in_order_until_they_are_acknowledged(outbox: Outbox) -> None:
    outbox.put(event(START))
    outbox.put(event(END))
    assert kinds(outbox.pending()) == [START, END]
    outbox.acknowledge(event(START).event_uid, START)
    assert kinds(outbox.pending()) == [END]
    outbox.acknowledge(event(END).event_uid, END)
    assert outbox.pending() == []


def test_the_same_event_twice_is_kept_once(outbox: Outbox) -> None:
    outbox.put(event(START))
    outbox.put(event(START))
    assert kinds(outbox.pending()) == [START]


def test_an_acknowledged_start_put_again_is_not_sent_again(outbox: Outbox) -> None:
    outbox.put(event(START))
    outbox.acknowledge(event(START).event_uid, START)
    outbox.put(event(START))
    assert outbox.pending() == []


def test_pending_is_capped_oldest_first(outbox: Outbox) -> None:
    for number in range(5):
        outbox.put(event(END, number))
    assert [one.start_ns for one in outbox.pending(limit=2)] == [
        event(END, 0).start_ns,
        event(END, 1).start_ns,
    ]


def test_a_cycle_is_open_from_its_start_also_when_that_is_acknowledged(outbox: Outbox) -> None:
    outbox.put(event(START))
    outbox.acknowledge(event(START).event_uid, START)
    assert kinds(outbox.open_cycles()) == [START]


@pytest.mark.parametrize("kind", [END, REJECT, ABORT])
def test_its_end_closes_a_cycle(outbox: Outbox, kind: EventKind) -> None:
    outbox.put(event(START))
    outbox.put(event(START, 1))
    outbox.put(event(kind))
    assert [one.event_uid for one in outbox.open_cycles()] == [event(START, 1).event_uid]
    outbox.acknowledge(event(kind).event_uid, kind)
    assert [one.event_uid for one in outbox.open_cycles()] == [event(START, 1).event_uid]


def test_an_end_after_an_abort_waits_for_its_own_acknowledgement(outbox: Outbox) -> None:
    for kind in (START, ABORT, END):
        outbox.put(event(kind))
    outbox.acknowledge(event(ABORT).event_uid, ABORT)
    assert kinds(outbox.pending()) == [END]


def test_acknowledging_an_unknown_event_does_nothing(outbox: Outbox) -> None:
    outbox.put(event(START))
    outbox.acknowledge("unknown", END)
    assert kinds(outbox.pending()) == [START]


def test_everything_is_there_after_it_was_opened_again(path: Path) -> None:
    with Outbox(path) as before:
        before.put(event(START))
    with Outbox(path) as after:
        assert kinds(after.pending()) == [START]


SENDER = """
import sys
from pathlib import Path
from lbzf_ros.core.model import EventKind
from lbzf_ros.store.outbox import Outbox
from test.store.test_outbox import event
outbox = Outbox(Path(sys.argv[1]))
for number in range(100_000):
    outbox.put(event(EventKind.END, number))
    print(number, flush=True)
"""


def test_what_was_put_survives_kill_9(path: Path) -> None:
    sender = subprocess.Popen([sys.executable, "-c", SENDER, str(path)], stdout=subprocess.PIPE, text=True)
    assert sender.stdout is not None
    said = [int(sender.stdout.readline()) for _ in range(20)]
    os.kill(sender.pid, signal.SIGKILL)
    said += [int(line) for line in sender.stdout.read().splitlines()]
    sender.wait()
    sender.stdout.close()
    with Outbox(path) as outbox:
        kept = {one.start_ns for one in outbox.pending(limit=1_000_000)}
    assert {event(END, number).start_ns for number in said} <= kept


def test_a_full_disk_is_an_error_and_the_event_is_not_kept(path: Path) -> None:
    with Outbox(path) as outbox:
        (pages,) = outbox._connection.execute("PRAGMA page_count").fetchone()
        outbox._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        kept = fill(outbox)
        with pytest.raises(StoreError, match="full; free some space"):
            outbox.put(event(END, kept))
        assert len(outbox.pending()) == kept
        outbox._connection.execute("PRAGMA max_page_count = 100000")
        outbox.put(event(END, kept))
        assert len(outbox.pending()) == kept + 1


def fill(outbox: Outbox) -> int:
    """Put events until no more fit; how many did."""
    for number in range(1000):
        try:
            outbox.put(event(END, number))
        except StoreError:
            return number
    pytest.fail("a limit of one page takes 1000 events")


def test_a_file_that_is_no_outbox_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("something else\n" * 100)
    with pytest.raises(StoreError, match=r"outbox\.db: open: .*not a database"):
        Outbox(path)
