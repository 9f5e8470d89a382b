"""The OpenAPI description against a real server: every route, right and wrong requests, every answer as described.

Bounded: schemathesis's examples and its systematic cases (borders of each type, what is missing, wrong types) of each
route, the same ones each time.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import uvicorn

from lbzf_ros.core.model import NS_PER_S, Boxes, EventKind, FrameDetections, ModelInfo
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.lost_time import LostTimeCode, sync_lost_time_codes
from lbzf_ros.store.people.operators import create_operator
from test.web.factory import MORNING_NS, Line, line_of
from web_bridge.app import create_app
from web_bridge.looking import Looking

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "negative_data_rejection",
)
"""All that fit but `positive_data_acceptance`: that a shift ends after it begins, no JSON schema can say."""
NO_END = r"/stream$"
"""Streams: test_stream.py."""
SETTINGS = '[phases.coverage]\nunexpected-methods = ["PATCH"]\n'
"""One method that no route has stands for all of them: the router answers each in the same way."""
MODEL = ModelInfo(name="test", version="1", framework="none")


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """A line at work, with cycles, whose clocks stand still: no node of it falls silent."""
    now_ns = MORNING_NS + 3600 * NS_PER_S
    made = line_of(tmp_path / "data", stations=2, clock_ns=lambda: now_ns, now_s=lambda: 0.0)
    made.write(
        *(made.cycle(1, MORNING_NS + place * 60 * NS_PER_S, 20.0) for place in range(5)),
        made.cycle(2, MORNING_NS, 1.0, EventKind.REJECT),
    )
    sync_lost_time_codes(made.engine, [LostTimeCode("C001", "Falta")], Actor("test"), now_ns=MORNING_NS)
    create_operator(made.engine, Actor("test"), now_ns=MORNING_NS, external_code="1017", display_name="Ana")
    made.refresh()
    made.report_nodes()
    made.report_camera("cam1")
    made.report_stations(MORNING_NS, {1: 4.0, 2: None})
    yield made
    made.close()


@contextmanager
def showing(looking: Looking) -> Iterator[None]:
    """What the graph would say of cam1 while somebody looks: a picture with one person, again and again."""
    image = np.full((480, 640, 3), 255, np.uint8)
    box = Boxes(np.array([[30, 40, 90, 200]], np.float32), np.array([0.9], np.float32))
    ended = threading.Event()

    def speak() -> None:
        for stamp_ns in itertools.count(MORNING_NS, NS_PER_S // 5):
            people = FrameDetections(
                camera="cam1",
                stamp_ns=stamp_ns,
                width_px=640,
                height_px=480,
                model=MODEL,
                boxes=box,
                track_ids=np.array([7], np.int32),
            )
            if looking.is_wanted("cam1"):
                looking.put("cam1", image=(stamp_ns, image), people=people)
            if ended.wait(0.02):
                return

    thread = threading.Thread(target=speak, daemon=True)
    thread.start()
    yield
    ended.set()
    thread.join()


@pytest.fixture
def url(line: Line) -> Iterator[str]:
    """The description, from a server on that line."""
    app = create_app(line.context)
    # A connection that the server ends just when a request leaves is no fault of a route: it keeps them all.
    config = uvicorn.Config(
        app, port=0, log_level="warning", ws="none", lifespan="off", timeout_keep_alive=900
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    with showing(line.context.looking):
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/api/v1/openapi.json"
    server.should_exit = True
    thread.join(10)


@pytest.mark.timeout(900)  # a thousand requests one after the other; slow machines are slow
def test_every_route_does_what_it_says(url: str, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(SETTINGS, "utf-8")
    words = [sys.executable, "-m", "schemathesis.cli", "--no-color", "run", url]
    words += ["--exclude-path-regex", NO_END, "--phases", "examples,coverage", "--checks", ",".join(CHECKS)]
    words += ["--generation-deterministic", "--continue-on-failure"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, f"{done.stdout[-30000:]}\n{done.stderr[-2000:]}"
    assert "No checks were run" not in done.stdout
