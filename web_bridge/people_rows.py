"""What people entered, as answers of the API."""

from __future__ import annotations

from lbzf_ros.store.people.audit import AuditRow
from lbzf_ros.store.people.reading import (
    AssignmentRow,
    CodeRow,
    LostTimeRow,
    ObservationRow,
    OperatorRow,
    ShiftRow,
)
from lbzf_ros.store.timestamps import to_text
from web_bridge.rows import text_or_none
from web_bridge.schemas import entries, people


def operator(row: OperatorRow) -> people.Operator:
    """A person."""
    return people.Operator(
        id=row.id,
        code=row.external_code,
        display_name=row.display_name,
        active=row.active,
        notes=row.notes,
        erased_at=text_or_none(row.erased_ns),
    )


def assignment(row: AssignmentRow) -> people.Assignment:
    """Who works where."""
    return people.Assignment(
        id=row.id,
        module=row.module,
        workstation=row.workstation,
        operator_code=row.external_code,
        operator_display_name=row.operator_display_name,
        start=to_text(row.start_ns),
        end=text_or_none(row.end_ns),
    )


def shift(row: ShiftRow) -> people.Shift:
    """A shift."""
    return people.Shift(
        id=row.id,
        module=row.module,
        date=row.date,
        label=row.label,
        start=to_text(row.start_ns),
        end=text_or_none(row.end_ns),
        notes=row.notes,
    )


def code(row: CodeRow) -> entries.LostTimeCode:
    """A code of lost time."""
    return entries.LostTimeCode(code=row.code, display_name=row.display_name, active=row.active)


def lost_time(row: LostTimeRow) -> entries.LostTime:
    """Lost time."""
    return entries.LostTime(
        id=row.id,
        module=row.module,
        workstation=row.workstation,
        shift_id=row.shift_id,
        code=row.code,
        code_display_name=row.code_display_name,
        start=to_text(row.start_ns),
        end=text_or_none(row.end_ns),
        detected_auto=row.detected_auto,
        notes=row.notes,
    )


def observation(row: ObservationRow) -> entries.Observation:
    """What was seen."""
    return entries.Observation(
        id=row.id,
        module=row.module,
        workstation=row.workstation,
        event_uid=row.event_uid,
        observer=row.observer,
        observed=to_text(row.observed_ns),
        kind=row.kind,  # type: ignore[arg-type]  # the database allows the same words only
        payload=dict(row.payload),
    )


def change(row: AuditRow) -> entries.Change:
    """A change."""
    return entries.Change(
        id=row.id,
        at=to_text(row.at_ns),
        actor=row.actor,
        role=row.role,
        action=row.action,
        subject=row.subject,
        before=None if row.before is None else dict(row.before),
        after=None if row.after is None else dict(row.after),
        request_id=row.request_id,
    )
