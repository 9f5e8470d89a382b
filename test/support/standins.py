"""Stand-ins for nodes, for the tests of the process manager: `python -m test.support.standins -p kind:='stubborn'`."""

import signal
import sys
import time

OBEDIENT, STUBBORN, SHORT, MISCONFIGURED = "obedient", "stubborn", "short", "misconfigured"


def main(kind: str) -> None:
    """Behave as the kind says."""
    if kind == STUBBORN:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(f"[INFO] {kind} runs", flush=True)
    if kind == SHORT:
        sys.exit(1)
    if kind == MISCONFIGURED:
        print("error: nothing fits", flush=True)
        sys.exit(2)
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main(next(word for word in sys.argv if word.startswith("kind:=")).removeprefix("kind:=").strip("'"))
