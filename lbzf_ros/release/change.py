"""Change from one release to another one, or leave everything as it was; also when the power fails on the way.

Before each step `change.json` says which it is. Whoever finds that file later undoes the change (`recover`): the next
call, or the start of the machine, before LBZF itself is started.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lbzf_ros.release import commands, stored, units
from lbzf_ros.release.errors import ReleaseError
from lbzf_ros.release.manifest import Manifest
from lbzf_ros.release.site import Change, Settings, Site
from lbzf_ros.release.unpack import unpack

Tell = Callable[[str], None]
"""Takes a line about what is being done."""

_FINISH = "finish"


def install(site: Site, settings: Settings, archive: Path, tell: Tell) -> str:
    """Install the release in an archive and run it. The site is held by the caller.

    Returns:
        Its name.

    Raises:
        ReleaseError: it could not be done; what ran before runs again.
    """
    recover(site, tell)
    tell(f"unpack {archive.name}")
    manifest = unpack(archive, site.releases)
    tell(f"prepare {manifest.name} (the first time this takes minutes; output: {site.log})")
    _prepare(site, settings, manifest)
    site.keep_settings(settings)
    if site.linked("current") == manifest.name:
        tell(f"{manifest.name} runs here already")
    change_to(site, settings, manifest.name, tell)
    _remove_old(site, settings, tell)
    return manifest.name


def roll_back(site: Site, settings: Settings, name: str, tell: Tell, *, drop_data: bool = False) -> str:
    """Go back to a release that is installed: the named one, or the one before.

    Returns:
        Its name.

    Raises:
        ReleaseError: it is not there, or it could not be done; what ran before runs again.
    """
    recover(site, tell)
    target = name or site.linked("previous")
    if not target:
        raise ReleaseError(
            f"{site.root}: no release was installed before; `lbzf release list` shows what there is"
        )
    site.manifest(target)
    if not site.is_prepared(target):
        raise ReleaseError(f"{target}: its installation was never finished; install it again")
    change_to(site, settings, target, tell, drop_data=drop_data)
    return target


def change_to(site: Site, settings: Settings, target: str, tell: Tell, *, drop_data: bool = False) -> None:
    """Stop what runs, let the database fit, start the target, see that it is well. Otherwise undo all of it.

    Raises:
        ReleaseError: it could not be done; what ran before runs again.
    """
    data = Path(settings.data)
    change = Change(
        target=target,
        before=site.linked("current"),
        schema_before=stored.schema_version(data),
        copy="",
        step="begin",
        had_units=units.are_installed(settings),
    )

    def step(name: str, text: str) -> None:
        nonlocal change
        change = replace(change, step=name)
        site.note(change)
        tell(text)

    try:
        step("stop", "stop LBZF")
        commands.stop(settings, site.log, has_units=change.had_units)
        if change.schema_before:
            step("copy", f"copy the database (schema {change.schema_before})")
            copy = stored.copy_database(data, f"before-{target}")
            change = replace(change, copy=str(copy))
        wanted = site.manifest(target).schema
        if wanted < change.schema_before:
            step("undo_schema", f"bring the database back to schema {wanted}")
            _undo_schema(site, settings, wanted, drop_data=drop_data)
        step("link", f"current → {target}")
        site.link("current", target)
        if not settings.start:
            step("units", f"systemd units of {target}")
            units.install(settings, site.root, site.log)
        step("migrate", f"bring the database to schema {wanted}")
        _migrate(site, settings, target)
        step("start", "start LBZF")
        commands.start(settings, site.log)
        step("health", f"wait until {settings.health_url} is well")
        commands.check_health(settings, site.manifest(target).version)
        step(_FINISH, f"{target} runs")
        _finish(site, change)
    except (ReleaseError, OSError, KeyboardInterrupt) as error:
        reason = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
        tell(f"failed: {reason}")
        _undo(site, settings, change, tell)
        raise ReleaseError(f"{reason}\n{_outcome(change)}") from None


def recover(site: Site, tell: Tell, *, is_boot: bool = False) -> bool:
    """Undo a change that was cut off (or finish it, when only its end was missing).

    Args:
        site: of it.
        tell: gets a line for each step.
        is_boot: the machine is starting: nothing runs, and systemd starts LBZF afterwards.

    Returns:
        Whether there was one.

    Raises:
        ReleaseError: it cannot be undone.
    """
    change, settings = site.change(), site.settings()
    if change is None or settings is None:
        return False
    if change.step == _FINISH:
        _finish(site, change)
        return True
    tell(f"the change to {change.target} was cut off at {change.step}: undo it")
    _undo(site, settings, change, tell, is_boot=is_boot)
    return True


def _prepare(site: Site, settings: Settings, manifest: Manifest) -> None:
    folder = site.releases / manifest.name
    commands.run(commands.release_command(folder, "--version"), site.log, f"prepare {manifest.name}")
    check = commands.release_command(folder, "check", settings.plant)
    commands.run(
        check, site.log, f"check {settings.plant} with {manifest.name}", environment=settings.environment_file
    )
    site.set_prepared(manifest.name)


def _migrate(site: Site, settings: Settings, target: str) -> None:
    command = commands.release_command(site.releases / target, "db", "migrate", "--data", settings.data)
    commands.run(command, site.log, f"migrate the database with {target}", owner=Path(settings.data))


def _undo_schema(site: Site, settings: Settings, wanted: int, *, drop_data: bool) -> None:
    """With the release that knows how: the one that runs now."""
    current, data = site.linked("current"), Path(settings.data)
    while (version := stored.schema_version(data)) > wanted:
        words = ["db", "rollback", "--data", settings.data, *(["--drop-data"] if drop_data else [])]
        command = commands.release_command(site.releases / current, *words)
        commands.run(command, site.log, f"undo the last migration with {current}", owner=data)
        if stored.schema_version(data) >= version:
            raise ReleaseError(f"{current}: `lbzf db rollback` has not changed the schema, {version}")


def _undo(site: Site, settings: Settings, change: Change, tell: Tell, *, is_boot: bool = False) -> None:
    """Everything as it was. May be cut off too, and is then done again from the beginning."""
    data = Path(settings.data)
    if not is_boot:
        tell("stop LBZF")
        commands.stop(settings, site.log, has_units=units.are_installed(settings))
    copy = Path(change.copy) if change.copy else None
    if copy and copy.exists() and stored.schema_version(data) != change.schema_before:
        kept = stored.put_back(data, copy, f"failed-{change.target}")
        tell(f"database as it was before (schema {change.schema_before}); the changed one: {kept}")
    if site.linked("current") != change.before:
        tell(f"current → {change.before or 'none'}")
        site.link("current", change.before)
    _undo_units(site, settings, change, tell)
    if change.before and not is_boot:
        tell("start LBZF")
        commands.start(settings, site.log)
    site.note(None)


def _undo_units(site: Site, settings: Settings, change: Change, tell: Tell) -> None:
    """The plant is started again whatever comes of this: units of another release still start it."""
    try:
        if change.before:
            units.put_back(settings, site.root, site.log)
        elif not change.had_units:
            units.remove(settings, site.releases / change.target, site.log)
    except ReleaseError as error:
        tell(f"the systemd units are not as they were before: {error}")


def _finish(site: Site, change: Change) -> None:
    if change.before and change.before != change.target:
        site.link("previous", change.before)
    site.note(None)


def _outcome(change: Change) -> str:
    return (
        f"Nothing has changed: {change.before} was started again."
        if change.before
        else "Nothing was installed."
    )


def _remove_old(site: Site, settings: Settings, tell: Tell) -> None:
    held = {site.linked("current"), site.linked("previous")}
    others = [name for name in site.names() if name not in held]
    for name in others[: max(0, len(others) - max(0, settings.keep - len(held - {""})))]:
        tell(f"remove {name}, which is older")
        shutil.rmtree(site.releases / name)
