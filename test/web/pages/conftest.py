"""One morning at the line for all tests of a file: a real database, a real server, a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

from test.web.factory import Line
from test.web.pages.morning import STATIONS, morning
from test.web.pages.seeing import seeing
from test.web.serve import Server, chromium, serving
from test.web.shift import at_work

if TYPE_CHECKING:
    from playwright.sync_api import Browser

RUNNING_S = {number: None if number % 5 == 0 else 10.0 + 4 * number for number in range(1, STATIONS + 1)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """10:24, a little behind the target; three earlier days for the trend."""
    made = morning(tmp_path_factory.mktemp("morning") / "data", days_before=3, slow=1.06)
    picture = np.full((480, 640, 3), 90, np.uint8)
    with at_work(made, RUNNING_S), seeing(made, picture, *(one.label for one in made.plant.cameras)):
        yield made
    made.close()


@pytest.fixture(scope="module")
def server(line: Line) -> Iterator[Server]:
    with serving(line) as started:
        yield started
