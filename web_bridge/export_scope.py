"""Which exports people with limited modules may have: those that were made of their modules alone.

The audit trail says of each export of which module it was made and what is in its files (SHA-256). Names do not tell: a
shift may be called like a module, and a person may put any file into the folder.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from lbzf_ros.reports.workbook.own_files import sha256_of
from lbzf_ros.store.people.audit import AuditFilter, audit_rows
from lbzf_ros.store.people.paging import MAX_PAGE
from web_bridge.access.identity import Identity

_SUBJECT = "exports/"


def subject_of(workbook: str) -> str:
    """How the audit trail names an export."""
    return f"{_SUBJECT}{workbook}"


def account_of(files: list[Path], rows: dict[str, int], module: str | None) -> dict[str, object]:
    """What the audit trail keeps of an export; `module` None: of all."""
    return {"module": module, "rows": rows, "sha256": {path.name: sha256_of(path) for path in files}}


def made_for(engine: Engine, who: Identity) -> dict[str, frozenset[str]]:
    """Checksums by name of the files among the last exports that tell of one of a person's modules alone.

    Raises:
        StoreError: the database cannot be read.
    """
    found: dict[str, set[str]] = {}
    for row in audit_rows(engine, AuditFilter(subject=_SUBJECT), limit=MAX_PAGE).items:
        module, sums = (row.after or {}).get("module"), (row.after or {}).get("sha256", {})
        if isinstance(module, str) and who.may_see(module):
            for name, digest in sums.items():
                found.setdefault(name, set()).add(digest)
    return {name: frozenset(sums) for name, sums in found.items()}


def is_theirs(path: Path, made: dict[str, frozenset[str]]) -> bool:
    """Whether a file is still what was made for them."""
    return sha256_of(path) in made.get(path.name, frozenset())
