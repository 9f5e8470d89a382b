"""The other end of a connection, as the kernel knows it: no header can say otherwise."""

from __future__ import annotations

import ipaddress
import socket
import struct
from dataclasses import dataclass, field
from pathlib import Path

from starlette.types import Scope

_UCRED = struct.Struct("3i")
_ESTABLISHED = "01"
STATE = "peer"
"""Where the connection puts it, in a request's `scope["state"]`."""


@dataclass(slots=True)
class Peer:
    """Who a connection comes from.

    Attributes:
        address: IP address; empty for a Unix socket.
        port: TCP port; 0 for a Unix socket.
        local_address: of this end.
        local_port: of this end.
        unix_uid: user id at the other end of a Unix socket; None: it is TCP, or not known.
    """

    address: str = ""
    port: int = 0
    local_address: str = ""
    local_port: int = 0
    unix_uid: int | None = None
    _tcp_uid: int | None = field(default=None, repr=False)
    checked: dict[str, object] = field(default_factory=dict, repr=False)
    """What a provider has found out about the connection: it is the same one as long as it lasts."""

    @property
    def is_unix(self) -> bool:
        """Whether it came to a Unix socket."""
        return self.unix_uid is not None

    @property
    def is_loopback(self) -> bool:
        """Whether it came over TCP from this machine."""
        return is_loopback(self.address)

    def uid(self) -> int | None:
        """User id of the process at the other end, if it is on this machine; None: not known, so trust nobody."""
        if self.unix_uid is not None:
            return self.unix_uid
        if self._tcp_uid is None and self.is_loopback:
            self._tcp_uid = tcp_owner(self.address, self.port, self.local_address, self.local_port)
        return self._tcp_uid


def peer_of(scope: Scope) -> Peer:
    """The other end of a request's connection. What knows less than `connection.py` proves nothing to the kernel."""
    found = scope.get("state", {}).get(STATE)
    if isinstance(found, Peer):
        return found
    address, port = scope.get("client") or ("", 0)
    return Peer(address=str(address), port=int(port))


def peer_of_socket(connected: socket.socket) -> Peer:
    """The other end of a connected socket."""
    if connected.family == socket.AF_UNIX:
        raw = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        return Peer(unix_uid=_UCRED.unpack(raw)[1])
    theirs, ours = connected.getpeername(), connected.getsockname()
    return Peer(str(theirs[0]), int(theirs[1]), str(ours[0]), int(ours[1]))


def is_loopback(address: str) -> bool:
    """Whether an IP address is this machine's own (127.0.0.0/8, ::1)."""
    try:
        return plain(address).is_loopback
    except ValueError:
        return False


def plain(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address; one of IPv4 in IPv6 clothes (::ffff:127.0.0.1) as IPv4.

    Raises:
        ValueError: it is none.
    """
    found = ipaddress.ip_address(address)
    return getattr(found, "ipv4_mapped", None) or found


def tcp_owner(address: str, port: int, to_address: str, to_port: int) -> int | None:
    """User id that owns the TCP socket at `address:port` of this machine, connected to `to_address:to_port`.

    None: the kernel lists no such socket, because it was closed or is in another network namespace.
    """
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        try:
            local, remote = _hex(address, port, family), _hex(to_address, to_port, family)
            lines = Path("/proc/net", table).read_text("ascii").splitlines()[1:]
        except (OSError, ValueError):
            continue
        for line in lines:
            cells = line.split()
            if cells[1] == local and cells[2] == remote and cells[3] == _ESTABLISHED:
                return int(cells[7])
    return None


def _hex(address: str, port: int, family: socket.AddressFamily) -> str:
    """An end of a connection as /proc/net/tcp writes it: words of 32 bits in the machine's byte order."""
    found = plain(address)
    if family == socket.AF_INET6 and found.version == 4:
        found = ipaddress.IPv6Address(f"::ffff:{found}")
    if (family == socket.AF_INET) != (found.version == 4):
        raise ValueError(address)
    words = struct.iter_unpack("=I", found.packed)
    return "".join(f"{word:08X}" for (word,) in words) + f":{port:04X}"
