"""The page as programs of this machine reach it: its address, and how it is asked."""

from __future__ import annotations

import ssl
import urllib.request
from contextlib import AbstractContextManager
from http.client import HTTPResponse
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:  # installing a release asks too, without the packages of LBZF
    from lbzf_ros.config.running import WebSettings

_HERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
"""Who listens everywhere also listens here."""


def page_url(web: WebSettings, *, host: str | None = None, port: int | None = None) -> str:
    """Address of the page.

    Args:
        web: the plant file's settings.
        host: listens on this instead.
        port: listens on this instead.
    """
    scheme = "https" if web.access.tls_certificate else "http"
    host = host or web.host
    return f"{scheme}://{_HERE.get(host, host)}:{port or web.port}"


def ask_page(url: str, timeout_s: float) -> AbstractContextManager[HTTPResponse]:
    """Ask this machine's page for something that is no secret.

    Where the page has a certificate, nothing answers over http: then the same address is asked over https. The
    certificate is not looked at: it names what people type, not 127.0.0.1, and may be the plant's own.

    Raises:
        OSError: no answer, or (`urllib.error.HTTPError`) one of 400 and above.
    """
    anyone = ssl.create_default_context()
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    try:
        answer = urllib.request.urlopen(url, timeout=timeout_s, context=anyone)
    except ConnectionError:  # it has hung up; one that does not listen is a URLError
        if not url.startswith("http:"):
            raise
        answer = urllib.request.urlopen(url.replace("http:", "https:", 1), timeout=timeout_s, context=anyone)
    return cast(HTTPResponse, answer)
