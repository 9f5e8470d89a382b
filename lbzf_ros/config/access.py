"""Settings: who may see and change what on the page and in the API (docs/access.md)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from lbzf_ros.config.base import Settings

ProviderName = Literal["tailscale", "jwt", "local", "open"]


class TailscaleSettings(Settings):
    """How the local Tailscale daemon says who somebody is."""

    mode: Literal["serve", "direct"] = Field(
        default="serve",
        description="serve: people come through `tailscale serve`, whose headers are believed when the connection is "
        "proved to be its own. direct: people connect to this machine's Tailscale address, and the daemon is asked who "
        "that address belongs to; no header is read.",
    )
    socket: str = Field(
        default="/var/run/tailscale/tailscaled.sock", description="The daemon's own socket (LocalAPI)."
    )
    daemon_user: str = Field(
        default="root",
        description="Account that the daemon runs as: a connection of any other account is not `tailscale serve`.",
    )
    serve_socket: str = Field(
        default="",
        description="A Unix socket for `tailscale serve` alone, absolute path: the safest way. Empty: it comes to the "
        "page's port on 127.0.0.1.",
    )


class JwtSettings(Settings):
    """Which tokens (RS256) are believed."""

    jwks: str = Field(
        default="", description="Public keys of who signs: a URL (https://…/.well-known/jwks.json) or a file."
    )
    issuer: str = Field(default="", description="What `iss` must be.")
    audience: str = Field(default="", description="What `aud` must be or hold.")
    org_id: int | None = Field(
        default=None,
        description="What the claim https://lbzfai.com/org_id must be; empty: it is not looked at.",
    )
    leeway_s: int = Field(
        default=30, ge=0, le=300, description="Seconds by which clocks may differ at `exp` and `nbf`."
    )
    keep_keys_hours: float = Field(
        default=24.0,
        ge=0,
        le=720,
        description="Hours for which known keys are still used while their URL cannot be reached.",
    )


class LocalSettings(Settings):
    """Accounts of this machine (`lbzf users`)."""

    session_hours: float = Field(
        default=168.0, gt=0, le=2160, description="Hours after which a person has to sign in again."
    )
    idle_hours: float = Field(
        default=24.0, gt=0, le=2160, description="Hours without a request after which a session ends."
    )
    failures_per_account: int = Field(
        default=10, ge=1, le=1000, description="Wrong passwords of one account in 15 minutes, then it waits."
    )
    failures_per_address: int = Field(
        default=50,
        ge=1,
        le=10000,
        description="Wrong passwords from one address in 15 minutes, then it waits.",
    )


class AccessSettings(Settings):
    """Who may see and change what."""

    providers: list[ProviderName] = Field(
        default=["open"],
        min_length=1,
        description="Who says who somebody is; the first that knows counts. open: everybody at this machine is admin, "
        "and nobody else gets in; refused unless `host` is this machine only.",
    )
    roles_file: str = Field(
        default="roles.yaml",
        description="File of people and roles, absolute or in the data folder; read again when it changes.",
    )
    tailscale: TailscaleSettings = Field(
        default_factory=TailscaleSettings, description="For the provider tailscale."
    )
    jwt: JwtSettings = Field(default_factory=JwtSettings, description="For the provider jwt.")
    local: LocalSettings = Field(default_factory=LocalSettings, description="For the provider local.")
    tls_certificate: str = Field(
        default="", description="Certificate file (PEM), absolute path: the page is served over HTTPS."
    )
    tls_key: str = Field(default="", description="Its private key (PEM), absolute path.")
    plain_http: bool = Field(
        default=False,
        description="Allow local accounts over a network without HTTPS: everybody on it can read the passwords.",
    )
    origins: list[str] = Field(
        default_factory=list,
        description="Further addresses of the page itself, e.g. https://linea.example, when a proxy changes `Host`.",
    )
    max_body_kb: int = Field(
        default=1024,
        ge=1,
        le=100_000,
        description="Largest body of a request, kB (1000 bytes); routes for files have their own.",
    )
    slow_request_s: float = Field(
        default=15.0,
        ge=1,
        le=600,
        description="Seconds in which the head of a request must be there, and then its body.",
    )
    slow_answer_s: float = Field(
        default=60.0, ge=1, le=3600, description="Seconds after which a reader that takes nothing is dropped."
    )
    max_connections: int = Field(
        default=600, ge=10, le=60000, description="Connections at once; a further one is answered 503."
    )

    @model_validator(mode="after")
    def _complete(self) -> AccessSettings:
        if len(set(self.providers)) < len(self.providers):
            raise ValueError("providers: each at most once")
        if "jwt" in self.providers and not (self.jwt.jwks and self.jwt.issuer and self.jwt.audience):
            raise ValueError("the provider jwt needs jwt.jwks, jwt.issuer and jwt.audience")
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ValueError("tls_certificate and tls_key belong together: give both or none")
        return self
