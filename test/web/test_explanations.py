"""Why cycles were decided as they were, over real DDS: on the wire, in the database, and as pictures on a topic."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from lbzf_ros.core.model import NS_PER_S, CycleEvent, EventKind
from lbzf_ros.reports.explain import timeline
from lbzf_ros.reports.explain.explained import Explained
from lbzf_ros.reports.explain.timeline import draw
from lbzf_ros.ros import convert, topics
from lbzf_ros.store.explaining import ExplanationReader
from test.support.plays import pictures, play
from test.support.ros import Listener, listener, node_process
from test.web.factory import Line
from test.web.test_bridge_node import answers, port, start
from test.web.test_errors import assert_problem
from web_bridge.explainer import Drawn, Explainer
from web_bridge.in_turn import InTurn
from web_bridge.routes import explanations

__all__ = ["port"]  # a fixture

WITHIN_S = 40.0


@pytest.fixture
def graph() -> Iterator[Listener]:
    with listener() as node:
        yield node


@pytest.fixture
def cycles(line: Line) -> list[CycleEvent]:
    """A visit that counts and one that is too short, each with its START."""
    script = [
        *pictures(4, here=()),
        *pictures(20),
        *pictures(5, here=()),
        *pictures(2),
        *pictures(5, here=()),
    ]
    return play(line.rois["cam1"], script)


@pytest.fixture
def nodes(line: Line, tmp_path: Path, port: int, graph: Listener) -> Iterator[subprocess.Popen[bytes]]:
    """Persistence and the bridge."""
    process = start(line, tmp_path, port)
    plant = {"plant": str(tmp_path / "plant.yaml"), "data": str(line.data)}
    try:
        with node_process("persistence", plant, tmp_path / "persistence.log"):
            graph.wait_for("the bridge listens", lambda: answers(process, port), WITHIN_S)
            yield process
    finally:
        process.kill()
        process.wait()


def send(graph: Listener, events: list[CycleEvent]) -> None:
    """As the cycle tracker does, until persistence has acknowledged them."""
    publisher = graph.publisher(topics.CYCLE_EVENTS)
    acks = graph.listen(topics.CYCLE_EVENTS_ACK)
    for event in events:
        publisher.publish(convert.event_to_msg(event))
    expected = {(event.event_uid, event.kind.value) for event in events}

    def acknowledged() -> bool:
        heard = graph.heard[acks]
        return expected <= {pair for ack in heard for pair in zip(ack.event_uids, ack.kinds, strict=True)}

    graph.wait_for("all are acknowledged", acknowledged, WITHIN_S)


def test_a_decision_is_in_the_database_with_why_and_drawn_for_who_listens(
    line: Line, graph: Listener, nodes: subprocess.Popen[bytes], cycles: list[CycleEvent]
) -> None:
    ended = [event for event in cycles if event.kind is not EventKind.START]
    assert [event.kind for event in ended] == [EventKind.END, EventKind.REJECT]
    topic = graph.listen(topics.EXPLANATIONS)
    graph.wait_for("the bridge is there", lambda: graph.node.count_publishers(topic) == 1)
    send(graph, cycles)

    kept = [ExplanationReader(line.engine).explanation(event.event_uid) for event in ended]
    assert kept == [event.explanation for event in ended]

    heard: list[Any] = graph.heard[topic]
    publisher = graph.publisher(topics.CYCLE_EVENTS)

    def both_are_drawn() -> bool:
        # Until the bridge knows that somebody listens it draws nothing; what is acknowledged again is asked for again.
        if time.monotonic() > sent_s[-1] + 1.0:
            sent_s.append(time.monotonic())
            for event in ended:
                publisher.publish(convert.event_to_msg(event))
        return len(heard) == 2

    sent_s = [time.monotonic()]
    graph.wait_for("both are drawn", both_are_drawn, WITHIN_S)
    assert sorted(convert.time_from_msg(one.header.stamp) for one in heard) == [e.decided_ns for e in ended]
    for one in heard:
        assert (one.header.frame_id, one.format) == ("cam1", "png")
        picture = cv2.imdecode(np.frombuffer(bytes(one.data), np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape[1] > 1000
        assert len(one.data) < 250_000

    diagnostics = graph.listen(topics.DIAGNOSTICS)
    send(graph, ended)  # once more, as after a lost acknowledgement
    graph.wait_for("a while", lambda: len(graph.heard[diagnostics]) > 6)
    assert len(heard) == 2


def test_who_does_not_listen_costs_nothing(
    line: Line, graph: Listener, nodes: subprocess.Popen[bytes], cycles: list[CycleEvent]
) -> None:
    send(graph, cycles)
    memory = Path(f"/proc/{nodes.pid}/maps")
    assert "matplotlib" not in memory.read_text()


@pytest.fixture
def explainer(line: Line) -> Iterator[Explainer]:
    made = Explainer(line.reader._engine, line.data)
    yield made
    made.close()


def drawn(explainer: Explainer, number: int) -> list[Drawn | str]:
    found: list[Drawn | str] = []
    until_s = time.monotonic() + WITHIN_S
    while len(found) < number:
        assert time.monotonic() < until_s
        found += explainer.take()
        time.sleep(0.02)
    return found


def test_each_cycle_is_drawn_once(line: Line, explainer: Explainer, cycles: list[CycleEvent]) -> None:
    line.write(*cycles)
    uids = [event.event_uid for event in cycles]
    explainer.ask(uids)
    explainer.ask(uids)
    found = drawn(explainer, 2)
    assert [one.camera for one in found if isinstance(one, Drawn)] == ["cam1", "cam1"]
    assert explainer.take() == []


def test_what_cannot_be_drawn_is_said_and_the_next_one_is_drawn(
    line: Line, explainer: Explainer, cycles: list[CycleEvent]
) -> None:
    without = line.cycle(1, cycles[0].start_ns - 600 * NS_PER_S, 22.4)
    line.write(*cycles, without)
    explainer.ask(["unknown", without.event_uid, cycles[0].event_uid])
    unknown, not_kept, good = drawn(explainer, 3)
    assert unknown == "cycle unknown: there is no cycle unknown"
    assert not_kept == f"cycle {without.event_uid}: why it was decided so was not kept"
    assert isinstance(good, Drawn)


def test_more_than_can_be_drawn_are_skipped_and_counted(explainer: Explainer) -> None:
    explainer.ask(f"cycle {number}" for number in range(500))
    assert explainer.skipped > 400


def test_a_picture_is_drawn_again_only_when_something_about_its_cycle_has_changed(
    line: Line, client: TestClient, cycles: list[CycleEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    line.write(*cycles)
    uid = next(one.event_uid for one in cycles if one.kind is EventKind.END)
    drawn: list[Explained] = []

    def count(found: Explained) -> bytes:
        drawn.append(found)
        return draw(found)

    monkeypatch.setattr(timeline, "draw", count)
    first, second = (client.get(f"/api/v1/events/{uid}/explanation.png") for _ in range(2))
    assert (first.status_code, second.content) == (200, first.content)
    assert len(drawn) == 1
    verified = client.put(f"/api/v1/events/{uid}/verification", json={"corrected_duration_s": 4.0})
    assert verified.status_code == 200
    assert client.get(f"/api/v1/events/{uid}/explanation.png").status_code == 200
    assert len(drawn) == 2


def test_who_would_wait_behind_many_is_told_to_come_back(
    line: Line, client: TestClient, cycles: list[CycleEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each who waits holds a thread: the board must not wait with them."""
    line.write(*cycles)
    uids = sorted({one.event_uid for one in cycles})
    goes_on, queue = threading.Event(), InTurn(1, again_s=3)
    monkeypatch.setattr(explanations, "_drawing", queue)
    began = threading.Event()

    def hold() -> None:
        with queue.turn():
            began.set()
            goes_on.wait(WITHIN_S)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert began.wait(WITHIN_S)
        answer = client.get(f"/api/v1/events/{uids[0]}/explanation.png")
        assert_problem(answer, 503)
        assert (answer.json()["code"], answer.headers["Retry-After"]) == ("busy", "3")
    finally:
        goes_on.set()
        holder.join()
    assert client.get(f"/api/v1/events/{uids[0]}/explanation.png").status_code == 200
