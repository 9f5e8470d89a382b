"""Provider `open`: everybody at this machine is admin. For one computer on a bench, and for the demo."""

from __future__ import annotations

from lbzf_ros.config.running import WebSettings
from lbzf_ros.core.errors import ConfigError
from web_bridge.access.identity import Claim, Refused, Role
from web_bridge.access.peer import is_loopback
from web_bridge.access.request import Asked

_NAMES = ("localhost", "127.0.0.1", "::1")
_OTHERS = (
    "Set `web.host` to 127.0.0.1, or set `web.access.providers` to tailscale, jwt or local "
    "(docs/access.md says how)."
)


def check_listening(web: WebSettings) -> None:
    """Refuse a page that would let in whom it should not.

    Raises:
        ConfigError: open mode, or passwords in clear, on an address that others reach.
    """
    host, access = web.host, web.access
    if host in _NAMES or is_loopback(host):
        return
    if "open" in access.providers and not web.published_on_loopback:
        raise ConfigError(
            f"web_bridge: would listen on {host} in open mode, where everybody who reaches it is admin. {_OTHERS}"
        )
    if "local" in access.providers and not (access.tls_certificate or access.plain_http):
        raise ConfigError(
            f"web_bridge: would take passwords on {host} without HTTPS. Set `web.access.tls_certificate` and "
            "`tls_key`, or let people in through tailscale serve, or accept it with `web.access.plain_http: true`."
        )


class OpenMode:
    """Everybody at this machine."""

    name = "open"

    def __init__(self, *, behind_container: bool = False, here: frozenset[str] = frozenset()) -> None:
        """Whoever comes over loopback.

        Args:
            behind_container: the container's port is published on the machine's loopback, so that the peer is the
                container's gateway.
            here: further addresses and names that are this machine; for tests, whose client has no real address.
        """
        self._behind_container, self._here = behind_container, here

    async def claim(self, asked: Asked) -> Claim | None:
        """The admin at this machine; None: the request comes from elsewhere.

        Raises:
            Refused: it came through a proxy, or under the name of another site.
        """
        peer = asked.peer
        if not (peer.is_loopback or self._behind_container or peer.address in self._here):
            return None
        if asked.is_forwarded:
            raise Refused(
                "open mode is for this machine only, and the request came through a proxy (or pretends to); "
                "configure the provider tailscale"
            )
        # A page of another site whose name was made to lead here (DNS rebinding) sends that name.
        host = _name_of(asked.header("host") or "")
        if host not in _NAMES and host not in self._here:
            raise Refused(f"open mode is for this machine only, and the request asks for {host[:80]!r}")
        return Claim("local", self.name, role=Role.ADMIN, secret_of="open", address=peer.address)


def _name_of(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
