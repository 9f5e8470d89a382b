"""Node: what the other nodes say becomes the live state; the API and the page are served from it and the database.

ROS is heard in a thread of its own; the web server has the main thread.
"""

from __future__ import annotations

import gc
import logging
import math
import signal
import socket
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

import rclpy
import uvicorn
from diagnostic_msgs.msg import DiagnosticStatus
from lbzf_interfaces.msg import CameraStatus
from rclpy.executors import Executor, ExternalShutdownException
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import try_shutdown

from lbzf_ros.config.running import WebSettings
from lbzf_ros.core.errors import ConfigError, LbzfError, StoreError
from lbzf_ros.core.model import Drift, EventKind
from lbzf_ros.graph import DEMO_PLANT
from lbzf_ros.nodes.base import EXIT_CONFIG, LbzfNode, executor_of
from lbzf_ros.reports.day.reader import DayReader
from lbzf_ros.reports.day.rules import rules_of
from lbzf_ros.resources import resource_path
from lbzf_ros.ros import convert, topics
from lbzf_ros.ros.diagnostics import Level
from lbzf_ros.ros.params import declare_settings
from lbzf_ros.store.engine import DATABASE_NAME, reading_engine
from lbzf_ros.store.reader import StoreReader
from web_bridge.access.access import Access
from web_bridge.access.connection import listen_for_serve, server_config
from web_bridge.access.open_mode import check_listening
from web_bridge.app import create_app
from web_bridge.bridge_looking import Eyes
from web_bridge.context import Context
from web_bridge.explainer import Drawn, Explainer
from web_bridge.live import CameraReport, CameraState, HeardView, LiveState, PlantFacts, read_line
from web_bridge.warm_up import WarmUp

_CATCH_UP_S = 0.25
_ROLES_S = 5.0
_READ_AGAIN_S = 5.0
"""Cycles are read again so often even if no acknowledgement was heard: a lost one must not leave an old page."""
_CAMERA_STATES = {
    CameraStatus.STARTING: CameraState.STARTING,
    CameraStatus.ONLINE: CameraState.ONLINE,
    CameraStatus.OFFLINE: CameraState.OFFLINE,
    CameraStatus.ENDED: CameraState.ENDED,
}


class WebBridge(LbzfNode):
    """Keeps the live state up to date."""

    def __init__(self) -> None:
        super().__init__("web_bridge")
        self.settings = declare_settings(self, self.plant.web)
        data = self.data_folder()
        self._engine = reading_engine(data / DATABASE_NAME)
        self._reader = StoreReader(self._engine)
        self._live = LiveState(diagnostics_period_s=self.graph.diagnostics_period_s)
        self.api = Context(
            reader=self._reader,
            live=self._live,
            data=data,
            access=Access(self.settings, data),
            plant=self.plant,
            days=DayReader(self._engine, rules_of(self.plant)),
            time_zone=self.plant.time_zone,
            recent_cycles=self.settings.recent_cycles,
            plant_file=self._own_plant_file(),
        )
        self._eyes = Eyes(self, self.api.looking)
        self._counter = self.diagnostics.counter("cycles")
        self._explained = self.diagnostics.counter("explanations")
        self._explanations = self.publisher(topics.EXPLANATIONS)
        self._explainer = Explainer(self._engine, data)
        self._line_is_due = self._cycles_are_due = False
        self._read_s = time.monotonic()
        self.subscribe(topics.PLANT_INFO, self._on_plant)
        self.subscribe(topics.DIAGNOSTICS, self._on_diagnostics)
        self.subscribe(topics.CYCLE_EVENTS_ACK, self._on_ack)
        for camera in self.plant.cameras:
            self.subscribe(topics.CAMERA_STATUS, self._on_camera, camera.label)
            self.subscribe(topics.STATION_STATES, self._on_states, camera.label)
        self.create_timer(_CATCH_UP_S, self._catch_up)
        self.create_timer(_CATCH_UP_S, self._publish_explanations)
        self.create_timer(_ROLES_S, self._tell_roles)

    def _own_plant_file(self) -> Path | None:
        """The plant file; None: it is the demo plant, which comes with LBZF and is not changed."""
        path = Path(self.get_parameter("plant").value).resolve()
        return None if path == resource_path("config", DEMO_PLANT).resolve() else path

    def close(self) -> None:
        """Let go of the database."""
        self._explainer.close()
        self._engine.dispose()

    def _on_plant(self, message: Any) -> None:
        """The plant is in the database; after a restart of persistence it may be another one."""
        self._live.set_plant(
            PlantFacts(message.name, message.time_zone, tuple(message.nodes), message.software_version)
        )
        self._line_is_due = True
        self._catch_up()

    def _on_camera(self, message: Any) -> None:
        report = CameraReport(
            camera=message.camera,
            state=_CAMERA_STATES.get(message.state, CameraState.UNKNOWN),
            last_frame_ns=convert.time_from_msg(message.last_frame),
            fps=message.fps,
            detail=message.detail,
        )
        self._live.report_camera(report, now_s=time.monotonic())

    def _on_states(self, message: Any) -> None:
        self._live.report_stations(
            message.header.frame_id,
            convert.time_from_msg(message.header.stamp),
            convert.states_from_msg(message),
            now_s=time.monotonic(),
        )

    def _on_diagnostics(self, message: Any) -> None:
        now_s = time.monotonic()
        self._live.report_views(_views(message))
        nodes: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
        for status in message.status:
            node, _, part = status.name.partition(": ")
            errors, warnings = nodes.setdefault(node, ({}, {}))
            if status.level == DiagnosticStatus.ERROR:
                errors[part] = status.message
            elif status.level == DiagnosticStatus.WARN:
                warnings[part] = status.message
        for node, (errors, warnings) in nodes.items():
            self._live.report_node(node, errors, warnings, now_s=now_s)

    def _on_ack(self, message: Any) -> None:
        """Rows are committed; a START changes nothing that is read here."""
        if any(kind != EventKind.START.value for kind in message.kinds):
            self._counter.received += 1
            self._cycles_are_due = True
            if time.monotonic() - self._read_s > _CATCH_UP_S:
                self._catch_up()
        if self._explanations.get_subscription_count():
            ended = [
                uid
                for uid, kind in zip(message.event_uids, message.kinds, strict=True)
                if kind != EventKind.START.value
            ]
            self._explained.received += len(ended)
            self._explainer.ask(ended)

    def _publish_explanations(self) -> None:
        """Publish what was drawn meanwhile."""
        for drawn in self._explainer.take():
            if isinstance(drawn, Drawn):
                self._explanations.publish(convert.png_to_msg(drawn.camera, drawn.decided_ns, drawn.png))
                self._explained.done(drawn.took_s)
            else:
                self._explained.fail(drawn)
        self._explained.skipped = self._explainer.skipped

    def _tell_roles(self) -> None:
        """Say it when the file of roles cannot be used: the last good one is in force meanwhile."""
        people = self.api.access.roles.people()
        problem = self.api.access.roles.problem
        level = Level.WARN if problem else Level.OK
        self.diagnostics.state("roles", level, problem or f"{len(people)} people in the file of roles")

    def _catch_up(self) -> None:
        """Read from the database what is due; what fails stays due."""
        began_s = time.monotonic()
        overdue = self._live.now.plant is not None and began_s - self._read_s > _READ_AGAIN_S
        if not (self._line_is_due or self._cycles_are_due or overdue):
            return
        self._read_s = began_s
        try:
            if self._line_is_due:
                self._live.set_line(read_line(self._reader))
            self._live.set_cycles(self._reader.recent_cycles(self.settings.recent_cycles))
        except StoreError as error:
            self._cycles_are_due = True
            self._counter.fail(str(error))
            self.get_logger().error(str(error))
            return
        self._line_is_due = self._cycles_are_due = False
        self._counter.done(time.monotonic() - began_s)


def _views(message: Any) -> dict[str, HeardView]:
    """What the detector says of the views of its cameras."""
    found: dict[str, HeardView] = {}
    for status in message.status:
        if not status.name.endswith(" drift"):
            continue
        values = {value.key: value.value for value in status.values}
        if values.get("drift", "").upper() in Drift.__members__:
            shift_px = float(values.get("shift_px", "nan"))
            found[values["camera"]] = HeardView(
                Drift[values["drift"].upper()], None if math.isnan(shift_px) else round(shift_px)
            )
    return found


_SPIN_S = 0.1


class _Server(uvicorn.Server):
    """Stops at once: open streams are ended first, so that nothing has to be waited for."""

    def stop(self) -> None:
        """End every stream, then the server."""
        self.should_exit = True
        self.config.app.state.broadcaster.close()  # type: ignore[union-attr]  # it is the app given below

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # uvicorn's signature
        """SIGTERM or SIGINT. Not passed on: what follows the server in `main` must still run."""
        self.stop()


def _listen(settings: WebSettings) -> socket.socket:
    check_listening(settings)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise ConfigError(
            f"web_bridge: cannot listen on {settings.host} port {settings.port}: {error.strerror}. Stop what uses it, "
            "or set another `web.port` (parameter `port`)."
        ) from None


def _serve(node: WebBridge) -> bool:
    """Serve until told to stop. False: the ROS side has failed."""
    app = create_app(node.api)
    access = node.settings.access
    server = _Server(server_config(app, access))
    warm_up = WarmUp(node.api)
    executor = executor_of(node)
    healthy, stopping = threading.Event(), threading.Event()
    thread = threading.Thread(
        target=_spin, args=(executor, server, stopping, healthy), name="ros", daemon=True
    )
    with ExitStack() as stack:
        sockets = [stack.enter_context(_listen(node.settings))]
        if "tailscale" in access.providers and access.tailscale.serve_socket:
            sockets.append(stack.enter_context(listen_for_serve(access.tailscale.serve_socket)))
        thread.start()
        shown = f"[{node.settings.host}]" if ":" in node.settings.host else node.settings.host
        scheme = "https" if access.tls_certificate else "http"
        node.get_logger().info(f"listening on {scheme}://{shown}:{node.settings.port}/")
        warm_up.start()
        server.run(sockets=sockets)
    warm_up.stop()
    # The executor may only be taken down when nobody spins it any more: otherwise it crashes now and then.
    stopping.set()
    thread.join()
    executor.shutdown()
    return healthy.is_set()


def _spin(executor: Executor, server: _Server, stopping: threading.Event, healthy: threading.Event) -> None:
    try:
        while not stopping.is_set():
            executor.spin_once(timeout_sec=_SPIN_S)
        healthy.set()
    except ExternalShutdownException:
        healthy.set()
    except Exception:
        # A page whose figures stand still is worse than none: end, and be started again.
        logging.getLogger("web_bridge").exception("listening to the graph failed")
        server.stop()


def main() -> None:
    """Run until told to stop; a configuration that cannot work is said in one line."""
    logging.basicConfig(level=logging.WARNING, format="[%(levelname)s] [%(name)s]: %(message)s")
    rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the server takes over
    node: WebBridge | None = None
    try:
        node = WebBridge()
        if not _serve(node):
            sys.exit(1)
    except KeyboardInterrupt:
        pass
    except LbzfError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        sys.exit(EXIT_CONFIG)
    finally:
        if node is not None:
            node.close()
        try_shutdown()
        # All is closed. Looking through every object once more on the way out would take longer than the stop itself.
        gc.freeze()


if __name__ == "__main__":
    main()
