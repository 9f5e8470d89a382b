"""Pictures of the page for the documentation: `python -m test.web.screenshot docs/images`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from test.web.factory import fill, line_of
from test.web.serve import chromium, serving
from test.web.shift import at_work

_SIZES = {"page": (1366, 768), "page-phone": (390, 844)}
_RUNNING_S = {1: 9.0, 2: 17.0, 3: None, 4: 29.0, 5: 4.0}


def main(folder: Path) -> None:
    """Write one picture for each size."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        line = line_of(Path(data), stations=5)
        fill(line)
        with at_work(line, _RUNNING_S), serving(line) as server, chromium() as browser:
            for name, (width, height) in _SIZES.items():
                page = browser.new_page(viewport={"width": width, "height": height})
                page.goto(server.url)
                page.locator(".bar").first.wait_for()
                page.locator("[data-connection=live] .state[data-state=in_cycle]").first.wait_for()
                page.screenshot(path=folder / f"{name}.png")
        line.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
