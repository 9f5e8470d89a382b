"""A stand-in for tailscaled's LocalAPI on a Unix socket.

A real daemon needs an account and the internet, which tests have not. Its answers have the shape of
`tailscale.com/client/tailscale/apitype.WhoIsResponse`; who asks without the Host that the daemon demands gets 403.
"""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


class Daemon:
    """Knows who has which address; `asked` are the addresses it was asked for."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.people: dict[str, str] = {}
        self.tagged: set[str] = set()
        self.passes_on = ""
        """Login of a stranger whose connections the daemon itself passes on to 127.0.0.1."""
        self.answers: bytes | None = None
        """Instead of a description."""
        self.asked: list[str] = []

    def whois(self, address: str) -> dict[str, object] | None:
        """What it says about an address, with or without a port."""
        self.asked.append(address)
        host = address.rpartition(":")[0] if address.count(":") == 1 or address.startswith("[") else address
        login = self.passes_on if host == "127.0.0.1" else self.people.get(host.strip("[]"), "")
        if not login:
            return None
        tags = {"Tags": ["tag:camera"]} if host in self.tagged else {}
        return {"Node": {"ID": 7, "Name": "x.ts.net.", **tags}, "UserProfile": {"ID": 1, "LoginName": login}}


@contextmanager
def daemon(folder: Path) -> Iterator[Daemon]:
    """A daemon for the length of a block."""
    found = Daemon(folder / "tailscaled.sock")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name
            parts = urlsplit(self.path)
            if self.headers["Host"] != "local-tailscaled.sock" or parts.path != "/localapi/v0/whois":
                self.send_error(403)
                return
            said = found.whois(parse_qs(parts.query)["addr"][0])
            if said is None:
                self.send_error(404, "no match for IP:port")
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode() if found.answers is None else found.answers)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            """Quiet."""

        def address_string(self) -> str:
            return "unix"

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

    with Server(str(found.socket), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
