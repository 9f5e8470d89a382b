"""What is wrong with a network camera, and what to do. Never a password: libav's own texts name the URL."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from lbzf_ros.config.schema import Camera
from lbzf_ros.core.errors import SourceError

_NO_SUCH_HOST = "no such host: check the name in source, and that this machine's DNS knows it"
_NOT_THERE = (
    "nobody answers at this address: is the camera switched on and its cable in? "
    "Is the address in source still its own?"
)
_REFUSED = (
    "the machine at this address takes no video connections: the camera is still starting, "
    "or the port in source is wrong"
)
_BY_STATUS = {
    400: "the camera does not understand the request: check the path in source against its manual",
    401: "the camera refuses user or password (401): correct the variable or the credentials file; "
    "many cameras lock an account for minutes after wrong attempts",
    403: "the camera forbids it to this user (403): give the user the right to view video",
    404: "the camera has no such path (404): check the part behind the host in source against its manual",
    453: "the camera has no bandwidth left (453): close other viewers, or raise its limit of connections",
    503: "the camera is busy (503): close other viewers, or raise its limit of connections",
}


def cannot_open(camera: Camera, error: Exception, url: str, *, in_time: bool) -> SourceError:
    """Why a stream cannot be opened, and what to do. `in_time`: it said no, rather than nothing."""
    return SourceError(
        f"{camera.label}: {camera.source} cannot be opened: {_why_closed(error, url, in_time)}"
    )


def froze(camera: Camera, stall_s: float) -> SourceError:
    """The connection stands, and nothing comes."""
    return SourceError(
        f"{camera.label}: {camera.source} stopped delivering: no packet for {stall_s:g} s although the "
        "connection stands: the camera hangs or its network is cut; restart the camera when this goes on"
    )


def stopped(camera: Camera, error: Exception | None) -> SourceError:
    """The camera, or the network, has ended the stream."""
    why = "the camera has ended the stream" if error is None else f"the connection broke: {words(error)}"
    return SourceError(
        f"{camera.label}: {camera.source} stopped delivering: {why}: it restarts, was set up anew, or lost its network"
    )


def undecodable(camera: Camera, codec: str, stall_s: float) -> SourceError:
    """Packets come, and none of them becomes a picture."""
    return SourceError(
        f"{camera.label}: {camera.source} delivers, but nothing of it became a picture for {stall_s:g} s "
        f"(codec {codec}): the camera may have another codec by now, which is asked for with the next connection; "
        "set the stream to H.264, and look at streams.decoder_pipeline if there is one"
    )


def words(error: Exception) -> str:
    """An error without what it happened to."""
    return str(getattr(error, "strerror", None) or type(error).__name__)


def _why_closed(error: Exception, url: str, in_time: bool) -> str:
    text = words(error)
    for status, advice in _BY_STATUS.items():
        if str(status) in text:
            return f"{text}: {advice}"
    if isinstance(error, ConnectionRefusedError):
        return f"{text}: {_REFUSED}"
    if (reached := _reached(url)) is not None:
        return f"{text}: {reached}"
    if not in_time:
        return "it accepts the connection and says nothing: the camera hangs; restart it"
    return f"{text}: it answers, but not with a video stream: check the path in source against its manual"


def _reached(url: str) -> str | None:
    """Whether there is anybody at a URL's host and port; what to do if not. Its user and password are not used."""
    parts = urlsplit(url)
    try:
        address = (parts.hostname or "", parts.port or 554)
        with socket.create_connection(address, timeout=1.0):
            return None
    except ConnectionRefusedError:
        return _REFUSED
    except socket.gaierror:
        return _NO_SUCH_HOST
    except (OSError, ValueError):
        return _NOT_THERE
