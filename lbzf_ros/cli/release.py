"""`lbzf release`: build a release, install it on a machine, go back."""

from __future__ import annotations

from pathlib import Path

import typer

from lbzf_ros.resources import resource_path

release = typer.Typer(
    name="release",
    no_args_is_help=True,
    help="Build a release, install it here or over SSH, see that it is well, go back (docs/release.md).",
)

_ROOT = typer.Option("/opt/lbzf", "--root", help="Folder of the releases on that machine.")
_HOST = typer.Option("", "--host", help="Machine, as ssh takes it (admin@plant1).", show_default="this one")
_SUDO = typer.Option(False, "--sudo", help="Do it there as root, through sudo -n.")
_SSH = typer.Option([], "--ssh-option", help="Option of ssh, e.g. -p2222; may be given several times.")


@release.command("build")
def build_command(
    out: Path = typer.Option(Path("releases"), "--out", help="Folder for the archive."),
) -> None:
    """Write NAME.lbzf.tar.gz: all tracked files of this folder with their digests. The same files give the same bytes.

    NAME is the version and the beginning of the digest of all files. Exit status 1: a file is missing.
    """
    from lbzf_ros.release.build import build, changes

    source = resource_path()
    if changed := changes(source):
        typer.secho(
            f"{len(changed)} files differ from the last commit; they go in as they are", fg="yellow", err=True
        )
    archive, manifest = build(source, out)
    typer.echo(
        f"{archive}: {archive.stat().st_size / 1e6:.1f} MB, {len(manifest.files)} files, schema {manifest.schema}"
    )


@release.command("install")
def install_command(
    archive: Path = typer.Argument(..., help="What `lbzf release build` wrote.", exists=True, dir_okay=False),
    host: str = _HOST,
    root: str = _ROOT,
    sudo: bool = _SUDO,
    ssh_option: list[str] = _SSH,
    data: str | None = typer.Option(None, "--data", help="Data folder there; needed the first time."),
    plant: str | None = typer.Option(None, "--plant", help="Plant file there; needed the first time."),
    settings: list[str] = typer.Option(
        [],
        "--set",
        help="NAME=VALUE, may be given several times: start, stop (commands), health_url, health_s, steady (how often "
        "in a row it must be well), keep (releases that stay), environment_file.",
    ),
) -> None:
    """Install a release: unpack, prepare, stop, copy the database, migrate, start, see that it is well.

    When anything fails, what ran before is started again, with the database as it was. After a power cut the start of
    the machine or the next call does that. Options are remembered there. Exit status: 0 it runs and is well; 1 it was
    not installed, and everything is as it was.
    """
    words = ["install"]
    for name, value in (("data", data), ("plant", plant)):
        words += [] if value is None else [f"--{name}", value]
    for setting in settings:
        name, _, value = setting.partition("=")
        words.append(f"--{name.replace('_', '-')}={value}")
    _work(host, root, words, sudo=sudo, ssh_option=ssh_option, archive=archive)


@release.command("rollback")
def rollback_command(
    name: str = typer.Argument("", help="A release that is installed.", show_default="the one before"),
    host: str = _HOST,
    root: str = _ROOT,
    sudo: bool = _SUDO,
    ssh_option: list[str] = _SSH,
    drop_data: bool = typer.Option(
        False, "--drop-data", help="Also when the older release has no place for something in the database."
    ),
) -> None:
    """Go back to an older release. What was measured stays: the database's schema is brought back, after a copy.

    Exit status: 0 it runs and is well; 1 it could not be done, and everything is as it was.
    """
    words = ["rollback", *(["--drop-data"] if drop_data else []), *([name] if name else [])]
    _work(host, root, words, sudo=sudo, ssh_option=ssh_option)


@release.command("list")
def list_command(
    host: str = _HOST,
    root: str = _ROOT,
    sudo: bool = _SUDO,
    ssh_option: list[str] = _SSH,
    as_json: bool = typer.Option(False, "--json", help="For programs."),
) -> None:
    """Show the releases on a machine: which runs, which ran before, and whether a change was cut off."""
    _work(host, root, ["list", *(["--json"] if as_json else [])], sudo=sudo, ssh_option=ssh_option)


def _work(
    host: str,
    root: str,
    words: list[str],
    *,
    sudo: bool,
    ssh_option: list[str],
    archive: Path | None = None,
) -> None:
    from lbzf_ros.release.target import Target, run_worker

    status = run_worker(Target(host, sudo=sudo, options=ssh_option), root, words, archive)
    if status:
        raise typer.Exit(status)
