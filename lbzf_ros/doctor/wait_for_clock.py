"""Wait until a time server has set the clock: `python -m lbzf_ros.doctor.wait_for_clock SECONDS`.

Exit status: 0 it is set; 1 it is not after so many seconds, or the kernel does not say.
"""

from __future__ import annotations

import sys
import time

from lbzf_ros.clock import kernel_clock

_EVERY_S = 0.5


def main() -> None:
    """Wait."""
    within_s = float(sys.argv[1])
    until_s = time.monotonic() + within_s
    while (state := kernel_clock()) is not None and not state[0]:
        if time.monotonic() >= until_s:
            print(
                f"no time server has set the clock within {within_s:.0f} s; going on with the clock as it is"
            )
            sys.exit(1)
        time.sleep(_EVERY_S)
    sys.exit(0 if state else 1)


if __name__ == "__main__":
    main()
