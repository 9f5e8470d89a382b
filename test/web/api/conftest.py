from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.lost_time import LostTimeCode, sync_lost_time_codes
from test.web.clocks import Clocks
from test.web.factory import MORNING_NS, Line, line_of
from web_bridge.app import create_app


@pytest.fixture
def line(tmp_path: Path, clocks: Clocks) -> Iterator[Line]:
    """A line of two stations with a code of lost time."""
    made = line_of(tmp_path / "data", stations=2, clock_ns=clocks.clock_ns, now_s=clocks.now_s)
    codes = [LostTimeCode("C001", "Falta de energía")]
    sync_lost_time_codes(made.engine, codes, Actor("test"), now_ns=MORNING_NS)
    yield made
    made.close()


@pytest.fixture
def client(line: Line) -> TestClient:
    """Requests from this machine, in open mode: an admin."""
    return TestClient(create_app(line.context), raise_server_exceptions=False)
