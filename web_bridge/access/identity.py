"""Who somebody is, as the routes see it: `request.state.identity`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from starlette.requests import Request


class Role(str, Enum):
    """What somebody is here."""

    ADMIN = "admin"
    ENGINEER = "engineer"
    EXECUTIVE = "executive"

    __str__ = str.__str__


@dataclass(frozen=True, slots=True)
class Identity:
    """A person who is known.

    Attributes:
        name: e-mail or name of the account; it stands in the audit log.
        role: None: the person is known and has no role, so sees nothing.
        provider: who said so: tailscale, jwt, local, open.
        modules: codes of the modules that the person may see; None: all.
    """

    name: str
    role: Role | None
    provider: str
    modules: frozenset[str] | None = None

    def may_see(self, module: str) -> bool:
        """Whether a module is within the person's scope."""
        return self.modules is None or module in self.modules


@dataclass(frozen=True, slots=True)
class Claim:
    """What a provider says about who sent a request.

    Attributes:
        name: e-mail or name of the account.
        provider: who says so.
        role: what the provider itself knows; the roles file goes before it.
        modules: scope that the provider knows; the roles file can only narrow it.
        attached_by_browser: whether a browser sends along by itself what the claim rests on, so that another site's
            page could use it (CSRF); a bearer token is not.
        secret_of: what the token against CSRF is bound to: the session, or the name.
        address: of the person's device.
    """

    name: str
    provider: str
    role: Role | None = None
    modules: frozenset[str] | None = None
    attached_by_browser: bool = True
    secret_of: str = ""
    address: str = ""


class Refused(Exception):
    """What a request shows as proof is false: it is not asked of the next provider. The text is for the log."""


def identity_of(request: Request) -> Identity:
    """The person who sent a request; the gate has set it."""
    found: Identity = request.state.identity
    return found
