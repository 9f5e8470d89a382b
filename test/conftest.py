"""How tests are shared out when several processes run them (`lbzf test` uses two)."""

from __future__ import annotations

import signal

import pytest
from hypothesis import settings

# How long an example takes says nothing on a shared machine.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")

# Who starts the tests in the background may have them ignore Ctrl-C, and so would all that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

TOGETHER = (
    (
        "graph",
        (
            "test/system/test_station_visits",
            "test/system/test_demo_plant",
            "test/web/",
            "test/chaos/",
            "test/bags/",
        ),
    ),
    ("drills", ("test/system/", "test/nodes/", "test/cli/", "test/deploy/", "test/doctor/", "test/release/")),
)
"""What needs a whole machine for itself runs one after the other, in two groups of about the same length."""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long groups first; every other file is a group of its own."""
    order = {name: place for place, (name, _) in enumerate(TOGETHER)}
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item.nodeid)))
    items.sort(key=lambda item: order.get(_group(item.nodeid), len(order)))


def _group(nodeid: str) -> str:
    found = (name for name, beginnings in TOGETHER if nodeid.startswith(beginnings))
    return next(found, nodeid.split("::", maxsplit=1)[0])
