"""Certificates, where there are any: how long are they still good?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.doctor.finding import Finding, fine, unknown, warning, wrong
from lbzf_ros.doctor.subject import Subject

_NAME = "certificates"
FOLDER = "etc/lbzf/certificates"
"""Certificates of whatever stands before the page (a reverse proxy), or links to them."""
_ENDINGS = (".pem", ".crt", ".cer")
_WARN_DAYS = 21.0
_RENEW = "renew it, and see why that did not happen by itself"
_WITHIN_S = 10.0


def check_certificates(subject: Subject) -> Iterator[Finding]:
    """The page's own certificate, and every one in /etc/lbzf/certificates."""
    folder, own = subject.root / FOLDER, subject.plant and subject.plant.web.access.tls_certificate
    files = [Path(own)] if own else []
    try:
        files += sorted(path for path in folder.iterdir() if path.suffix in _ENDINGS)
    except FileNotFoundError:
        if not files:
            nowhere = f"no `web.access.tls_certificate` in the plant file, none in /{FOLDER}"
            yield fine(_NAME, f"none is in use ({nowhere})")
    except OSError as error:
        yield unknown(_NAME, f"{folder}: {error.strerror}", "run this as a user who may read it")
    for file in dict.fromkeys(files):
        yield _look(subject, file)


def _look(subject: Subject, file: Path) -> Finding:
    answer = subject.ask(["openssl", "x509", "-noout", "-enddate", "-in", str(file)], _WITHIN_S)
    if answer.status is None:
        return unknown(_NAME, f"{file}: {answer.last_line}", "install openssl")
    if answer.status != 0:
        return wrong(
            _NAME, f"{file}: is no certificate, or cannot be read", "put the certificate there (PEM)"
        )
    end = dt.datetime.strptime(answer.out.strip().partition("=")[2], "%b %d %H:%M:%S %Y %Z")  # noqa: DTZ007 (next line)
    left_days = end.replace(tzinfo=dt.timezone.utc).timestamp() - subject.now_ns / NS_PER_S
    left_days /= 86400
    if left_days <= 0:
        return wrong(_NAME, f"{file}: ended on {end:%Y-%m-%d}", _RENEW)
    if left_days < _WARN_DAYS:
        return warning(_NAME, f"{file}: ends in {left_days:.0f} days, on {end:%Y-%m-%d}", _RENEW)
    return fine(_NAME, f"{file}: good until {end:%Y-%m-%d}")
