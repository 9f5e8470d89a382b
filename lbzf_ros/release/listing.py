"""Which releases there are at a site."""

from __future__ import annotations

import time
from dataclasses import dataclass

from lbzf_ros.release.site import Site


@dataclass(frozen=True, slots=True)
class Listed:
    """A release. `state`: current, previous, installed, or unfinished."""

    name: str
    state: str
    version: str
    schema: int
    revision: str
    built: str


@dataclass(frozen=True, slots=True)
class Listing:
    """All of them, the oldest installation first. `cut_off`: the change that has not been finished; empty: none."""

    root: str
    releases: tuple[Listed, ...]
    cut_off: str


def listing(site: Site) -> Listing:
    """Look at a site."""
    change = site.change()
    return Listing(
        str(site.root),
        tuple(_listed(site, name) for name in site.names()),
        f"{change.target} at {change.step}" if change else "",
    )


def listing_text(found: Listing) -> str:
    """For people, a line a release."""
    lines = [
        f"{entry.state:11} {entry.name}  schema {entry.schema}  built {entry.built}  {entry.revision[:10]}"
        for entry in found.releases
    ]
    if found.cut_off:
        lines.append(f"a change was cut off: {found.cut_off}; the next install, rollback or start undoes it")
    return "\n".join(lines or [f"{found.root}: nothing is installed"])


def _listed(site: Site, name: str) -> Listed:
    manifest = site.manifest(name)
    built = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(manifest.built_s))
    return Listed(name, _state(site, name), manifest.version, manifest.schema, manifest.revision, built)


def _state(site: Site, name: str) -> str:
    for link in ("current", "previous"):
        if site.linked(link) == name:
            return link
    return "installed" if site.is_prepared(name) else "unfinished"
