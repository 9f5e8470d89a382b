"""People of the tests, and the page as they reach it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from lbzf_ros.config.access import AccessSettings
from lbzf_ros.config.running import WebSettings
from test.web.factory import Line
from web_bridge.access.access import Access
from web_bridge.app import create_app

ROLES = """
people:
  admin@planta.example: {role: admin}
  ingeniero@planta.example: {role: engineer}
  gerencia@planta.example: {role: executive}
  visita@planta.example: {role: none}
  angela@planta.example: {role: engineer, modules: [ANGELA]}
  carmenza@planta.example: {role: engineer, modules: [CARMENZA]}
"""
ADMIN, ENGINEER, EXECUTIVE, NO_ROLE = (
    f"{name}@planta.example" for name in ("admin", "ingeniero", "gerencia", "visita")
)
ELSEWHERE = ("203.0.113.9", 40_000)
PASSWORD = "cinco caballos verdes"


def access(folder: Path, roles: str = ROLES, **settings: Any) -> Access:
    """Who may, with nothing taken for this machine that is not; the roles file is written."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "roles.yaml").write_text(roles, "utf-8")
    return Access(WebSettings(access=AccessSettings(**settings)), folder)


def with_access(line: Line, found: Access) -> Line:
    """The same line behind other doors."""
    return replace(line, context=replace(line.context, access=found))


def client(line: Line, found: Access, *, peer: tuple[str, int] = ELSEWHERE, host: str = "lbzf") -> TestClient:
    """Somebody at an address, without a server in between; redirects are not followed."""
    app = create_app(with_access(line, found).context)
    return TestClient(
        app,
        base_url=f"https://{host}",
        client=peer,
        follow_redirects=False,
        raise_server_exceptions=False,
    )
