"""The OpenAPI description against a real server: every route, right and wrong requests, every answer as described.

Bounded: schemathesis's examples and its systematic cases (borders of each type, what is missing, wrong types, other
methods) of each route, the same ones each time.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from lbzf_ros.core.model import NS_PER_S, EventKind
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.lost_time import LostTimeCode, sync_lost_time_codes
from lbzf_ros.store.people.operators import create_operator
from test.web.factory import MORNING_NS, line_of
from web_bridge.app import create_app
from web_bridge.openapi import TAGS

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


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on a line with cycles, whose clock stands still."""
    folder: Path = tmp_path_factory.mktemp("api")
    line = line_of(folder / "data", stations=2, clock_ns=lambda: MORNING_NS + 3600 * NS_PER_S)
    line.write(
        *(line.cycle(1, MORNING_NS + place * 60 * NS_PER_S, 20.0) for place in range(5)),
        line.cycle(2, MORNING_NS, 1.0, EventKind.REJECT),
    )
    sync_lost_time_codes(line.engine, [LostTimeCode("C001", "Falta")], Actor("test"), now_ns=MORNING_NS)
    create_operator(line.engine, Actor("test"), now_ns=MORNING_NS, external_code="1017", display_name="Ana")
    app = create_app(line.context)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/api/v1/openapi.json"
    server.should_exit = True
    thread.join(10)
    line.close()


@pytest.mark.parametrize("tag", [tag["name"] for tag in TAGS])
def test_the_routes_of_a_topic_do_what_they_say(url: str, tag: str, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "schemathesis.cli", "--no-color", "run", url, "--include-tag", tag]
    words += ["--exclude-path-regex", NO_END, "--phases", "examples,coverage", "--checks", ",".join(CHECKS)]
    words += ["--generation-deterministic", "--continue-on-failure"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=150, check=False, cwd=tmp_path)
    assert done.returncode == 0, f"{done.stdout[-8000:]}\n{done.stderr[-2000:]}"
    assert "No checks were run" not in done.stdout
