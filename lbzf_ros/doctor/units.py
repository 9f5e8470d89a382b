"""Are systemd's units those that this LBZF brings?"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lbzf_ros.doctor.finding import Finding, fine, unknown, warning
from lbzf_ros.doctor.subject import Subject
from lbzf_ros.resources import resource_path

_UNITS = "units"
_PLACE = "etc/systemd/system"
_WITHIN_S = 10.0
_STARTS = re.compile(
    r"^ExecStart=(?P<prefix>\S+)/deploy/with_ros (?P=prefix)/lbzf up --plant (?P<plant>\S+) --data (?P<data>\S+)$",
    re.MULTILINE,
)
_USER = re.compile(r"^User=(?P<user>\S+)$", re.MULTILINE)
_ROOT = re.compile(r"^ExecStart=.* --root (?P<root>\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Installed:
    """With what `deploy/systemd/install` was called."""

    prefix: str
    plant: str
    data: str
    user: str
    root: str

    @property
    def options(self) -> list[str]:
        """As it takes them."""
        return [
            *("--prefix", self.prefix, "--plant", self.plant, "--data", self.data),
            *("--user", self.user, "--root", self.root),
        ]


def check_units(subject: Subject) -> Iterator[Finding]:
    """Units of another version start LBZF with another one's rights and times. `systemctl edit` is not looked at."""
    if subject.read(f"{_PLACE}/lbzf.service") is None:
        yield fine(_UNITS, "there are none: something else starts LBZF here")
        return
    installed = _installed(subject)
    if installed is None:
        text = f"/{_PLACE}/lbzf.service is not as deploy/systemd/install writes it"
        yield warning(_UNITS, text, "put own changes into `systemctl edit lbzf`, and install it again")
        return
    if (subject.root / installed.prefix.lstrip("/")).resolve() != resource_path().resolve():
        yield unknown(
            _UNITS,
            f"they start the LBZF in {installed.prefix}, which is not this one",
            f"ask that one: `{installed.prefix}/lbzf doctor`",
        )
        return
    advice = f"`sudo {resource_path('deploy', 'systemd', 'install')} {' '.join(installed.options)}`"
    different = _different(subject, installed)
    if different:
        names = ", ".join(different)
        yield warning(_UNITS, f"not those of this version: {names}", f"{advice}, then restart LBZF")
    else:
        yield fine(_UNITS, "those of this version")


def _installed(subject: Subject) -> _Installed | None:
    service = subject.read(f"{_PLACE}/lbzf.service") or ""
    recover = subject.read(f"{_PLACE}/lbzf-recover.service") or ""
    starts, user, root = _STARTS.search(service), _USER.search(service), _ROOT.search(recover)
    if starts is None or user is None or root is None:
        return None
    return _Installed(**starts.groupdict(), **user.groupdict(), **root.groupdict())


def _different(subject: Subject, installed: _Installed) -> list[str]:
    """Names of the units that this version would write otherwise.

    Raises:
        RuntimeError: it does not write them.
    """
    with tempfile.TemporaryDirectory() as folder:
        script = str(resource_path("deploy", "systemd", "install"))
        answer = subject.ask([script, "--into", folder, *installed.options], _WITHIN_S)
        if answer.status != 0:
            raise RuntimeError(answer.last_line)
        written = {path.name: path.read_text("utf-8").strip() for path in sorted(Path(folder).iterdir())}
    return [name for name, text in written.items() if subject.read(f"{_PLACE}/{name}") != text]
