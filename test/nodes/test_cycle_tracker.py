"""The cycle tracker node, killed in the middle of a cycle; a real process on real DDS."""

import functools
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from lbzf_interfaces.msg import CycleEventAck, PlantInfo

from lbzf_ros.clock import kernel_clock
from lbzf_ros.core.model import CycleEvent, RoiSet
from lbzf_ros.ros import convert, topics
from test.store.examples import plant_data
from test.support.occupancy import occupancy, rois, station, zone
from test.support.ros import Listener, listener, node_process

PERIOD_S = 0.2
START_S = 1_784_122_251.0


class Graph:
    """The other nodes, played by the test: pictures in, events out."""

    def __init__(self, ear: Listener) -> None:
        self.ear = ear
        self.events_topic = ear.listen(topics.CYCLE_EVENTS)
        self.states_topic = ear.listen(topics.STATION_STATES, "cam1")
        self.occupancy = ear.publisher(topics.OCCUPANCY, "cam1")
        self.acks = ear.publisher(topics.CYCLE_EVENTS_ACK)
        self.info = ear.publisher(topics.PLANT_INFO)
        self.zones = ear.publisher(topics.ROI_SET, "cam1")
        self.zones.publish(convert.rois_to_msg(self.roi_set))

    roi_set: RoiSet = rois(station(zones=[replace(zone("work"), leave_s=2.0)]))

    def answered(self, stamp_ns: int) -> bool:
        states = self.ear.heard[self.states_topic]
        return any(convert.time_from_msg(state.header.stamp) == stamp_ns for state in states)

    def play(self, pictures: str, start_s: float) -> float:
        """Send pictures (P: somebody is there) until each is answered; the time of the one that would come next."""
        for number, letter in enumerate(pictures):
            frame = occupancy(start_s + number * PERIOD_S, {"work": letter == "P"})
            message = convert.occupancy_to_msg(frame)

            def answered(send: Callable[[], None], stamp_ns: int) -> bool:
                send()  # again and again, as a lock-step driver does
                return self.answered(stamp_ns)

            send = functools.partial(self.occupancy.publish, message)
            self.ear.wait_for(f"picture {number}", functools.partial(answered, send, frame.stamp_ns))
        return start_s + len(pictures) * PERIOD_S

    def events(self) -> list[CycleEvent]:
        return [convert.event_from_msg(message) for message in self.ear.heard[self.events_topic]]

    def kinds(self) -> list[str]:
        """Kinds in the order in which they were first heard."""
        return list(dict.fromkeys(event.kind.value for event in self.events()))

    def acknowledge_all(self) -> None:
        events = self.events()
        self.acks.publish(
            CycleEventAck(
                event_uids=[event.event_uid for event in events], kinds=[event.kind.value for event in events]
            )
        )


@pytest.fixture
def graph() -> Iterator[Graph]:
    with listener() as ear:
        yield Graph(ear)


@pytest.fixture
def parameters(tmp_path: Path) -> dict[str, str]:
    plant = tmp_path / "plant.yaml"
    plant.write_text(yaml.safe_dump(plant_data() | {"graph": {"resend_s": 0.5}}), "utf-8")
    return {"plant": str(plant), "data": str(tmp_path / "data")}


def test_a_killed_tracker_goes_on_in_the_middle_of_a_cycle(
    graph: Graph, parameters: dict[str, str], tmp_path: Path
) -> None:
    with node_process("cycle_tracker", parameters, tmp_path / "log") as first:
        next_s = graph.play("aaaaaPPPPPPPPPPPPPPPPP", START_S)
        first.send_signal(signal.SIGKILL)
        first.wait()
    with node_process("cycle_tracker", parameters, tmp_path / "log"):
        graph.play("PPPPP" + "a" * 15, next_s)
        graph.ear.wait_for("END", lambda: "END" in graph.kinds())
    assert graph.kinds() == ["START", "END"]
    end = graph.events()[-1]
    assert end.duration_s == pytest.approx(22 * PERIOD_S)
    assert (end.observed_share, end.detection_count) == (1.0, 22)


@pytest.mark.parametrize("pace", ["realtime", "lockstep"])
def test_a_live_cycle_says_whether_the_clock_is_kept(graph: Graph, tmp_path: Path, pace: str) -> None:
    data = plant_data()
    data["modules"][0]["cameras"][0]["pace"] = pace
    file = tmp_path / "plant.yaml"
    file.write_text(yaml.safe_dump(data), "utf-8")
    parameters = {"plant": str(file), "data": str(tmp_path / "data")}
    with node_process("cycle_tracker", parameters, tmp_path / "log"):
        graph.play("aaaaaPPPPPPPPPPPPPPPPP" + "a" * 15, START_S)
        graph.ear.wait_for("END", lambda: "END" in graph.kinds())
    clock = kernel_clock()
    assert clock is not None
    assert {event.clock_kept for event in graph.events()} == {clock[0] if pace == "realtime" else None}


def test_a_tracker_that_was_away_for_too_long_gives_the_cycle_up(
    graph: Graph, parameters: dict[str, str], tmp_path: Path
) -> None:
    with node_process("cycle_tracker", parameters, tmp_path / "log") as first:
        next_s = graph.play("aaaaaPPPPPPPPPPPPPPPPP", START_S)
        first.send_signal(signal.SIGKILL)
        first.wait()
    with node_process("cycle_tracker", parameters, tmp_path / "log"):
        graph.play("PPPPP" + "a" * 15, next_s + 3)
        graph.ear.wait_for("ABORT", lambda: "ABORT" in graph.kinds())
    assert graph.kinds() == ["START", "ABORT"]
    assert "3.2 s were not seen" in graph.events()[-1].reasons["restart"]


def test_what_was_acknowledged_by_one_database_is_sent_again_to_another(
    graph: Graph, parameters: dict[str, str], tmp_path: Path
) -> None:
    graph.info.publish(PlantInfo(database_generation=1))
    with node_process("cycle_tracker", parameters, tmp_path / "log"):
        graph.play("aaaaaPPPPPPPPPPPPPPPPP" + "a" * 15, START_S)
        graph.ear.wait_for("END", lambda: "END" in graph.kinds())

        heard = graph.events()
        graph.acknowledge_all()
        outbox = tmp_path / "data" / "run" / "cycle_tracker.outbox"
        with closing(sqlite3.connect(outbox)) as kept:
            unacknowledged = "SELECT count(*) FROM outbox WHERE NOT acknowledged"
            graph.ear.wait_for("all acknowledged", lambda: kept.execute(unacknowledged).fetchone() == (0,))
        graph.ear.heard[graph.events_topic].clear()
        graph.info.publish(PlantInfo(database_generation=2))
        graph.ear.wait_for("END again", lambda: graph.kinds() == ["END"])
        assert graph.events()[0] == heard[-1]
