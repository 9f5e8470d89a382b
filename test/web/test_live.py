"""What is known now: what was heard, and for how long it stays true."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from lbzf_ros.core.model import NS_PER_S, Drift, EventKind, Quality
from test.web.clocks import Clocks
from test.web.factory import MORNING_NS, NODES, Line
from web_bridge.live import CameraReport, CameraState, HeardView, LiveState
from web_bridge.schemas import LiveCamera, LiveCycles, LiveStationState

SECOND = NS_PER_S


def camera(line: Line, label: str = "cam1") -> LiveCamera:
    return next(camera for camera in line.context.look().cameras if camera.label == label)


def station(line: Line, number: int = 1) -> LiveStationState:
    return line.context.look().states[number - 1]


def cycles(line: Line, number: int = 1) -> LiveCycles:
    return line.context.look().cycles[number - 1]


def test_nothing_heard_is_unknown_not_idle(line: Line) -> None:
    assert (station(line).state, station(line).occupied, station(line).running) == ("unknown", None, None)
    assert (camera(line).state, camera(line).last_frame, camera(line).fps) == (
        CameraState.UNKNOWN,
        None,
        None,
    )
    assert (cycles(line).cycles, cycles(line).median_s, cycles(line).versus_sam_percent) == ([], None, None)


def test_a_running_cycle_is_as_old_as_its_newest_picture_says(line: Line, clocks: Clocks) -> None:
    """The pictures may be years old: only their own stamps count."""
    line.report_stations(MORNING_NS, {1: 12.4, 2: None})
    clocks.advance(2.0)
    running = station(line).running
    assert running is not None
    assert (running.elapsed_s, running.start) == (12.4, "2026-07-15T11:59:47.600Z")
    assert (station(line, 2).state, station(line, 2).running) == ("idle", None)


def test_a_station_that_is_no_longer_seen_is_unknown(line: Line, clocks: Clocks) -> None:
    line.report_stations(MORNING_NS, {1: 12.4})
    clocks.advance(4.9)
    assert station(line).state == "in_cycle"
    clocks.advance(0.2)
    assert (station(line).state, station(line).running) == ("unknown", None)


@pytest.mark.parametrize("state", [CameraState.OFFLINE, CameraState.ENDED])
def test_a_camera_without_pictures_makes_its_stations_unknown_at_once(line: Line, state: CameraState) -> None:
    line.report_stations(MORNING_NS, {1: 12.4, 2: 3.0})
    line.report_camera("cam1", state)
    line.report_camera("cam2")
    assert (station(line, 1).state, station(line, 2).state) == ("unknown", "in_cycle")


def test_a_camera_has_moved_as_long_as_the_detector_says_so(line: Line, clocks: Clocks) -> None:
    line.report_camera("cam1")
    line.report_nodes()
    assert (camera(line).view, camera(line).shift_px) == (None, None)
    line.live.report_views({"cam1": HeardView(Drift.DRIFTED, 15.0)})
    assert (camera(line).view, camera(line).shift_px) == ("drifted", 15.0)
    line.live.report_views({"cam1": HeardView(Drift.UNKNOWN, None)})
    assert (camera(line).view, camera(line).shift_px) == ("unknown", None)
    line.report_camera("cam1", CameraState.OFFLINE)
    assert camera(line).view is None
    clocks.advance(6)
    line.report_camera("cam1")
    assert camera(line).view is None, "the detector is silent"


def test_whoever_looks_is_told_of_a_moved_camera(line: Line) -> None:
    told: list[None] = []
    line.live.listen(lambda: told.append(None))
    for drift in (Drift.OK, Drift.OK, Drift.DRIFTED, Drift.DRIFTED):
        line.live.report_views({"cam1": HeardView(drift, 15.0)})
    assert len(told) == 2


def test_a_silent_driver_makes_its_camera_unknown(line: Line, clocks: Clocks) -> None:
    line.report_camera("cam1")
    clocks.advance(5.1)
    assert (camera(line).state, camera(line).fps) == (CameraState.UNKNOWN, None)


def test_the_age_of_a_picture_counts_from_its_arrival(line: Line, clocks: Clocks) -> None:
    line.report_camera("cam1", frame_ns=MORNING_NS)
    clocks.advance(3.0)
    line.report_camera("cam1", frame_ns=MORNING_NS)
    assert camera(line).last_frame_age_s == 3.0
    line.report_camera("cam1", frame_ns=MORNING_NS + SECOND)
    assert camera(line).last_frame_age_s == 0.0
    clocks.advance(2.0)
    line.report_stations(MORNING_NS + 2 * SECOND, {1: None})
    assert camera(line).last_frame_age_s == 0.0


def test_the_age_of_a_picture_from_before_is_not_known(line: Line) -> None:
    """A report that was kept for whoever comes later says when a picture was taken, not when it arrived."""
    line.report_camera("cam1", CameraState.OFFLINE)
    assert (camera(line).last_frame_age_s, camera(line).last_frame) == (None, "2026-07-15T12:00:00.000Z")


def test_old_states_that_were_kept_are_no_new_picture(line: Line) -> None:
    line.report_camera("cam1", CameraState.OFFLINE, frame_ns=MORNING_NS)
    line.report_stations(MORNING_NS, {1: 12.4})
    assert camera(line).last_frame_age_s is None


def test_a_file_at_its_end_does_not_age(line: Line, clocks: Clocks) -> None:
    line.report_camera("cam1")
    clocks.advance(1.0)
    line.report_camera("cam1", CameraState.ENDED)
    assert (camera(line).state, camera(line).last_frame_age_s) == (CameraState.ENDED, None)


def test_the_last_ten_cycles_and_their_median_against_the_sam(line: Line) -> None:
    durations_s = [99.0, 16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0]
    line.write(
        *(
            line.cycle(1, MORNING_NS + 60 * place * SECOND, duration_s, quality=Quality.YELLOW)
            for place, duration_s in enumerate(durations_s)
        )
    )
    line.refresh()
    found = cycles(line)
    assert [cycle.duration_s for cycle in found.cycles] == durations_s[:0:-1]
    assert (found.median_s, found.versus_sam_percent) == (20.5, 13.9)  # SAM 18 s
    assert found.cycles[0].quality == "yellow"


def test_a_rejected_or_running_cycle_is_not_among_them(line: Line) -> None:
    line.write(
        line.cycle(1, MORNING_NS, 17.0),
        line.cycle(1, MORNING_NS + 30 * SECOND, 1.0, EventKind.REJECT),
        line.cycle(1, MORNING_NS + 60 * SECOND, 0.0, EventKind.START),
    )
    line.refresh()
    assert [cycle.duration_s for cycle in cycles(line).cycles] == [17.0]


class TestHealth:
    def test_up_when_every_node_is_heard_cameras_or_not(self, line: Line, client: TestClient) -> None:
        line.report_nodes()
        line.report_camera("cam1", CameraState.OFFLINE)
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()["status"], answer.json()["missing"]) == (200, "up", [])
        cam1 = {"label": "cam1", "state": "offline", "last_frame_age_s": None}
        assert cam1 in answer.json()["cameras"]

    def test_a_missing_node_is_named(self, line: Line, client: TestClient) -> None:
        line.report_nodes(*(node for node in NODES if node != "detector"))
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()["status"]) == (503, "starting")
        assert answer.json()["missing"] == ["detector"]
        assert answer.headers["cache-control"] == "no-store"

    def test_a_node_that_has_fallen_silent_is_missing(
        self, line: Line, client: TestClient, clocks: Clocks
    ) -> None:
        line.report_nodes()
        clocks.advance(5.1)
        line.report_nodes("detector")
        assert client.get("/healthz").json()["missing"] == [node for node in NODES if node != "detector"]

    def test_an_error_of_a_node_is_told_but_the_graph_is_up(self, line: Line, client: TestClient) -> None:
        line.report_nodes()
        line.live.report_node("detector", {"cam1": "too dark"}, now_s=line.context.now_s())
        answer = client.get("/healthz")
        nodes = {node["name"]: node["errors"] for node in answer.json()["nodes"]}
        assert (answer.status_code, nodes["detector"]) == (200, {"cam1": "too dark"})

    def test_a_graph_that_has_not_described_itself_is_not_up(self) -> None:
        live = LiveState(diagnostics_period_s=1.0)
        live.report_node("detector", {}, now_s=1.0)
        assert not live.now.is_up(1.0)

    @pytest.mark.parametrize(("period_s", "silent_s"), [(1.0, 5.0), (20.0, 60.0)])
    def test_slow_diagnostics_are_waited_for(self, period_s: float, silent_s: float) -> None:
        live = LiveState(diagnostics_period_s=period_s)
        live.report_node("detector", {}, now_s=0.0)
        assert live.now.is_heard("detector", silent_s)
        assert not live.now.is_heard("detector", silent_s + 0.1)


class TestListening:
    def test_what_a_person_would_see_is_told(self, line: Line) -> None:
        told: list[int] = []
        line.live.listen(lambda: told.append(1))
        line.report_stations(MORNING_NS, {1: 12.4})
        line.report_camera("cam1")
        line.write(line.cycle(1, MORNING_NS, 17.0))
        line.live.set_cycles(line.reader.recent_cycles(10))
        assert len(told) == 3

    def test_the_same_again_is_not(self, line: Line) -> None:
        report = CameraReport("cam1", CameraState.ONLINE, MORNING_NS, 5.0, "")
        line.live.report_camera(report, now_s=0.0)
        line.report_stations(MORNING_NS, {1: None})
        told: list[int] = []
        line.live.listen(lambda: told.append(1))
        line.live.report_camera(report, now_s=1.0)
        line.report_stations(MORNING_NS + SECOND, {1: None})
        line.live.set_cycles(line.reader.recent_cycles(10))
        assert told == []

    def test_who_has_left_is_not_told(self, line: Line) -> None:
        told: list[int] = []

        def listener() -> None:
            told.append(1)

        line.live.listen(listener)
        line.live.unlisten(listener)
        line.report_stations(MORNING_NS, {1: None})
        assert told == []
