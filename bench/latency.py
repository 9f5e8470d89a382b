"""From the capture of a cycle's last picture to its row being readable through the API, less the rule's debounce.

The demo runs on the machine's clock, so the capture times of its pictures can be compared with the time at which a
row is first seen. The API is asked every 10 ms; what that adds is counted in.
"""

from __future__ import annotations

import datetime as dt
import json
import time
import urllib.request

from bench import report
from bench.demo import running_demo
from lbzf_ros.config.load import load_plant
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.rules import RULES
from lbzf_ros.resources import resource_path

SPAN_S = 180
ASK_EVERY_S = 0.01


def main() -> None:
    """Run the demo and time every cycle that completes."""
    plant = load_plant(resource_path("config", "plant.yaml"))
    debounce_s = _debounce_s(plant)
    latencies_ms: list[float] = []
    with running_demo() as demo:
        url = f"{demo.url}/api/v1/events?status=complete&limit=20"
        seen = {event["event_uid"] for event in _events(url)}
        until_s = time.monotonic() + SPAN_S
        while time.monotonic() < until_s:
            events, now_s = _events(url), time.time()
            for event in events:
                if event["event_uid"] not in seen:
                    seen.add(event["event_uid"])
                    end_s = dt.datetime.fromisoformat(event["end"].replace("Z", "+00:00")).timestamp()
                    latencies_ms.append((now_s - end_s - debounce_s[event["workstation"]]) * 1000)
            time.sleep(ASK_EVERY_S)
    report.write(
        "latency",
        {
            "what": "capture of a cycle's last picture to its row readable through the API, less the debounce",
            "cycles": len(latencies_ms),
            "p50_ms": round(report.percentile(latencies_ms, 0.5)),
            "p95_ms": round(report.percentile(latencies_ms, 0.95)),
            "max_ms": round(max(latencies_ms)),
        },
    )


def _debounce_s(plant: Plant) -> dict[str, float]:
    """Seconds between the end of a cycle and the picture that may decide it, as the rule asks for."""
    found = {}
    fps = {camera.label: camera.fps for camera in plant.cameras}
    for module in plant.modules:
        for station in module.workstations:
            kind, entered = RULES[station.rule].closes_on
            zone = next(zone for zone in station.zones.values() if zone.kind is kind)
            # An exit is dated to the first picture without evidence, one period after the last with it.
            found[station.code] = zone.enter_s if entered else zone.leave_s - 1 / fps[station.camera]
    return found


def _events(url: str) -> list[dict[str, str]]:
    with urllib.request.urlopen(url, timeout=5) as response:
        items: list[dict[str, str]] = json.load(response)["items"]
    return items


if __name__ == "__main__":
    main()
