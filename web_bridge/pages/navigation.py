"""The places of the menu and who is led to them. Who may open them is decided by the table of permissions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the menu.

    Attributes:
        key: text of the catalogue, after `nav_`.
        path: `{module}` is the module that is being looked at.
        roles: who sees it.
    """

    key: str
    path: str
    roles: frozenset[str]

    def address(self, module: str | None) -> str | None:
        """Where it leads; None: it needs a module and there is none yet."""
        if "{module}" not in self.path:
            return self.path
        return None if module is None else self.path.replace("{module}", module)


_ADMIN = frozenset({"admin"})
_WORKING, _ALL = frozenset({"admin", "engineer"}), frozenset({"admin", "engineer", "executive"})
PLACES = (
    Place("board", "/board/{module}", _WORKING),
    Place("stations", "/stations/{module}", _WORKING),
    Place("module", "/modules/{module}", _WORKING),
    Place("entry", "/entry/{module}", _WORKING),
    Place("summary", "/summary", _ALL),
    Place("zones", "/zones", _WORKING),
    Place("admin", "/admin", _ADMIN),
)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the menu as a page shows it."""

    key: str
    address: str
    is_here: bool


def menu(role: str, module: str | None, here: str) -> list[Link]:
    """The menu of a role; `here`: key of the page that is shown."""
    addresses = [(place, place.address(module)) for place in PLACES if role in place.roles]
    return [
        Link(place.key, address, place.key == here) for place, address in addresses if address is not None
    ]
