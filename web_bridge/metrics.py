"""Figures for Prometheus: what the API answered, and the present state of the graph."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.engine import DATABASE_NAME
from web_bridge.access.matching import Matcher
from web_bridge.context import Context
from web_bridge.live import CameraState
from web_bridge.schemas.health import NodeHealth
from web_bridge.stream import Broadcaster

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS_S = (0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """The figures of one application."""

    def __init__(self, context: Context, broadcaster: Broadcaster) -> None:
        """Tell of this application."""
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "lbzf_http_requests", "Answers.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "lbzf_http_request_duration_seconds",
            "Time from a request to the begin of its answer.",
            ("method", "route"),
            buckets=_BUCKETS_S,
            registry=self.registry,
        )
        self.registry.register(_State(context, broadcaster))

    def text(self) -> bytes:
        """All of them in Prometheus's text format."""
        return generate_latest(self.registry)


class Counted:
    """ASGI middleware that counts answers by their route's template, so that no request makes a figure of its own."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self._matcher: Matcher | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = time.perf_counter()

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._count(scope, message["status"], time.perf_counter() - began_s)
            await send(message)

        await self._app(scope, receive, send_and_count)

    def _count(self, scope: Scope, status: int, took_s: float) -> None:
        if self._matcher is None:
            self._matcher = Matcher(scope["app"].router.routes)
        found = self._matcher.find(scope["method"], scope["path"])
        method, route = (found.method, found.template) if found else ("any", "none")
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(method, route).observe(took_s)


class _State(Collector):
    """Read when it is asked for."""

    def __init__(self, context: Context, broadcaster: Broadcaster) -> None:
        self._context, self._broadcaster = context, broadcaster

    def collect(self) -> Iterator[Metric]:
        """Each figure with its labels."""
        context = self._context
        health = context.health()
        yield _gauge("lbzf_up", "1: every node of the plant is heard.", float(health.status == "up"))
        yield InfoMetricFamily("lbzf", "Version.", {"version": health.software_version or "unknown"})
        alarms = GaugeMetricFamily("lbzf_alarm", "1: everybody must know of it.", labels=["alarm"])
        for alarm in context.alarms():
            alarms.add_metric([alarm], 1.0)
        yield alarms
        yield from _nodes(health.nodes)
        yield from self._cameras()
        yield _gauge("lbzf_live_pages", "Open live streams.", float(self._broadcaster.pages))
        yield from self._disk()

    def _cameras(self) -> Iterator[Metric]:
        on = GaugeMetricFamily("lbzf_camera_online", "1: it delivers.", labels=["camera"])
        fps = GaugeMetricFamily(
            "lbzf_camera_frames_per_second", "Over the last ten seconds.", labels=["camera"]
        )
        age = GaugeMetricFamily(
            "lbzf_camera_last_frame_age_seconds", "Since its newest picture.", labels=["camera"]
        )
        for camera in self._context.cameras():
            on.add_metric([camera.label], float(camera.state is CameraState.ONLINE))
            if camera.fps is not None:
                fps.add_metric([camera.label], camera.fps)
            if camera.last_frame_age_s is not None:
                age.add_metric([camera.label], camera.last_frame_age_s)
        yield from (on, fps, age)

    def _disk(self) -> Iterator[Metric]:
        data = self._context.data
        try:
            free = float(shutil.disk_usage(data).free)
            size = float((data / DATABASE_NAME).stat().st_size)
        except OSError:
            return  # what is not known is left out
        yield _gauge("lbzf_disk_free_bytes", "Free where the data folder lies.", free)
        yield _gauge("lbzf_database_bytes", "Size of the database.", size)
        yield _gauge("lbzf_clock_seconds", "The plant's clock.", self._context.clock_ns() / NS_PER_S)


def _nodes(nodes: Sequence[NodeHealth]) -> Iterator[Metric]:
    heard = GaugeMetricFamily("lbzf_node_heard", "1: it has published diagnostics recently.", labels=["node"])
    errors = GaugeMetricFamily("lbzf_node_errors", "Parts of it that are in error.", labels=["node"])
    for node in nodes:
        heard.add_metric([node.name], float(node.heard))
        errors.add_metric([node.name], float(len(node.errors)))
    yield from (heard, errors)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
