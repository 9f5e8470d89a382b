from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lbzf_ros.core.errors import StoreError
from lbzf_ros.core.explanation import Explanation
from lbzf_ros.core.model import (
    NS_PER_S,
    CycleEvent,
    EventKind,
    RoiSet,
)
from lbzf_ros.store.outbox import Outbox
from test.store.examples import MORNING_NS, cycle
from test.support.occupancy import station
from test.support.plays import play, short_visit

STATION = station(sam_s=30.0, min_cycle_s=3.0, max_cycle_s=600.0)
ROI_SETS = {"cam1": RoiSet("cam1", 0, 640, 480, 5.0, "hash", (STATION,))}

NOW_NS = MORNING_NS
START, END, REJECT, ABORT = EventKind.START, EventKind.END, EventKind.REJECT, EventKind.ABORT


def explanation() -> Explanation:
    """One of a cycle in which much happened: 3 kB."""
    found = next(one.explanation for one in play(ROI_SETS["cam1"], short_visit()) if one.end_ns)
    assert found is not None
    (zone,) = found.zones
    return replace(found, zones=(replace(zone, spans=zone.spans * 8),))


EXPLANATION = explanation()


def event(kind: EventKind, number: int = 0) -> CycleEvent:
    return cycle(ROI_SETS, kind, start_ns=MORNING_NS + number * 60 * NS_PER_S, explanation=EXPLANATION)


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
    outbox.put([event(START)])
    outbox.put([event(END)])
    assert kinds(outbox.pending()) == [START, END]
    outbox.acknowledge([(event(START).event_uid, START)], now_ns=NOW_NS)
    assert kinds(outbox.pending()) == [END]
    outbox.acknowledge([(event(END).event_uid, END)], now_ns=NOW_NS)
    assert outbox.pending() == []


def test_the_same_event_twice_is_kept_once(outbox: Outbox) -> None:
    outbox.put([event(START)])
    outbox.put([event(START)])
    assert kinds(outbox.pending()) == [START]


def test_an_acknowledged_start_put_again_is_not_sent_again(outbox: Outbox) -> None:
    outbox.put([event(START)])
    outbox.acknowledge([(event(START).event_uid, START)], now_ns=NOW_NS)
    outbox.put([event(START)])
    assert outbox.pending() == []


def test_pending_is_capped_oldest_first(outbox: Outbox) -> None:
    for number in range(5):
        outbox.put([event(END, number)])
    assert [one.start_ns for one in outbox.pending(limit=2)] == [
        event(END, 0).start_ns,
        event(END, 1).start_ns,
    ]


def test_a_cycle_is_open_from_its_start_also_when_that_is_acknowledged(outbox: Outbox) -> None:
    outbox.put([event(START)])
    outbox.acknowledge([(event(START).event_uid, START)], now_ns=NOW_NS)
    assert kinds(outbox.open_cycles()) == [START]


@pytest.mark.parametrize("kind", [END, REJECT, ABORT])
def test_its_end_closes_a_cycle(outbox: Outbox, kind: EventKind) -> None:
    outbox.put([event(START)])
    outbox.put([event(START, 1)])
    outbox.put([event(kind)])
    assert [one.event_uid for one in outbox.open_cycles()] == [event(START, 1).event_uid]
    outbox.acknowledge([(event(kind).event_uid, kind)], now_ns=NOW_NS)
    assert [one.event_uid for one in outbox.open_cycles()] == [event(START, 1).event_uid]


def test_an_end_after_an_abort_waits_for_its_own_acknowledgement(outbox: Outbox) -> None:
    for kind in (START, ABORT, END):
        outbox.put([event(kind)])
    outbox.acknowledge([(event(ABORT).event_uid, ABORT)], now_ns=NOW_NS)
    assert kinds(outbox.pending()) == [END]


def test_acknowledging_an_unknown_event_does_nothing(outbox: Outbox) -> None:
    outbox.put([event(START)])
    outbox.acknowledge([("unknown", END)], now_ns=NOW_NS)
    assert kinds(outbox.pending()) == [START]


def test_everything_is_there_after_it_was_opened_again(path: Path) -> None:
    with Outbox(path) as before:
        before.put([event(START)])
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
    outbox.put([event(EventKind.END, number)])
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


def test_a_thousand_events_fit_into_a_file_that_cannot_grow(path: Path) -> None:
    with Outbox(path) as outbox:
        stop_growing(outbox)
        for number in range(1000):
            outbox.put([event(END, number)])


def test_a_thousand_events_fit_on_a_disk_that_is_full(full_disk: Path) -> None:
    with Outbox(full_disk / "outbox.db") as outbox:
        fill_up(full_disk)
        for number in range(1000):
            outbox.put([event(END, number)])
        assert len(outbox.pending()) == 1000


def test_when_nothing_fits_any_more_it_is_an_error_and_nothing_is_kept_by_half(path: Path) -> None:
    with Outbox(path) as outbox:
        stop_growing(outbox)
        kept = 0
        with pytest.raises(StoreError, match="full; free some space"):
            while True:
                outbox.put([event(END, kept), event(END, kept + 1)])
                kept += 2
        outbox._connection.execute("PRAGMA max_page_count = 1000000")
        assert len(outbox.pending(limit=1_000_000)) == kept
        outbox.put([event(END, kept)])
        assert len(outbox.pending(limit=1_000_000)) == kept + 1


def stop_growing(outbox: Outbox) -> None:
    (pages,) = outbox._connection.execute("PRAGMA page_count").fetchone()
    outbox._connection.execute(f"PRAGMA max_page_count = {pages}")


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "none", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill_up(folder: Path) -> None:
    with pytest.raises(OSError, match="No space"), (folder / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(b"x" * 4096)


def test_acknowledged_ends_are_kept_and_sent_again_to_another_database(outbox: Outbox) -> None:
    assert outbox.deliver_to(7) == 0
    outbox.put([event(START), event(END), event(START, 1)])
    outbox.acknowledge([(event(START).event_uid, START), (event(END).event_uid, END)], now_ns=NOW_NS)
    assert outbox.deliver_to(7) == 0
    assert kinds(outbox.pending()) == [START]
    assert outbox.deliver_to(8) == 1
    assert kinds(outbox.pending()) == [END, START]


def test_what_was_acknowledged_long_ago_is_forgotten_but_not_a_running_cycle(outbox: Outbox) -> None:
    outbox.put([event(START), event(END), event(START, 1), event(START, 2), event(REJECT, 2)])
    for kind, number, hour in ((START, 0, 0), (END, 0, 0), (START, 1, 0), (START, 2, 3), (REJECT, 2, 3)):
        outbox.acknowledge([(event(kind, number).event_uid, kind)], now_ns=NOW_NS + hour * 3600 * NS_PER_S)
    outbox.forget(before_ns=NOW_NS + 3600 * NS_PER_S)
    outbox.deliver_to(1)
    outbox.deliver_to(2)
    assert [(one.kind, one.event_uid) for one in outbox.pending()] == [
        (START, event(START, 1).event_uid),
        (REJECT, event(REJECT, 2).event_uid),
    ]


def test_a_cycle_has_ended_also_when_that_is_acknowledged(outbox: Outbox) -> None:
    outbox.put([event(START), event(END)])
    outbox.acknowledge([(event(END).event_uid, END)], now_ns=NOW_NS)
    assert outbox.has_ended(event(END).event_uid)
    assert not outbox.has_ended(event(END, 1).event_uid)


def test_an_event_of_another_version_is_kept_and_holds_nothing_up(outbox: Outbox) -> None:
    outbox.put([event(START), event(END, 1)])
    outbox._connection.execute("UPDATE outbox SET event_json = '{\"colour\": 1}' WHERE kind = 'START'")
    assert kinds(outbox.pending()) == [END]
    assert outbox.open_cycles() == []
    assert outbox.unreadable == 1


def test_a_file_that_is_no_outbox_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("something else\n" * 100)
    with pytest.raises(StoreError, match=r"outbox\.db: open: .*not a database"):
        Outbox(path)
