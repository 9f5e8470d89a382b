"""Backups, continuous copies and maintenance: when did they last work?"""

from __future__ import annotations

from collections.abc import Iterator

from lbzf_ros.core.errors import StoreError
from lbzf_ros.doctor.finding import Finding, fine, unknown, warning, wrong
from lbzf_ros.doctor.subject import Subject

_NAME = "backups"


def check_backups(subject: Subject) -> Iterator[Finding]:
    """The alarms that the page shows too."""
    from lbzf_ros.store.identity import begun_ns, had_database
    from lbzf_ros.store.keeping.report import maintenance_alarms
    from lbzf_ros.store.keeping.status import alarms, backup_status

    if subject.plant is None:
        yield unknown(_NAME, "without a plant file it is not known how often", "correct the plant file")
        return
    if not had_database(subject.data):
        yield unknown(_NAME, "there is nothing to back up yet", "start LBZF; is --data the right folder?")
        return
    settings = subject.plant.backup
    try:
        status = backup_status(subject.data)
    except StoreError as error:
        yield wrong(_NAME, str(error), "run `lbzf db backup` afterwards")
        return
    found = alarms(status, settings, now_ns=subject.now_ns, since_ns=begun_ns(subject.data))
    for text in found:
        advice = "run `lbzf db backup`; see that LBZF and the timer lbzf-maintenance run (docs/backups.md)"
        yield wrong(_NAME, text, advice)
    for text in maintenance_alarms(subject.data):
        yield warning(
            _NAME, text, f"look into {subject.data}/logs/maintenance.log, then run `lbzf maintenance`"
        )
    if not found:
        age_h = status.backup_age_h(subject.now_ns)
        text = "the first one is still to come" if age_h is None else f"the last one is {age_h:.1f} h old"
        yield fine(_NAME, text)
    if not settings.second_place:
        advice = (
            "set backup.second_place: a folder on another disk or a command that sends the file elsewhere"
        )
        yield warning(_NAME, "there is no second place: a dead disk takes the backups with it", advice)
