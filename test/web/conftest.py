from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from test.web.clocks import Clocks
from test.web.factory import Line, line_of
from web_bridge.app import create_app


@pytest.fixture
def clocks() -> Clocks:
    """Clocks that move when a test says so."""
    return Clocks()


@pytest.fixture
def line(tmp_path: Path, clocks: Clocks) -> Iterator[Line]:
    """A line of two stations without cycles, each before a camera of its own."""
    made = line_of(tmp_path / "data", stations=2, clock_ns=clocks.clock_ns, now_s=clocks.now_s)
    yield made
    made.close()


@pytest.fixture
def client(line: Line) -> TestClient:
    """The application on that line."""
    return TestClient(create_app(line.context), raise_server_exceptions=False)
