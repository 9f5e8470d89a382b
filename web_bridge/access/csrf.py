"""Writes come from our own pages only: same origin, and a token that another site's page cannot read.

Who shows a bearer token is exempt: a browser does not attach one by itself. So is a program that is no browser (it
sends neither Origin nor Sec-Fetch-Site nor a cookie) if what it sends is no form.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Collection
from urllib.parse import parse_qs, urlsplit

from web_bridge.access.identity import Claim, Refused
from web_bridge.access.request import Asked

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER = "x-csrf-token"
FIELD = "csrf_token"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
"""What a page of another site can send without asking."""
_MAX_FIELDS = 200


def token_for(secret: bytes, bound_to: str) -> str:
    """The token of a session or a name."""
    return hmac.new(secret, bound_to.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()


def is_token(secret: bytes, bound_to: str, shown: str | None) -> bool:
    """Whether a token is that of a session or a name."""
    return shown is not None and hmac.compare_digest(
        token_for(secret, bound_to).encode(), shown.encode("utf-8", "surrogateescape")
    )


def check_origin(asked: Asked, names: Collection[str]) -> None:
    """Refuse what a page of another site has sent.

    Args:
        asked: the request.
        names: `host[:port]` under which the page is reached.

    Raises:
        Refused: it comes from another site.
    """
    site = asked.header("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise Refused(f"it was sent by another site's page (Sec-Fetch-Site: {site[:20]})")
    origin = asked.header("origin")
    if origin is not None and urlsplit(origin).netloc.lower() not in names:
        raise Refused(f"it was sent by a page of {origin[:80]!r}")


def check_write(asked: Asked, claim: Claim, body: bytes, *, secret: bytes, names: Collection[str]) -> None:
    """Refuse a write that its sender may not have wanted.

    Raises:
        Refused: the text says what is missing.
    """
    if not claim.attached_by_browser:
        return
    check_origin(asked, names)
    if is_form(asked) or _is_browser(asked):
        shown = asked.header(HEADER) or field_of(asked, body)
        if not is_token(secret, claim.secret_of, shown):
            raise Refused(
                f"it has no valid {HEADER} header (or form field {FIELD}); GET /api/v1/session gives the token, and an "
                "old page has to be loaded again"
            )


def field_of(asked: Asked, body: bytes, name: str = FIELD) -> str | None:
    """A field of a form as browsers send them by default; None: it has none, or has it twice."""
    if not (asked.header("content-type") or "").lower().startswith(_FORMS[0]):
        return None
    try:
        found = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MAX_FIELDS).get(
            name, []
        )
    except ValueError:
        return None
    return found[0] if len(found) == 1 else None


def is_form(asked: Asked) -> bool:
    """Whether it is sent in a way that needs nobody's leave."""
    kind = (asked.header("content-type") or "").partition(";")[0].strip().lower()
    return kind in _FORMS


def _is_browser(asked: Asked) -> bool:
    return any(asked.header(name) is not None for name in ("origin", "sec-fetch-site", "cookie"))


def is_own_name(host: str) -> bool:
    """Whether a Host header can only lead here: an address, a name of the tailnet, or one without a dot.

    Who is told by the address of the connection must not be reached under a name that a stranger made to lead here.
    """
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return bool(name) and ("." not in name or name.lower().rstrip(".").endswith(".ts.net"))
    return True
