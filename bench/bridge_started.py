"""The web bridge as `lbzf up` starts it, on a wall clock that is set back: the last day of the database is today.

`LBZF_BENCH_SET_BACK_NS` says by how much. Everything else is the product's own; arguments are those of the node.
"""

from __future__ import annotations

import os
import runpy
import time

_real_ns = time.time_ns


def main() -> None:
    """Run the node."""
    back_ns = int(os.environ["LBZF_BENCH_SET_BACK_NS"])
    time.time_ns = lambda: _real_ns() - back_ns
    runpy.run_module("web_bridge.bridge_node", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
