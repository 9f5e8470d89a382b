from __future__ import annotations

from collections.abc import Iterator

import pytest

from test.web.factory import Line, line_of


@pytest.fixture(scope="module")
def shared_line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A line of two stations that tests only read."""
    made = line_of(tmp_path_factory.mktemp("plant") / "data", stations=2)
    yield made
    made.close()
