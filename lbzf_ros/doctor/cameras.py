"""Does every camera give a picture?"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from lbzf_ros.config.schema import Camera
from lbzf_ros.doctor.finding import Finding, fine, unknown, wrong
from lbzf_ros.doctor.subject import Subject

_WITHIN_S = 25.0
_AT_ONCE = 4
_ADVICE = "see that it has power and network, that its address, path and password are right (docs/secrets.md)"


def check_cameras(subject: Subject) -> Iterator[Finding]:
    """Take one picture of each, several at once, each in a process of its own that cannot hang this one."""
    if subject.plant is None:
        yield unknown(
            "cameras", "without a plant file it is not known which there are", "correct the plant file"
        )
        return
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from pool.map(lambda camera: _look(subject, camera), subject.plant.cameras)


def _look(subject: Subject, camera: Camera) -> Finding:
    name = f"camera {camera.label}"
    answer = subject.python(
        "-m", "lbzf_ros.doctor.one_picture", str(subject.plant_file), camera.label, within_s=_WITHIN_S
    )
    if answer.status == 0:
        return fine(name, answer.out.strip().splitlines()[-1])
    if answer.status is None:
        return wrong(name, f"gives no picture: {answer.last_line}", _ADVICE)
    return wrong(name, answer.last_line.removeprefix(f"{camera.label}: "), _ADVICE)
