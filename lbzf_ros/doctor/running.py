"""Does it run, does it measure, and does systemd start it again?"""

from __future__ import annotations

import fcntl
import json
import urllib.error
from collections.abc import Iterator
from typing import Any

from lbzf_ros.doctor.finding import Finding, fine, unknown, warning, wrong
from lbzf_ros.doctor.subject import Subject
from lbzf_ros.page import ask_page, page_url

_RUNNING, _SERVICE = "running", "service"
_WITHIN_S = 5.0
_UNITS = ("lbzf.service", "lbzf-maintenance.timer", "lbzf-space.timer")
_LOGS = "look into its log: DATA/logs/NODE.log, `journalctl -u lbzf`"


def check_running(subject: Subject) -> Iterator[Finding]:
    """What /healthz says of every node, when somebody runs the data folder."""
    if not _is_held(subject):
        yield warning(
            _RUNNING,
            f"nobody runs {subject.data}: nothing is measured",
            "`sudo systemctl start lbzf`, or `lbzf up`",
        )
        return
    if subject.plant is None:
        yield unknown(
            _RUNNING, "without a plant file the page's address is not known", "correct the plant file"
        )
        return
    url = f"{page_url(subject.plant.web)}/healthz"
    try:
        health = _asked(url)
    except (OSError, ValueError) as error:
        advice = f"{_LOGS}; with `lbzf up --port` it has another address than in the plant file"
        yield wrong(_RUNNING, f"LBZF runs, but {url} does not answer: {error}", advice)
        return
    yield from _nodes(health)


def check_service(subject: Subject) -> Iterator[Finding]:
    """Are the units enabled, and has none failed?"""
    if not (subject.root / "run/systemd/system").is_dir():
        yield unknown(
            _SERVICE,
            "systemd does not run here",
            "see that whatever starts LBZF starts it again (docs/deploy.md)",
        )
        return
    said = False
    for unit in _UNITS:
        enabled = subject.ask(["systemctl", "is-enabled", unit], _WITHIN_S).out.strip()
        failed = subject.ask(["systemctl", "is-failed", unit], _WITHIN_S).out.strip() == "failed"
        if failed:
            said = True
            yield wrong(_SERVICE, f"{unit} has failed", f"`systemctl status {unit}` says why")
        elif enabled != "enabled":
            said = True
            text = f"{unit} is {enabled or 'not installed'}: after a power cut it does not start by itself"
            yield warning(
                _SERVICE, text, f"`sudo systemctl enable --now {unit}` (docs/deploy.md installs it)"
            )
    if not said:
        yield fine(_SERVICE, "all units are enabled, none has failed")


def _nodes(health: dict[str, Any]) -> Iterator[Finding]:
    for node in health.get("missing", []):
        yield wrong(_RUNNING, f"{node} is not heard", _LOGS)
    nodes = health.get("nodes", [])
    for node in nodes:
        for text in _said(node, "errors"):
            yield wrong(_RUNNING, text, _LOGS)
        for text in _said(node, "warnings"):
            yield warning(_RUNNING, text, _LOGS)
    if not any(node.get("errors") or node.get("warnings") for node in nodes) and not health.get("missing"):
        yield fine(_RUNNING, f"all {len(nodes)} nodes work")


def _said(node: dict[str, Any], kind: str) -> list[str]:
    """What a node says of its parts, once: two parts of a camera (pictures, stream) have the same to say."""
    lines = (
        f"{node['name']}: {text}"
        if text.startswith(f"{part.split()[0]}: ")
        else f"{node['name']}: {part}: {text}"
        for part, text in node.get(kind, {}).items()
    )
    return list(dict.fromkeys(lines))


def _asked(url: str) -> dict[str, Any]:
    try:
        with ask_page(url, _WITHIN_S) as answer:
            return dict(json.loads(answer.read()))
    except urllib.error.HTTPError as error:  # 503 says in its body what is missing
        return dict(json.loads(error.read()))


def _is_held(subject: Subject) -> bool:
    """Whether an `lbzf up` has the data folder."""
    try:
        with (subject.data / "run" / "up.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
