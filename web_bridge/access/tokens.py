"""Provider `jwt`: a bearer token signed with RS256 by whoever `web.access.jwt` names."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
from jwt import PyJWK, PyJWKClient, PyJWKSet
from starlette.concurrency import run_in_threadpool

from lbzf_ros.config.access import JwtSettings
from web_bridge.access.identity import Claim, Refused, Role
from web_bridge.access.request import Asked

ROLE, ORG, SCOPE = (f"https://lbzfai.com/{name}" for name in ("role", "org_id", "module_scope"))
_FRESH_S = 600.0
"""Keys are asked for again after this time: one that was withdrawn is believed no longer."""
_COOL_DOWN_S = 30.0
"""At most so often because of a key that is not known: anybody can write one into a token."""
_TIMEOUT_S = 5.0
_MAX_LENGTH = 8192
_CODE = re.compile(r"[A-Z0-9][A-Z0-9_]{0,63}")
_LOG = logging.getLogger("lbzf.access")


class Keys:
    """The public keys of who signs, from a URL or a file. Safe in several threads."""

    def __init__(self, source: str, *, keep_s: float, now_s: Callable[[], float] = time.monotonic) -> None:
        """Read `source`; keys that were read are used for `keep_s` while it cannot be reached."""
        self._source, self._keep_s, self._now_s = source, keep_s, now_s
        is_url = source.startswith(("https://", "http://"))
        self._client = PyJWKClient(source, cache_jwk_set=False, timeout=_TIMEOUT_S) if is_url else None
        self._keys: dict[str, PyJWK] = {}
        self._read_s = self._tried_s = float("-inf")
        self._lock = threading.Lock()

    def get(self, kid: str) -> PyJWK:
        """The key of that id.

        Raises:
            Refused: there is none, or keys cannot be read.
        """
        with self._lock:
            age_s, since_try_s = self._now_s() - self._read_s, self._now_s() - self._tried_s
            if (age_s > _FRESH_S or kid not in self._keys) and since_try_s > _COOL_DOWN_S:
                self._read()
                age_s = self._now_s() - self._read_s
            if age_s > max(_FRESH_S, self._keep_s):
                raise Refused(f"keys of {self._source} cannot be read")
            if kid not in self._keys:
                raise Refused(f"a token signed with the key {kid[:40]!r}, which {self._source} does not have")
            return self._keys[kid]

    def _read(self) -> None:
        self._tried_s = self._now_s()
        try:
            if self._client is not None:
                found = PyJWKSet.from_dict(self._client.fetch_data())
            else:
                found = PyJWKSet.from_json(Path(self._source).read_text("utf-8"))
        except (jwt.PyJWTError, OSError, ValueError) as error:
            _LOG.error("keys of %s cannot be read: %s", self._source, error)
            return
        self._keys = {
            key.key_id: key
            for key in found.keys
            if key.key_id and key.key_type == "RSA" and key.public_key_use in (None, "sig")
        }
        self._read_s = self._now_s()


class Tokens:
    """Who a bearer token names."""

    name = "jwt"

    def __init__(self, settings: JwtSettings, keys: Keys | None = None) -> None:
        """Believe what `settings` says."""
        self._settings = settings
        self._keys = keys or Keys(settings.jwks, keep_s=settings.keep_keys_hours * 3600)

    async def claim(self, asked: Asked) -> Claim | None:
        """Who sent a request; None: it has no bearer token.

        Raises:
            Refused: the token is not believed.
        """
        scheme, _, token = (asked.header("authorization") or "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        if len(token) > _MAX_LENGTH:
            raise Refused("a token that is too long")
        claims = await run_in_threadpool(self._checked, token.strip())
        return self._of(claims, asked)

    def _checked(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            # Only this one: `none`, or HS256 with the public key as its secret, would let anybody in.
            if header.get("alg") != "RS256" or not isinstance(header.get("kid"), str):
                raise Refused(
                    f"a token with alg {str(header.get('alg'))[:20]!r}; only RS256 with a key id is believed"
                )
            claims: dict[str, Any] = jwt.decode(
                token,
                self._keys.get(header["kid"]).key,
                algorithms=["RS256"],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=self._settings.leeway_s,
                options={"require": ["exp", "iss", "aud", "sub"], "enforce_minimum_key_length": True},
            )
        except jwt.PyJWTError as error:
            raise Refused(f"a token that is not believed: {error}") from None
        return claims

    def _of(self, claims: dict[str, Any], asked: Asked) -> Claim:
        wanted, org = self._settings.org_id, claims.get(ORG)
        if wanted is not None and (isinstance(org, bool) or org != wanted):
            raise Refused(f"a token of the organisation {str(org)[:20]!r}, not {wanted}")
        # An e-mail that nobody has checked may be anybody's.
        email = claims.get("email") if claims.get("email_verified") is True else None
        name = email if isinstance(email, str) and email else str(claims["sub"])
        if not name.isprintable() or not 0 < len(name) <= 200:
            raise Refused("a token whose subject cannot be written down")
        return Claim(
            name,
            self.name,
            role=_role(claims.get(ROLE)),
            modules=_modules(claims.get(SCOPE)),
            attached_by_browser=False,
            secret_of=f"jwt {name}",
            address=asked.peer.address,
        )


def _role(value: object) -> Role | None:
    return Role(value) if isinstance(value, str) and value in set(Role) else None


def _modules(value: object) -> frozenset[str] | None:
    """The scope; None, which is null or no claim: every module."""
    if value is None:
        return None
    codes = [value] if isinstance(value, str) else value
    if not isinstance(codes, list) or not all(isinstance(c, str) and _CODE.fullmatch(c) for c in codes):
        raise Refused("a token whose module_scope is no list of module codes")
    return frozenset(codes)
