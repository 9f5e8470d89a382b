"""Power mode and temperature: a Jetson that saves power or is hot measures with fewer pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lbzf_ros.doctor.finding import Finding, fine, unknown, warning, wrong
from lbzf_ros.doctor.subject import Subject

_POWER, _TEMPERATURE = "power", "temperature"
_WITHIN_S = 10.0
_HOT_C, _TOO_HOT_C = 85.0, 95.0
_COOL = "see that its fan turns, that dust does not block it, and that it is not in the sun"
_SAVING = re.compile(r"^(7|10|15)W$|LOW|SAVE", re.IGNORECASE)


def is_jetson(subject: Subject) -> bool:
    """Whether this is one of NVIDIA's Jetson boards (also from inside a container)."""
    model = subject.read("proc/device-tree/model") or ""
    return "jetson" in model.lower() or subject.read("etc/nv_tegra_release") is not None


def check_power(subject: Subject) -> Iterator[Finding]:
    """The power mode of a Jetson (nvpmodel)."""
    if not is_jetson(subject):
        yield fine(_POWER, "no Jetson: it has no power modes")
        return
    answer = subject.ask(["nvpmodel", "-q"], _WITHIN_S)
    found = re.search(r"NV Power Mode:\s*(\S+)", answer.out)
    if answer.status != 0 or not found:
        yield unknown(
            _POWER,
            f"nvpmodel: {answer.last_line}",
            "run `sudo nvpmodel -q` on the Jetson itself, not in a container",
        )
    elif _SAVING.search(found[1]):
        advice = "`sudo nvpmodel -p --verbose` lists the modes; set the strongest that the power supply bears with -m"
        yield warning(_POWER, f"power mode {found[1]} saves power", advice)
    else:
        yield fine(_POWER, f"power mode {found[1]}")


def check_temperature(subject: Subject) -> Iterator[Finding]:
    """The hottest part that the kernel knows."""
    zones = (subject.root / "sys/class/thermal").glob("thermal_zone*")
    readings = [
        (millidegrees / 1000, subject.read(f"sys/class/thermal/{zone.name}/type") or zone.name)
        for zone in zones
        if (millidegrees := subject.number(f"sys/class/thermal/{zone.name}/temp")) is not None
    ]
    if not readings:
        if is_jetson(subject):
            yield unknown(_TEMPERATURE, "the kernel tells none", "look with `tegrastats`")
        else:
            yield fine(_TEMPERATURE, "this machine tells none")
        return
    celsius, name = max(readings)
    text = f"{name} has {celsius:.0f} °C"
    if celsius >= _TOO_HOT_C:
        yield wrong(_TEMPERATURE, f"{text}: it slows down, or switches off", _COOL)
    elif celsius >= _HOT_C:
        yield warning(_TEMPERATURE, f"{text}: near the limit at which it slows down", _COOL)
    else:
        yield fine(_TEMPERATURE, text)
