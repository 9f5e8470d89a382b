"""Provider `tailscale`: the name comes from the local daemon, never from a header alone.

`serve`: any program of this machine can connect to 127.0.0.1 and write `Tailscale-User-Login`. So three things must
agree: the kernel says that the other end of the connection belongs to the daemon's account; the daemon has not itself
passed on a stranger's connection; and the daemon says that the address in `X-Forwarded-For` belongs to that login.

`direct`: no header is read; the daemon is asked who the connection's address belongs to.
"""

from __future__ import annotations

import email.errors
import email.header
import ipaddress
import pwd

from lbzf_ros.config.access import TailscaleSettings
from lbzf_ros.core.errors import ConfigError
from web_bridge.access.identity import Claim, Refused
from web_bridge.access.localapi import DaemonSilent, LocalApi
from web_bridge.access.peer import Peer, plain
from web_bridge.access.request import Asked
from web_bridge.access.roles import key

_LOGIN = "tailscale-user-login"
_FUNNEL = "tailscale-funnel-request"
_NETWORKS = (ipaddress.ip_network("100.64.0.0/10"), ipaddress.ip_network("fd7a:115c:a1e0::/48"))
_NOT_PASSED_ON = "tailscale: not passed on"


class Tailscale:
    """Who somebody is in the tailnet."""

    name = "tailscale"

    def __init__(self, settings: TailscaleSettings, api: LocalApi | None = None) -> None:
        """Ask the daemon that `settings` names.

        Raises:
            ConfigError: there is no account of the daemon's name.
        """
        self._settings = settings
        self._api = api or LocalApi(settings.socket)
        try:
            self._daemon_uid = pwd.getpwnam(settings.daemon_user).pw_uid
        except KeyError:
            raise ConfigError(
                f"web.access.tailscale.daemon_user: there is no account {settings.daemon_user!r}; "
                "name the one that tailscaled runs as (root)"
            ) from None

    def is_serve(self, peer: Peer) -> bool:
        """Whether the kernel says that a connection comes from the daemon's account, so may be `serve`'s."""
        return self._settings.mode == "serve" and peer.uid() == self._daemon_uid

    async def claim(self, asked: Asked) -> Claim | None:
        """Who sent a request; None: it does not come from the tailnet.

        Raises:
            Refused: it shows an identity that is not proved.
        """
        try:
            if self._settings.mode == "direct":
                return await self._direct(asked)
            return await self._served(asked)
        except DaemonSilent as error:
            raise Refused(f"the Tailscale daemon cannot be asked: {error}") from None

    async def _direct(self, asked: Asked) -> Claim | None:
        peer = asked.peer
        if not _in_tailnet(peer.address):
            return None
        shown = f"[{peer.address}]" if ":" in peer.address else peer.address
        login = await self._api.login_of(f"{shown}:{peer.port}")
        return self._of(login, peer.address) if login else None

    async def _served(self, asked: Asked) -> Claim | None:
        shown = asked.header(_LOGIN)
        if shown is None:
            return None
        if asked.header(_FUNNEL) is not None:
            raise Refused("the request came from the internet (tailscale funnel)")
        if not self.is_serve(asked.peer):
            raise Refused(
                f"{_LOGIN} from {asked.peer.address or 'a Unix socket'}, which is not tailscale serve: the process "
                f"there runs as user id {asked.peer.uid()}, the daemon as {self._daemon_uid}"
            )
        if not await self._is_its_own(asked):
            raise Refused(
                f"{_LOGIN} over a connection that the daemon passes on for somebody else; use tailscale serve "
                "(HTTPS), or serve_socket"
            )
        address = (asked.header("x-forwarded-for") or "").strip()
        if not _in_tailnet(address):
            raise Refused(f"{_LOGIN} with the address {address!r}, which is not in the tailnet")
        login = await self._api.login_of(address)
        if login is None or key(login) != key(_decoded(shown)):
            raise Refused(f"{_LOGIN} names another user than the daemon does for {address}")
        return self._of(login, address)

    async def _is_its_own(self, asked: Asked) -> bool:
        """Whether the daemon made the connection for `serve`.

        A daemon without a network device of its own passes the whole tailnet's connections on to 127.0.0.1, as they
        are; it knows for whom. A Unix socket is reached by `serve` only.
        """
        peer = asked.peer
        if peer.is_unix:
            return True
        if _NOT_PASSED_ON not in peer.checked:
            found = await self._api.login_of(f"{peer.address}:{peer.port}")
            peer.checked[_NOT_PASSED_ON] = found is None
        return peer.checked[_NOT_PASSED_ON] is True

    def _of(self, login: str, address: str) -> Claim:
        return Claim(login, self.name, secret_of=f"tailscale {key(login)}", address=address)


def _in_tailnet(address: str) -> bool:
    try:
        found = plain(address)
    except ValueError:
        return False
    return any(found in network for network in _NETWORKS if network.version == found.version)


def _decoded(value: str) -> str:
    """A header as `serve` writes it: letters beyond ASCII in RFC 2047's Q encoding."""
    try:
        parts = email.header.decode_header(value)
        return "".join(
            part if isinstance(part, str) else part.decode(charset or "ascii") for part, charset in parts
        )
    except (LookupError, UnicodeDecodeError, email.errors.HeaderParseError):
        return ""
